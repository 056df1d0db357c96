"""Identity of the objects that AIQA writes, by role (DESIGN 2.5); names of the files that ``aiqa analyze`` writes."""

from enum import StrEnum

from aiqa_integration.model.identity import dicom_uid
from aiqa_integration.model.report import QaReport, Version


class Role(StrEnum):
    """What an object of a result is for."""

    REPORT_SR = "report_sr"
    MEASUREMENT_SR = "measurement_sr"
    SEG = "seg"
    OVERLAY = "overlay"
    SERIES_SR = "series_sr"
    LABELMAP = "labelmap"
    PARAMETRIC_MAP = "parametric_map"
    QUALITY_ISSUE = "quality_issue"
    PDF = "pdf"
    REJECTION = "rejection"


DEFAULT_OBJECTS = (Role.REPORT_SR, Role.MEASUREMENT_SR, Role.SERIES_SR, Role.SEG, Role.OVERLAY)
"""What an archive gets where its settings name nothing else."""

BY_A_PERSON = frozenset({Role.REJECTION})
"""Objects that only a person may ask for: archives take rejected images out of their views."""

IMPLEMENTATION_CLASS_UID = dicom_uid("implementation-class")
"""Implementation Class UID (0002,0012) of the files that AIQA writes."""


def instance_uid(report: QaReport, role: Role) -> str:
    """Return the SOP Instance UID of the object that plays ``role`` in a report."""
    return report.object_uid(role)


def series_uid(report: QaReport, role: Role) -> str:
    """Return the Series Instance UID of the object that plays ``role``: each object has its own series."""
    return report.object_uid(_series_role(role))


def predecessor_uids(report: QaReport, predecessor: Version, role: Role) -> tuple[str, str]:
    """Return SOP and Series Instance UID of the same object of an earlier result."""
    return predecessor.object_uid(report.ref, role), predecessor.object_uid(report.ref, _series_role(role))


def later_uids(sop_instance_uid: str, *parts: str) -> tuple[str, str]:
    """Return SOP and Series Instance UID of what a person made of an object; ``parts`` say who and what."""
    return dicom_uid("later", sop_instance_uid, *parts), dicom_uid("later", sop_instance_uid, *parts, "series")


def observer_uid(report: QaReport) -> str:
    """Return the UID of the observing device: one per software version."""
    return dicom_uid("observer", report.provenance.software_version)


def tracking_uid(report: QaReport, name: str) -> str:
    """Return the UID by which a metric, region or finding of a series is followed through all its results."""
    ref = report.ref
    return dicom_uid("tracking", ref.study_instance_uid, ref.series_instance_uid, report.analysis, name)


def _series_role(role: Role) -> str:
    return f"{role}/series"
