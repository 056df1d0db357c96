"""Jobs: found due, taken, finished or given back."""

from datetime import datetime, timedelta

from sqlalchemy import and_
from sqlalchemy.orm import Session

from aiqa_integration.errors import LeaseLost, LedgerError
from aiqa_integration.ledger import audit, history, jobs, leases, results
from aiqa_integration.ledger.engine import read, write
from aiqa_integration.ledger.tables import JobRow
from aiqa_integration.ledger.transactions.base import Transactions
from aiqa_integration.model.identity import Device, SeriesRef
from aiqa_integration.model.job import JobState
from aiqa_integration.model.report import Version
from aiqa_integration.pipeline.ports import Job, JobResult, StudyHistory
from aiqa_integration.recommendations.context import ScannerContext


class JobTransactions(Transactions):
    """The ledger as those use it who work on series."""

    def due_jobs(self, now: datetime, limit: int) -> tuple[str, ...]:
        """Return SETTLED jobs to work on now, ``limit`` in the queue at most; mark them announced."""
        return self._due(JobRow.job_id, JobRow.wake_at <= now, now=now, limit=limit)

    def claim_job(self, job_id: str, *, owner: str, now: datetime, lease: timedelta) -> Job | None:
        """Take a due job."""

        def claim(session: Session) -> Job | None:
            free = and_(JobRow.job_id == job_id, JobRow.state == JobState.SETTLED)
            row = leases.take(session, JobRow, free, owner=owner, now=now, lease=lease)
            if row is None:
                return None
            return _job(row, results.predecessor(session, row))

        return write(self.engine, claim)

    def extend_job(self, job: Job, *, now: datetime, lease: timedelta) -> None:
        """Keep a claimed job."""

        def keep(session: Session) -> None:
            leases.extend(self._held_job(session, job), now + lease)

        write(self.engine, keep)

    def finish_job(self, job: Job, result: JobResult, *, now: datetime) -> None:
        """Write the result; the bytes are on disk before any row speaks of them."""
        kept = results.keep(result, self.artifacts)
        write(self.engine, lambda session: results.finish(session, job, result, kept, now=now))

    def postpone_job(self, job: Job, error: Exception, *, now: datetime, until: datetime | None) -> None:
        """Give a job back to be tried again; None = FAILED."""

        def postpone(session: Session) -> None:
            jobs.postpone(session, self._held_job(session, job), error, now=now, until=until)

        write(self.engine, postpone)

    def replay(self, job_id: str, *, who: str, why: str, now: datetime) -> JobState:
        """Work a FAILED or IGNORED job again, or send what was refused of a HELD one; return the new state.

        Raises LedgerError for a job that is not there or in no such state. Written to the audit trail.
        """

        def again(session: Session) -> JobState:
            row = session.get(JobRow, job_id, with_for_update=True)
            if row is None:
                raise LedgerError(f"there is no job {job_id}")
            jobs.replay(session, row, now=now, who=who, why=why)
            audit.append(session, at=now, who=who, action="replay", subject=job_id, detail=why)
            return row.state

        return write(self.engine, again)

    def study_history(self, ref: SeriesRef, *, now: datetime) -> StudyHistory:
        """Return the other assessed series of a study, and where the notices about it stand."""
        return read(self.engine, lambda session: history.study_history(session, ref, now=now))

    def scanner_history(self, device: Device, analysis: str, *, since: datetime, now: datetime) -> ScannerContext:
        """Return the alerting faults of a scanner since then, what its last run failed, and how notices fared."""
        return read(
            self.engine, lambda session: history.scanner_history(session, device, analysis, since=since, now=now)
        )

    @staticmethod
    def _held_job(session: Session, job: Job) -> JobRow:
        row = leases.held(session, JobRow, job.job_id, job.lease_owner)
        if row.state is not JobState.SETTLED:
            raise LeaseLost(f"job {job.job_id} is {row.state} now")
        return row


def _job(row: JobRow, predecessor: Version | None) -> Job:
    return Job(
        job_id=row.job_id,
        archive=row.archive,
        ref=SeriesRef(study_instance_uid=row.study_instance_uid, series_instance_uid=row.series_instance_uid),
        revision=row.revision,
        modality=row.modality,
        instance_count=row.instance_count,
        state=row.state,
        attempts=row.attempts,
        lease_owner=row.lease_owner or "",
        arrived_at=row.stable_since,
        predecessor=predecessor,
    )
