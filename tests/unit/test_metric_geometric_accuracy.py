import numpy as np
import pytest
from scipy.special import j1

from aiqa_integration.metrics.geometric_accuracy import LENGTHS, METRICS, measure_lengths
from aiqa_integration.metrics.geometric_accuracy.outline import Outline, outline_of
from aiqa_integration.model.measurement import Measured, NotMeasured, Reason
from aiqa_integration.model.sampling import PhantomSlice
from tests.drawn_phantom import disk, edge, images, places, pose

IDS = [metric.id for metric in METRICS]


def _slice(pose_, *, half_width=95.0, half_height=95.0, matrix=256):
    u, v = places(pose_, matrix)
    return 1000.0 * disk(u, v, half_width=half_width, half_height=half_height), u, v


def _lengths(slices, pose_):
    return measure_lengths(images(slices, pose_=pose_), diameter_mm=190.0)


def _values(found):
    assert all(isinstance(m, Measured) for m in found), [m for m in found if isinstance(m, NotMeasured)]
    return {m.metric.id: m.quantity.value for m in found}


def test_reads_both_axes_of_an_ellipse():
    pose_ = pose()
    image, _, _ = _slice(pose_, half_width=96.0, half_height=94.5)
    found = _lengths({1: image, 5: image}, pose_)
    values = _values(found)
    assert values["mr-length-horizontal-slice5"] == pytest.approx(192.0, abs=0.05)
    assert values["mr-length-vertical-slice1"] == pytest.approx(189.0, abs=0.05)
    assert values["mr-length-diagonal-45-slice5"] == pytest.approx(190.48, abs=0.05)
    assert [m.metric.id for m in found] == IDS


def test_directions_turn_with_the_phantom():
    """The ellipse's long axis lies along the phantom's own u, 30 degrees off the image's rows."""
    pose_ = pose(rotation=30.0, centre=(120.3, 133.8))
    image, _, _ = _slice(pose_, half_width=96.0, half_height=94.0)
    values = _values(_lengths({1: image, 5: image}, pose_))
    assert values["mr-length-horizontal-slice1"] == pytest.approx(192.0, abs=0.05)
    assert values["mr-length-vertical-slice1"] == pytest.approx(188.0, abs=0.05)


def test_diagonal_45_runs_from_upper_left_to_lower_right():
    pose_ = pose()
    u, v = places(pose_)
    along, across = (u + v) / np.sqrt(2), (v - u) / np.sqrt(2)
    image = 1000.0 * disk(along, across, half_width=96.0, half_height=94.0)
    values = _values(_lengths({1: image, 5: image}, pose_))
    assert values["mr-length-diagonal-45-slice5"] == pytest.approx(192.0, abs=0.05)
    assert values["mr-length-diagonal-135-slice5"] == pytest.approx(188.0, abs=0.05)


def test_honours_pixels_that_are_not_square():
    pose_ = pose(pixel=(0.9, 1.3), centre=(128.2, 126.9))
    image, _, _ = _slice(pose_)
    values = _values(_lengths({1: image, 5: image}, pose_))
    assert all(value == pytest.approx(190.0, abs=0.08) for value in values.values()), values


@pytest.mark.parametrize("share", [0.5, -0.5])
def test_coil_shading_moves_no_edge(share):
    pose_ = pose()
    image, u, v = _slice(pose_)
    shaded = image * (1 + share * (u + 0.5 * v) / 95.0)
    values = _values(_lengths({1: shaded, 5: shaded}, pose_))
    assert all(value == pytest.approx(190.0, abs=0.1) for value in values.values()), values


def test_a_bar_and_a_bubble_at_the_top_do_not_shorten_the_vertical_length():
    pose_ = pose()
    image, u, v = _slice(pose_)
    filled = image * (1 - edge(6 - np.abs(u)) * edge(-80 - v)) * edge(v + 92.0)
    found = _lengths({1: filled, 5: filled}, pose_)
    assert _values(found)["mr-length-vertical-slice5"] == pytest.approx(190.0, abs=0.3)
    vertical = next(m for m in found if m.metric.id == "mr-length-vertical-slice5")
    horizontal = next(m for m in found if m.metric.id == "mr-length-horizontal-slice5")
    assert "hidden" in vertical.detail
    assert vertical.uncertainty > horizontal.uncertainty


def test_an_edge_hidden_over_a_wide_arc_is_not_guessed():
    pose_ = pose()
    image, _, v = _slice(pose_)
    found = _lengths({1: image, 5: image * edge(v + 75.0)}, pose_)
    by_id = {m.metric.id: m for m in found}
    vertical = by_id["mr-length-vertical-slice5"]
    assert isinstance(vertical, NotMeasured)
    assert vertical.reason is Reason.FEATURE_NOT_FOUND
    assert isinstance(by_id["mr-length-horizontal-slice5"], Measured)
    assert isinstance(by_id["mr-length-vertical-slice1"], Measured)


