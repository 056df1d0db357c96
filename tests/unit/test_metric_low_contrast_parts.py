"""What low contrast computes without making it for each pixel is what it would be if it did."""

import numpy as np
import pytest

from aiqa_integration.metrics.low_contrast.background import Background
from aiqa_integration.metrics.low_contrast.insert import Placement, disk_places
from aiqa_integration.metrics.low_contrast.patches import disk_patches
from aiqa_integration.metrics.low_contrast.template import KINDS, answers
from aiqa_integration.model.phantom import PlanePose
from aiqa_integration.model.sampling import to_phantom

DOWN, ACROSS = np.linspace(-1.1, 1.0, 40), np.linspace(-1.0, 1.2, 50)


def _terms():
    """The background's terms pixel by pixel ``[term, y, x]``."""
    y, x = np.meshgrid(DOWN, ACROSS, indexing="ij")
    terms = [x**i * y**j for i in range(7) for j in range(7 - i)]
    return np.array([*terms, (x * x + y * y) ** 4, (x * x + y * y) ** 5])


def test_sums_of_the_background_are_those_over_pixels():
    rng = np.random.default_rng(5)
    terms, where, image = _terms(), rng.random((40, 50)) < 0.7, rng.normal(size=(40, 50))
    background = Background.over(DOWN, ACROSS)
    seen = terms[:, where]
    assert background.products(where) == pytest.approx(seen @ seen.T, rel=1e-9, abs=1e-9)
    assert background.aims(image) == pytest.approx((terms * image).sum(axis=(1, 2)), rel=1e-9, abs=1e-9)
    factors = rng.normal(size=len(terms))
    assert background.image(factors) == pytest.approx(np.tensordot(factors, terms, axes=1), rel=1e-9)
    rows, columns = rng.integers(0, 40, 9), rng.integers(0, 50, 9)
    assert background.at(rows, columns) == pytest.approx(terms[:, rows, columns], rel=1e-9)
    at_rows, at_columns = np.array([[3, 4, 5], [20, 21, 22]]), np.array([[7, 8], [30, 31]])
    patches = rng.normal(size=(2, 3, 2))
    expected = [(terms[:, at_rows[k][:, None], at_columns[k]] * patches[k]).sum(axis=(1, 2)) for k in range(2)]
    assert background.aims_of_patches(patches, at_rows, at_columns) == pytest.approx(np.array(expected), rel=1e-9)


@pytest.mark.parametrize("mirrored", [False, True])
def test_patches_hold_the_pixels_around_their_disks(mirrored):
    pose = PlanePose(centre=(40.3, 44.8), rotation_deg=17.0, pixel_mm=(1.1, 0.9), mirrored=mirrored)
    placement, shape = Placement(centre_mm=(0.5, -1.0), turn_deg=2.0), (90, 84)
    patches = disk_patches(shape, pose, 9, placement)
    rows, columns = np.indices(shape).astype(np.float64)
    u, v = to_phantom(pose, columns, rows)
    disk_u, disk_v = (at.ravel() for at in disk_places(9, placement))
    away = np.hypot(u - disk_u[:, None, None], v - disk_v[:, None, None])
    assert np.where(patches.inside, patches.distance_mm, 0.0) == pytest.approx(patches_of_each(patches, away))
    clear = np.linspace(3.0, 7.0, 30)
    left = patches.without(np.ones(shape, np.bool_), clear)
    assert (left == (away > clear[:, None, None]).all(axis=0)).all()


def patches_of_each(patches, images):
    """Each disk's patch of its own image."""
    return np.array([patches.of(image)[disk] for disk, image in enumerate(images)])


def test_an_image_with_a_margin_of_zeros_is_answered_as_a_wider_one_is_and_each_kind_as_alone():
    rng = np.random.default_rng(2)
    image = np.zeros((98, 101))
    y, x = np.indices(image.shape)
    water = (y - 48.5) ** 2 + (x - 50.0) ** 2 < 42.0**2
    image[water] = rng.normal(size=int(water.sum()))
    near = (y - 48.5) ** 2 + (x - 50.0) ** 2 < 40.0**2
    padded = np.pad(image, 20)
    for kind, found in zip(KINDS, answers(image, (1.0, 1.0), KINDS), strict=True):
        (wide,) = answers(padded, (1.0, 1.0), (kind,))
        assert found[:, :98, :101][:, near] == pytest.approx(wide[:, 20:118, 20:121][:, near], abs=1e-5)
