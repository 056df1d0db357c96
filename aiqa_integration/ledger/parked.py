"""Deliveries that a receiver refused, or that were given up: they wait for a person."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from aiqa_integration.errors import LedgerError
from aiqa_integration.ledger import outbox
from aiqa_integration.ledger.outbox import OUTCOME
from aiqa_integration.ledger.tables import EffectRow, JobEffect, JobRow
from aiqa_integration.ledger.views import Parked
from aiqa_integration.model.job import EffectState, JobState

_NEWER = aliased(EffectRow)


def parked(session: Session, limit: int) -> tuple[Parked, ...]:
    """Return what waits for a person, the newest first: of series that are HELD or FAILED, or of no series."""
    statement = (
        select(EffectRow, JobRow)
        .outerjoin(JobEffect, JobEffect.effect_id == EffectRow.effect_id)
        .outerjoin(JobRow, JobRow.job_id == JobEffect.job_id)
        .where(
            EffectRow.state == EffectState.REFUSED,
            or_(JobRow.state.in_([JobState.HELD, JobState.FAILED]), and_(JobRow.job_id.is_(None), _is_the_last())),
        )
        .order_by(EffectRow.updated_at.desc(), EffectRow.effect_id)
        .limit(limit)
    )
    return tuple(
        Parked(
            effect_id=effect.effect_id,
            job_id=job.job_id if job else None,
            description=job.description if job else "",
            sink=effect.sink,
            target=effect.target,
            kind=effect.kind,
            reason=effect.last_error,
            since=effect.updated_at,
            answered=OUTCOME in effect.attributes,
        )
        for effect, job in session.execute(statement)
    )


def replay(session: Session, effect_id: str, *, now: datetime) -> None:
    """Plan again what no series waits for; raises LedgerError where it is not parked."""
    waited_for = exists().where(JobEffect.effect_id == EffectRow.effect_id)
    wanted = select(EffectRow).where(
        EffectRow.effect_id == effect_id, EffectRow.state == EffectState.REFUSED, ~waited_for, _is_the_last()
    )
    row = session.scalars(wanted.with_for_update()).one_or_none()
    if row is None:
        raise LedgerError(f"no delivery {effect_id} is parked that no series waits for")
    outbox.plan_again(row, now)


def _is_the_last() -> ColumnElement[bool]:
    """Return the condition that nothing newer was planned about an effect's subject."""
    return ~exists().where(_NEWER.subject_key == EffectRow.subject_key, _NEWER.planned_at > EffectRow.planned_at)