def test_a_length_far_from_nominal_is_implausible_not_a_number():
    pose_ = pose()
    image, _, _ = _slice(pose_, half_width=79.0, half_height=79.0)
    found = _lengths({1: image, 5: image}, pose_)
    assert {m.reason for m in found} == {Reason.IMPLAUSIBLE}


def test_no_phantom_no_number():
    noise = np.random.default_rng(1).rayleigh(10.0, (256, 256))
    for image in (noise, np.zeros((256, 256)), np.full((256, 256), 500.0)):
        found = _lengths({1: image, 5: image}, pose())
        assert all(isinstance(m, NotMeasured) for m in found)


def test_a_phantom_cut_by_the_image_loses_only_the_cut_lengths():
    pose_ = pose(centre=(88.0, 127.5))
    image, _, _ = _slice(pose_)
    found = {m.metric.id: m for m in _lengths({5: image}, pose_)}
    assert found["mr-length-horizontal-slice5"].reason is Reason.ROI_OUTSIDE_IMAGE
    assert found["mr-length-vertical-slice5"].quantity.value == pytest.approx(190.0, abs=0.1)
    assert found["mr-length-vertical-slice1"].reason is Reason.SLICE_MISSING


@pytest.mark.parametrize("snr", [10.0, 30.0, 100.0])
def test_the_stated_uncertainty_covers_the_error(snr):
    """95 % should lie inside k = 2; 90 % of 36 leaves room for chance."""
    rng = np.random.default_rng(20)
    pose_ = pose(centre=(126.7, 128.4), rotation=3.0)
    image, _, _ = _slice(pose_)
    inside = []
    for _ in range(6):
        noisy = np.hypot(image + rng.normal(0, 1000 / snr, image.shape), rng.normal(0, 1000 / snr, image.shape))
        found = _lengths({1: noisy, 5: noisy}, pose_)
        inside += [abs(m.quantity.value - 190.0) <= m.uncertainty for m in found]
    assert np.mean(inside) >= 0.9


def test_the_line_shown_is_the_line_measured():
    pose_ = pose(pixel=(0.9, 1.3), rotation=20.0)
    image, _, _ = _slice(pose_)
    for length, found in zip(LENGTHS, _lengths({1: image, 5: image}, pose_), strict=True):
        (line,) = found.regions
        (x0, y0), (x1, y1) = line.points
        shown = np.hypot((x1 - x0) * 0.9, (y1 - y0) * 1.3)
        assert shown == pytest.approx(found.quantity.value, abs=1e-6)
        assert np.degrees(np.arctan2((y1 - y0) * 1.3, (x1 - x0) * 0.9)) % 180 == pytest.approx(
            (length.angle_deg + 20.0) % 180
        )


def _sampled_disk(pose_, *, radius, matrix, kept):
    """Return the magnitude image of a disk whose k-space was sampled: without noise, ringing and all."""
    frequencies = [np.fft.fftfreq(matrix, pixel) for pixel in pose_.pixel_mm]
    ky, kx = np.meshgrid(frequencies[1], frequencies[0], indexing="ij")
    k = 2 * np.pi * np.maximum(np.hypot(kx, ky), 1e-12)
    spectrum = 2 * np.pi * radius * j1(k * radius) / k
    middle = [place * pixel for place, pixel in zip(pose_.centre, pose_.pixel_mm, strict=True)]
    spectrum = spectrum * np.exp(-2j * np.pi * (kx * middle[0] + ky * middle[1]))
    sampled = np.abs(np.fft.fftfreq(matrix, 1 / matrix)) <= kept * matrix / 2
    image = np.fft.ifft2(spectrum * np.outer(sampled, sampled)).real
    return 1000.0 * np.abs(image) / (pose_.pixel_mm[0] * pose_.pixel_mm[1])


