"""Effects: planned with their bytes, sent by one worker at a time, never an older result after a newer one."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select, tuple_, update
from sqlalchemy.orm import Session, aliased

from aiqa_integration.errors import LedgerError
from aiqa_integration.ledger import leases
from aiqa_integration.ledger.tables import EffectRow, JobEffect, JobRow, OwnSeries, ReportRow
from aiqa_integration.model.identity import SeriesRef, identity
from aiqa_integration.model.job import EffectState, JobState
from aiqa_integration.pipeline.ports import PlannedEffect, Receipt

MADE_SERIES = "made_series_instance_uids"
"""Attribute of an effect that names the series which it makes in an archive."""

OUTCOME = "outcome_sha256"
"""Attribute of a refused effect: digest of what the receiver said (a FHIR OperationOutcome), kept as an artifact."""

_BLOCKED_FOR = timedelta(seconds=1)

_OTHER = aliased(EffectRow)
_SAME_SUBJECT = and_(_OTHER.subject_key == EffectRow.subject_key, _OTHER.effect_id != EffectRow.effect_id)
_OLDER = and_(
    _OTHER.state == EffectState.PLANNED,
    tuple_(_OTHER.revision, _OTHER.planned_at, _OTHER.effect_id)
    < tuple_(EffectRow.revision, EffectRow.planned_at, EffectRow.effect_id),
)


def blocked(now: datetime) -> ColumnElement[bool]:
    """Return the condition that an effect has to wait: its subject is in flight, or an older effect of it goes first.

    A withdrawn effect may still be in flight: its worker could not be called back.
    """
    return exists().where(_SAME_SUBJECT, or_(_OTHER.lease_until > now, _OLDER))


def plan(
    session: Session,
    job: JobRow,
    effects: Sequence[PlannedEffect],
    payloads: Mapping[str, str],
    *,
    now: datetime,
    awaited: bool = True,
) -> tuple[str, ...]:
    """Write what a job wants to be sent, and return the effects' ids; the job waits for what is ``awaited``.

    What it does not wait for has no revision of the job: such effects go in the order of their planning.

    ``payloads`` maps dedupe keys to the digests of the bytes. What is known by its dedupe key is kept: a SENT effect
    is not sent again, a PLANNED one keeps its bytes; a REFUSED or WITHDRAWN one is planned anew, with the new bytes.
    What holds waits until the job's series counts as complete.
    """
    revision = job.revision if awaited else 0
    for effect in effects:
        row = session.get(EffectRow, effect_id(effect), with_for_update=True)
        if row is None:
            due = _due(job, effect, now)
            session.add(_planned(job, effect, payloads[effect.dedupe_key], now=now, revision=revision, due=due))
            session.flush()
        elif row.state in {EffectState.REFUSED, EffectState.WITHDRAWN}:
            row.payload_sha256, row.attributes = payloads[effect.dedupe_key], dict(effect.attributes)
            row.job_id, row.revision, row.planned_at = job.job_id, revision, now
            plan_again(row, now, due=_due(job, effect, now))
        if awaited and session.get(JobEffect, (job.job_id, effect_id(effect))) is None:
            session.add(JobEffect(job_id=job.job_id, effect_id=effect_id(effect)))
        for uid in effect.attributes.get(MADE_SERIES, "").split():
            if session.get(OwnSeries, uid) is None:
                session.add(OwnSeries(series_instance_uid=uid))
                session.flush()
    session.flush()
    return tuple(effect_id(effect) for effect in effects)


def effect_id(effect: PlannedEffect) -> str:
    """Return the id of an effect, which hangs on nothing but its dedupe key."""
    return str(identity("effect", effect.dedupe_key))


def withdraw_of(session: Session, job_id: str, *, now: datetime) -> None:
    """Withdraw what a superseded job still waits to send, but for what another living job waits for too."""
    _withdraw(session, and_(EffectRow.state == EffectState.PLANNED, _only_of(job_id)), now)


def withdraw_unwanted(session: Session, job_id: str, wanted: Sequence[str], *, now: datetime) -> None:
    """Withdraw what an earlier result of the same job planned and its new result does not want."""
    open_states = EffectRow.state.in_([EffectState.PLANNED, EffectState.REFUSED])
    _withdraw(session, and_(open_states, _only_of(job_id), EffectRow.effect_id.not_in(wanted)), now)


def withdraw_older(session: Session, job: JobRow, ids: Sequence[str], *, now: datetime) -> tuple[str, ...]:
    """Withdraw what earlier revisions would still send about the subjects of these effects; return what it was."""
    subjects = select(EffectRow.subject_key).where(EffectRow.effect_id.in_(ids)).scalar_subquery()
    older = and_(EffectRow.subject_key.in_(subjects), EffectRow.revision < job.revision)
    return _withdraw(session, and_(EffectRow.state == EffectState.PLANNED, older), now)


def jobs_of(session: Session, ids: Sequence[str]) -> tuple[JobRow, ...]:
    """Return the jobs that wait for these effects, locked, always in the same order."""
    if not ids:
        return ()
    waiting = select(JobEffect.job_id).where(JobEffect.effect_id.in_(ids))
    rows = select(JobRow).where(JobRow.job_id.in_(waiting)).order_by(JobRow.job_id).with_for_update()
    return tuple(session.scalars(rows))


def _only_of(job_id: str) -> ColumnElement[bool]:
    waits = exists().where(
        JobEffect.effect_id == EffectRow.effect_id,
        JobEffect.job_id != job_id,
        JobRow.job_id == JobEffect.job_id,
        JobRow.state != JobState.SUPERSEDED,
    )
    return and_(EffectRow.effect_id.in_(select(JobEffect.effect_id).where(JobEffect.job_id == job_id)), ~waits)


def send_next(session: Session, subject_key: str) -> None:
    """Let the dispatcher look again at what waited for a subject."""
    session.execute(
        update(EffectRow)
        .where(
            EffectRow.subject_key == subject_key,
            EffectRow.state == EffectState.PLANNED,
            EffectRow.lease_until.is_(None),
            EffectRow.announced_at.is_(None),
        )
        .values(wake_at=EffectRow.next_at),
        execution_options={"synchronize_session": False},
    )


def lock_subject(session: Session, effect_id: str) -> None:
    """Lock all effects of an effect's subject, so that two of them are not taken at once."""
    subject = select(EffectRow.subject_key).where(EffectRow.effect_id == effect_id).scalar_subquery()
    rows = select(EffectRow.effect_id).where(EffectRow.subject_key == subject).order_by(EffectRow.effect_id)
    session.execute(rows.with_for_update()).all()


