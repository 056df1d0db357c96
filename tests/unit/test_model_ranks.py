import numpy as np
import pytest

from aiqa_integration.model.ranks import median, median_along, percentile, percentile_along

PERCENTS = (0.0, 12.5, 50.0, 90.0, 99.5, 100.0)


@pytest.mark.parametrize("count", [1, 2, 36, 37])
@pytest.mark.parametrize("kind", [np.float64, np.float32, np.intp])
def test_medians_and_percentiles_of_all_values_are_numpys(count, kind):
    values = (100 * np.random.default_rng(1).normal(size=count)).astype(kind)
    assert median(values) == pytest.approx(float(np.median(values)), rel=1e-6)
    for percent in PERCENTS:
        assert percentile(values, percent) == pytest.approx(float(np.percentile(values, percent)), rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_medians_and_percentiles_along_an_axis_are_numpys(axis):
    values = np.random.default_rng(2).normal(size=(24, 37))
    assert np.allclose(median_along(values, axis), np.median(values, axis=axis), rtol=0.0, atol=1e-12)
    for percent in PERCENTS:
        found = percentile_along(values, percent, axis)
        assert np.allclose(found, np.percentile(values, percent, axis=axis), rtol=0.0, atol=1e-12)


def test_a_list_has_a_median_and_is_left_as_it_is():
    values = [3.0, 1.0, 2.0, 10.0]
    assert median(values) == 2.5
    assert values == [3.0, 1.0, 2.0, 10.0]
