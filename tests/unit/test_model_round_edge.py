import numpy as np
import pytest

from aiqa_integration.model.round_edge import ellipse_through, median_around

ANGLES = np.arange(0.0, 360.0, 1.0)


def test_an_offset_ellipse_is_found_through_half_of_its_edges():
    turn = np.radians(ANGLES)
    drawn = 95.0 + 1.5 * np.cos(turn) - 0.7 * np.sin(turn) + 0.4 * np.cos(2 * turn) + 0.2 * np.sin(2 * turn)
    keep = ANGLES < 180.0
    assert ellipse_through(np.where(keep, drawn, np.nan), keep) == pytest.approx(drawn)


def test_the_running_median_goes_around_and_skips_what_is_not_known():
    values = np.array([1.0, np.nan, 9.0, 2.0, 3.0, 4.0])
    assert median_around(values, half_width=1).tolist() == [1.0, 1.0, 2.0, 3.0, 3.0, 3.0]
    assert median_around(np.full(5, np.nan), half_width=1).tolist() == [0.0] * 5
