"""Reports to a FHIR R4 server: one idempotent transaction, read back; and what is said of it later."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from aiqa_integration.errors import EhrRefused, EhrUnavailable, EhrUnmatched
from aiqa_integration.fhir import status_change
from aiqa_integration.fhir.bundle import MEDIA_TYPE, is_encoded, report_bundle_bytes
from aiqa_integration.fhir.client import FhirClient
from aiqa_integration.fhir.codes import DICOM_UID, MADE_BY_AIQA_TAG, Element
from aiqa_integration.fhir.confirmation import confirmation
from aiqa_integration.fhir.content import content_digest
from aiqa_integration.fhir.identity import RESULT, Identifier, run_uuid
from aiqa_integration.fhir.imaging_study import with_series
from aiqa_integration.fhir.json_text import json_bytes, read_json
from aiqa_integration.fhir.lookup import is_looked_up
from aiqa_integration.fhir.matching import Directory, look_up
from aiqa_integration.fhir.measure_report import summary_bytes, summary_key, summary_version, write_summary
from aiqa_integration.fhir.references import with_references
from aiqa_integration.fhir.sending import Sent, send
from aiqa_integration.fhir.status_change import StatusChange, withdrawals
from aiqa_integration.fhir.style import PLAIN, Style
from aiqa_integration.model.identity import Person, identity
from aiqa_integration.model.month import CalendarMonth, ScannerMonth
from aiqa_integration.model.report import QaReport
from aiqa_integration.pipeline.ports import Effect, LoadedSeries, PlannedEffect, Receipt

KIND = "fhir-transaction"
STATUS_KIND = "fhir-status"
MONTH_KIND = "fhir-month"
RESULT_DOCUMENT = "fhir-result"
STATUS_DOCUMENT = "fhir-status"

_MERGE_TRIES = 8
_PRECONDITION_FAILED = 412


class FhirSink:
    """The Sink that writes a report's Observation, DiagnosticReport and what they need to an EHR's FHIR server.

    ``style`` is what this server is to get, ``directory`` how it calls those who issue Patient IDs.
    """

    def __init__(
        self, client: FhirClient, name: str = "ehr", *, style: Style = PLAIN, directory: Directory | None = None
    ) -> None:
        self.name = name
        self._client = client
        self._style = style
        self._directory = directory or Directory()

    def plan(self, report: QaReport, series: LoadedSeries | None) -> tuple[PlannedEffect, ...]:
        """Return the one transaction of a report; the same report gives the same bytes. Raises EncodingError.

        None of a patient's series that calls nobody.
        """
        if not is_encoded(report):
            return ()
        payload = report_bundle_bytes(report, series.header if series else None, self._style)
        target, result = self._client.base_url, str(run_uuid(report))
        of_patient = report.subject == "patient" and report.refused is None
        effect = PlannedEffect(
            sink=self.name,
            target=target,
            kind=KIND,
            dedupe_key=f"{self.name}|{target}|{result}|{content_digest(payload)}",
            subject_key=f"{target}|{result}",
            media_type=MEDIA_TYPE,
            payload=payload,
            holds=report.recommendation is None or report.recommendation.urgency != "now",
            attributes={
                "result": result,
                "revision": str(report.revision),
                "subject": "patient" if of_patient else "device",
                "report_uid": report.report_uid,
                "document": RESULT_DOCUMENT,
            },
        )
        return (effect,)

    def plan_withdrawn(
        self, earlier: Sequence[tuple[Effect, bytes]], planned: Sequence[PlannedEffect], at: datetime
    ) -> tuple[PlannedEffect, ...]:
        """Return how what earlier results of a series wrote, and its new result does not, is taken back."""
        kept = {
            key
            for effect in planned
            if (effect.sink, effect.kind) == (self.name, KIND)
            for key in _written(_entries(effect.payload))
        }
        gone: dict[str, tuple[Effect, list[StatusChange]]] = {}
        for effect, payload in earlier:
            if effect.kind != KIND:
                continue
            changes = withdrawals(_entries(payload), at=at.isoformat(timespec="seconds"))
            left = [change for change in changes if (change.resource_type, change.value) not in kept]
            first, known = gone.setdefault(effect.subject_key, (effect, []))
            held = {(change.resource_type, change.value) for change in known}
            known += [change for change in left if (change.resource_type, change.value) not in held]
            gone[effect.subject_key] = first, known
        turn = str(len(earlier))
        return tuple(
            self._status_effect(effect, changes, f"withdrawn|{turn}") for effect, changes in gone.values() if changes
        )

    def plan_confirmed(self, effect: Effect, payload: bytes, person: Person, at: datetime) -> PlannedEffect | None:
        """Return how a result becomes final by a person's word; None for what is no result."""
        if effect.kind != KIND:
            return None
        words = confirmation(_entries(payload), person, at, revision=int(effect.attributes["revision"]))
        return self._planned(effect, json_bytes(words), f"verified|{person.name}|{person.organization}")

    def plan_rejected(self, effect: Effect, payload: bytes, person: Person, at: datetime) -> PlannedEffect | None:
        """Return how the result of a phantom whose images a person rejected is taken back.

        None for a patient: there the images are rejected for what the result says, so it stays.
        """
        if effect.kind != KIND or effect.attributes.get("subject") != "device":
            return None
        del person  # stands in the ledger's audit trail
        changes = withdrawals(_entries(payload), at=at.isoformat(timespec="seconds"))
        return self._status_effect(effect, changes, f"rejected|{effect.attributes['revision']}")

    def month_subject(self, summary: ScannerMonth, month: CalendarMonth) -> str:
        """Return the subject of a scanner's month at this server."""
        return f"{self._client.base_url}|{summary_key(summary, month)}"

    def plan_month(
        self, summary: ScannerMonth, month: CalendarMonth, last: bytes | None, *, turn: int, at: datetime
    ) -> PlannedEffect | None:
        """Return the MeasureReports of a scanner's month; None where there is nothing to count."""
        payload = summary_bytes(summary, month, last, made_at=at, style=self._style)
        if payload is None:
            return None
        subject = self.month_subject(summary, month)
        return PlannedEffect(
            sink=self.name,
            target=self._client.base_url,
            kind=MONTH_KIND,
            dedupe_key=f"{self.name}|{subject}|{summary_version(payload, last, turn)}",
            subject_key=subject,
            media_type=MEDIA_TYPE,
            payload=payload,
        )

    def deliver(self, effect: Effect, payload: bytes) -> Receipt:
        """Send the transaction and read the Observation back; sending again changes no count.

        Raises EhrUnavailable, EhrRefused, and EhrUnmatched where the EHR does not know whom the result is about.
        """
        if effect.kind == STATUS_KIND:
            return self._change(cast("Element", read_json(payload)))
        if effect.kind == MONTH_KIND:
            return Receipt(remote_id="", detail=write_summary(_entries(payload), self._client))
        entries = _entries(payload)
        asked = [entry for entry in entries if is_looked_up(entry)]
        if effect.attributes.get("subject") == "patient" and not asked:
            raise EhrUnmatched("the images name no patient")
        found = look_up(asked, self._client, self._directory)
        written = [entry for entry in entries if not is_looked_up(entry)]
        if found:
            written = [with_references(entry, found) for entry in written]
        told = _resource(written, "Observation")
        unchanged = self._unchanged(written) if effect.attempts > 1 else {}
        sent = send(
            [with_references(entry, unchanged) for entry in written if entry["fullUrl"] not in unchanged], self._client
        )
        observation = self._read_back(effect.attributes["result"], told)
        place = f"Observation/{observation['id']}"
        detail = f"{place} read back by identifier, status {observation['status']}"
        if sent.left_out:
            detail += f"; left out: {', '.join(sent.left_out)}"
        study = _resource(written, "ImagingStudy")
        if study and self._client.abilities().searches("ImagingStudy", "identifier"):
            try:
                self._list_series(study, _performers(study, sent))
            except EhrRefused as error:
                detail += f"; the series is not listed in its ImagingStudy: {error}"
        return Receipt(remote_id=place, detail=detail)

    def _unchanged(self, entries: Sequence[Element]) -> dict[str, tuple[Element, ...]]:
        """Return what an earlier attempt has written already: the same result, made at the same moment."""
        there: dict[str, tuple[Element, ...]] = {}
        for entry in entries:
            resource = entry["resource"]
            if entry["request"]["method"] != "PUT" or "issued" not in resource:
                continue
            first = resource["identifier"][0]
            found = self._client.find(
                resource["resourceType"], Identifier(system=first["system"], value=first["value"])
            )
            if len(found) == 1 and _is_same(found[0], resource):
                there[entry["fullUrl"]] = ({"reference": f"{resource['resourceType']}/{found[0]['id']}"},)
        return there

    def _read_back(self, result: str, sent: Element) -> Element:
        found = self._client.find("Observation", Identifier(system=RESULT, value=result))
        if not found:
            raise EhrUnavailable(f"Observation {result} was accepted but is not found by its identifier")
        if len(found) > 1:
            raise EhrRefused(f"{len(found)} Observations carry the identifier {result}")
        if not _is_same(found[0], sent):
            raise EhrUnavailable(f"Observation {result} is found, but not as it was sent")
        return found[0]

    def _change(self, words: Element) -> Receipt:
        """Change statuses; what is not there was never written, or was left out."""
        places = []
        for document in words["changes"]:
            done = status_change.apply(StatusChange.read(document), self._client)
            if done.place:
                places.append((done.place, done.status))
        provenance = words.get("provenance")
        if provenance is not None:
            if not places:
                raise EhrUnavailable("the result that was confirmed is not there")
            targets = [{"reference": place} for place, _ in places]
            entry = {**provenance, "resource": {**provenance["resource"], "target": targets}}
            send([entry], self._client)
        detail = ", ".join(f"{place} {status}" for place, status in places) or "nothing there to be changed"
        return Receipt(remote_id=places[0][0] if places else "", detail=detail)

    def _list_series(self, sent: Element, performers: list[Element]) -> None:
        """Add the series to the study if AIQA made it for another series; a study that others made stays theirs."""
        key = Identifier(system=DICOM_UID, value=sent["identifier"][0]["value"])
        for _ in range(_MERGE_TRIES):
            found = self._client.find("ImagingStudy", key)
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

    def _status_effect(self, effect: Effect, changes: Sequence[StatusChange], word: str) -> PlannedEffect:
        document: Element = {"changes": [change.document for change in changes]}
        named = "|".join(sorted(f"{change.resource_type} {change.value}" for change in changes))
        return self._planned(effect, json_bytes(document), f"{word}|{identity(named)}")

    def _planned(self, effect: Effect, payload: bytes, word: str) -> PlannedEffect:
        """Return something said of what an effect wrote: about the same subject, so that it is sent after it."""
        return PlannedEffect(
            sink=self.name,
            target=effect.target,
            kind=STATUS_KIND,
            dedupe_key=f"{self.name}|{effect.target}|{effect.attributes['result']}|{word}",
            subject_key=effect.subject_key,
            media_type="application/json",
            payload=payload,
            attributes={**effect.attributes, "document": STATUS_DOCUMENT},
        )


