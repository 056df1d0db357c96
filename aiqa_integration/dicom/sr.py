"""The two structured reports of a result: one for people (text), one for machines (TID 1500)."""

from collections.abc import Mapping

import numpy as np
from highdicom import sr
from pydicom.dataset import Dataset
from pydicom.uid import Comprehensive3DSRStorage, EnhancedSRStorage

from aiqa_integration.dicom.evidence import instance_stubs
from aiqa_integration.dicom.report_text import add_report_text
from aiqa_integration.dicom.result_object import MODEL_NAME, common_arguments, concept, result_bytes
from aiqa_integration.dicom.uids import Role, observer_uid, predecessor_uids, tracking_uid
from aiqa_integration.errors import EncodingError
from aiqa_integration.model import codes
from aiqa_integration.model.identity import AIQA_MANUFACTURER
from aiqa_integration.model.judgement import Judgement
from aiqa_integration.model.measurement import Measured, NotMeasured, Reason, Region
from aiqa_integration.model.report import QaReport
from aiqa_integration.model.wording import number_text
from aiqa_integration.pipeline.ports import LoadedSeries

HALF_PIXEL = 0.5
LONGEST_DS = 16
"""Characters of a Decimal String (PS3.5 table 6.2-1)."""
"""From our pixel centres at integers to SCOORD, whose 0\\0 is the corner of the first pixel (PS3.3 C.18.6.1.1)."""


def report_sr(report: QaReport, series: LoadedSeries, source: Dataset) -> bytes:
    """Return the report that a person reads: Enhanced SR under a private title, text only.

    Viewers show a report with an unknown title as text, while they take one with a TID 1500 title for measurements
    and show nothing of its text. Raises EncodingError.
    """
    title = sr.ContainerContentItem(name=concept(codes.REPORT_TITLE), is_content_continuous=False)
    title.ContentSequence = sr.ContentSequence()
    _add_context(title.ContentSequence, report)
    add_report_text(title.ContentSequence, report, series.stack.slices)
    return _document(sr.EnhancedSR, title, report, series, source=source, role=Role.REPORT_SR)


def measurement_sr(report: QaReport, series: LoadedSeries, source: Dataset) -> bytes | None:
    """Return the report that a machine reads: Comprehensive 3D SR by TID 1500, a planar group per metric with a region.

    Every group lies on one image (TID 1410, SCOORD): groups without coordinates crash a common viewer. None where no
    metric has a region. Raises EncodingError.
    """
    groups = [_group(report, series, judgement) for judgement in report.judgements if judgement.measurement.regions]
    if not groups:
        return None
    device = sr.DeviceObserverIdentifyingAttributes(
        uid=observer_uid(report), name=MODEL_NAME, manufacturer_name=AIQA_MANUFACTURER, model_name=MODEL_NAME
    )
    observer = sr.ObserverContext(observer_type=_DEVICE, observer_identifying_attributes=device)
    content = sr.MeasurementReport(
        observation_context=sr.ObservationContext(observer_device_context=observer),
        procedure_reported=concept(codes.IMAGING_PROCEDURE),
        imaging_measurements=groups,
        title=concept(codes.MEASUREMENT_REPORT),
    )
    return _document(sr.Comprehensive3DSR, content[0], report, series, source=source, role=Role.MEASUREMENT_SR)


_DEVICE = concept(codes.OBSERVER_DEVICE)


