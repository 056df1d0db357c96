"""A patient's MR series: may it be scored, which artifacts it shows, and what may be said of them on this scanner."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import structlog
from numpy.typing import NDArray

from aiqa_integration.artifact_detection import ARTIFACT_BUNDLE
from aiqa_integration.artifact_detection.audit_sample import in_audit_sample
from aiqa_integration.artifact_detection.explain import Scored, explain
from aiqa_integration.artifact_detection.families import Family, applicable, not_scored_because, protocol_family
from aiqa_integration.artifact_detection.fat_shift import fat_shift_by_id
from aiqa_integration.artifact_detection.gate import Likeness, likeness
from aiqa_integration.artifact_detection.inputs import detection_inputs, metrics_by_id
from aiqa_integration.artifact_detection.marks import phase_axis
from aiqa_integration.artifact_detection.measured import MOST_READ, readings, worst_of
from aiqa_integration.artifact_detection.pool import CLASSES, Assessment, energy_of, pool, slice_levels
from aiqa_integration.artifact_detection.said import Said
from aiqa_integration.errors import UnsupportedSeries
from aiqa_integration.metrics.artifact_probability import ARTIFACT_PROBABILITIES
from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.model.calibration import UNCALIBRATED, ArtifactCalibration
from aiqa_integration.model.finding import ALERTED_SEVERITY
from aiqa_integration.model.image import SeriesHeader
from aiqa_integration.model.judgement import Judgement, Tolerance, Verdict
from aiqa_integration.model.measurement import Measured
from aiqa_integration.model.quantity import ONE, Quantity
from aiqa_integration.model.screening import Screening
from aiqa_integration.pipeline.analyst import Analysed, Analyst, Stopwatch
from aiqa_integration.pipeline.ports import LoadedSeries
from aiqa_integration.pipeline.recognise import recognise
from aiqa_integration.recognition import KINDS_BY_NAME

ANALYSIS_VERSION = "1.2.0"
PATIENT = "patient"

_log = structlog.get_logger(__name__)

Arrays = Mapping[str, NDArray[np.float32]]


def detect_artifacts(series: LoadedSeries, analyst: Analyst, watch: Stopwatch) -> Analysed:
    """Return what is said of each artifact that a series of this kind can have.

    Raises UnsupportedSeries with the reason where the series is not to be scored, BundleError, OutOfMemory.
    """
    header = series.header
    reason = not_scored_because(header, series.stack)
    if reason is not None:
        raise UnsupportedSeries(reason)
    with watch.step("infer"):
        _turn_away_objects(series, analyst)
        inputs = detection_inputs(series.stack, _phase_axis(header))
        outputs = analyst.inferencer.run(ARTIFACT_BUNDLE, inputs)
    like = likeness(outputs)
    if not like.scored:
        raise UnsupportedSeries(f"not scored: {like.reason}")
    family, bundle = protocol_family(header), analyst.inferencer.version(ARTIFACT_BUNDLE)
    with watch.step("judge"):
        known = analyst.record.calibrations(header.device, family, bundle)
        possible = applicable(header)
        metrics, levels = metrics_by_id(inputs["metrics"], inputs["series"]), slice_levels(outputs["severity"])
        assessed = [assessment for assessment in pool(outputs) if assessment.artifact in possible]
        told = {**metrics, **fat_shift_by_id(header, series.stack)}
        said = [_said(assessment, known, series, told) for assessment in assessed]
        findings = explain(
            [_scored(one, levels, outputs) for one in said],
            stack=series.stack,
            header=header,
            metrics=metrics,
            usual=analyst.record.usual(header.device, family),
        )
    _log.info("artifacts.detected", family=family, findings=[finding.artifact for finding in findings])
    return Analysed(
        analysis_version=ANALYSIS_VERSION,
        phantom=None,
        bundle=bundle,
        limits=None,
        judgements=tuple(_judgement(one) for one in said),
        findings=findings,
        screening=_screening(said, like, family, metrics, header),
    )


def _turn_away_objects(series: LoadedSeries, analyst: Analyst) -> None:
    """Raise UnsupportedSeries where the images are recognised as something other than a patient."""
    kind = recognise(series, analyst.inferencer).kind
    if kind is not None and kind != PATIENT:
        raise UnsupportedSeries(f"not scored: {KINDS_BY_NAME[kind].sentence}")


def _phase_axis(header: SeriesHeader) -> int | None:
    """Return the array axis of a slice along which phase was encoded: COLUMN means along the columns, so axis 0."""
    axis = phase_axis(header)
    return None if axis is None else axis - 1


def _said(
    assessment: Assessment, known: Mapping[ArtifactId, ArtifactCalibration], series: LoadedSeries, metrics: Arrays
) -> Said:
    """Return what is said of an artifact; measured in the image where the network says that it is present."""
    said = Said(assessment=assessment, calibration=known.get(assessment.artifact, UNCALIBRATED))
    if said.answer != "present":
        return said
    artifact, slices = assessment.artifact, assessment.slices[:MOST_READ]
    read = readings(artifact, series.stack.voxels, metrics, phase_axis(series.header), slices)
    return replace(said, measured=worst_of(artifact, read, slices))


def _scored(said: Said, levels: NDArray[np.float64], outputs: Arrays) -> Scored:
    artifact = said.assessment.artifact
    return Scored(
        artifact=artifact,
        probability=said.probability,
        severity=said.severity,
        slice_scores=levels[:, CLASSES.index(artifact), 1],
        calibration=said.calibration.state,
        energy=energy_of(outputs, said.assessment) if said.assessment.slices else None,
        measured=said.measured,
    )


def _judgement(said: Said) -> Judgement:
    """Return the probability as a judged value: by the scanner's own threshold where that is active, else not."""
    calibration, artifact = said.calibration, said.assessment.artifact
    measured = Measured(metric=ARTIFACT_PROBABILITIES[artifact], quantity=Quantity(round(said.probability, 4), ONE))
    if calibration.state != "active":
        why = f"not judged: the detector is {calibration.state} on this scanner and protocol family"
        return Judgement(measurement=measured, limits=None, verdict=Verdict.NOT_ASSESSED, required=False, note=why)
    limits = Tolerance(
        tolerance_high=said.band.high,
        source=_source(calibration),
        revision=str(calibration.revision),
    )
    verdict, note = _verdict(said)
    return Judgement(measurement=measured, limits=limits, verdict=verdict, required=True, note=note)


def _verdict(said: Said) -> tuple[Verdict, str | None]:
    """Return the verdict by the answer and the severity, and what it says in words."""
    match said.answer:
        case "present":
            severe = said.severity > ALERTED_SEVERITY
            return Verdict.ACTION if severe else Verdict.TOLERANCE, f"severity {said.severity} of 3"
        case "left open":
            return Verdict.NOT_ASSESSED, said.why_open
        case "absent":
            return Verdict.PASS, None


def _source(calibration: ArtifactCalibration) -> str:
    if not calibration.fitted:
        return "the bundle's own figures, adopted by a person for this scanner"
    return (
        f"{calibration.reviewed} reviewed series of this scanner, {calibration.positives} with the artifact; "
        f"at least {calibration.ppv_low:.0%} of alerts right"
    )


def _screening(
    said: list[Said], like: Likeness, family: Family, metrics: Mapping[str, NDArray[np.float32]], header: SeriesHeader
) -> Screening:
    return Screening(
        family=family,
        raw={one.assessment.artifact: round(one.assessment.probability, 6) for one in said},
        metrics={name: round(float(np.median(values)), 6) for name, values in metrics.items()},
        distance=round(like.distance, 4),
        audit=in_audit_sample(header.ref.series_instance_uid),
    )
