"""The printed report as Encapsulated PDF, for archives and viewers that show documents."""

from collections.abc import Callable

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import EncapsulatedPDFStorage, ExplicitVRLittleEndian

from aiqa_integration.dicom.evidence import instance_stubs
from aiqa_integration.dicom.result_object import common_arguments, concept, created_at, result_bytes
from aiqa_integration.dicom.uids import Role
from aiqa_integration.errors import EncodingError
from aiqa_integration.model import codes
from aiqa_integration.model.report import QaReport
from aiqa_integration.pipeline.ports import LoadedSeries

PrintReport = Callable[[QaReport, LoadedSeries | None], bytes]
"""Returns a report as a PDF file; the same report gives the same bytes. Raises EncodingError."""


def encapsulated_pdf(report: QaReport, series: LoadedSeries, source: Dataset, print_report: PrintReport) -> bytes:
    """Return the printed report as an Encapsulated PDF object (PS3.3 A.45.1); raises EncodingError."""
    printed = print_report(report, series)
    if not printed.startswith(b"%PDF-"):
        raise EncodingError("the printed report is no PDF")
    arguments = common_arguments(report, source, Role.PDF)
    result = Dataset()
    result.file_meta = FileMetaDataset()
    result.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    result.SpecificCharacterSet = arguments["specific_character_set"]
    result.SOPClassUID = result.file_meta.MediaStorageSOPClassUID = EncapsulatedPDFStorage
    result.SOPInstanceUID = result.file_meta.MediaStorageSOPInstanceUID = arguments["sop_instance_uid"]
    result.PatientSex = ""
    result.Modality, result.ConversionType = "DOC", "WSD"
    result.SeriesInstanceUID, result.SeriesNumber = arguments["series_instance_uid"], arguments["series_number"]
    result.SeriesDescription, result.InstanceNumber = arguments["series_description"], arguments["instance_number"]
    result.Manufacturer, result.ManufacturerModelName = arguments["manufacturer"], arguments["manufacturer_model_name"]
    result.SoftwareVersions = arguments["software_versions"]
    result.DeviceSerialNumber = arguments["device_serial_number"]
    result.AcquisitionDateTime = created_at(report).strftime("%Y%m%d%H%M%S%z")
    result.BurnedInAnnotation, result.VerificationFlag = "NO", "UNVERIFIED"
    result.SourceInstanceSequence = [_reference(stub) for stub in instance_stubs(series)]
    result.DocumentTitle = codes.REPORT_TITLE.meaning
    result.ConceptNameCodeSequence = [concept(codes.REPORT_TITLE)]
    result.MIMETypeOfEncapsulatedDocument = "application/pdf"
    result.EncapsulatedDocumentLength = len(printed)
    result.EncapsulatedDocument = printed + b"\0" * (len(printed) % 2)
    return result_bytes(result, report, source)


def _reference(stub: Dataset) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = stub.SOPClassUID, stub.SOPInstanceUID
    return item
