"""The demo's FHIR store plays an EHR: it knows the patients whose images lie in the demo's archive."""

from collections.abc import Iterable

from aiqa_integration.fhir.client import FhirClient
from aiqa_integration.fhir.codes import BASE, Element
from aiqa_integration.fhir.identity import Identifier
from aiqa_integration.fhir.lookup import GENDERS
from aiqa_integration.model.identity import PatientKey

PATIENT_SYSTEM = f"{BASE}/sid/demo-patient"
"""How the demo's store calls the issuer of Patient IDs without one."""


def register(client: FhirClient, patients: Iterable[PatientKey]) -> None:
    """Put patients into the store, without names; raises EhrUnavailable or EhrRefused."""
    for patient in patients:
        issuer = patient.issuer if patient.issuer.startswith(("urn:", "http:", "https:")) else PATIENT_SYSTEM
        key = Identifier(system=issuer, value=patient.patient_id)
        resource: Element = {
            "resourceType": "Patient",
            "identifier": [key.element],
            **({"birthDate": patient.birth_date} if patient.birth_date else {}),
            **({"gender": GENDERS[patient.sex]} if patient.sex else {}),
        }
        client.create(resource, if_none_exist=key.query())
