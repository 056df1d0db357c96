"""Third step: numbers, by the physics of the phantom's tests, inside what the bundle found."""

from collections.abc import Sequence

import structlog

from aiqa_integration.errors import MeasurementError, RoiOutsideImage, TooFewSlices
from aiqa_integration.model.finding import Finding
from aiqa_integration.model.image import LeftOut
from aiqa_integration.model.measurement import Measurement, NotMeasured, Reason
from aiqa_integration.model.phantom import Phantom, PhantomImages, PhantomTest

_log = structlog.get_logger(__name__)


def measure_phantom(images: PhantomImages, phantom: Phantom) -> tuple[Measurement, ...]:
    """Return one measurement per metric of every test of the view that was found, in the order of the phantom's tests.

    A test that raises MeasurementError leaves its own metrics not measured and the others as they are.
    """
    tests = [test for test in phantom.tests if test.view == images.located.view]
    measurements = tuple(measurement for test in tests for measurement in _run(test, images))
    missing = sum(isinstance(measurement, NotMeasured) for measurement in measurements)
    _log.info("phantom.measured", phantom=phantom.name, metrics=len(measurements), not_measured=missing)
    return measurements


def find_faults(
    images: PhantomImages, phantom: Phantom, measurements: Sequence[Measurement], left_out: Sequence[LeftOut]
) -> tuple[Finding, ...]:
    """Return what is remarkable about a series besides its values: images left out, and how the phantom lay."""
    findings = [_left_out(part) for part in left_out]
    try:
        findings += phantom.setup(images, measurements)
    except MeasurementError as error:
        _log.warning("phantom.setup_unknown", phantom=phantom.name, reason=str(error) or error.code)
    _log.info("phantom.setup", phantom=phantom.name, findings=[finding.artifact for finding in findings])
    return tuple(findings)


def _left_out(part: LeftOut) -> Finding:
    what = "1 image of the series was" if part.images == 1 else f"{part.images} images of the series were"
    return Finding(
        artifact="series-images-left-out",
        probability=1.0,
        severity=0,
        explanation=f"{what} left out: {part.reason}. The values come from the others.",
    )


def _run(test: PhantomTest, images: PhantomImages) -> tuple[Measurement, ...]:
    try:
        return test.measure(images)
    except MeasurementError as error:
        reason, detail = _reason(error), str(error) or error.code
        return tuple(NotMeasured(metric=metric, reason=reason, detail=detail) for metric in test.metrics)


def _reason(error: MeasurementError) -> Reason:
    match error:
        case RoiOutsideImage():
            return Reason.ROI_OUTSIDE_IMAGE
        case TooFewSlices():
            return Reason.SLICE_MISSING
        case _:
            return Reason.ANALYSIS_FAILED
