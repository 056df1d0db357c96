"""All DICOM objects of a result."""

from collections.abc import Mapping

from aiqa_integration.dicom.evidence import read_source
from aiqa_integration.dicom.presentation import overlay
from aiqa_integration.dicom.seg import segmentation
from aiqa_integration.dicom.sr import measurement_sr, report_sr
from aiqa_integration.dicom.uids import Role
from aiqa_integration.model.report import QaReport
from aiqa_integration.pipeline.ports import LoadedSeries


def encode_objects(report: QaReport, series: LoadedSeries | None) -> Mapping[Role, bytes]:
    """Return the DICOM files of a report by role, in the order to store them; the same report gives the same bytes.

    A refused report has its report SR only; none where the series could not be read, for then there is no patient or
    study to file it under. Raises EncodingError.
    """
    if series is None:
        return {}
    source = read_source(series)
    objects: dict[Role, bytes | None] = {Role.REPORT_SR: report_sr(report, series, source)}
    if report.refused is None:
        objects[Role.MEASUREMENT_SR] = measurement_sr(report, series, source)
        objects[Role.SEG] = segmentation(report, series, source)
        objects[Role.OVERLAY] = overlay(report, series, source)
    return {role: content for role, content in objects.items() if content is not None}
