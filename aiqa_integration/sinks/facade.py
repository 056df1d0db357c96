"""Results to the façade, our own FHIR server for reading: the same transaction that an EHR is sent."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from aiqa_integration.fhir.bundle import MEDIA_TYPE, is_encoded, report_bundle_bytes
from aiqa_integration.fhir.identity import Node, run_uuid
from aiqa_integration.fhir.imaging_study import with_series
from aiqa_integration.fhir.local import LocalResource, local_id, local_resources, read_resource, taken_back
from aiqa_integration.fhir.measure_report import summary_bytes, summary_key, summary_version
from aiqa_integration.fhir.search_parameters import search_values
from aiqa_integration.fhir.status_change import UNDECIDED, StatusChange, changed, starts_from
from aiqa_integration.fhir.style import PLAIN
from aiqa_integration.fhir.task_board import BEGUN, remote_task, task_change
from aiqa_integration.ledger.facade import SqlFacade
from aiqa_integration.ledger.facade_values import Arrival, Moments, ResourceQuery, StoredResource, Token, TokenPattern
from aiqa_integration.model.image import SeriesHeader
from aiqa_integration.model.month import CalendarMonth, ScannerMonth
from aiqa_integration.model.report import QaReport
from aiqa_integration.pipeline.follow_up import BEGUN_FOLLOWED_FOR, Ending, RemoteTask
from aiqa_integration.pipeline.ports import Clock, Effect, LoadedSeries, PlannedEffect, Receipt

NAME = "facade"
KIND = "fhir-transaction"


class FacadeSink:
    """The Sink that keeps a report's resources where dashboards read them; results that R4 cannot hold yet pass by."""

    def __init__(self, facade: SqlFacade, clock: Clock) -> None:
        self.name = NAME
        self._facade = facade
        self._clock = clock

    def plan(self, report: QaReport, series: LoadedSeries | None) -> tuple[PlannedEffect, ...]:
        """Return the one transaction of a report; the same report gives the same bytes. Raises EncodingError."""
        if not is_encoded(report):
            return ()
        payload = report_bundle_bytes(report, _unnamed(series.header) if series else None)
        result = str(run_uuid(report))
        effect = PlannedEffect(
            sink=self.name,
            target=NAME,
            kind=KIND,
            dedupe_key=f"{NAME}|{result}|{hashlib.sha256(payload).hexdigest()}",
            subject_key=f"{NAME}|{result}",
            media_type=MEDIA_TYPE,
            payload=payload,
        )
        return (effect,)

    def plan_withdrawn(
        self, earlier: Sequence[tuple[Effect, bytes]], planned: Sequence[PlannedEffect], at: datetime
    ) -> tuple[PlannedEffect, ...]:
        """Return how what earlier results of a series wrote, and its new result does not, is taken back."""
        again = [effect.payload for effect in planned if effect.sink == self.name]
        moment = at.isoformat(timespec="seconds")
        payload = taken_back([payload for _, payload in earlier], again, at=moment)
        if payload is None:
            return ()
        subject = earlier[-1][0].subject_key
        effect = PlannedEffect(
            sink=self.name,
            target=NAME,
            kind=KIND,
            dedupe_key=f"{subject}|withdrawn|{len(earlier)}",
            subject_key=subject,
            media_type=MEDIA_TYPE,
            payload=payload,
        )
        return (effect,)

    def month_subject(self, summary: ScannerMonth, month: CalendarMonth) -> str:
        """Return the subject of a scanner's month here."""
        return f"{NAME}|{summary_key(summary, month)}"

    def plan_month(
        self, summary: ScannerMonth, month: CalendarMonth, last: bytes | None, *, turn: int, at: datetime
    ) -> PlannedEffect | None:
        """Return the MeasureReports of a scanner's month; None where there is nothing to count."""
        payload = summary_bytes(summary, month, last, made_at=at, style=PLAIN)
        if payload is None:
            return None
        subject = self.month_subject(summary, month)
        return PlannedEffect(
            sink=self.name,
            target=NAME,
            kind=KIND,
            dedupe_key=f"{subject}|{summary_version(payload, last, turn)}",
            subject_key=subject,
            media_type=MEDIA_TYPE,
            payload=payload,
        )

    def deliver(self, effect: Effect, payload: bytes) -> Receipt:  # noqa: ARG002 - the bytes say all
        """Keep the resources of a transaction; again changes nothing. Raises TransientError."""
        changed = keep_transaction(self._facade, payload, now=self._clock.now())
        return Receipt(remote_id=NAME, detail=f"{changed} resources changed")


