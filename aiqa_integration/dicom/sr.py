"""The structured reports of a result: one for people (text), two for machines (TID 1500)."""

from collections.abc import Sequence

from highdicom import sr
from pydicom.dataset import Dataset
from pydicom.uid import Comprehensive3DSRStorage, EnhancedSRStorage

from aiqa_integration.dicom.evidence import instance_stubs
from aiqa_integration.dicom.groups import Group, planar_groups, series_groups
from aiqa_integration.dicom.report_text import add_report_text
from aiqa_integration.dicom.result_object import MODEL_NAME, common_arguments, concept, result_bytes
from aiqa_integration.dicom.uids import Role, observer_uid, predecessor_uids
from aiqa_integration.errors import EncodingError
from aiqa_integration.model import codes
from aiqa_integration.model.coding import Code
from aiqa_integration.model.identity import AIQA_MANUFACTURER
from aiqa_integration.model.report import QaReport
from aiqa_integration.pipeline.ports import LoadedSeries


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
    """Return what a machine reads and a viewer draws: Comprehensive 3D SR by TID 1500, planar groups only.

    Every group lies on one image (TID 1410, SCOORD): groups without coordinates crash a common viewer. None where no
    value and no finding has a region. Raises EncodingError.
    """
    groups = planar_groups(report, series)
    return _measurements(groups, codes.MEASUREMENT_REPORT, report, series, source=source, role=Role.MEASUREMENT_SR)


def series_sr(report: QaReport, series: LoadedSeries, source: Dataset) -> bytes | None:
    """Return the rest for machines: Comprehensive 3D SR by TID 1500, groups without coordinates (TID 1501).

    Values of the series, metrics without a value and findings without a region. Its title is private, so that viewers
    show it as text and do not look for something to draw. None where nothing is left. Raises EncodingError.
    """
    groups = series_groups(report, series)
    return _measurements(groups, codes.SERIES_REPORT_TITLE, report, series, source=source, role=Role.SERIES_SR)


_DEVICE = concept(codes.OBSERVER_DEVICE)


def _measurements(
    groups: Sequence[Group],
    title: Code,
    report: QaReport,
    series: LoadedSeries,
    *,
    source: Dataset,
    role: Role,
) -> bytes | None:
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
        title=concept(title),
    )
    return _document(sr.Comprehensive3DSR, content[0], report, series, source=source, role=role)


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
    return result_bytes(document, report, source)


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
