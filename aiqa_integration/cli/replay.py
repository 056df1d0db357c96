"""``aiqa poll``, ``aiqa replay``, ``aiqa report``: single steps by hand."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aiqa_integration.cli.table import print_measurements, print_table, verdict_text
from aiqa_integration.model.job import JobState

if TYPE_CHECKING:
    from aiqa_integration.ledger.queries import Books


@click.command()
@click.option("--once", is_flag=True, required=True, help="Poll each archive now and end.")
def poll(once: bool) -> None:  # noqa: ARG001 - a command line word that says what happens
    """Poll the archive once, by hand; what is found is worked on by the running workers."""
    from aiqa_integration.bootstrap import services
    from aiqa_integration.pipeline.poll import poll as poll_archive
    from aiqa_integration.settings import load_settings

    with services(load_settings()) as tools:
        for name, schedule in tools.schedules.items():
            outcome = poll_archive(schedule, tools.ledger, tools.clock, wide=False)
            click.echo(
                f"{name}: {outcome.studies_listed} studies listed, {outcome.studies_queried} looked into, "
                f"{outcome.series_seen} series recorded, {outcome.series_skipped} passed over"
            )


@click.command()
@click.argument("job_ids", nargs=-1)
@click.option(
    "--state",
    type=click.Choice([JobState.FAILED.value, JobState.HELD.value, JobState.IGNORED.value]),
    help="Replay every job in this state.",
)
def replay(job_ids: tuple[str, ...], state: str | None) -> None:
    """Take up jobs again that failed, are held or were ignored."""
    from aiqa_integration.bootstrap import books_of, open_ledger
    from aiqa_integration.settings import load_settings

    if not job_ids and state is None:
        raise click.UsageError("name jobs or give --state")
    with open_ledger(load_settings()) as (ledger, clock):
        chosen = list(job_ids)
        if state is not None:
            books, wanted = books_of(ledger), JobState(state)
            chosen += [row.job_id for row in books.queue(books.counts().states.get(wanted, 0), 0, state=wanted)]
        for job_id in dict.fromkeys(chosen):
            ledger.replay(job_id, who="aiqa replay", why="asked for by hand", now=clock.now())
            click.echo(job_id)


@click.command()
@click.argument("job_id", required=False)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write report.json, preview.png and OperationOutcomes of refusals here.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report, or the list of jobs, as JSON.")
def report(job_id: str | None, out: Path | None, as_json: bool) -> None:
    """Show a job's report, or list the latest jobs."""
    from aiqa_integration.bootstrap import books_of, open_ledger
    from aiqa_integration.settings import load_settings

    with open_ledger(load_settings()) as (ledger, _):
        if job_id is None:
            _list(books_of(ledger), as_json=as_json)
            return
        detail = books_of(ledger).job_detail(job_id)
        if detail is None:
            raise click.ClickException(f"no such job: {job_id}")
        result = detail.job.result
        if result is None:
            raise click.ClickException(f"{detail.job.state}: {detail.job.reason}")
        content = ledger.artifacts.get(result.report_sha256)
        preview = ledger.artifacts.get(result.preview_sha256) if result.preview_sha256 else b""
        refusals = [delivery for delivery in detail.deliveries if delivery.outcome_sha256]
        outcomes = {f"outcome-{row.sink}.json": ledger.artifacts.get(row.outcome_sha256) for row in refusals}
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "report.json").write_bytes(content)
        (out / "preview.png").write_bytes(preview)
        for name, words in outcomes.items():
            (out / name).write_bytes(words)
    _show(content, as_json=as_json)


def _list(books: "Books", *, as_json: bool) -> None:
    rows = books.queue(100, 0)
    if as_json:
        for row in rows:
            click.echo(json.dumps({"job": row.job_id, "state": row.state, "reason": row.reason}))
    else:
        verdicts = [row.result.verdict if row.result else "" for row in rows]
        cells = [(r.job_id, r.description, r.state, v, r.reason) for r, v in zip(rows, verdicts, strict=True)]
        print_table(("job", "series", "state", "verdict", "reason"), cells)


def _show(content: bytes, *, as_json: bool) -> None:
    from aiqa_integration.console.document import judgement, read_document

    document = json.loads(content)
    if as_json:
        click.echo(json.dumps(document))
    else:
        click.echo(verdict_text(document))
        print_measurements(judgement(row) for row in read_document(content).measurements)