def look_again(session: Session, effect_id: str, now: datetime) -> None:
    """Let the dispatcher announce an effect again soon that could not be taken because its subject is in flight."""
    session.execute(
        update(EffectRow)
        .where(
            EffectRow.effect_id == effect_id,
            EffectRow.state == EffectState.PLANNED,
            EffectRow.announced_at.is_not(None),
        )
        .values(announced_at=None, wake_at=now + _BLOCKED_FOR),
        execution_options={"synchronize_session": False},
    )


def sent(row: EffectRow, receipt: Receipt, *, now: datetime) -> None:
    """Write down a delivery; also of an effect that was withdrawn while it was in flight."""
    row.state, row.remote_id, row.receipt_detail = EffectState.SENT, receipt.remote_id, receipt.detail
    row.sent_at = row.updated_at = now
    leases.release(row)


def refused(row: EffectRow, error: Exception, *, now: datetime, outcome_sha256: str = "") -> None:
    """Write down that an effect will not be sent as it is, and where the receiver's own words are kept."""
    row.last_error, row.updated_at = leases.described(error), now
    leases.release(row)
    if outcome_sha256:
        row.attributes = {**row.attributes, OUTCOME: outcome_sha256}
    if row.state is EffectState.PLANNED:
        row.state = EffectState.REFUSED


def postponed(row: EffectRow, error: Exception, *, now: datetime, until: datetime) -> None:
    """Give an effect back to be sent later; a withdrawn one is not sent."""
    row.last_error, row.updated_at = leases.described(error), now
    leases.release(row, next_at=until if row.state is EffectState.PLANNED else None)


def plan_refused_again(session: Session, job_id: str, *, now: datetime) -> None:
    """Plan the REFUSED effects of a job again; those whose subject has a newer result are withdrawn."""
    for row in session.scalars(_effects(job_id).where(EffectRow.state == EffectState.REFUSED).with_for_update()):
        newer = select(EffectRow.effect_id).where(
            EffectRow.subject_key == row.subject_key,
            EffectRow.revision > row.revision,
            EffectRow.state.in_([EffectState.SENT, EffectState.PLANNED]),
        )
        if session.scalar(newer.limit(1)) is None:
            plan_again(row, now)
        else:
            row.state, row.updated_at = EffectState.WITHDRAWN, now