class FacadeTasks:
    """Fulfils ``pipeline.follow_up.ToldTasks``: the ledger says how a Task stands, the façade shows it."""

    def __init__(self, facade: SqlFacade) -> None:
        self._facade = facade

    def unfinished(self, *, now: datetime) -> tuple[RemoteTask, ...]:
        """Return the Tasks that have not ended; raises TransientError."""
        lately = Moments(of="last-updated", prefix="ge", start=now - BEGUN_FOLLOWED_FOR, end=now)
        found = [*self._of_status(UNDECIDED), *self._of_status(BEGUN, (lately,))]
        return tuple(task for stored in found if (task := remote_task(read_resource(stored.body))))

    def end(self, task: RemoteTask, ending: Ending, *, at: datetime) -> None:
        """Write an ending as the Task's next version; raises TransientError."""
        change = task_change(task.key, ending, at=at)
        node = Node(resource_type=change.resource_type, key=change.key)
        stored = self._facade.resource(node.resource_type, local_id(node.full_url))
        if stored is not None and (arrival := _after(change, stored.body)) is not None:
            self._facade.keep([replace(arrival, meet=partial(_after, change))], now=at)

    def _of_status(self, statuses: Sequence[str], moments: tuple[Moments, ...] = ()) -> Iterator[StoredResource]:
        patterns = tuple(TokenPattern(parameters=("status",), system=None, code=status) for status in statuses)
        query = ResourceQuery(
            resource_type="Task", tokens=(patterns,), moments=(moments,) if moments else (), order="oldest"
        )
        while page := self._facade.search(query):
            yield from page
            query = replace(query, after=query.place(page[-1]))


def _after(change: StatusChange, body: str) -> Arrival | None:
    """Return a stored resource after a change; None where it stays as it is."""
    resource = read_resource(body)
    if not starts_from(change, str(resource["status"])):
        return None
    return _arrival(LocalResource(resource=changed(resource, change), replaces=True))


def _unnamed(header: SeriesHeader) -> SeriesHeader:
    """Return a header without patient and order: the façade names nobody."""
    return replace(header, patient=None, order=None)


def keep_transaction(facade: SqlFacade, payload: bytes, *, now: datetime) -> int:
    """Keep what a transaction holds and return how many resources changed."""
    return facade.keep([_arrival(found) for found in local_resources(payload)], now=now)


def _arrival(found: LocalResource) -> Arrival:
    values = search_values(found.resource)
    return Arrival(
        resource_type=found.resource_type,
        resource_id=found.resource_id,
        content_sha256=found.sha256,
        write=found.written,
        meet=partial(_met, found),
        tokens=frozenset(Token(*token) for token in values.tokens),
        from_at=values.from_at,
        until_at=values.until_at,
        second_from_at=values.second_from_at,
        second_until_at=values.second_until_at,
        name=values.name,
    )


def _met(found: LocalResource, body: str) -> Arrival | None:
    """Return what takes the place of a stored resource: the newer one, or a study that lists one more series.

    A Task that somebody has answered stays.
    """
    if found.replaces:
        answered = found.resource_type == "Task" and read_resource(body)["status"] not in UNDECIDED
        return None if answered else _arrival(found)
    if found.resource_type != "ImagingStudy":
        return None
    stored = read_resource(body)
    (series,) = found.resource["series"]
    if any(listed["uid"] == series["uid"] for listed in stored["series"]):
        return None
    return _arrival(LocalResource(resource=with_series(stored, series), replaces=True))
