"""Find the patient, the study and the order of a result in the EHR; no guess where they are missing or ambiguous.

Messages name no patient: they are kept in the ledger.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aiqa_integration.errors import EhrRefused, EhrUnmatched
from aiqa_integration.fhir.client import FhirClient
from aiqa_integration.fhir.codes import DICOM_UID, Element
from aiqa_integration.fhir.identity import Identifier
from aiqa_integration.fhir.references import logical

NO_SYSTEM = "ehr.patient_system is not set: how the EHR calls the issuer of the Patient ID is not known"
_SET_SYSTEM = "set ehr.patient_system to the identifier system of the EHR's Patients, then replay"
_LOOKED_AT = 20

_TOLD_APART = frozenset({"male", "female"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """How the EHR calls those who issue Patient IDs and accession numbers.

    ``systems`` gives the identifier system for an issuer as the images name it; ``patient_system`` and
    ``order_system`` are for numbers without an issuer, or of one that is not listed. ``study_required``: a result waits
    until the EHR has its ImagingStudy.
    """

    patient_system: str = ""
    order_system: str = ""
    systems: Mapping[str, str] = field(default_factory=dict)
    study_required: bool = False


def check_patients(client: FhirClient, directory: Directory) -> str:
    """Return how the EHR's Patients are found, in words.

    Raises EhrUnmatched where results about patients would wait: no system is set, or the Patients that the EHR shows
    carry others. EhrUnavailable; EhrRefused where it lets us read nothing at all.
    """
    if not client.abilities().searches("Patient", "identifier"):
        raise EhrUnmatched("the server does not search Patient by identifier", fix="another ehr.url")
    shown = _shown(client)
    seen = {str(listed.get("system", "")) for patient in shown for listed in patient.get("identifier", [])} - {""}
    carried = f"Patients there carry identifiers of: {', '.join(sorted(seen))}" if seen else "no Patient is shown there"
    wanted = {directory.patient_system, *directory.systems.values()} - {""}
    if not wanted:
        waits = "results about patients wait (HELD), but for images that name the issuer by a URI"
        raise EhrUnmatched(f"{NO_SYSTEM}; {waits}; {carried}", fix=_SET_SYSTEM)
    if seen and not seen & wanted:
        asked = ", ".join(sorted(wanted))
        raise EhrUnmatched(
            f"of the first {len(shown)} Patients there none carries an identifier of {asked} (ehr.patient_system, "
            f"ehr.systems); {carried}",
            fix=_SET_SYSTEM,
        )
    return f"Patients are looked up in {', '.join(sorted(wanted))}; {carried}"


def _shown(client: FhirClient) -> list[Element]:
    """Return some Patients of the EHR; none where it shows them only to who names one."""
    try:
        return client.search("Patient", {"_count": str(_LOOKED_AT)})
    except EhrRefused:
        return []


def look_up(entries: Sequence[Element], client: FhirClient, directory: Directory) -> dict[str, tuple[Element, ...]]:
    """Return what the GET entries of a transaction stand for, by their names.

    Raises EhrUnmatched where the patient is missing, ambiguous or another one; EhrUnavailable, EhrRefused.
    """
    found: dict[str, tuple[Element, ...]] = {}
    patient = ""
    for entry in entries:
        asked = entry["resource"]
        match asked["resourceType"]:
            case "Patient":
                patient = _patient(asked, client, directory)
                found[entry["fullUrl"]] = ({"reference": patient},)
            case "ImagingStudy":
                found[entry["fullUrl"]] = (_study(entry, patient, client, directory),)
            case _:
                found[entry["fullUrl"]] = _orders(asked, patient, client, directory)
    return found


def _patient(asked: Element, client: FhirClient, directory: Directory) -> str:
    key = _key(asked, directory.patient_system, directory)
    if not key.system:
        raise EhrUnmatched(f"{NO_SYSTEM}, and ehr.systems does not name this issuer", fix=_SET_SYSTEM)
    if not client.abilities().searches("Patient", "identifier"):
        raise EhrUnmatched("the server does not search Patient by identifier")
    found = client.find("Patient", key)
    if not found:
        raise EhrUnmatched(f"the EHR has no Patient with the Patient ID of the images in {key.system}")
    if len(found) > 1:
        raise EhrUnmatched(f"{len(found)} Patients of the EHR carry the Patient ID of the images in {key.system}")
    patient = found[0]
    if patient.get("active") is False or any(link.get("type") == "replaced-by" for link in patient.get("link", [])):
        raise EhrUnmatched("the EHR's Patient is no longer in use: it was merged with another")
    _must_agree(asked, patient)
    return f"Patient/{patient['id']}"


def _must_agree(asked: Element, patient: Element) -> None:
    """Raise EhrUnmatched where birth date or sex of images and EHR differ; what only one of them tells is no reason."""
    ours, theirs = str(asked.get("birthDate", "")), str(patient.get("birthDate", ""))
    if ours and theirs and not ours.startswith(theirs):
        raise EhrUnmatched("the EHR's Patient with this Patient ID has another birth date than the images")
    told = {asked.get("gender"), patient.get("gender")}
    if len(told) > 1 and told <= _TOLD_APART:
        raise EhrUnmatched("the EHR's Patient with this Patient ID has another sex than the images")


def _study(entry: Element, patient: str, client: FhirClient, directory: Directory) -> Element:
    key = Identifier(system=DICOM_UID, value=entry["resource"]["identifier"][0]["value"])
    searchable = client.abilities().searches("ImagingStudy", "identifier")
    found = client.find("ImagingStudy", key) if searchable else []
    if not found:
        if directory.study_required:
            raise EhrUnmatched("the EHR has no ImagingStudy of the images (yet)")
        return logical(entry)
    if len(found) > 1:
        raise EhrUnmatched(f"{len(found)} ImagingStudies of the EHR have the study's UID")
    if not _is_about(found[0], patient):
        raise EhrUnmatched("the EHR's ImagingStudy is about another patient than the images")
    return {"reference": f"ImagingStudy/{found[0]['id']}"}


def _orders(asked: Element, patient: str, client: FhirClient, directory: Directory) -> tuple[Element, ...]:
    """Return the orders with the accession number: none is no hindrance, several are one visit."""
    if not client.abilities().searches("ServiceRequest", "identifier"):
        return ()
    key = _key(asked, directory.order_system, directory)
    found = [order for order in client.find("ServiceRequest", key) if order.get("intent") != "proposal"]
    ours = [order for order in found if _is_about(order, patient)]
    if found and not ours and key.system:
        raise EhrUnmatched("the EHR's order with this accession number is about another patient than the images")
    return tuple({"reference": f"ServiceRequest/{order['id']}"} for order in ours)


def _key(asked: Element, otherwise: str, directory: Directory) -> Identifier:
    identifier = asked["identifier"][0]
    issuer = str(identifier.get("system") or identifier.get("assigner", {}).get("display", ""))
    system = directory.systems.get(issuer) or identifier.get("system") or otherwise
    return Identifier(system=str(system or ""), value=identifier["value"])


def _is_about(resource: Element, patient: str) -> bool:
    reference = str(resource.get("subject", {}).get("reference", ""))
    return reference.partition("/_history")[0].endswith(f"/{patient}") or reference == patient
