"""The phantom exam."""

from aiqa_integration.fhir.codes import (
    BASE,
    OTHER_MODALITY,
    QUALITY_CONTROL_INTENT,
    STUDY_INSTANCE_UID_TYPE,
    Element,
    modality_coding,
)
from aiqa_integration.fhir.identity import RunNodes
from aiqa_integration.fhir.times import fhir_date_time
from aiqa_integration.model.image import SeriesHeader
from aiqa_integration.model.report import QaReport


def phantom_study(nodes: RunNodes, report: QaReport, header: SeriesHeader | None) -> Element | None:
    """Return the ImagingStudy of a recognised phantom, with the series at hand; None where none was recognised.

    Its subject is the phantom, so nothing is said of a study whose images might show a person.
    """
    if nodes.phantom is None or nodes.study is None:
        return None
    started = fhir_date_time(header.acquired_at) if header else None
    return {
        "resourceType": "ImagingStudy",
        "meta": {"profile": [f"{BASE}/StructureDefinition/aiqa-imagingstudy"]},
        "identifier": [{"type": STUDY_INSTANCE_UID_TYPE, **nodes.study.key.element}],
        "status": "available",
        "modality": [modality_coding(report.modality or OTHER_MODALITY)],
        "subject": nodes.phantom.reference,
        **({"started": started} if started else {}),
        **({"endpoint": [nodes.endpoint.reference]} if nodes.endpoint else {}),
        "reasonCode": [QUALITY_CONTROL_INTENT],
        "series": [_series(nodes, report)],
    }


def _series(nodes: RunNodes, report: QaReport) -> Element:
    performer = {"performer": [{"actor": nodes.scanner.reference}]} if nodes.scanner else {}
    modality = modality_coding(report.modality or OTHER_MODALITY)
    return {"uid": report.ref.series_instance_uid, "modality": modality, **performer}


def with_series(study: Element, series: Element) -> Element:
    """Return a stored study with one more series, in the order of their UIDs."""
    added = {key: value for key, value in series.items() if value}
    return {**study, "series": sorted([*study.get("series", []), added], key=lambda listed: str(listed["uid"]))}
