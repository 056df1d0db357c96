import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates

from aiqa_integration.model.phantom import PlanePose
from aiqa_integration.model.sampling import (
    PhantomSlice,
    between_pixels,
    fan,
    noise_and_band,
    noise_sd,
    part_of,
    pixel_places,
    raster,
    sample,
    square_distances,
    to_phantom,
    to_pixels,
)
from aiqa_integration.simulate.scanner import add_rician_noise

coordinate = st.floats(-100, 100)
poses = st.builds(
    PlanePose,
    centre=st.tuples(st.floats(0, 255), st.floats(0, 255)),
    rotation_deg=st.floats(-180, 180),
    pixel_mm=st.tuples(st.floats(0.4, 2.0), st.floats(0.4, 2.0)),
    mirrored=st.booleans(),
)


@settings(max_examples=50, deadline=None)
@given(pose=poses, u=coordinate, v=coordinate)
def test_to_phantom_undoes_to_pixels(pose, u, v):
    columns, rows = to_pixels(pose, np.array([u]), np.array([v]))
    back_u, back_v = to_phantom(pose, columns, rows)
    assert (back_u[0], back_v[0]) == pytest.approx((u, v), abs=1e-9)


def test_sampling_a_plane_is_exact_inside_and_masked_outside():
    rows, columns = np.indices((20, 30)).astype(float)
    image = 3 * columns - 2 * rows + 1
    at = np.array([0.0, 12.25, 28.9, 29.0, 29.01, -0.01, 5.0]), np.array([0.0, 7.5, 18.9, 19.0, 3.0, 3.0, 19.5])
    values, inside = sample(image, *at)
    assert inside.tolist() == [True, True, True, True, False, False, False]
    assert values[:4] == pytest.approx(3 * at[0][:4] - 2 * at[1][:4] + 1)
    assert values[4:].tolist() == [0.0, 0.0, 0.0]


def test_values_between_the_pixels_of_several_images_are_bilinear_and_go_on_beyond_them():
    """As scipy reads each image; more points than are read at once."""
    rng = np.random.default_rng(4)
    images = rng.normal(size=(3, 20, 30)).astype(np.float32)
    columns, rows = rng.uniform(-3, 33, (5, 2000)), rng.uniform(-3, 23, (5, 2000))
    which = np.array([2, 0, 1, 1, 0])[:, None]
    expected = [
        map_coordinates(images[image].astype(np.float64), [row, column], order=1, mode="nearest")
        for image, row, column in zip(which[:, 0], rows, columns, strict=True)
    ]
    assert np.allclose(between_pixels(images, columns, rows, which), np.array(expected), rtol=0.0, atol=1e-12)
    assert (
        between_pixels(images[0, :1, :1], np.array([0.0, 2.0]), np.array([0.0, -1.0])).tolist() == [images[0, 0, 0]] * 2
    )


@settings(max_examples=25, deadline=None)
@given(pose=poses, u=coordinate, v=coordinate, reach=st.floats(1.0, 60.0))
def test_a_part_of_a_slice_shows_the_same_pixels_at_the_same_places(pose, u, v, reach):
    sl = PhantomSlice(index=3, image=np.arange(128.0 * 120.0).reshape(128, 120), pose=pose)
    part = part_of(sl, reach, (u, v))
    places, squares = pixel_places(sl), square_distances(sl, (u, v))
    near, own = squares <= reach * reach, square_distances(part, (u, v)) <= reach * reach
    assert np.array_equal(part.image[own], sl.image[near])
    for whole, cut in zip(places, pixel_places(part), strict=True):
        assert np.allclose(cut[own], whole[near], rtol=0.0, atol=1e-9)
    assert np.allclose(squares, (places[0] - u) ** 2 + (places[1] - v) ** 2, rtol=1e-9, atol=1e-6)


def test_fan_and_raster_look_where_the_pose_says():
    """A quarter turn: the phantom's right is the image's down; mirrored, its right is up."""
    rows, columns = np.indices((101, 101)).astype(float)
    turned = PlanePose(centre=(50.0, 50.0), rotation_deg=90.0, pixel_mm=(1.0, 1.0))
    mirrored = PlanePose(centre=(50.0, 50.0), rotation_deg=90.0, pixel_mm=(1.0, 1.0), mirrored=True)
    assert fan(rows, turned, np.array([0.0]), np.array([20.0]))[0][0, 0] == pytest.approx(70.0)
    assert fan(rows, mirrored, np.array([0.0]), np.array([20.0]))[0][0, 0] == pytest.approx(30.0)
    values, inside = raster(columns, turned, np.array([0.0]), np.array([10.0, 60.0]))
    assert values[0, 0] == pytest.approx(40.0)
    assert inside.tolist() == [[True], [False]]


def test_noise_is_told_from_shading_and_edges():
    rng = np.random.default_rng(1)
    rows, columns = np.indices((256, 256)).astype(float)
    image = 500 + 2 * rows + columns + 300 * (columns > 128) + rng.normal(0, 7.0, rows.shape)
    assert noise_sd(image, np.ones(image.shape, np.bool_)) == pytest.approx(7.0, rel=0.05)
    assert noise_sd(image, np.zeros(image.shape, np.bool_)) == 0.0


def _interpolated_noise(seed):
    """Noise of SD 1 whose k-space holds the middle half of rows and columns: neighbours share it."""
    white = np.fft.fft2(np.random.default_rng(seed).normal(0, 1, (128, 128)))
    kept = np.abs(np.fft.fftfreq(128)) < 0.25
    return np.fft.ifft2(white * np.outer(kept, kept)).real / np.sqrt(np.outer(kept, kept).mean())


def test_a_lag_sees_the_noise_that_neighbours_share():
    whole = np.ones((128, 128), np.bool_)
    noise = _interpolated_noise(1)
    assert noise_sd(noise, whole) < 0.5
    assert noise_sd(noise, whole, lag=2) == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("kept", [1.0, 0.8, 0.6, 0.5])
def test_noise_of_zero_filled_images_and_the_band_it_fills(kept):
    """Complex white noise in a part of k-space; the SD is that of a pixel, whatever its neighbours share with it."""
    rng = np.random.default_rng(12)
    water = np.full((96, 96), 1000.0, np.float32)
    image = add_rician_noise(water, 20.0, rng, kept=(kept, kept)).astype(np.float64)
    noise, band = noise_and_band(image, np.ones(image.shape, np.bool_))
    assert noise == pytest.approx(20.0, rel=0.08)
    assert band == pytest.approx(kept, abs=0.05)


def test_there_is_no_noise_where_there_is_no_image():
    assert noise_and_band(np.full((32, 32), 5.0), np.ones((32, 32), np.bool_)) == (0.0, 1.0)
