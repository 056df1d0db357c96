"""``aiqa report``: a job's report, or what a scanner came to in a month."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aiqa_integration.cli.table import print_measurements, print_table, verdict_text

if TYPE_CHECKING:
    from aiqa_integration.ledger.queries import Books
    from aiqa_integration.model.month import CalendarMonth, ScannerMonth


class _JobsFirst(click.Group):
    """``aiqa report JOB`` is ``aiqa report job JOB``: only the other reports are asked for by name."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Put the usual command's name in where none is given."""
        asks_for_help = len(args) == 1 and args[0] in context.help_option_names
        if not asks_for_help and (not args or args[0] not in self.commands):
            args = ["job", *args]
        return super().parse_args(context, args)


@click.group(cls=_JobsFirst)
def report() -> None:
    """Show a job's report, list the latest jobs (`job`, also without that word), or sum up a month."""


@report.command()
@click.argument("month", required=False, metavar="[YYYY-MM]")
@click.option("--scanner", default="", help="Part of its manufacturer, model, serial number or station; none = all.")
@click.option("--dry-run", is_flag=True, help="Only print; plan nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the MeasureReports, one a line.")
def month(month: str | None, scanner: str, dry_run: bool, as_json: bool) -> None:
    """Sum up a month of each scanner as MeasureReports, and plan them for the FHIR API and the EHR.

    The last month if none is named. The same numbers are planned once; one that a receiver refused is planned again.
    A month that has not ended is only printed.
    """
    from aiqa_integration.bootstrap import month_desk
    from aiqa_integration.model.month import by_scanner
    from aiqa_integration.pipeline.summarize import summarize
    from aiqa_integration.settings import load_settings

    with month_desk(load_settings()) as desk:
        now = desk.clock.now().astimezone(desk.zone)
        asked = _asked(month, now.date())
        found = by_scanner(desk.ledger.scanner_months(*asked.span(desk.zone)))
        wanted = [summary for summary in found if _is_named(summary, scanner)]
        if scanner and not wanted:
            names = ", ".join(_name(summary) for summary in found) or "none"
            raise click.ClickException(f"no scanner of {asked} is called so; those with results: {names}")
        if as_json:
            _print_resources(asked, wanted, now)
        else:
            _print_month(asked, wanted)
        if dry_run or asked.end > now.date():
            click.echo("nothing planned" if dry_run else f"nothing planned: {asked} has not ended", err=True)
            return
        planned = summarize(
            asked, desk.sinks, desk.ledger, desk.artifacts,
            now=now, zone=desk.zone, of=lambda summary: _is_named(summary, scanner), again=True,
        )  # fmt: skip
    receivers = ", ".join(dict.fromkeys(effect.sink for effect in planned))
    click.echo(f"planned for {receivers}" if planned else "planned before; nothing new to say", err=True)


@report.command("job")
@click.argument("job_id", required=False)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write report.json, preview.png and OperationOutcomes of refusals here.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report, or the list of jobs, as JSON.")
def job(job_id: str | None, out: Path | None, as_json: bool) -> None:
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


def _asked(text: str | None, today: date) -> "CalendarMonth":
    from aiqa_integration.model.month import CalendarMonth

    if text is None:
        return CalendarMonth.before(today)
    try:
        return CalendarMonth.read(text)
    except ValueError as error:
        raise click.UsageError("a month is YYYY-MM, such as 2026-10") from error


def _is_named(summary: "ScannerMonth", words: str) -> bool:
    return words.casefold() in _name(summary).casefold()


def _name(summary: "ScannerMonth") -> str:
    device = summary.device
    return " ".join(part for part in (device.manufacturer, device.model, device.serial, device.station) if part)


def _print_resources(month: "CalendarMonth", summaries: "list[ScannerMonth]", now: datetime) -> None:
    from aiqa_integration.fhir.json_text import json_bytes
    from aiqa_integration.fhir.measure_report import measure_reports
    from aiqa_integration.fhir.style import PLAIN

    for summary in summaries:
        for entry in measure_reports(summary, month, made_on=now.isoformat(timespec="seconds"), style=PLAIN):
            if entry["resource"]["resourceType"] == "MeasureReport":
                click.echo(json_bytes(entry["resource"]))


def _print_month(month: "CalendarMonth", summaries: "list[ScannerMonth]") -> None:
    rows = [
        (
            _name(summary) + (" (simulated)" if summary.simulated else ""),
            f"{summary.passed} of {summary.runs}",
            f"{summary.repeated} of {summary.series}",
        )
        for summary in summaries
    ]
    print_table((str(month), "phantom runs passed", "series repeated"), rows)