def test_without_noise_ends_are_as_good_as_sampling_lets_them_be():
    """Of band-limited disks at any place to the pixels, interpolated or not, the stated uncertainty holds the error."""
    rng = np.random.default_rng(4)
    ratios = []
    parts: dict[bool, list[float]] = {False: [], True: []}
    for number in range(40):
        matrix = (192, 256, 256, 320)[number % 4]
        pixel = 256.0 / matrix
        pose_ = pose(
            matrix=matrix,
            pixel=(pixel, pixel),
            centre=tuple(matrix / 2 + rng.uniform(-3, 3, 2)),
            rotation=float(rng.normal(0, 3) if number % 3 else rng.uniform(-180, 180)),
        )
        kept = 1.0 if number % 4 < 3 else float(rng.uniform(0.5, 1.0))
        image = _sampled_disk(pose_, radius=95.0, matrix=matrix, kept=kept)
        outline = outline_of(PhantomSlice(index=0, image=image, pose=pose_), diameter_mm=190.0)
        assert isinstance(outline, Outline)
        for found in _lengths({5: image}, pose_)[:4]:
            ratios.append((found.quantity.value - 190.0) / found.uncertainty)
            parts[kept < 1.0].append((found.quantity.value - 190.0) / outline.fall_mm / np.sqrt(2))
    assert np.mean(np.abs(ratios) <= 1.0) >= 0.95
    plain, interpolated = (float(np.sqrt(np.mean(np.square(parts[kind])))) for kind in (False, True))
    assert plain < interpolated < 0.02


def test_lengths_hardly_depend_on_where_the_rays_lie():
    """A third of a ray's step moves no length by more than its uncertainty."""
    rng = np.random.default_rng(3)
    image = _sampled_disk(pose(centre=(127.3, 128.4)), radius=95.0, matrix=256, kept=1.0)
    image = np.hypot(image + rng.normal(0, 10.0, image.shape), rng.normal(0, 10.0, image.shape))
    found = [_lengths({1: image, 5: image}, pose(centre=(127.3, 128.4), rotation=turn)) for turn in (0.0, 0.3)]
    for first, second in zip(*found, strict=True):
        assert abs(first.quantity.value - second.quantity.value) < first.uncertainty


def test_interpolated_images_and_ends_along_the_pixels_are_less_certain():
    """By more than the scatter of arcs changes, which is seen anyway: fall and band are those of each image."""
    pose_ = pose(centre=(127.3, 128.4))
    uncertainties = {}
    for kept in (1.0, 0.6):
        image = _sampled_disk(pose_, radius=95.0, matrix=256, kept=kept)
        rng = np.random.default_rng(5)
        sampled = np.abs(np.fft.fftfreq(256, 1 / 256)) <= kept * 128
        noise = np.fft.ifft2(np.fft.fft2(rng.normal(0, 10.0, (2, 256, 256))) * np.outer(sampled, sampled)).real / kept
        found = _lengths({5: np.hypot(image + noise[0], noise[1])}, pose_)
        uncertainties[kept] = [m.uncertainty for m in found[:4]]
    (plain, interpolated) = uncertainties.values()
    for horizontal, vertical, *diagonals in (plain, interpolated):
        assert min(horizontal, vertical) > max(diagonals)
    assert interpolated[0] / plain[0] > 1.3
    assert interpolated[0] / interpolated[2] > plain[0] / plain[2]


def test_a_ghost_beside_an_end_makes_it_less_certain_and_no_other():
    rng = np.random.default_rng(6)
    pose_ = pose()
    image, u, v = _slice(pose_)
    ghosted = image + 60.0 * (np.abs(u) > 60.0) * (np.abs(v) < 60.0)
    found = [
        _lengths({5: np.hypot(one + rng.normal(0, 5.0, one.shape), rng.normal(0, 5.0, one.shape))}, pose_)
        for one in (image, ghosted)
    ]
    horizontal, vertical = ((found[0][place].uncertainty, found[1][place].uncertainty) for place in (0, 1))
    assert horizontal[1] > horizontal[0] + 0.02
    assert vertical[1] == pytest.approx(vertical[0], rel=0.2)


@pytest.mark.parametrize("bowl", [-0.5, 0.5])
def test_a_bowl_of_shading_moves_both_ends_and_the_uncertainty_knows(bowl):
    """The water 4.5 mm inside an edge differs from that at the edge; a slope's two ends cancel."""
    pose_ = pose()
    image, u, v = _slice(pose_)
    noise = np.random.default_rng(4).normal(0, 3.0, image.shape)
    plain, bowled, sloped = (
        _lengths({1: image * gain + noise, 5: image * gain + noise}, pose_)
        for gain in (1.0, 1 + bowl * (u**2 + v**2) / 1e4, 1 + 0.3 * u / 100)
    )
    for without, shaded in zip(plain, bowled, strict=True):
        moved = shaded.quantity.value - without.quantity.value
        assert np.sign(moved) == np.sign(bowl)
        assert 0.02 < abs(moved) < shaded.uncertainty
        assert shaded.uncertainty > 1.15 * without.uncertainty
    assert np.mean([m.uncertainty for m in sloped]) == pytest.approx(np.mean([m.uncertainty for m in plain]), rel=0.2)
