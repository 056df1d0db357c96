import numpy as np
import pytest
from scipy.ndimage import uniform_filter

from aiqa_integration.model.noise_spectrum import noise_left

SIZE = 112
AVERAGED = (9, 9)


def _left(noise):
    return noise_left((noise - uniform_filter(noise, AVERAGED))[20:-20, 20:-20], AVERAGED)


def _through(noise, transfer):
    return np.fft.ifft2(np.fft.fft2(noise) * transfer).real


def _frequencies():
    size = SIZE + 40
    return np.meshgrid(np.fft.fftfreq(size), np.fft.fftfreq(size), indexing="ij")


def _white(seed):
    return np.random.default_rng(seed).normal(0.0, 3.0, (SIZE + 40, SIZE + 40))


def test_white_noise_misses_nothing():
    parts = [_left(_white(seed)) for seed in range(20)]
    away = np.array([(left.part - 1.0) / left.sd for left in parts])
    assert np.abs(away).max() < 3.5
    assert abs(away.mean()) < 1.0
    assert 0.5 < away.std() < 1.5


@pytest.mark.parametrize("kept", [(0.5, 0.5), (0.6, 1.0), (0.8, 0.7)])
def test_noise_of_an_image_filled_in_with_zeros_misses_nothing(kept):
    down, across = _frequencies()
    sampled = (np.abs(down) <= kept[0] / 2) & (np.abs(across) <= kept[1] / 2)
    parts = [_left(_through(_white(seed), sampled)) for seed in range(8)]
    assert np.mean([left.part for left in parts]) == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("narrow", [0.5, 0.6, 0.8])
def test_what_a_smooth_filter_took_is_missing(narrow):
    """The truth is the filter's own: its mean power over that of the inner 0.65 of the band, whose median is read."""
    down, across = _frequencies()
    transfer = 1.0 / (1.0 + np.exp((np.hypot(down, across) - narrow) / 0.04))
    expected = np.sqrt(np.mean(transfer**2) / np.median(transfer[np.hypot(down, across) < 0.325] ** 2))
    parts = [_left(_through(_white(seed), transfer)) for seed in range(8)]
    assert np.mean([left.part for left in parts]) == pytest.approx(expected, abs=0.03)


def test_lines_of_structure_change_little():
    """An edge along the columns, ten times the noise: it lies in a few lines of the spectrum."""
    noise = _white(1)
    edge = noise + 30.0 * (np.arange(SIZE + 40) > 70)
    assert _left(edge).part == pytest.approx(_left(noise).part, abs=0.03)


def test_few_pixels_tell_nothing():
    assert noise_left(np.random.default_rng(2).normal(size=(40, 60)), AVERAGED) is None
    assert noise_left(np.zeros((100, 100)), AVERAGED) is None