def told_before(session: Session, ref: SeriesRef, sink: str) -> tuple[EffectRow, ...]:
    """Return the effects that results of a series have planned at a sink, in the order of their planning."""
    jobs = select(JobRow.job_id).where(
        JobRow.study_instance_uid == ref.study_instance_uid, JobRow.series_instance_uid == ref.series_instance_uid
    )
    theirs = select(JobEffect.effect_id).where(JobEffect.job_id.in_(jobs))
    told = select(EffectRow).where(EffectRow.effect_id.in_(theirs), EffectRow.sink == sink)
    return tuple(session.scalars(told.order_by(EffectRow.planned_at, EffectRow.effect_id)))


def told_of(session: Session, subject_key: str) -> tuple[EffectRow, ...]:
    """Return the effects about a subject, in the order of their planning."""
    told = select(EffectRow).where(EffectRow.subject_key == subject_key)
    return tuple(session.scalars(told.order_by(EffectRow.planned_at, EffectRow.effect_id)))


def documents_of(session: Session, report_uid: str) -> tuple[EffectRow, ...]:
    """Return the effects that sent or will send documents of a living job's result, in the order of their planning.

    Raises LedgerError where no living job has a result of that UID.
    """
    living = (
        select(JobRow.job_id)
        .join(ReportRow, ReportRow.report_id == JobRow.report_id)
        .where(ReportRow.report_uid == report_uid, JobRow.state != JobState.SUPERSEDED)
    )
    job_ids = session.scalars(living).all()
    if not job_ids:
        raise LedgerError(f"no series has the result {report_uid}; a newer one may have taken its place")
    sent = select(EffectRow).where(
        EffectRow.job_id.in_(job_ids), EffectRow.state.in_([EffectState.PLANNED, EffectState.SENT])
    )
    rows = session.scalars(sent.order_by(EffectRow.planned_at, EffectRow.effect_id))
    return tuple(row for row in rows if row.attributes.get("report_uid") == report_uid and "document" in row.attributes)


def states_of(session: Session, job_id: str) -> frozenset[EffectState]:
    """Return the states that the effects of a job are in."""
    statement = select(EffectRow.state).join(JobEffect, JobEffect.effect_id == EffectRow.effect_id)
    return frozenset(session.scalars(statement.where(JobEffect.job_id == job_id).distinct()))


def refusal_of(session: Session, job_id: str) -> str:
    """Return why effects of a job were refused."""
    rows = session.scalars(_effects(job_id).where(EffectRow.state == EffectState.REFUSED).order_by(EffectRow.sink))
    return "; ".join(f"{row.sink} {row.kind}: {row.last_error}" for row in rows)


def _effects(job_id: str) -> Select[EffectRow]:
    return (
        select(EffectRow).join(JobEffect, JobEffect.effect_id == EffectRow.effect_id).where(JobEffect.job_id == job_id)
    )


def _withdraw(session: Session, which: ColumnElement[bool], now: datetime) -> tuple[str, ...]:
    # An effect in flight keeps its lease: the next one about its subject waits for it.
    statement = (
        update(EffectRow)
        .where(which)
        .values(state=EffectState.WITHDRAWN, updated_at=now, wake_at=None, announced_at=None)
        .returning(EffectRow.effect_id)
    )
    return tuple(session.scalars(statement, execution_options={"synchronize_session": False}))


def _due(job: JobRow, effect: PlannedEffect, now: datetime) -> datetime:
    return max(now, job.complete_at) if effect.holds and job.complete_at is not None else now


def plan_again(row: EffectRow, now: datetime, *, due: datetime | None = None) -> None:
    """Let an effect be sent that was refused or withdrawn."""
    row.state, row.attempts, row.updated_at = EffectState.PLANNED, 0, now
    leases.release(row, next_at=due or now)


def _planned(
    job: JobRow, effect: PlannedEffect, payload_sha256: str, *, now: datetime, revision: int, due: datetime
) -> EffectRow:
    return EffectRow(
        effect_id=effect_id(effect),
        job_id=job.job_id,
        revision=revision,
        sink=effect.sink,
        target=effect.target,
        kind=effect.kind,
        dedupe_key=effect.dedupe_key,
        subject_key=effect.subject_key,
        media_type=effect.media_type,
        payload_sha256=payload_sha256,
        attributes=dict(effect.attributes),
        planned_at=now,
        updated_at=now,
        next_at=due,
        wake_at=due,
    )
