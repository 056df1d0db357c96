"""What a run of the loop came to: every series, asked for again at the archive and the FHIR server."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiqa_integration.model.job import EffectState, JobState
from aiqa_integration.model.judgement import SEVERITY
from aiqa_integration.model.wording import judgement_text

if TYPE_CHECKING:
    from aiqa_integration.bootstrap import Services
    from aiqa_integration.ledger.views import JobDetail, QueueRow
    from aiqa_integration.pipeline.ports import Archive, Artifacts
    from aiqa_integration.settings import Settings

PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """One series: its result, and how much of what was sent is found again by QIDO and FHIR search."""

    job_id: str
    series_instance_uid: str
    description: str
    scanner: str
    state: str
    result: str
    why: str
    objects_sent: int
    objects_found: int
    resources_sent: int
    resources_found: int

    @property
    def ended_well(self) -> bool:
        """Whether it was reported or refused with a reason, and everything sent was found again."""
        at_end = self.state in {JobState.DELIVERED, JobState.SUPERSEDED} or (
            self.state == JobState.IGNORED and bool(self.why)
        )
        return at_end and self.objects_found == self.objects_sent and self.resources_found == self.resources_sent


def summary(tools: "Services", settings: "Settings") -> Iterator[Delivered]:
    """Yield every job of the ledger, oldest first, its deliveries looked up at their receivers."""
    from aiqa_integration.bootstrap import books_of

    books = books_of(tools.ledger)
    rows: list[QueueRow] = []
    while page := books.queue(PAGE, len(rows)):
        rows += page
    for row in sorted(rows, key=lambda row: (row.created_at, row.ref)):
        detail = books.job_detail(row.job_id)
        if detail is not None:
            yield _delivered(detail, tools, settings)


def _delivered(detail: "JobDetail", tools: "Services", settings: "Settings") -> Delivered:
    job = detail.job
    sent = [delivery for delivery in detail.deliveries if delivery.state is EffectState.SENT]
    objects = {delivery.remote_id for delivery in sent if delivery.sink == "pacs"}
    resources = sum(1 for delivery in sent if delivery.sink == "ehr")
    result, why = _outcome(job, tools.artifacts)
    found = objects & _instances(tools.schedules[job.archive].archive, job.ref.study_instance_uid) if objects else set()
    return Delivered(
        job_id=job.job_id,
        series_instance_uid=job.ref.series_instance_uid,
        description=job.description,
        scanner=f"{job.device.manufacturer} {job.device.model}".strip(),
        state=job.state.value,
        result=result,
        why=why,
        objects_sent=len(objects),
        objects_found=len(found),
        resources_sent=resources,
        resources_found=_observations(job, settings, tools.artifacts) if resources else 0,
    )


def _outcome(job: "QueueRow", artifacts: "Artifacts") -> tuple[str, str]:
    """Return the verdict in a word, and what is to be said of it: nothing where every value is within its limits."""
    from aiqa_integration.console.document import judgement, read_document

    if job.result is None:
        return ("refused" if job.state is JobState.IGNORED else ""), job.reason or job.last_error
    if job.result.refused_code:
        return "refused", job.reason
    document = read_document(artifacts.get(job.result.report_sha256))
    judgements = [judgement(row) for row in document.measurements]
    remarkable = [judged for judged in judgements if SEVERITY[judged.verdict] > 0]
    return job.result.verdict.value, "; ".join(f"{j.measurement.metric.label} {judgement_text(j)}" for j in remarkable)


def _instances(archive: "Archive", study_instance_uid: str) -> set[str]:
    return {uid for row in archive.find_series(study_instance_uid) for uid in archive.find_instances(row.ref)}


def _observations(job: "QueueRow", settings: "Settings", artifacts: "Artifacts") -> int:
    """Return how many Observations the FHIR server has for the result (one is right)."""
    from aiqa_integration.bootstrap import fhir_client
    from aiqa_integration.console.document import read_document
    from aiqa_integration.fhir.identity import RESULT, RUN_KINDS
    from aiqa_integration.model.identity import identity

    if job.result is None:
        return 0
    kind = RUN_KINDS[read_document(artifacts.get(job.result.report_sha256)).subject]
    key = identity(job.ref.study_instance_uid, job.ref.series_instance_uid, job.result.analysis, kind)
    return len(fhir_client(settings).search("Observation", {"identifier": f"{RESULT}|{key}"}))
