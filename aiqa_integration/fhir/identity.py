"""Identifiers and references: one key per result, the same whenever and wherever it is written (DESIGN 2.5)."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import quote
from uuid import UUID

from aiqa_integration.fhir.codes import BASE, DICOM_UID, Element
from aiqa_integration.model.identity import identity, result_identity
from aiqa_integration.model.report import QaReport, Version

RESULT = f"{BASE}/sid/result"
REPORT = f"{BASE}/sid/report"
PROVENANCE = f"{BASE}/sid/provenance"
SCANNER = f"{BASE}/sid/scanner"
ALGORITHM = f"{BASE}/sid/algorithm"
PHANTOM = f"{BASE}/sid/phantom"
INSTANCES = f"{BASE}/sid/instances-sha256"
AUDIT = f"{BASE}/sid/audit"
ENDPOINT = f"{BASE}/sid/endpoint"
CLIENT = f"{BASE}/sid/client"

REPORT_KIND = "report"

RUN_KINDS = {"phantom": "phantom-run", "patient": "series-quality"}
"""Kind of the Observation that holds the outcome, by the subject of the report."""

_REPORT_SR_ROLE = "report_sr"
"""Role of the readable SR (aiqa_integration.dicom.uids.Role.REPORT_SR)."""

_REPORT_SR_SERIES_ROLE = "report_sr/series"
"""Role of its series (aiqa_integration.dicom.uids.series_uid)."""


def result_uuid(report: QaReport, kind: str) -> UUID:
    """Return the identity of a result: of series, analysis and kind, without versions, so a re-score amends it."""
    return result_identity(report.ref, report.analysis, kind)


def run_uuid(report: QaReport) -> UUID:
    """Return the identity of the Observation that holds the outcome."""
    return result_uuid(report, RUN_KINDS[report.subject])


def observation_uid(report: QaReport) -> str:
    """Return the run's Observation UID (0040,A171), by which SR and FHIR name the same result."""
    return f"2.25.{run_uuid(report).int}"


def report_sr_uid(report: QaReport, version: Version | None = None) -> str:
    """Return the SOP Instance UID of a report's readable SR, or of the one of an earlier version."""
    return (version or report.version).object_uid(report.ref, _REPORT_SR_ROLE)


def report_sr_series_uid(report: QaReport) -> str:
    """Return the Series Instance UID of a report's readable SR."""
    return report.object_uid(_REPORT_SR_SERIES_ROLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """A FHIR business identifier."""

    system: str
    value: str

    @classmethod
    def of_dicom(cls, uid: str) -> Self:
        """Return a DICOM UID as a FHIR identifier (R4 ImagingStudy.identifier)."""
        return cls(system=DICOM_UID, value=f"urn:oid:{uid}")

    @property
    def element(self) -> Element:
        """The FHIR Identifier."""
        return {"system": self.system, "value": self.value}

    @property
    def token(self) -> str:
        """What it is searched by (R4 search.html#token, #escaping); without a system, in any."""
        value = self.value.replace("\\", "\\\\")
        for sign in ",|$":
            value = value.replace(sign, f"\\{sign}")
        return f"{self.system}|{value}" if self.system else value

    def query(self, parameter: str = "identifier") -> str:
        """Return the search that finds what carries it."""
        return f"{parameter}={quote(self.system, safe=':/')}|{quote(self.value, safe=':/')}"

    def logical(self, resource_type: str, display: str = "") -> Element:
        """Return a reference by identifier to a resource that the receiver may or may not hold."""
        shown = {"display": display} if display else {}
        return {"type": resource_type, "identifier": self.element, **shown}


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A resource to be written: its type, the identifier that finds it again, and what a person calls it."""

    resource_type: str
    key: Identifier
    display: str = ""

    @property
    def full_url(self) -> str:
        """Name of the resource inside the transaction."""
        return f"urn:uuid:{identity('fhir', self.resource_type, self.key.system, self.key.value)}"

    @property
    def reference(self) -> Element:
        """A reference to it from another resource of the transaction."""
        return {"reference": self.full_url, **({"display": self.display} if self.display else {})}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunNodes:
    """The resources of one run; None where the images do not tell enough to write one."""

    observation: Node
    report: Node
    provenance: Node
    algorithm: Node
    scanner: Node | None
    phantom: Node | None
    study: Node | None
    study_key: Identifier | None
    of_patient: bool = False
    patient: Node | None = None
    order: Node | None = None
    document: Node | None = None
    endpoint: Node | None = None
    audit: Node | None = None
    members: tuple[Node, ...] = ()

    @property
    def subject(self) -> Element:
        """Reference to who or what is judged: the scanner, or the patient as the images name him."""
        if not self.of_patient:
            return self.scanner_reference
        if self.patient is None:
            return {"type": "Patient", "display": "Patient whom the images do not name"}
        return self.patient.reference

    @property
    def sources(self) -> list[Element]:
        """References to what a result was made from: the study, and the SR that says the same."""
        return [self.study_reference, *([self.document.reference] if self.document else [])]

    @property
    def orders(self) -> Element:
        """The ``basedOn`` element: the order of the study, empty where the images name none."""
        return {"basedOn": [self.order.reference]} if self.order else {}

    @property
    def scanner_reference(self) -> Element:
        """Reference to the scanner."""
        if self.scanner is None:
            return {"type": "Device", "display": "Scanner that the images do not name"}
        return self.scanner.reference

    @property
    def study_reference(self) -> Element:
        """Reference to the study: to the resource written beside it, else by Study Instance UID."""
        if self.study is not None:
            return self.study.reference
        if self.study_key is not None:
            return self.study_key.logical("ImagingStudy")
        return {"type": "ImagingStudy", "display": "Study that the images do not name"}
