"""A report as one transaction: results are updated by identifier, what others may own is only created if absent."""

import json
import re
from decimal import Decimal
from typing import Any
from uuid import uuid4

from aiqa_integration.errors import EncodingError
from aiqa_integration.fhir.codes import MADE_BY_AIQA_TAG, SIMULATED_SECURITY, SIMULATED_TAG, Element
from aiqa_integration.fhir.device import (
    algorithm_device,
    algorithm_node,
    phantom_device,
    phantom_node,
    printable,
    scanner_device,
    scanner_node,
)
from aiqa_integration.fhir.identity import (
    PROVENANCE,
    REPORT,
    REPORT_KIND,
    RESULT,
    Identifier,
    Node,
    RunNodes,
    result_uuid,
    run_uuid,
)
from aiqa_integration.fhir.imaging_study import phantom_study
from aiqa_integration.fhir.observation import narrative, phantom_run
from aiqa_integration.fhir.provenance import run_provenance
from aiqa_integration.fhir.report import run_report
from aiqa_integration.fhir.series_quality import series_quality
from aiqa_integration.fhir.task import decisions
from aiqa_integration.fhir.wording import conclusion
from aiqa_integration.model.identity import identity
from aiqa_integration.model.image import SeriesHeader
from aiqa_integration.model.report import QaReport

MEDIA_TYPE = "application/fhir+json"

_MARK = uuid4().hex
"""Stands before the digits of a decimal while ``json`` writes it as a string; never leaves ``json_bytes``."""

_MARKED = re.compile(f'"{_MARK}([-0-9.]+)"')
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""Characters that R4 strings may not have (datatypes.html#string)."""


def run_nodes(report: QaReport) -> RunNodes:
    """Return the names of all resources of a report."""
    scanner = scanner_node(printable(report.device))
    phantom = phantom_node(report, scanner)
    study_uid = report.ref.study_instance_uid
    study_key = Identifier.of_dicom(study_uid) if study_uid else None
    revision = identity("fhir", "provenance", report.report_uid)
    return RunNodes(
        observation=Node(resource_type="Observation", key=Identifier(system=RESULT, value=str(run_uuid(report)))),
        report=Node(
            resource_type="DiagnosticReport",
            key=Identifier(system=REPORT, value=str(result_uuid(report, REPORT_KIND))),
        ),
        provenance=Node(resource_type="Provenance", key=Identifier(system=PROVENANCE, value=str(revision))),
        algorithm=algorithm_node(report),
        scanner=scanner,
        phantom=phantom,
        study=Node(resource_type="ImagingStudy", key=study_key) if phantom and study_key else None,
        study_key=study_key,
        of_patient=report.subject == "patient" and report.refused is None,
    )


def report_bundle(report: QaReport, header: SeriesHeader | None = None) -> Element:
    """Return a report as an R4 transaction Bundle, checked; numbers with a fraction are ``Decimal``.

    ``header`` adds when the images were taken; a refused series may have none. The same report and header give the
    same bundle. Raises EncodingError where R4 could not hold it, or for results about a patient that call nobody.
    """
    if not is_encoded(report):
        raise EncodingError("results about a patient are encoded in FHIR only where somebody is told of them")
    if not report.ref.series_instance_uid:
        raise EncodingError("a result without a Series Instance UID has no identity in FHIR")
    nodes = run_nodes(report)
    study = phantom_study(nodes, report, header)
    entries = [_create(nodes.algorithm, algorithm_device(nodes.algorithm, report))]
    if nodes.scanner is not None:
        entries.append(_create(nodes.scanner, scanner_device(nodes.scanner, printable(report.device), report.modality)))
    if nodes.phantom is not None and report.phantom is not None:
        entries.append(_create(nodes.phantom, phantom_device(nodes.phantom, report.phantom)))
    if nodes.study is not None and study is not None:
        entries.append(_create(nodes.study, study))
    entries.append(_create(nodes.provenance, run_provenance(nodes, report), parameter="_tag"))
    if nodes.of_patient:
        text = narrative(conclusion(report, nodes))
        entries.append(_update(nodes.observation, series_quality(nodes, report, header, text)))
    else:
        entries.append(_update(nodes.observation, phantom_run(nodes, report, header)))
    entries.append(_update(nodes.report, run_report(nodes, report, header)))
    entries += [_create(node, resource) for node, resource in decisions(nodes, report)]
    for entry in entries:
        _mark(entry["resource"], simulated=report.simulated)
    bundle: Element = _without_controls({"resourceType": "Bundle", "type": "transaction", "entry": entries})
    check(bundle)
    return bundle


def is_encoded(report: QaReport) -> bool:
    """Return whether a report goes into FHIR: of a patient's series, only what a person decides on."""
    recommendation = report.recommendation
    told = recommendation is not None and recommendation.notifies
    return report.subject == "phantom" or report.refused is not None or told


def report_bundle_bytes(report: QaReport, header: SeriesHeader | None = None) -> bytes:
    """Return ``report_bundle`` as UTF-8 JSON; equal reports give equal bytes. Raises EncodingError."""
    return json_bytes(report_bundle(report, header))


def json_bytes(resource: Element) -> bytes:
    """Return a resource as UTF-8 JSON with every digit of its decimals; raises EncodingError for NaN and strangers."""
    try:
        text = json.dumps(resource, default=_marked, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise EncodingError(f"not FHIR JSON: {error}") from error
    return _MARKED.sub(r"\1", text).encode()


def check(bundle: Element) -> None:
    """Raise EncodingError, with the places but without the values, where the R4B models do not accept a Bundle."""
    from fhir.resources.R4B.bundle import Bundle  # noqa: PLC0415 - half a second that only encoding needs
    from pydantic import ValidationError  # noqa: PLC0415

    try:
        Bundle.model_validate(bundle)
    except ValidationError as error:
        places = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['type']}" for item in error.errors())
        raise EncodingError(f"not valid FHIR: {places}") from error


def _create(node: Node, resource: Element, *, parameter: str = "identifier") -> Element:
    request = {"method": "POST", "url": node.resource_type, "ifNoneExist": node.key.query(parameter)}
    return {"fullUrl": node.full_url, "resource": resource, "request": request}


def _update(node: Node, resource: Element) -> Element:
    request = {"method": "PUT", "url": f"{node.resource_type}?{node.key.query()}"}
    return {"fullUrl": node.full_url, "resource": resource, "request": request}


def _mark(resource: Element, *, simulated: bool) -> None:
    meta = resource.setdefault("meta", {})
    meta["tag"] = [*meta.get("tag", []), MADE_BY_AIQA_TAG, *([SIMULATED_TAG] if simulated else [])]
    if simulated:
        meta["security"] = [SIMULATED_SECURITY]


def _without_controls(value: Any) -> Any:  # noqa: ANN401 - any JSON in, the same JSON out
    if isinstance(value, dict):
        return {key: _without_controls(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_controls(item) for item in value]
    return _CONTROL.sub("", value) if isinstance(value, str) else value


def _marked(value: object) -> str:
    if isinstance(value, Decimal) and value.is_finite():
        return f"{_MARK}{value:f}"
    raise TypeError(f"{type(value).__name__} has no place in FHIR JSON")
