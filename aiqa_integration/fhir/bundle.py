"""A report as one transaction: results are updated by identifier, what others may own is only created if absent."""

import re
from typing import Any

from aiqa_integration.errors import EncodingError
from aiqa_integration.fhir.artifact_finding import artifact_finding, told_findings
from aiqa_integration.fhir.audit_event import audit_event
from aiqa_integration.fhir.codes import MADE_BY_AIQA_TAG, SIMULATED_SECURITY, SIMULATED_TAG, Element
from aiqa_integration.fhir.device import algorithm_device, phantom_device, printable, scanner_device
from aiqa_integration.fhir.identity import Node, RunNodes
from aiqa_integration.fhir.imaging_study import phantom_study
from aiqa_integration.fhir.json_text import json_bytes
from aiqa_integration.fhir.lookup import order_entry, patient_entry, study_entry
from aiqa_integration.fhir.nodes import run_nodes
from aiqa_integration.fhir.observation import narrative, phantom_run
from aiqa_integration.fhir.phantom_metric import phantom_metric
from aiqa_integration.fhir.provenance import run_provenance
from aiqa_integration.fhir.report import run_report
from aiqa_integration.fhir.series_quality import series_quality
from aiqa_integration.fhir.sr_document import endpoint, sr_document
from aiqa_integration.fhir.style import PLAIN, Style
from aiqa_integration.fhir.task import decisions
from aiqa_integration.fhir.wording import conclusion
from aiqa_integration.model.image import SeriesHeader
from aiqa_integration.model.report import QaReport

MEDIA_TYPE = "application/fhir+json"

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""Characters that R4 strings may not have (datatypes.html#string)."""


def report_bundle(report: QaReport, header: SeriesHeader | None = None, style: Style = PLAIN) -> Element:
    """Return a report as an R4 transaction Bundle, checked; numbers with a fraction are ``Decimal``.

    ``header`` adds when the images were taken, and of whom; a refused series may have none. GET entries are to be
    looked up before it is sent (``lookup``). The same report, header and style give the same bundle. Raises
    EncodingError where R4 could not hold it, or for results about a patient that call nobody.
    """
    if not is_encoded(report):
        raise EncodingError("results about a patient are encoded in FHIR only where somebody is told of them")
    if not report.ref.series_instance_uid:
        raise EncodingError("a result without a Series Instance UID has no identity in FHIR")
    nodes = run_nodes(report, header, style)
    entries = [
        *_things(nodes, report, header, style),
        *_results(nodes, report, header, style),
        *(_create(node, resource) for node, resource in decisions(nodes, report)),
    ]
    for entry in entries:
        _mark(entry["resource"], simulated=report.simulated)
    asked = _asked(nodes, header)
    bundle: Element = _without_controls({"resourceType": "Bundle", "type": "transaction", "entry": [*asked, *entries]})
    check(bundle)
    return bundle


def is_encoded(report: QaReport) -> bool:
    """Return whether a report goes into FHIR: of a patient's series, only what a person decides on."""
    recommendation = report.recommendation
    told = recommendation is not None and recommendation.notifies
    return report.subject == "phantom" or report.refused is not None or told


def report_bundle_bytes(report: QaReport, header: SeriesHeader | None = None, style: Style = PLAIN) -> bytes:
    """Return ``report_bundle`` as UTF-8 JSON; equal reports give equal bytes. Raises EncodingError."""
    return json_bytes(report_bundle(report, header, style))


def check(bundle: Element) -> None:
    """Raise EncodingError, with the places but without the values, where the R4B models do not accept a Bundle."""
    from fhir.resources.R4B.bundle import Bundle  # noqa: PLC0415 - half a second that only encoding needs
    from pydantic import ValidationError  # noqa: PLC0415

    try:
        Bundle.model_validate(bundle)
    except ValidationError as error:
        places = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['type']}" for item in error.errors())
        raise EncodingError(f"not valid FHIR: {places}") from error


def _asked(nodes: RunNodes, header: SeriesHeader | None) -> list[Element]:
    """Return what the EHR is to be asked for: nothing for a phantom."""
    if nodes.patient is None or header is None or header.patient is None:
        return []
    return [
        patient_entry(nodes.patient, header.patient),
        *([study_entry(nodes.study, nodes.subject)] if nodes.study else []),
        *([order_entry(nodes.order, nodes.subject)] if nodes.order else []),
    ]


def _things(nodes: RunNodes, report: QaReport, header: SeriesHeader | None, style: Style) -> list[Element]:
    """Return the devices, the phantom's study and where the PACS is: created where absent, never changed."""
    study = phantom_study(nodes, report, header)
    entries = [_create(nodes.algorithm, algorithm_device(nodes.algorithm, report))]
    if nodes.scanner is not None:
        entries.append(_create(nodes.scanner, scanner_device(nodes.scanner, printable(report.device), report.modality)))
    if nodes.phantom is not None and report.phantom is not None:
        entries.append(_create(nodes.phantom, phantom_device(nodes.phantom, report.phantom)))
    if nodes.endpoint is not None and style.archive_url is not None:
        entries.append(_create(nodes.endpoint, endpoint(nodes.endpoint, style.archive_url)))
    if nodes.study is not None and study is not None:
        entries.append(_create(nodes.study, study))
    return entries


def _results(nodes: RunNodes, report: QaReport, header: SeriesHeader | None, style: Style) -> list[Element]:
    """Return what is said of the series, and who said so."""
    entries = [_create(nodes.provenance, run_provenance(nodes, report, style), parameter="_tag")]
    if nodes.document is not None and style.archive_url is not None:
        entries.append(_update(nodes.document, sr_document(nodes.document, nodes, report, style.archive_url)))
    if nodes.of_patient:
        text = narrative(conclusion(report, nodes))
        entries.append(_update(nodes.observation, series_quality(nodes, report, header, text, style=style)))
    else:
        entries.append(_update(nodes.observation, phantom_run(nodes, report, header, style)))
    entries += _members(nodes, report, header, style)
    entries.append(_update(nodes.report, run_report(nodes, report, header, style)))
    if nodes.audit is not None and style.audit is not None:
        entries.append(_create(nodes.audit, audit_event(nodes.audit, nodes, report, style.audit), parameter="_tag"))
    return entries


def _members(nodes: RunNodes, report: QaReport, header: SeriesHeader | None, style: Style) -> list[Element]:
    """Return the Observations that the result has beneath it: artifacts, or metrics in the expanded style."""
    if nodes.of_patient:
        found = zip(nodes.members, told_findings(report), strict=True)
        return [
            _update(node, artifact_finding(node, nodes, report, header, finding=finding, style=style))
            for node, finding in found
        ]
    if style.observations != "expanded":
        return []
    return [
        _update(node, phantom_metric(node, nodes, report, header, judgement=judgement, style=style))
        for node, judgement in zip(nodes.members, report.judgements, strict=True)
    ]


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
