"""``/series/<job>``: one series with every value beside its limit, the picture, and all that happened."""

import uuid
from dataclasses import dataclass

from flask import Blueprint, Response, render_template, request
from werkzeug.exceptions import NotFound

from aiqa_integration.console import phrases
from aiqa_integration.console.context import console
from aiqa_integration.console.document import ReportDocument, judgement, read_document
from aiqa_integration.ledger.views import JobDetail, ResultSummary
from aiqa_integration.model.job import JobState
from aiqa_integration.model.judgement import SEVERITY, Judgement, Verdict

PAGE = Blueprint("series", __name__, url_prefix="/series/<uuid:job_id>")

UNFINISHED = frozenset({JobState.DISCOVERED, JobState.SETTLED, JobState.MEASURED})
"""States in which the page changes by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A report made ready to be shown; ``remarkable`` are the judgements that decide the verdict, worst first."""

    document: ReportDocument
    judgements: tuple[Judgement, ...]
    remarkable: tuple[Judgement, ...]


@PAGE.get("/")
def show(job_id: uuid.UUID) -> str:
    """Show the report of a series, or why there is none."""
    detail = _detail(job_id)
    return render_template(
        "series.html",
        job=detail.job,
        detail=detail,
        report=_report(detail.job.result),
        meaning=phrases.meaning(detail.job),
        changing=detail.job.state in UNFINISHED,
    )


@PAGE.get("/preview.png")
def preview(job_id: uuid.UUID) -> Response:
    """Send the picture of what was measured."""
    result = _detail(job_id).job.result
    return _stored(result.preview_sha256 if result else None, "image/png")


@PAGE.get("/report.json")
def report_json(job_id: uuid.UUID) -> Response:
    """Send the report as it is stored, byte for byte."""
    result = _detail(job_id).job.result
    return _stored(result.report_sha256 if result else None, "application/json")


def _detail(job_id: uuid.UUID) -> JobDetail:
    detail = console().books.job_detail(str(job_id))
    if detail is None:
        raise NotFound
    return detail


def _report(result: ResultSummary | None) -> Shown | None:
    if result is None:
        return None
    document = read_document(console().artifacts.get(result.report_sha256))
    judgements = tuple(judgement(row) for row in document.measurements)
    remarkable = sorted(filter(_decides, judgements), key=lambda judged: -SEVERITY[judged.verdict])
    return Shown(document=document, judgements=judgements, remarkable=tuple(remarkable))


def _decides(judged: Judgement) -> bool:
    return SEVERITY[judged.verdict] > 0 and (judged.required or judged.verdict is not Verdict.NOT_MEASURED)


def _stored(sha256: str | None, media_type: str) -> Response:
    if sha256 is None:
        raise NotFound
    response = Response(console().artifacts.get(sha256), mimetype=media_type)
    # The address stays when a replay changes the result: a browser may keep the bytes, but has to ask.
    response.headers["Cache-Control"] = "private, no-cache"
    response.set_etag(sha256)
    response.make_conditional(request)
    return response
