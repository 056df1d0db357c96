"""Key Object Selections: images that a person should look at, and images that a person has rejected."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from highdicom import ko, sr
from pydicom.dataset import Dataset

from aiqa_integration.dicom.energy import finding_places
from aiqa_integration.dicom.evidence import empty_stub, instance_stubs
from aiqa_integration.dicom.result_object import (
    MODEL_NAME,
    common_arguments,
    concept,
    file_bytes,
    result_bytes,
    set_times,
)
from aiqa_integration.dicom.uids import Role, later_uids, observer_uid
from aiqa_integration.dicom.verified import KEPT_KEYWORDS, StoredDocument, read_document
from aiqa_integration.errors import EncodingError
from aiqa_integration.model import codes
from aiqa_integration.model.coding import Code
from aiqa_integration.model.finding import ALERTED_SEVERITY
from aiqa_integration.model.identity import AIQA_MANUFACTURER, Person
from aiqa_integration.model.judgement import Judgement, Verdict
from aiqa_integration.model.report import QaReport
from aiqa_integration.model.wording import summary_text
from aiqa_integration.pipeline.ports import LoadedSeries


def quality_issue(report: QaReport, series: LoadedSeries, source: Dataset) -> bytes | None:
    """Return the images with a value outside its action limits or a clear finding: (113010, DCM, "Quality Issue").

    It only points at images: archives that hide rejected images take no notice of it. None where there is no issue.
    Raises EncodingError.
    """
    places = _bad_places(report, len(series.stack.slices))
    if not places:
        return None
    wanted = {series.stack.slices[place].sop_instance_uid for place in places}
    images = [stub for stub in instance_stubs(series) if stub.SOPInstanceUID in wanted]
    device = sr.DeviceObserverIdentifyingAttributes(
        uid=observer_uid(report), name=MODEL_NAME, manufacturer_name=AIQA_MANUFACTURER, model_name=MODEL_NAME
    )
    observer = sr.ObserverContext(observer_type=concept(codes.OBSERVER_DEVICE), observer_identifying_attributes=device)
    document = _selection(
        codes.QUALITY_ISSUE,
        images,
        context={"observer_device_context": observer},
        description=summary_text(report),
        arguments=common_arguments(report, source, Role.QUALITY_ISSUE),
    )
    return result_bytes(document, report, source)


def rejection_note(report_document: bytes, person: Person, at: datetime) -> StoredDocument:
    """Return a note by which a person rejects all images of a result, (113001, DCM, "Rejected for Quality Reasons").

    Archives that follow IHE IOCM take these images out of their views, so nothing but a person's own click may lead
    here. ``report_document`` is the stored report SR, which names the images. Raises EncodingError.
    """
    told = read_document(report_document)
    uid, series_uid = later_uids(str(told.SOPInstanceUID), Role.REJECTION)
    document = _selection(
        codes.REJECTED_FOR_QUALITY,
        _evidence(told),
        context={"observer_person_context": _person_observer(person)},
        description=None,
        arguments={
            "series_instance_uid": series_uid,
            "series_number": int(told.SeriesNumber),
            "sop_instance_uid": uid,
            "instance_number": 1,
            "manufacturer": AIQA_MANUFACTURER,
            "manufacturer_model_name": MODEL_NAME,
            "software_versions": told.SoftwareVersions,
            "device_serial_number": told.DeviceSerialNumber,
            "series_description": "AI QA: rejected by a person for quality reasons",
            "specific_character_set": str(told.SpecificCharacterSet),
        },
    )
    for keyword in KEPT_KEYWORDS:
        if keyword in told:
            document[keyword] = told[keyword]
        elif keyword in document:
            del document[keyword]
    set_times(document, at)
    document.pop("ContributingEquipmentSequence", None)
    return StoredDocument(
        content=file_bytes(document, str(told.SoftwareVersions)), sop_instance_uid=uid, series_instance_uid=series_uid
    )


def _bad_places(report: QaReport, slices: int) -> tuple[int, ...]:
    """Return the slices with an issue; all of them where an issue is one of the whole series."""
    bad: set[int] = set()
    for judgement in report.judgements:
        if judgement.verdict is Verdict.ACTION:
            bad |= _places_of(judgement) or set(range(slices))
    for finding in report.findings:
        if finding.severity >= ALERTED_SEVERITY:
            bad |= set(finding_places(finding)) or set(range(slices))
    return tuple(sorted(place for place in bad if 0 <= place < slices))


def _places_of(judgement: Judgement) -> set[int]:
    measurement = judgement.measurement
    own = set() if measurement.slice_index is None else {measurement.slice_index}
    return own | {region.slice_index for region in measurement.regions}


def _selection(
    title: Code,
    images: Sequence[Dataset],
    *,
    context: dict[str, sr.ObserverContext],
    description: str | None,
    arguments: dict[str, Any],
) -> Dataset:
    """Return a Key Object Selection of images.

    highdicom names every reference "Source", which the template forbids (PS3.16 TID 2010), so the names are taken out.
    """
    try:
        selected = ko.KeyObjectSelection(
            document_title=concept(title), referenced_objects=images, description=description, **context
        )
        document: Dataset = ko.KeyObjectSelectionDocument(evidence=images, content=selected, **arguments)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise EncodingError(f"key object selection cannot be built: {error}") from error
    for item in document.ContentSequence:
        if item.ValueType in {"IMAGE", "COMPOSITE"}:
            del item.ConceptNameCodeSequence
    return document


def _evidence(told: Dataset) -> list[Dataset]:
    """Return the images that a report speaks of, as references need them."""
    images = []
    for study in told.CurrentRequestedProcedureEvidenceSequence:
        for listed in study.ReferencedSeriesSequence:
            for reference in listed.ReferencedSOPSequence:
                image = empty_stub()
                image.StudyInstanceUID = study.StudyInstanceUID
                image.SeriesInstanceUID = listed.SeriesInstanceUID
                image.SOPClassUID = reference.ReferencedSOPClassUID
                image.SOPInstanceUID = reference.ReferencedSOPInstanceUID
                images.append(image)
    return images


def _person_observer(person: Person) -> sr.ObserverContext:
    return sr.ObserverContext(
        observer_type=concept(codes.OBSERVER_PERSON),
        observer_identifying_attributes=sr.PersonObserverIdentifyingAttributes(
            name=person.name, organization_name=person.organization
        ),
    )
