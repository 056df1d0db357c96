"""Bring one job from SETTLED to MEASURED (or IGNORED): retrieve, route, analyse, encode, commit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from aiqa_integration.errors import AiqaError, InputError, LeaseLost, OutOfMemory, Unforeseen
from aiqa_integration.model.image import SeriesHeader
from aiqa_integration.model.job import JobState
from aiqa_integration.model.report import QaReport
from aiqa_integration.model.report_json import report_bytes
from aiqa_integration.pipeline.analyse import Attempt, Lineage, first_result, refused_report
from aiqa_integration.pipeline.analyst import Analyst, Stopwatch
from aiqa_integration.pipeline.encode import plan_effects
from aiqa_integration.pipeline.lease import kept
from aiqa_integration.pipeline.ports import (
    Archive,
    Artifacts,
    Clock,
    Draw,
    Job,
    JobResult,
    Ledger,
    LoadedSeries,
    SeriesReader,
    Sink,
)
from aiqa_integration.pipeline.recommend import Advised, Adviser, recommend
from aiqa_integration.pipeline.retries import RetryPolicy
from aiqa_integration.pipeline.retrieve import read_header, retrieve
from aiqa_integration.pipeline.route import route
from aiqa_integration.pipeline.withdraw import Past, with_withdrawals
from aiqa_integration.rules.match import Match, wants_modality

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What a job needs: where images come from, who reads and analyses them, where results go, who keeps the books.

    Sinks in ``always`` get every result, the others those whose rule names them.
    """

    archives: Mapping[str, Archive]
    reader: SeriesReader
    analyst: Analyst
    sinks: Mapping[str, Sink]
    draw: Draw
    ledger: Ledger
    artifacts: Artifacts
    clock: Clock
    retry: RetryPolicy
    lease: timedelta
    work_folder: Path
    adviser: Adviser = field(default_factory=Adviser)
    always: tuple[str, ...] = ()


def advance(job_id: str, shop: Workshop, *, owner: str) -> None:
    """Claim a job, work it, commit; what goes wrong is written to the ledger, never lost."""
    job = shop.ledger.claim_job(job_id, owner=owner, now=shop.clock.now(), lease=shop.lease)
    if job is None:
        return
    with (
        kept(lambda: shop.ledger.extend_job(job, now=shop.clock.now(), lease=shop.lease), shop.lease),
        TemporaryDirectory(dir=shop.work_folder, prefix="job-") as folder,
    ):
        try:
            result = _work(job, shop, Path(folder))
            past = Past(ledger=shop.ledger, artifacts=shop.artifacts)
            result = with_withdrawals(result, job, shop.sinks.values(), past, now=shop.clock.now())
            shop.ledger.finish_job(job, result, now=shop.clock.now())
        except LeaseLost:
            log.warning("job.lease-lost", job=job.job_id)
        except AiqaError as error:
            _postpone(job, shop, error)
        except Exception as error:  # noqa: BLE001 - the task's boundary: what nobody thought of is written down too
            _postpone(job, shop, Unforeseen.of(error))
        else:
            log.info("job.finished", job=job.job_id, state=result.state, reason=result.reason)


def _work(job: Job, shop: Workshop, folder: Path) -> JobResult:
    if job.attempts > shop.retry.give_up_after:
        raise OutOfMemory(f"no worker came back from the last of {job.attempts - 1} attempts")
    if job.modality and not wants_modality(shop.analyst.rules, job.modality):
        return _ignored(shop, f"no rule wants modality {job.modality}")
    watch = Stopwatch()
    with watch.step("retrieve"):
        files = retrieve(shop.archives[job.archive], job, folder)
        header = read_header(shop.reader, files)
    wanted = route(header, shop.analyst.rules)
    if wanted.rule is None:
        return _ignored(shop, wanted.reason)
    lineage = Lineage(revision=job.revision, predecessor=job.predecessor)
    series: LoadedSeries | None = None
    try:
        with watch.step("read"):
            series = shop.reader.load(files)
    except InputError as error:
        attempt = Attempt(wanted, error)
    else:
        attempt = first_result(series, wanted, shop.analyst, lineage=lineage, watch=watch)
    if isinstance(attempt.outcome, QaReport):
        return _measured(shop, attempt.route, _advised(attempt.outcome, header, shop, job), series)
    if attempt.route.rule is None or attempt.route.rule.when_not_found != "report":
        return _ignored(shop, f"{attempt.outcome} ({attempt.route.reason})")
    report = refused_report(header, attempt.route, shop.analyst, error=attempt.outcome, lineage=lineage)
    return _measured(shop, attempt.route, _advised(report, header, shop, job), series)


def _advised(report: QaReport, header: SeriesHeader, shop: Workshop, job: Job) -> Advised:
    now = shop.clock.now()
    return recommend(report, header, shop.adviser, history=shop.ledger, arrived_at=job.arrived_at or now, now=now)


def _measured(shop: Workshop, wanted: Match, advised: Advised, series: LoadedSeries | None) -> JobResult:
    report = advised.report
    names = (*(wanted.rule.sinks if wanted.rule else ()), *shop.always)
    sinks = [shop.sinks[name] for name in names if name in shop.sinks]
    return JobResult(
        state=JobState.MEASURED,
        reason=report.refused.detail if report.refused else wanted.reason,
        rule_revision=report.provenance.rule_revision,
        report=report,
        report_json=report_bytes(report, series.stack.slices if series else ()),
        preview_png=shop.draw(report, series) if series else b"",
        effects=plan_effects(report, series, sinks),
        assessed=advised.assessed,
        notices=advised.notices,
    )


def _ignored(shop: Workshop, reason: str) -> JobResult:
    return JobResult(state=JobState.IGNORED, reason=reason, rule_revision=shop.analyst.rules.revision)


def _postpone(job: Job, shop: Workshop, error: AiqaError) -> None:
    now = shop.clock.now()
    until = shop.retry.next_at(job.attempts, now, error)
    shop.ledger.postpone_job(job, error, now=now, until=until)
    log.warning("job.postponed" if until else "job.failed", job=job.job_id, code=error.code, until=str(until))
