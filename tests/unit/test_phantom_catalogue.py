"""What holds for every phantom and metric that is found in the packages."""

import numpy as np
import pytest

from aiqa_integration.metrics import all_metrics
from aiqa_integration.metrics.weekly_values import METRICS as HEADER_METRICS
from aiqa_integration.model.coding import PRIVATE_SCHEME
from aiqa_integration.model.measurement import NotMeasured, Reason
from aiqa_integration.model.quantity import UNITS
from aiqa_integration.phantoms import all_phantoms, phantoms_of
from aiqa_integration.tolerances.limits import limit_set_for, shipped_limit_sets
from tests.drawn_phantom import images, pose

METRICS = {metric.id: metric for metric in all_metrics()}
PHANTOMS = {phantom.name: phantom for phantom in all_phantoms()}
CATALOGUE = {
    "mr-length-horizontal-slice5",
    "mr-length-vertical-slice5",
    "mr-length-diagonal-45-slice5",
    "mr-length-diagonal-135-slice5",
    "mr-length-horizontal-slice1",
    "mr-length-vertical-slice1",
    "mr-slice-thickness",
    "mr-high-contrast-resolution-ul",
    "mr-high-contrast-resolution-lr",
    *(f"mr-contrast-response-{size}-{way}" for size in (1.1, 1.0, 0.9, 0.8) for way in ("horizontal", "vertical")),
    "mr-percent-image-uniformity",
    "mr-percent-signal-ghosting",
    "mr-slice-position-error-slice1",
    "mr-slice-position-error-slice11",
    "mr-rod-distance-row-top",
    "mr-rod-distance-row-middle",
    "mr-rod-distance-row-bottom",
    "mr-rod-distance-col-top",
    "mr-rod-distance-col-middle",
    "mr-rod-distance-col-bottom",
    "mr-snr",
    "mr-centre-frequency",
    "mr-transmitter-gain",
    "mr-low-contrast-spokes",
}
WITHOUT_LIMITS = {
    name
    for name in CATALOGUE
    if name.startswith(("mr-rod-distance", "mr-snr", "mr-contrast-response", "mr-centre", "mr-transmitter"))
} | {f"mr-low-contrast-spokes-slice{number}" for number in (8, 9, 10, 11)}
"""Metrics that the ACR guidance has no limit for: reported, not assessed, not required for PASS."""


def test_the_catalogue_holds_the_documented_ids():
    assert set(METRICS) >= CATALOGUE


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_a_metric_says_what_it_is(metric):
    assert metric.unit.ucum in UNITS
    assert metric.source
    assert metric.version
    assert metric.label
    if metric.code.scheme == PRIVATE_SCHEME:
        assert metric.code.value.startswith("AIQA-")


def test_codes_are_not_shared():
    codes = [(metric.code.scheme, metric.code.value) for metric in METRICS.values()]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("phantom", PHANTOMS.values(), ids=PHANTOMS)
def test_a_phantom_has_tests_limits_and_a_geometry_inside_itself(phantom):
    metrics = [metric for test in phantom.tests for metric in test.metrics]
    assert {metric.id for metric in metrics} <= set(METRICS)
    assert len({metric.id for metric in metrics}) == len(metrics)
    limits = limit_set_for(phantom.name, [], shipped_limit_sets())
    assert limits is not None
    assert {metric.id for metric in metrics} - {limit.metric for limit in limits.limits} <= WITHOUT_LIMITS
    for feature in phantom.geometry:
        assert feature.source
        reach = np.hypot(*feature.centre_mm)
        if feature.shape == "circle":
            reach += feature.size_mm[0] / 2
        assert reach <= phantom.diameter_mm / 2 + 1e-9, feature


def _of_images(phantom):
    """Return the tests that look at images; those of the header say only what it states."""
    return [test for test in phantom.tests if test.metrics != HEADER_METRICS]


@pytest.mark.parametrize("phantom", PHANTOMS.values(), ids=PHANTOMS)
def test_missing_slices_leave_every_metric_not_measured(phantom):
    series = images({3: np.full((64, 64), 100.0)}, pose_=pose(matrix=64))
    for test in _of_images(phantom):
        found = test.measure(series)
        assert [m.metric for m in found] == list(test.metrics)
        assert all(isinstance(m, NotMeasured) and m.reason is Reason.SLICE_MISSING for m in found)


@pytest.mark.parametrize("phantom", PHANTOMS.values(), ids=PHANTOMS)
@pytest.mark.parametrize("kind", ["zeros", "one", "noise", "negative", "huge", "small"])
def test_nonsense_in_no_number_and_no_error_out(phantom, kind):
    rng = np.random.default_rng(4)
    pixels = {
        "zeros": np.zeros((128, 128)),
        "one": np.ones((128, 128)),
        "noise": rng.rayleigh(20.0, (128, 128)),
        "negative": -rng.rayleigh(20.0, (128, 128)),
        "huge": rng.normal(0, 1e30, (128, 128)),
        "small": rng.normal(0, 1.0, (3, 3)),
    }[kind]
    series = images(dict.fromkeys(range(1, 12), pixels), pose_=pose(matrix=pixels.shape[0], pixel=(2.0, 2.0)))
    for test in _of_images(phantom):
        found = test.measure(series)
        assert [m.metric for m in found] == list(test.metrics)
        assert all(isinstance(m, NotMeasured) for m in found), found


def test_phantoms_of_an_analysis():
    assert [phantom.name for phantom in phantoms_of("acr-mri-phantom")] == ["acr-mri-large", "acr-mri-medium"]
    assert phantoms_of("mri-artifact-detection") == ()
