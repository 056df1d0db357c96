"""The truth about jobs and effects."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from aiqa_integration.model.identity import SeriesRef
from aiqa_integration.pipeline.ports.archive import SeriesListing
from aiqa_integration.pipeline.ports.effect import Effect, PlannedEffect, Receipt
from aiqa_integration.pipeline.ports.history import History
from aiqa_integration.pipeline.ports.job import Job, JobResult, Sighting, Signature


class Ledger(History, Protocol):
    """The truth about jobs and effects. Every method is one transaction."""

    def observe(
        self, archive: str, listing: SeriesListing, *, at: datetime, quiet: timedelta, look: timedelta | None = None
    ) -> Sighting:
        """Record that a poll saw a series.

        New: a DISCOVERED job. Unchanged count for ``look`` and at two polls or more: SETTLED, due at once; effects that
        hold are sent only after ``quiet``. The look, too, waits for ``quiet`` where there is no ``look`` or it is
        longer, where the series grew after it had settled, and where the archive tells no count. A count that grew
        after SETTLED: a new revision is DISCOVERED and the old job is SUPERSEDED (its PLANNED effects WITHDRAWN).
        """

    def is_own_series(self, series_instance_uid: str) -> bool:
        """Return whether AIQA itself made this series (it is in the outbox)."""

    def unchanged_studies(self, archive: str, counts: Mapping[str, int]) -> frozenset[str]:
        """Return those studies of ``counts`` (Study Instance UID -> instances listed now) that need no closer look.

        A study needs none if the last ``study_seen`` of this archive recorded exactly this count and no job of the
        study in this archive is DISCOVERED. ``counts`` holds up to some hundred studies: one query, not one a study.
        """

    def study_seen(self, archive: str, study_instance_uid: str, instance_count: int) -> None:
        """Record that every series of a study was observed while the archive listed ``instance_count`` instances.

        Replaces what was recorded before for the same archive and study.
        """

    def due_polls(self, archives: Sequence[str], now: datetime) -> tuple[str, ...]:
        """Return those archives that are to be polled now and were not announced; mark them announced."""

    def due_jobs(self, now: datetime, limit: int) -> tuple[str, ...]:
        """Return SETTLED jobs to work on (``next_at`` passed, no live lease, not announced); mark them announced.

        At most ``limit`` are announced at a time: those announced before and not yet claimed count.
        """

    def due_effects(self, now: datetime, limit: int) -> tuple[str, ...]:
        """Return PLANNED effects to be sent now, likewise."""

    def forget_announcements(self) -> None:
        """Make due again what was announced and not yet taken, for a broker that lost its messages."""

    def claim_job(self, job_id: str, *, owner: str, now: datetime, lease: timedelta) -> Job | None:
        """Take a due job for ``lease``; None if another has it, or it is not due."""

    def extend_job(self, job: Job, *, now: datetime, lease: timedelta) -> None:
        """Keep a claimed job; raises LeaseLost."""

    def finish_job(self, job: Job, result: JobResult, *, now: datetime) -> None:
        """Write report, effects, notices, state and event in one transaction guarded by the lease; raises LeaseLost."""

    def postpone_job(self, job: Job, error: Exception, *, now: datetime, until: datetime | None) -> None:
        """Give a job back to be tried again at ``until``; None = gave up: FAILED with the reason."""

    def claim_effect(self, effect_id: str, *, owner: str, now: datetime, lease: timedelta) -> Effect | None:
        """Take a due effect; None if another has it, it is not due, or its subject is in flight."""

    def extend_effect(self, effect: Effect, *, now: datetime, lease: timedelta) -> None:
        """Keep a claimed effect; raises LeaseLost."""

    def effect_sent(self, effect: Effect, receipt: Receipt, *, now: datetime) -> None:
        """Record a delivery; the last one makes the job DELIVERED. Raises LeaseLost."""

    def effect_refused(self, effect: Effect, error: Exception, *, now: datetime) -> None:
        """Record a refusal; the job is HELD with the reason. Raises LeaseLost."""

    def postpone_effect(self, effect: Effect, error: Exception, *, now: datetime, until: datetime | None) -> None:
        """Give an effect back to be tried again at ``until``; None = gave up: REFUSED, job FAILED."""

    def told_before(self, ref: SeriesRef, sink: str) -> tuple[Effect, ...]:
        """Return every effect that results of a series have planned at a sink, in the order of their planning.

        The withdrawn ones too: their worker could not be called back.
        """

    def documents_of(self, report_uid: str) -> tuple[Effect, ...]:
        """Return the effects of a result that sent or will send documents, in the order in which they were planned.

        Raises LedgerError where no living job has such a result.
        """

    def add_effects(self, job_id: str, effects: Sequence[PlannedEffect], signature: Signature) -> None:
        """Plan what a person wants to be sent beside a job's result; in the audit trail.

        Raises LedgerError where the job's state does not allow it.
        """

    def next_poll(self, archive: str, now: datetime, lease: timedelta) -> bool:
        """Return whether this caller is to poll the archive now (its ``next_at`` passed and nobody else polls)."""

    def extend_poll(self, archive: str, *, now: datetime, lease: timedelta) -> None:
        """Keep polling an archive; does nothing where the poll has ended."""

    def poll_done(self, archive: str, *, now: datetime, next_at: datetime, error: Exception | None) -> None:
        """Record the end of a poll."""

    def reconcile_due(self, archive: str, now: datetime, every: timedelta) -> bool:
        """Return whether the wide daily poll is due for the archive, and note that it runs now."""

    def idle(self) -> bool:
        """Return whether no job or effect waits or is in work (every job at an end state)."""
