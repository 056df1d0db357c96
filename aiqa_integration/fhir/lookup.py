"""What a result is about in the EHR: patient, study and order, to be found there and never written.

In the stored transaction they are GET entries. Before it is sent each is looked up, and the references to it become
references to what was found.
"""

from aiqa_integration.fhir.codes import STUDY_INSTANCE_UID_TYPE, Element
from aiqa_integration.fhir.identity import Identifier, Node
from aiqa_integration.model.identity import OrderKey, PatientKey

GENDERS = {"M": "male", "F": "female", "O": "other"}
"""Administrative gender of a Patient's Sex (0010,0040)."""


def patient_node(patient: PatientKey) -> Node:
    """Return the patient; the system is who issued the Patient ID, as the images say it."""
    return Node(resource_type="Patient", key=Identifier(system=patient.issuer, value=patient.patient_id))


def order_node(order: OrderKey) -> Node:
    """Return the order of a study."""
    return Node(resource_type="ServiceRequest", key=Identifier(system=order.issuer, value=order.accession_number))


def patient_entry(node: Node, patient: PatientKey) -> Element:
    """Return the entry that looks a patient up, with what must agree."""
    told = {
        **({"birthDate": patient.birth_date} if patient.birth_date else {}),
        **({"gender": GENDERS[patient.sex]} if patient.sex else {}),
    }
    return _look_up(node, {"resourceType": "Patient", "identifier": [_issued(node.key)], **told})


def order_entry(node: Node, subject: Element) -> Element:
    """Return the entry that looks an order up; one accession number may stand for several orders."""
    return _look_up(
        node,
        {
            "resourceType": "ServiceRequest",
            "identifier": [_issued(node.key)],
            "status": "unknown",
            "intent": "order",
            "subject": subject,
        },
    )


def study_entry(node: Node, subject: Element) -> Element:
    """Return the entry that looks a patient's study up."""
    study = {
        "resourceType": "ImagingStudy",
        "identifier": [{"type": STUDY_INSTANCE_UID_TYPE, **node.key.element}],
        "status": "unknown",
        "subject": subject,
    }
    return _look_up(node, study)


def is_looked_up(entry: Element) -> bool:
    """Return whether an entry of a stored transaction is to be found, not written."""
    return bool(entry["request"]["method"] == "GET")


def _issued(key: Identifier) -> Element:
    """Return an Identifier whose issuer is only known by the word that the images use."""
    if key.system.startswith(("urn:", "http:", "https:")):
        return key.element
    return {"value": key.value, **({"assigner": {"display": key.system}} if key.system else {})}


def _look_up(node: Node, resource: Element) -> Element:
    request = {"method": "GET", "url": f"{node.resource_type}?{node.key.query()}"}
    return {"fullUrl": node.full_url, "resource": resource, "request": request}
