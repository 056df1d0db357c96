"""All DICOM objects of a result."""

from collections.abc import Callable, Collection, Mapping
from functools import partial

from pydicom.dataset import Dataset

from aiqa_integration.dicom.evidence import read_source
from aiqa_integration.dicom.finding_map import parametric_map
from aiqa_integration.dicom.key_objects import quality_issue
from aiqa_integration.dicom.pdf import PrintReport, encapsulated_pdf
from aiqa_integration.dicom.presentation import overlay
from aiqa_integration.dicom.seg import segmentation
from aiqa_integration.dicom.sr import measurement_sr, report_sr, series_sr
from aiqa_integration.dicom.uids import BY_A_PERSON, DEFAULT_OBJECTS, Role
from aiqa_integration.errors import ConfigurationError
from aiqa_integration.model.report import QaReport
from aiqa_integration.pipeline.ports import LoadedSeries

Make = Callable[[QaReport, LoadedSeries, Dataset], bytes | None]
"""Returns an object of a report over a series with its source; None where there is none to be made."""

OF_A_REFUSAL = frozenset({Role.REPORT_SR, Role.PDF})
"""Objects that a refused report has, too."""


def encode_objects(
    report: QaReport,
    series: LoadedSeries | None,
    roles: Collection[Role] = DEFAULT_OBJECTS,
    *,
    print_report: PrintReport | None = None,
) -> Mapping[Role, bytes]:
    """Return the DICOM files of a report by role, in the order to store them; the same report gives the same bytes.

    Of the wanted ``roles``, a refused report has those that are text only; none where the series could not be read, for
    then there is no patient or study to file it under. ``print_report`` is needed for a PDF. Raises EncodingError;
    ConfigurationError for a PDF that nobody can print, and for objects that only a person may ask for.
    """
    if asked := BY_A_PERSON.intersection(roles):
        raise ConfigurationError(f"objects: {', '.join(asked)} is never made without a person")
    if Role.PDF in roles and print_report is None:
        raise ConfigurationError("objects: a pdf is asked for, but nothing here can print one")
    if series is None:
        return {}
    source = read_source(series)
    makers: dict[Role, Make] = {
        Role.REPORT_SR: report_sr,
        Role.MEASUREMENT_SR: measurement_sr,
        Role.SERIES_SR: series_sr,
        Role.SEG: segmentation,
        Role.LABELMAP: partial(segmentation, role=Role.LABELMAP),
        Role.OVERLAY: overlay,
        Role.PARAMETRIC_MAP: parametric_map,
        Role.QUALITY_ISSUE: quality_issue,
        **({Role.PDF: partial(encapsulated_pdf, print_report=print_report)} if print_report else {}),
    }
    wanted = [role for role in makers if role in roles and (report.refused is None or role in OF_A_REFUSAL)]
    objects = {role: makers[role](report, series, source) for role in wanted}
    return {role: content for role, content in objects.items() if content is not None}
