"""The picture of a result as DICOM (Secondary Capture, shown by every viewer) and as PNG (console, mail)."""

from io import BytesIO

import numpy as np
from highdicom import sc
from pydicom.dataset import Dataset

from aiqa_integration.dicom.drawing import draw_report
from aiqa_integration.dicom.evidence import instance_stubs
from aiqa_integration.dicom.result_object import common_arguments, concept, result_bytes, set_side
from aiqa_integration.dicom.uids import Role
from aiqa_integration.errors import EncodingError
from aiqa_integration.model import codes
from aiqa_integration.model.report import QaReport
from aiqa_integration.pipeline.ports import LoadedSeries


def overlay(report: QaReport, series: LoadedSeries, source: Dataset) -> bytes:
    """Return the picture as Secondary Capture RGB that names the images it was made from; raises EncodingError."""
    pixels = np.asarray(draw_report(report, series.stack), dtype=np.uint8)
    stubs = instance_stubs(series)
    try:
        result = sc.SCImage.from_ref_dataset(
            ref_dataset=stubs[0],
            pixel_array=pixels,
            photometric_interpretation="RGB",
            bits_allocated=8,
            coordinate_system="PATIENT",
            patient_orientation=("L", "P"),
            transfer_syntax_uid="1.2.840.10008.1.2.1",
            **common_arguments(report, source, Role.OVERLAY),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise EncodingError(f"{Role.OVERLAY} cannot be built: {error}") from error
    _describe(result, stubs, source)
    return result_bytes(result, report, source)


def preview_png(report: QaReport, series: LoadedSeries | None) -> bytes:
    """Return the picture of a report as PNG, without slices where the series could not be read."""
    buffer = BytesIO()
    draw_report(report, series.stack if series else None).save(buffer, format="PNG", optimize=False)
    return buffer.getvalue()


def _describe(result: Dataset, stubs: list[Dataset], source: Dataset) -> None:
    """Say what kind of picture it is: a sheet of several slices has no orientation and no one side of the body."""
    result.ConversionType = "WSD"
    result.PatientOrientation = ""
    result.BurnedInAnnotation = "NO"
    result.DerivationDescription = "Slices with the regions that were measured, values, limits and verdicts"
    result.SourceImageSequence = [_reference(stub) for stub in stubs]
    set_side(result, source)


def _reference(stub: Dataset) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = stub.SOPClassUID, stub.SOPInstanceUID
    item.PurposeOfReferenceCodeSequence = [concept(codes.SOURCE_IMAGE)]
    return item