def _document(
    kind: type[Dataset], root: Dataset, report: QaReport, series: LoadedSeries, *, source: Dataset, role: Role
) -> bytes:
    """Return the file of a document.

    highdicom copies and searches the content several times, which takes longer than all the rest, so it gets the root
    alone; that every referenced image is evidence is sure, for all of the series are.
    """
    _separate(root)
    content = root.ContentSequence
    root.ContentSequence = []
    try:
        document = kind(
            evidence=instance_stubs(series),
            content=root,
            is_complete=True,
            previous_versions=_previous_versions(report, role),
            **common_arguments(report, source, role),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise EncodingError(f"{role} cannot be built: {error}") from error
    document.ContentSequence = content
    _qualify_missing(document, _unmeasured(report))
    return result_bytes(document, report, source)


def _unmeasured(report: QaReport) -> dict[str, Reason]:
    """Return why metrics have no value, by tracking identifier."""
    found = (judgement.measurement for judgement in report.judgements)
    return {item.metric.id: item.reason for item in found if isinstance(item, NotMeasured)}


def _qualify_missing(item: Dataset, reasons: Mapping[str, Reason]) -> None:
    """Take the value out of the NUM of every metric that has none, and say why (PS3.3 C.18.1, CID 42).

    highdicom builds no NUM without a value, so it is built with one.
    """
    children = item.get("ContentSequence", ())
    tracked = {child.get("TextValue") for child in children if child.ValueType == "TEXT"}
    for child in children:
        _qualify_missing(child, reasons)
        for metric_id in tracked & reasons.keys() if child.ValueType == "NUM" else ():
            child.MeasuredValueSequence = []
            child.NumericValueQualifierCodeSequence = [concept(codes.VALUE_QUALIFIERS[reasons[metric_id]])]


def _separate(item: Dataset) -> None:
    """Mark every container SEPARATE: in a CONTINUOUS one viewers print the values without their names."""
    if "ContinuityOfContent" in item:
        item.ContinuityOfContent = "SEPARATE"
    for child in item.get("ContentSequence", ()):
        _separate(child)


def _previous_versions(report: QaReport, role: Role) -> list[Dataset] | None:
    if report.predecessor is None:
        return None
    previous = Dataset()
    previous.SOPClassUID = EnhancedSRStorage if role is Role.REPORT_SR else Comprehensive3DSRStorage
    previous.StudyInstanceUID = report.ref.study_instance_uid
    previous.SOPInstanceUID, previous.SeriesInstanceUID = predecessor_uids(report, report.predecessor, role)
    return [previous]


def _add_context(content: sr.ContentSequence, report: QaReport) -> None:
    """Add language and observer (TID 1204, TID 1002 and 1004)."""
    observed = sr.RelationshipTypeValues.HAS_OBS_CONTEXT
    language = sr.RelationshipTypeValues.HAS_CONCEPT_MOD
    content.append(sr.CodeContentItem(concept(codes.LANGUAGE), concept(codes.ENGLISH), language))
    content.append(sr.CodeContentItem(concept(codes.OBSERVER_TYPE), _DEVICE, observed))
    content.append(sr.UIDRefContentItem(concept(codes.OBSERVER_UID), observer_uid(report), observed))
    content.append(sr.TextContentItem(concept(codes.OBSERVER_NAME), MODEL_NAME, observed))


def _group(
    report: QaReport, series: LoadedSeries, judgement: Judgement
) -> sr.PlanarROIMeasurementsAndQualitativeEvaluations:
    """Return a TID 1410 group: the metric's first region, its number or why there is none, and the verdict.

    Further regions of a metric are segments of the SEG.
    """
    metric = judgement.measurement.metric
    evaluations = [sr.QualitativeEvaluation(concept(codes.VERDICT), concept(codes.VERDICTS[judgement.verdict]))]
    if judgement.verdict in codes.QUALITY_ASSESSMENTS:
        value = concept(codes.QUALITY_ASSESSMENTS[judgement.verdict])
        evaluations.append(sr.QualitativeEvaluation(concept(codes.QUALITY_ASSESSMENT), value))
    return sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(uid=tracking_uid(report, metric.id), identifier=metric.id),
        referenced_region=image_region(judgement.measurement.regions[0], series),
        finding_type=concept(codes.IMAGE_QUALITY_ANALYSIS),
        algorithm_id=_algorithm(report, metric_version=f"{metric.id}/{metric.version}"),
        measurements=[_number(judgement)],
        qualitative_evaluations=evaluations,
    )


def image_region(region: Region, series: LoadedSeries) -> sr.ImageRegion:
    """Return a region as SCOORD on its image; raises EncodingError where it lies outside the stack or the image."""
    if not 0 <= region.slice_index < len(series.stack.slices):
        raise EncodingError(f"region {region.label!r} lies on slice {region.slice_index}, outside the stack")
    ref = series.stack.slices[region.slice_index]
    points = [*region.points, region.points[0]] if region.shape == "polygon" else list(region.points)
    circle = region.shape == "circle"
    try:
        return sr.ImageRegion(
            graphic_type=sr.GraphicTypeValues.CIRCLE if circle else sr.GraphicTypeValues.POLYLINE,
            graphic_data=np.asarray(points, dtype=np.float64) + HALF_PIXEL,
            source_image=sr.SourceImageForRegion(
                referenced_sop_class_uid=ref.sop_class_uid,
                referenced_sop_instance_uid=ref.sop_instance_uid,
                referenced_frame_numbers=None if ref.frame_number is None else [ref.frame_number],
            ),
        )
    except ValueError as error:
        raise EncodingError(f"region {region.label!r}: {error}") from error


def _number(judgement: Judgement) -> sr.Measurement:
    """Return the NUM of a metric, rounded for display and exact beside it."""
    measurement = judgement.measurement
    metric = measurement.metric
    value = measurement.quantity.value if isinstance(measurement, Measured) else 0.0
    number = sr.Measurement(concept(metric.code), value=value, unit=concept(codes.unit_code(metric.unit)))
    shown = number_text(value, metric, judgement.limits)
    if len(shown) <= LONGEST_DS:  # else highdicom's own rendering stays
        number[0].MeasuredValueSequence[0].NumericValue = shown
    number[0].MeasuredValueSequence[0].FloatingPointValue = value
    return number


def _algorithm(report: QaReport, metric_version: str) -> sr.AlgorithmIdentification:
    """Return TID 4019: what made the number, so that it can be made again; the rest stands in the report SR."""
    made, bundle = report.provenance, report.bundle
    parameters = [f"metric={metric_version}", f"limit_set={made.limit_set}@{made.limit_set_revision}"]
    if bundle is not None:
        parameters.append(f"bundle={bundle.name}/{bundle.version} weights_sha256={bundle.weights_sha256}")
    return sr.AlgorithmIdentification(name=report.analysis, version=report.analysis_version, parameters=parameters)
