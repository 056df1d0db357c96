"""A process of deployment S that works on a shared ledger with stand-ins for archive and analysis."""

import os
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from aiqa_integration.errors import EhrUnavailable, LeaseLost, TransientError
from aiqa_integration.ledger.artifacts import FileArtifacts
from aiqa_integration.ledger.sql_ledger import SqlLedger
from aiqa_integration.model.notice import NoticeKind, PlannedNotice
from aiqa_integration.pipeline.ports import Effect, Job, Receipt
from aiqa_integration.recommendations.context import AssessedSeries
from celery_worker.embedded import EmbeddedWorker
from tests.ledger_cases import STUDY, listing, measured_result, planned

ARCHIVE = "pacs"
LEASE = timedelta(seconds=2)
QUIET = timedelta(seconds=0.1)
POLL_EVERY = timedelta(seconds=0.3)
KINDS = ("report", "overlay")


NOTICE = PlannedNotice(
    scope="study", subject=STUDY, kind=NoticeKind.REPEAT_NOW, text="Repeat.", again_after=timedelta.max
)
"""What every series of the study gives cause for: one notice all the same."""


def assessed(job: Job) -> AssessedSeries:
    return AssessedSeries(
        series_instance_uid=job.ref.series_instance_uid,
        protocol=job.ref.series_instance_uid,
        arrived_at=job.arrived_at or datetime.now(tz=UTC),
    )


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where processes meet: database, folder, receiver; how many series there are, and how many of them grow."""

    url: str
    folder: Path
    port: int
    series: int
    growing: int

    @property
    def grown(self) -> Path:
        """The file by which the series that grow have grown."""
        return self.folder / "grown"

    def instances(self, number: int) -> int:
        """Return how many instances the archive lists of a series."""
        return 4 if number < self.growing and self.grown.exists() else 3


class StandIns:
    """Steps as the pipeline's are: claim or return, work, commit."""

    archive_names: Sequence[str] = (ARCHIVE,)

    def __init__(self, place: Place) -> None:
        self.place = place
        self.ledger = SqlLedger(
            place.url, FileArtifacts(place.folder / "artifacts"), announced_for=timedelta(seconds=1)
        )
        self.clock = self
        self.owner = str(os.getpid())
        self._random = random.Random(os.getpid())

    def now(self) -> datetime:
        return datetime.now(tz=UTC)

    def poll(self, archive: str) -> None:
        if not self.ledger.next_poll(archive, self.now(), LEASE):
            return
        for number in range(self.place.series):
            self.ledger.observe(
                archive, listing(self.place.instances(number), f"1.{number}"), at=self.now(), quiet=QUIET
            )
        self.ledger.poll_done(archive, now=self.now(), next_at=self.now() + POLL_EVERY, error=None)

    def advance(self, job_id: str) -> None:
        job = self.ledger.claim_job(job_id, owner=self.owner, now=self.now(), lease=LEASE)
        if job is None:
            return
        self._work()
        series = job.ref.series_instance_uid
        effects = [
            planned(
                f"{series}/{kind}/{job.revision}",
                f"{series}/{kind}",
                payload=os.urandom(8),  # encoded once: another encoding would differ
            )
            for kind in KINDS
        ]
        told = replace(measured_result(job, *effects), assessed=assessed(job), notices=(NOTICE,))
        try:
            self.ledger.finish_job(job, told, now=self.now())
        except LeaseLost:
            return

    def deliver(self, effect_id: str) -> None:
        effect = self.ledger.claim_effect(effect_id, owner=self.owner, now=self.now(), lease=LEASE)
        if effect is None:
            return
        try:
            self._send(effect)
            self._work()
            self.ledger.effect_sent(effect, Receipt(remote_id=effect.dedupe_key, detail=""), now=self.now())
        except LeaseLost:
            return
        except TransientError as error:
            until = self.now() + timedelta(seconds=0.1)
            self.ledger.postpone_effect(effect, error, now=self.now(), until=until)

    def _send(self, effect: Effect) -> None:
        connection = HTTPConnection("127.0.0.1", self.place.port, timeout=5)
        try:
            connection.request("PUT", f"/{effect.dedupe_key}", self.ledger.artifacts.get(effect.payload_sha256))
            status = connection.getresponse().status
        except (OSError, HTTPException) as error:
            raise EhrUnavailable(str(error)) from error
        finally:
            connection.close()
        if status != 200:
            raise EhrUnavailable(f"status {status}")

    def _work(self) -> None:
        time.sleep(self._random.uniform(0, 0.1))


def work(place: Place) -> None:
    """Work until killed."""
    with EmbeddedWorker(StandIns(place), concurrency=2):
        (place.folder / f"working-{os.getpid()}").touch()
        time.sleep(3600)
