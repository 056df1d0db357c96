"""Results to the façade, our own FHIR server for reading: the same transaction that an EHR is sent."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from aiqa_integration.fhir.bundle import MEDIA_TYPE, is_encoded, report_bundle_bytes
from aiqa_integration.fhir.identity import run_uuid
from aiqa_integration.fhir.imaging_study import with_series
from aiqa_integration.fhir.local import LocalResource, local_resources, read_resource, taken_back
from aiqa_integration.fhir.search_parameters import search_values
from aiqa_integration.ledger.facade import SqlFacade
from aiqa_integration.ledger.facade_values import Arrival, Token
from aiqa_integration.model.image import SeriesHeader
from aiqa_integration.model.report import QaReport
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

    def deliver(self, effect: Effect, payload: bytes) -> Receipt:  # noqa: ARG002 - the bytes say all
        """Keep the resources of a transaction; again changes nothing. Raises TransientError."""
        changed = keep_transaction(self._facade, payload, now=self._clock.now())
        return Receipt(remote_id=NAME, detail=f"{changed} resources changed")


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
        name=values.name,
    )


def _met(found: LocalResource, body: str) -> Arrival | None:
    """Return what takes the place of a stored resource: the newer one, or a study that lists one more series."""
    if found.replaces:
        return _arrival(found)
    if found.resource_type != "ImagingStudy":
        return None
    stored = read_resource(body)
    (series,) = found.resource["series"]
    if any(listed["uid"] == series["uid"] for listed in stored["series"]):
        return None
    return _arrival(LocalResource(resource=with_series(stored, series), replaces=True))
