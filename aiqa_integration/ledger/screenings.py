"""What the artifact bundle saw in each series, kept for calibration, usual values and drift."""

from collections.abc import Sequence
from datetime import datetime
from statistics import median

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from aiqa_integration.artifact_detection.gate import worth_a_look
from aiqa_integration.ledger.tables import DriftRow, ScreeningRow
from aiqa_integration.model.identity import device_key, identity
from aiqa_integration.model.report import QaReport
from aiqa_integration.trends.drift import Drift, share_drift, significant, value_drifts

USUAL_OF = 200
LEAST_USUAL = 20
REFERENCE = 200
RECENT = 100
CHECK_EVERY = 25
"""Drift is looked for at each 25th series of a scanner and protocol family."""


def keep(session: Session, report_id: str, report: QaReport, *, now: datetime) -> None:
    """Keep what the bundle saw; opens a drift where the last series differ from the first ones."""
    screening, bundle = report.screening, report.bundle
    if screening is None or bundle is None:
        return
    row = ScreeningRow(
        report_id=report_id,
        at=now,
        device_key=device_key(report.device),
        family=screening.family,
        bundle=bundle.key,
        series_instance_uid=report.ref.series_instance_uid,
        raw={artifact.value: probability for artifact, probability in screening.raw.items()},
        metrics=dict(screening.metrics),
        distance=screening.distance,
        flagged=bool(worth_a_look(screening.raw)),
        audit=screening.audit,
        simulated=report.simulated,
    )
    session.merge(row)
    session.flush()
    if _count(session, row) % CHECK_EVERY == 0:
        _watch(session, row, now=now)


def usual(session: Session, device: str, family: str) -> dict[str, float]:
    """Return the median of each metric over a scanner's last series; empty where there are too few."""
    statement = (
        select(ScreeningRow.metrics)
        .where(ScreeningRow.device_key == device, ScreeningRow.family == family)
        .order_by(ScreeningRow.at.desc())
        .limit(USUAL_OF)
    )
    rows = session.scalars(statement).all()
    if len(rows) < LEAST_USUAL:
        return {}
    names = {name for row in rows for name in row}
    return {name: median(row[name] for row in rows if name in row) for name in sorted(names)}


def _count(session: Session, row: ScreeningRow) -> int:
    statement = select(func.count()).where(
        ScreeningRow.device_key == row.device_key,
        ScreeningRow.family == row.family,
        ScreeningRow.bundle == row.bundle,
    )
    return session.scalar(statement) or 0


def _watch(session: Session, row: ScreeningRow, *, now: datetime) -> None:
    """Open a drift of a scanner and family that has none open, where its last series differ from its first."""
    open_now = select(DriftRow.drift_id).where(
        DriftRow.device_key == row.device_key, DriftRow.family == row.family, DriftRow.closed_at.is_(None)
    )
    if session.scalar(open_now) is not None:
        return
    reference, recent = _ends(session, row)
    found = _compare(reference, recent)
    if found:
        session.add(
            DriftRow(
                drift_id=str(identity("drift", row.device_key, row.family, row.report_id)),
                device_key=row.device_key,
                family=row.family,
                detail="; ".join(_sentence(drift) for drift in found[:5]),
                opened_at=now,
            )
        )


def _ends(session: Session, row: ScreeningRow) -> tuple[Sequence[ScreeningRow], Sequence[ScreeningRow]]:
    """Return the first series after the last closed drift (the reference) and the last ones, none in both."""
    since = select(func.max(DriftRow.closed_at)).where(
        DriftRow.device_key == row.device_key, DriftRow.family == row.family
    )
    closed = session.scalar(since)
    same = select(ScreeningRow).where(
        ScreeningRow.device_key == row.device_key,
        ScreeningRow.family == row.family,
        ScreeningRow.bundle == row.bundle,
    )
    if closed is not None:
        same = same.where(ScreeningRow.at > closed)
    first = session.scalars(same.order_by(ScreeningRow.at, ScreeningRow.report_id).limit(REFERENCE)).all()
    last = session.scalars(same.order_by(ScreeningRow.at.desc(), ScreeningRow.report_id.desc()).limit(RECENT)).all()
    known = {reference.report_id for reference in first}
    return first, [recent for recent in last if recent.report_id not in known]


def _compare(reference: Sequence[ScreeningRow], recent: Sequence[ScreeningRow]) -> tuple[Drift, ...]:
    """Return what changed: metrics, distances and probabilities by their distribution, flags by their share.

    All of it is one family of tests: with a rate for each part, the parts together would exceed it.
    """
    (before, all_before), (now, all_now) = (
        (sum(row.flagged for row in rows), len(rows)) for rows in (reference, recent)
    )
    values = value_drifts([_values(row) for row in reference], [_values(row) for row in recent])
    return significant([*values, share_drift("flagged series", (before, all_before), (now, all_now))])


def _values(row: ScreeningRow) -> dict[str, float]:
    scores = {f"probability of {artifact}": probability for artifact, probability in row.raw.items()}
    return {**row.metrics, **scores, "distance from the training set over its limit": row.distance}


def _sentence(drift: Drift) -> str:
    return f"{drift.name} went from {drift.before:.3g} to {drift.now:.3g} ({drift.test}, p = {drift.p_value:.1g})"
