"""What a job ends with: report, measurements and effects, written in one transaction with its new state."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from aiqa_integration.errors import LeaseLost, LedgerError
from aiqa_integration.ledger import audit, jobs, leases, notices, outbox, screenings
from aiqa_integration.ledger.tables import (
    ArtifactRow,
    FindingRow,
    JobRow,
    MeasurementRow,
    RecommendationRow,
    ReportRow,
)
from aiqa_integration.model.identity import device_key, identity
from aiqa_integration.model.job import JobEvent, JobState
from aiqa_integration.model.judgement import Judgement
from aiqa_integration.model.measurement import Measured, NotMeasured
from aiqa_integration.model.report import QaReport, Version
from aiqa_integration.pipeline.ports import Artifacts, Job, JobResult, PlannedEffect, Signature
from aiqa_integration.recommendations.context import AssessedSeries

REPORT_TYPE = "application/json"
PREVIEW_TYPE = "image/png"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A result's bytes, stored before any row speaks of them: digests, and (media type, size) by digest."""

    report_json: str
    preview_png: str | None
    payloads: Mapping[str, str]
    artifacts: Mapping[str, tuple[str, int]]


def keep_payloads(effects: Sequence[PlannedEffect], artifacts: Artifacts) -> Kept:
    """Store the bytes of effects."""
    payloads = {effect.dedupe_key: artifacts.put(effect.payload) for effect in effects}
    sizes = {payloads[effect.dedupe_key]: (effect.media_type, len(effect.payload)) for effect in effects}
    return Kept(report_json="", preview_png=None, payloads=payloads, artifacts=sizes)


def add(session: Session, job_id: str, effects: Sequence[PlannedEffect], kept: Kept, signature: Signature) -> None:
    """Plan more effects of a job that has its result; raises LedgerError where its state does not allow it."""
    row = session.get(JobRow, job_id, with_for_update=True)
    if row is None:
        raise LedgerError(f"there is no job {job_id}")
    person, now = signature.person, signature.at
    why = f"{signature.action}: {person.name}, {person.organization}"
    write_artifacts(session, kept.artifacts, now)
    jobs.move(session, row, JobEvent.SIGNED, at=now, who=person.name, why=why)
    outbox.plan(session, row, effects, kept.payloads, now=now)
    audit.append(session, at=now, who=person.name, action=signature.action, subject=signature.subject, detail=why)
    jobs.conclude_all(session, [row], now=now, who=person.name)


def add_unawaited(session: Session, job_id: str, effect: PlannedEffect, kept: Kept, *, now: datetime) -> None:
    """Plan an effect that a job gave rise to and does not wait for."""
    write_artifacts(session, kept.artifacts, now)
    row = session.get_one(JobRow, job_id)
    outbox.plan(session, row, [effect], kept.payloads, now=now, awaited=False)


def keep(result: JobResult, artifacts: Artifacts) -> Kept:
    """Store the bytes of a result."""
    kept: dict[str, tuple[str, int]] = {}

    def put(content: bytes, media_type: str) -> str:
        sha256 = artifacts.put(content)
        kept[sha256] = (media_type, len(content))
        return sha256

    return Kept(
        report_json=put(result.report_json, REPORT_TYPE) if result.report else "",
        preview_png=put(result.preview_png, PREVIEW_TYPE) if result.preview_png else None,
        payloads={effect.dedupe_key: put(effect.payload, effect.media_type) for effect in result.effects},
        artifacts=kept,
    )


def finish(session: Session, job: Job, result: JobResult, kept: Kept, *, now: datetime) -> None:
    """Write a result; raises LeaseLost, and LedgerError for a result that does not fit its state."""
    row = leases.held(session, JobRow, job.job_id, job.lease_owner)
    if row.state is not JobState.SETTLED:
        raise LeaseLost(f"job {job.job_id} is {row.state} now")
    who = leases.worker_of(job.lease_owner)
    leases.release(row)
    row.rule_revision, row.last_error = result.rule_revision, ""
    if result.state is JobState.IGNORED:
        row.report_id, row.verdict, row.refused = None, None, False
        notices.settle(session, row, result, now=now)
        jobs.move(session, row, JobEvent.NO_RULE, at=now, who=who, why=result.reason)
        write_artifacts(session, kept.artifacts, now)
        outbox.plan(session, row, result.effects, kept.payloads, now=now)
        return
    if result.report is None:
        raise LedgerError(f"job {job.job_id} cannot be MEASURED without a report")
    write_artifacts(session, kept.artifacts, now)
    had_result = row.report_id is not None
    row.report_id = _write_report(session, row, result.report, kept, now)
    _write_recommendation(session, row.report_id, result.report, result.assessed, now)
    notices.settle(session, row, result, now=now)
    row.verdict, row.refused = result.report.verdict, result.report.refused is not None
    screenings.keep(session, row.report_id, result.report, now=now)
    jobs.move(session, row, JobEvent.MEASUREMENT_STORED, at=now, who=who, why=result.reason)
    wanted = outbox.plan(session, row, result.effects, kept.payloads, now=now)
    withdrawn: tuple[str, ...] = ()
    if had_result:
        outbox.withdraw_unwanted(session, row.job_id, wanted, now=now)
    if row.revision > 1:
        withdrawn = outbox.withdraw_older(session, row, wanted, now=now)
    jobs.conclude_all(session, [row, *outbox.jobs_of(session, withdrawn)], now=now, who=who)


