"""Reports to a FHIR R4 server: one idempotent transaction, read back."""

import hashlib
import json
from datetime import datetime

from aiqa_integration.errors import EhrRefused, EhrUnavailable
from aiqa_integration.fhir.bundle import MEDIA_TYPE, is_encoded, report_bundle_bytes
from aiqa_integration.fhir.client import FhirClient
from aiqa_integration.fhir.codes import MADE_BY_AIQA_TAG, Element
from aiqa_integration.fhir.identity import RESULT, run_uuid
from aiqa_integration.fhir.imaging_study import with_series
from aiqa_integration.model.report import QaReport
from aiqa_integration.pipeline.ports import Effect, LoadedSeries, PlannedEffect, Receipt

KIND = "fhir-transaction"

_MERGE_TRIES = 8
_PRECONDITION_FAILED = 412


class FhirSink:
    """The Sink that writes a report's Observation, DiagnosticReport and what they need to an EHR's FHIR server."""

    def __init__(self, client: FhirClient, name: str = "ehr") -> None:
        self.name = name
        self._client = client

    def plan(self, report: QaReport, series: LoadedSeries | None) -> tuple[PlannedEffect, ...]:
        """Return the one transaction of a report; the same report gives the same bytes. Raises EncodingError.

        None of a patient's series that calls nobody.
        """
        if not is_encoded(report):
            return ()
        payload = report_bundle_bytes(report, series.header if series else None)
        target, result = self._client.base_url, str(run_uuid(report))
        digest = hashlib.sha256(payload).hexdigest()
        effect = PlannedEffect(
            sink=self.name,
            target=target,
            kind=KIND,
            dedupe_key=f"{self.name}|{target}|{result}|{digest}",
            subject_key=f"{target}|{result}",
            media_type=MEDIA_TYPE,
            payload=payload,
            attributes={"result": result, "revision": str(report.revision)},
        )
        return (effect,)

    def deliver(self, effect: Effect, payload: bytes) -> Receipt:
        """Send the transaction and read the Observation back; sending again changes no count.

        Raises EhrUnavailable or EhrRefused.
        """
        bundle: Element = json.loads(payload)
        responses = self._client.transact(payload)
        found = self._read_back(effect.attributes["result"], _resource(bundle, "Observation"))
        place = f"Observation/{found['id']}"
        detail = f"{place} read back by identifier, status {found['status']}"
        study = _resource(bundle, "ImagingStudy")
        if study:
            try:
                self._list_series(study, _performers(bundle, study, responses))
            except EhrRefused as error:
                detail += f"; the series is not listed in its ImagingStudy: {error}"
        return Receipt(remote_id=place, detail=detail)

    def _read_back(self, result: str, sent: Element) -> Element:
        found = self._client.search("Observation", {"identifier": f"{RESULT}|{result}"})
        if not found:
            raise EhrUnavailable(f"Observation {result} was accepted but is not found by its identifier")
        if len(found) > 1:
            raise EhrRefused(f"{len(found)} Observations carry the identifier {result}")
        if found[0].get("status") != sent["status"] or _moment(found[0].get("issued")) != _moment(sent["issued"]):
            raise EhrUnavailable(f"Observation {result} is found, but not as it was sent")
        return found[0]

    def _list_series(self, sent: Element, performers: list[Element]) -> None:
        """Add the series to the study if AIQA made it for another series; a study that others made stays theirs."""
        identifier = sent["identifier"][0]
        token = f"{identifier['system']}|{identifier['value']}"
        for _ in range(_MERGE_TRIES):
            found = self._client.search("ImagingStudy", {"identifier": token})
            if len(found) != 1 or not _ours(found[0]) or _lists(found[0], sent["series"][0]["uid"]):
                return
            try:
                self._client.update(
                    with_series(found[0], {**sent["series"][0], "performer": performers}),
                    version=found[0]["meta"]["versionId"],
                )
            except EhrRefused as error:
                if error.status != _PRECONDITION_FAILED:
                    raise
            else:
                return
        raise EhrUnavailable("the ImagingStudy kept changing while a series was to be added")


def _resource(bundle: Element, resource_type: str) -> Element:
    resources = (entry["resource"] for entry in bundle["entry"])
    return next((found for found in resources if found["resourceType"] == resource_type), {})


def _ours(study: Element) -> bool:
    tags = study.get("meta", {}).get("tag", [])
    return any(tag.get("code") == MADE_BY_AIQA_TAG["code"] for tag in tags) and "versionId" in study["meta"]


def _lists(study: Element, series_uid: str) -> bool:
    return any(series.get("uid") == series_uid for series in study.get("series", []))


def _performers(bundle: Element, study: Element, responses: list[Element]) -> list[Element]:
    """Return who made the series, by the id that the receiver gave the scanner; empty where it did not tell."""
    named = {performer["actor"]["reference"] for performer in study["series"][0].get("performer", [])}
    places = [
        str(response.get("location", "")).partition("/_history")[0]
        for entry, response in zip(bundle["entry"], responses, strict=True)
        if entry["fullUrl"] in named
    ]
    return [{"actor": {"reference": "/".join(place.split("/")[-2:])}} for place in places if place]


def _moment(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None