def _entries(payload: bytes) -> list[Element]:
    return list(cast("Element", read_json(payload))["entry"])


def _written(entries: Sequence[Element]) -> set[tuple[str, str]]:
    """Return types and identifiers of what a transaction writes."""
    resources = [entry["resource"] for entry in entries if not is_looked_up(entry)]
    return {
        (resource["resourceType"], resource["identifier"][0]["value"])
        for resource in resources
        if resource.get("identifier")
    }


def _resource(entries: Sequence[Element], resource_type: str) -> Element:
    resources = (entry["resource"] for entry in entries)
    return next((found for found in resources if found["resourceType"] == resource_type), {})


def _is_same(found: Element, sent: Element) -> bool:
    return found.get("status") == sent["status"] and _moment(found.get("issued")) == _moment(sent["issued"])


def _ours(study: Element) -> bool:
    tags = study.get("meta", {}).get("tag", [])
    return any(tag.get("code") == MADE_BY_AIQA_TAG["code"] for tag in tags) and "versionId" in study["meta"]


def _lists(study: Element, series_uid: str) -> bool:
    return any(series.get("uid") == series_uid for series in study.get("series", []))


def _performers(study: Element, sent: Sent) -> list[Element]:
    """Return who made the series, by the id that the receiver gave the scanner; empty where it did not tell."""
    named = [str(performer["actor"].get("reference", "")) for performer in study["series"][0].get("performer", [])]
    return [{"actor": {"reference": sent.places[name]}} for name in named if name in sent.places]


def _moment(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None