def predecessor(session: Session, row: JobRow) -> Version | None:
    """Return the result of the latest earlier revision of the series that had one."""
    statement = (
        select(ReportRow)
        .join(JobRow, JobRow.report_id == ReportRow.report_id)
        .where(
            JobRow.archive == row.archive,
            JobRow.study_instance_uid == row.study_instance_uid,
            JobRow.series_instance_uid == row.series_instance_uid,
            JobRow.revision < row.revision,
        )
    )
    report = session.scalars(statement.order_by(JobRow.revision.desc()).limit(1)).one_or_none()
    if report is None:
        return None
    return Version(
        instances_digest=report.instances_digest,
        analysis=report.analysis,
        analysis_version=report.analysis_version,
        rule_revision=report.rule_revision,
        revision=report.revision,
    )


def write_artifacts(session: Session, kept: Mapping[str, tuple[str, int]], now: datetime) -> None:
    """Write down which bytes are kept: (media type, size) by digest."""
    for sha256, (media_type, size) in sorted(kept.items()):
        if session.get(ArtifactRow, sha256) is None:
            session.add(ArtifactRow(sha256=sha256, media_type=media_type, size_bytes=size, created_at=now))
    session.flush()


def _write_report(session: Session, job: JobRow, report: QaReport, kept: Kept, now: datetime) -> str:
    report_id = str(identity("report", job.job_id, report.report_uid))
    session.execute(delete(MeasurementRow).where(MeasurementRow.report_id == report_id))
    provenance, device, refused, bundle = report.provenance, report.device, report.refused, report.bundle
    session.merge(
        ReportRow(
            report_id=report_id,
            report_uid=report.report_uid,
            job_id=job.job_id,
            created_at=now,
            report_json_sha256=kept.report_json,
            preview_png_sha256=kept.preview_png,
            verdict=report.verdict,
            analysis=report.analysis,
            analysis_version=report.analysis_version,
            bundle=bundle.key if bundle else "",
            subject=report.subject,
            phantom=report.phantom,
            device_key=device_key(device),
            manufacturer=device.manufacturer,
            model=device.model,
            serial=device.serial,
            station=device.station,
            refused_code=refused.code if refused else None,
            refused_detail=refused.detail if refused else None,
            simulated=report.simulated,
            revision=report.revision,
            instances_digest=provenance.instances_digest,
            rule_revision=provenance.rule_revision,
            limit_set=provenance.limit_set,
            limit_set_revision=provenance.limit_set_revision,
        )
    )
    session.flush()
    session.add_all(_measurement(report_id, at, judgement) for at, judgement in enumerate(report.judgements))
    return report_id


def _write_recommendation(
    session: Session, report_id: str, report: QaReport, assessed: AssessedSeries | None, now: datetime
) -> None:
    for table in (FindingRow, RecommendationRow):
        session.execute(delete(table).where(table.report_id == report_id))
    for position, finding in enumerate(report.findings):
        session.add(
            FindingRow(
                report_id=report_id,
                position=position,
                artifact=finding.artifact,
                probability=finding.probability,
                severity=finding.severity,
                calibration=finding.calibration,
                alerts=finding.alerts,
            )
        )
    recommendation = report.recommendation
    if recommendation is not None and assessed is not None:
        session.add(
            RecommendationRow(
                report_id=report_id,
                kind=recommendation.kind.value,
                reason=recommendation.reason,
                urgency=recommendation.urgency,
                protocol=assessed.protocol,
                likeness=assessed.likeness,
                contrast_given=assessed.contrast_given,
                minutes=assessed.minutes,
                severities=dict(assessed.severities),
                acquired_at=assessed.acquired_at,
                arrived_at=assessed.arrived_at,
                decided_at=now,
            )
        )
    session.flush()


def _measurement(report_id: str, position: int, judgement: Judgement) -> MeasurementRow:
    measurement, limits = judgement.measurement, judgement.limits
    metric = measurement.metric
    return MeasurementRow(
        report_id=report_id,
        position=position,
        metric=metric.id,
        metric_version=metric.version,
        unit=metric.unit.ucum,
        **_value(measurement),
        detail=measurement.detail,
        slice_index=measurement.slice_index,
        tolerance_low=limits.tolerance_low if limits else None,
        tolerance_high=limits.tolerance_high if limits else None,
        action_low=limits.action_low if limits else None,
        action_high=limits.action_high if limits else None,
        limit_source=limits.source if limits else None,
        limit_revision=limits.revision if limits else None,
        verdict=judgement.verdict,
        margin=judgement.margin,
        required=judgement.required,
    )


def _value(measurement: Measured | NotMeasured) -> dict[str, Any]:
    match measurement:
        case Measured(quantity=quantity, uncertainty=uncertainty):
            return {"value": quantity.value, "uncertainty": uncertainty, "reason": None}
        case NotMeasured(reason=reason):
            return {"value": None, "uncertainty": None, "reason": reason.value}
