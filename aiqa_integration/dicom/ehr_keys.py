"""By what an EHR finds the patient and the order of a series."""

from datetime import datetime

from pydicom.dataset import Dataset

from aiqa_integration.dicom.reading import first_item, text
from aiqa_integration.model.identity import OrderKey, PatientKey

_SEXES = frozenset({"M", "F", "O"})


def patient_key(dataset: Dataset) -> PatientKey | None:
    """Return the patient of an instance (PS3.3 C.7.1.1, C.7.1.1.1.5 for the issuer); None without a Patient ID."""
    patient_id = text(dataset, "PatientID").strip()
    if not patient_id:
        return None
    qualifiers = first_item(dataset, "IssuerOfPatientIDQualifiersSequence")
    sex = text(dataset, "PatientSex").strip().upper()
    return PatientKey(
        patient_id=patient_id,
        issuer=_universal(qualifiers) or text(dataset, "IssuerOfPatientID").strip(),
        birth_date=_date(text(dataset, "PatientBirthDate")),
        sex=sex if sex in _SEXES else "",
    )


def order_key(dataset: Dataset) -> OrderKey | None:
    """Return the order of an instance (PS3.3 C.7.2.1); None without an Accession Number."""
    number = text(dataset, "AccessionNumber").strip()
    if not number:
        return None
    issuer = first_item(dataset, "IssuerOfAccessionNumberSequence")
    local = text(issuer, "LocalNamespaceEntityID").strip() if issuer is not None else ""
    return OrderKey(accession_number=number, issuer=_universal(issuer) or local)


def _universal(issuer: Dataset | None) -> str:
    """Return the issuer's worldwide name as a URI (PS3.3 table 10-17), empty where it has none of the usual kinds."""
    if issuer is None:
        return ""
    name, kind = text(issuer, "UniversalEntityID").strip(), text(issuer, "UniversalEntityIDType").strip().upper()
    if not name:
        return ""
    return {"ISO": f"urn:oid:{name}", "UUID": f"urn:uuid:{name.lower()}", "URI": name}.get(kind, "")


def _date(stamp: str) -> str:
    try:
        return datetime.strptime(stamp.strip(), "%Y%m%d").date().isoformat()  # noqa: DTZ007 - a date has no zone
    except ValueError:
        return ""
