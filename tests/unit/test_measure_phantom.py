from dataclasses import replace

import numpy as np
import pytest

from aiqa_integration.errors import MeasurementError, RoiOutsideImage, TooFewSlices
from aiqa_integration.metrics.slice_thickness import SLICE_THICKNESS
from aiqa_integration.metrics.uniformity import PERCENT_IMAGE_UNIFORMITY
from aiqa_integration.model.judgement import Verdict
from aiqa_integration.model.measurement import Measured, NotMeasured, Reason
from aiqa_integration.model.phantom import PhantomTest
from aiqa_integration.model.quantity import PERCENT, Quantity
from aiqa_integration.phantoms import all_phantoms
from aiqa_integration.pipeline.judge import judge_all
from aiqa_integration.pipeline.measure import measure_phantom
from aiqa_integration.tolerances.limits import limit_set_for, shipped_limit_sets
from tests.drawn_phantom import header, images, pose

SERIES = images({1: np.zeros((8, 8))}, pose_=pose(matrix=8))
LARGE = next(phantom for phantom in all_phantoms() if phantom.name == "acr-mri-large")


def _even(_):
    return (Measured(metric=PERCENT_IMAGE_UNIFORMITY, quantity=Quantity(96.0, PERCENT), uncertainty=0.5),)


def _raising(error):
    def measure(_):
        raise error

    return measure


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (TooFewSlices("slice 1 is missing"), Reason.SLICE_MISSING),
        (RoiOutsideImage("left"), Reason.ROI_OUTSIDE_IMAGE),
        (MeasurementError(""), Reason.ANALYSIS_FAILED),
    ],
)
def test_a_failing_test_costs_its_own_metrics_only(error, reason):
    broken = PhantomTest(name="thickness", metrics=(SLICE_THICKNESS,), measure=_raising(error))
    sound = PhantomTest(name="uniformity", metrics=(PERCENT_IMAGE_UNIFORMITY,), measure=_even)
    thickness, uniformity = measure_phantom(SERIES, replace(LARGE, tests=(broken, sound)))
    assert isinstance(thickness, NotMeasured)
    assert thickness.reason is reason
    assert thickness.detail
    assert isinstance(uniformity, Measured)


def test_a_bug_is_not_a_measurement():
    broken = PhantomTest(name="thickness", metrics=(SLICE_THICKNESS,), measure=_raising(ZeroDivisionError("bug")))
    with pytest.raises(ZeroDivisionError):
        measure_phantom(SERIES, replace(LARGE, tests=(broken,)))


def test_one_judgement_per_measurement_in_order():
    missing = NotMeasured(metric=SLICE_THICKNESS, reason=Reason.SLICE_MISSING, detail="slice 1")
    measurements = (*_even(None), missing)
    limits = limit_set_for("acr-mri-large", [], shipped_limit_sets())
    judged = judge_all(measurements, limits, header())
    assert [j.measurement for j in judged] == list(measurements)
    assert [j.verdict for j in judged] == [Verdict.PASS, Verdict.NOT_MEASURED]
    without = judge_all(measurements, None, header())
    assert [j.verdict for j in without] == [Verdict.NOT_ASSESSED, Verdict.NOT_MEASURED]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_pixels_that_are_not_numbers_give_no_number(value):
    pixels = np.full((64, 64), 100.0)
    pixels[30, 30] = value
    series = images(dict.fromkeys((1, 5, *range(7, 12)), pixels), pose_=pose(matrix=64, pixel=(4.0, 4.0)))
    found = measure_phantom(series, LARGE)
    assert {m.reason for m in found if isinstance(m, NotMeasured)} == {Reason.ANALYSIS_FAILED}
    assert all(isinstance(m, NotMeasured) for m in found)
