"""``/review/``: series in which artifacts wait for a reader's answer, and one of them with the form for it."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from aiqa_integration.artifact_detection.gate import band_of
from aiqa_integration.console import forms, reviewer
from aiqa_integration.console.context import console, reviewing
from aiqa_integration.console.document import FindingDocument, ReportDocument, read_document
from aiqa_integration.ledger.views import GivenAnswer, JobDetail, ReviewCase, ToReview
from aiqa_integration.model.artifact import ARTIFACTS_BY_ID, ArtifactId
from aiqa_integration.model.calibration import UNCALIBRATED
from aiqa_integration.model.finding import ALERTED_SEVERITY, Calibration, Severity

PAGE = Blueprint("review", __name__, url_prefix="/review")

WAITING_SHOWN = 50
LONGEST_COMMENT = 500
SEVERITIES: Mapping[str, Severity] = {"0": 0, "1": 1, "2": 2, "3": 3}
"""What a form may say of an artifact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """An artifact that was looked for: its probability here, from which one on it is called present, what was found.

    ``answer`` is the last one that was given.
    """

    artifact: ArtifactId
    title: str
    probability: float
    limit: float
    state: Calibration
    finding: FindingDocument | None
    answer: GivenAnswer | None


@PAGE.get("/")
def show() -> str:
    """Show the series that wait, the oldest first."""
    reviews = reviewing()
    return render_template(
        "review.html",
        rows=[(row, _likeliest(row)) for row in reviews.to_review(WAITING_SHOWN)],
        count=reviews.to_review_count(),
        drifts=reviews.open_drifts(),
        recorded="recorded" in request.args,
    )


@PAGE.get("/<uuid:job_id>/")
def case(job_id: uuid.UUID) -> str:
    """Show a series with what was found in it, and the form for the answer."""
    found, detail, document = _case(job_id)
    looked = _looked(found, document)
    return render_template(
        "review_case.html",
        job=detail.job,
        series=found.series,
        answers=found.answers,
        found=[one for one in looked if one.finding],
        others=[one for one in looked if not one.finding],
        following=_following(found.series),
        count=reviewing().to_review_count(),
        recorded="recorded" in request.args,
        **reviewer.asked(),
        longest_comment=LONGEST_COMMENT,
    )


@PAGE.post("/<uuid:job_id>/answer")
def answer(job_id: uuid.UUID) -> ResponseReturnValue:
    """Record an answer and show the next series that waits."""
    who = forms.signed(forms.LARGE_FORM_BYTES)
    series = _case(job_id)[0].series
    severities = _answered(series)
    if not severities:
        abort(400)
    following = _following(series)
    reviewing().answer(
        series.series_instance_uid,
        {artifact: severity >= ALERTED_SEVERITY for artifact, severity in severities.items()},
        severities=severities,
        comment=forms.line("comment", LONGEST_COMMENT),
        who=who,
        at=console().now(),
    )
    target = url_for("review.case", job_id=following.job_id) if following else url_for("review.show")
    return forms.done(f"{target}?recorded", who)


def _case(job_id: uuid.UUID) -> tuple[ReviewCase, JobDetail, ReportDocument]:
    found, detail = reviewing().review_case(str(job_id)), console().books.job_detail(str(job_id))
    if found is None or detail is None or detail.job.result is None:
        abort(404)
    return found, detail, read_document(console().artifacts.get(detail.job.result.report_sha256))


def _looked(found: ReviewCase, document: ReportDocument) -> Sequence[Looked]:
    """Return the artifacts that were looked for: those found, the most severe first, then the others by probability."""
    findings = {finding.artifact: finding for finding in document.findings}
    last = {given.artifact: given for given in reversed(found.answers)}
    looked = []
    for artifact, raw in found.series.raw.items():
        calibration = found.calibrations.get(artifact, UNCALIBRATED)
        looked.append(
            Looked(
                artifact=artifact,
                title=ARTIFACTS_BY_ID[artifact].title,
                probability=calibration.probability(raw),
                limit=band_of(artifact, calibration).high,
                state=calibration.state,
                finding=findings.get(artifact.value),
                answer=last.get(artifact),
            )
        )
    return sorted(looked, key=lambda one: (-(one.finding.severity if one.finding else 0), -one.probability))


def _answered(series: ToReview) -> dict[ArtifactId, Severity]:
    """Return the severities that a form says; ``others`` says that what it leaves out is not there."""
    said = {artifact: request.form.get(f"severity-{artifact}", "") for artifact in series.raw}
    unsaid: Severity | None = 0 if "others" in request.form else None
    found = {artifact: SEVERITIES.get(word, unsaid) for artifact, word in said.items()}
    return {artifact: severity for artifact, severity in found.items() if severity is not None}


def _likeliest(row: ToReview) -> str:
    if not row.raw:
        return ""
    artifact = max(row.raw, key=row.raw.__getitem__)
    return f"{ARTIFACTS_BY_ID[artifact].title}, {100 * row.raw[artifact]:.0f}\N{NO-BREAK SPACE}%"


def _following(series: ToReview) -> ToReview | None:
    """Return the series that waits next after this one; the first that waits where this one is the last."""
    rows = reviewing().to_review(WAITING_SHOWN)
    later = [row for row in rows if (row.at, row.report_id) > (series.at, series.report_id)]
    others = [row for row in rows if row.series_instance_uid != series.series_instance_uid]
    return next(iter([*later, *others]), None)
