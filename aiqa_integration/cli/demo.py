"""``aiqa demo``: the whole system on embedded defaults in one process."""

import json
import shutil
import time
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aiqa_integration.cli.table import print_table
from aiqa_integration.errors import AiqaError, ConfigurationError

if TYPE_CHECKING:
    from aiqa_integration.bootstrap import Services
    from aiqa_integration.cli.summary import Delivered
    from aiqa_integration.settings import Settings

MARK = "made-by-aiqa-demo"
POLL_EVERY_S = 1.0
QUIET_S = 1.0


@click.command()
@click.option("--once", is_flag=True, help="End when all is delivered; exit 0 only if every job ended as it should.")
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Own DICOM files to use.")
@click.option(
    "--folder", type=click.Path(file_okay=False, path_type=Path), default=Path("var/demo"), help="Where to work."
)
@click.option("--port", type=int, default=8088, help="Port of the console; 0 = any free one.")
@click.option("--timeout", "timeout_s", type=float, default=1800.0, help="Seconds after which --once gives up.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def demo(once: bool, data: Path | None, folder: Path, port: int, timeout_s: float, as_json: bool) -> None:
    """Run archive, ledger, worker, FHIR store and console on embedded defaults.

    Without --data the archive holds generated, clearly labelled sample studies.
    """
    from aiqa_integration.bootstrap import services
    from aiqa_integration.cli.serving import console_server
    from aiqa_integration.console.printed import printer
    from aiqa_integration.fhir.demo_ehr import PATIENT_SYSTEM
    from aiqa_integration.fhir.embedded_store import EmbeddedFhirStore
    from aiqa_integration.settings import load_settings
    from celery_worker.embedded import EmbeddedWorker

    start_afresh(folder)
    _say(as_json, "filling the embedded archive ...")
    fill(folder / "archive", data, as_json=as_json)
    with ExitStack() as stack:
        _say(as_json, "starting the embedded FHIR store ...")
        store = stack.enter_context(EmbeddedFhirStore(folder / "fhir"))
        settings = load_settings(
            data_folder=folder,
            archive={
                "name": "embedded",
                "folder": folder / "archive",
                "poll_every_s": POLL_EVERY_S,
                "quiet_s": QUIET_S,
                "window_days": "all",
                "reconcile_window_days": "all",
            },
            ehr={"url": store.base_url, "patient_system": PATIENT_SYSTEM, "audit_events": True},
            console={"port": port},
        )
        _admit_patients(folder / "archive", settings)
        tools = stack.enter_context(services(settings, printer(settings)))
        if data is None:
            _trust_samples(settings)
        stack.enter_context(EmbeddedWorker(tools, concurrency=settings.worker.concurrency))
        if once:
            complete = _wait(tools, timeout_s)
            _finish(tools, settings, complete=complete, as_json=as_json)
        else:
            address = stack.enter_context(console_server(tools, settings))
            click.echo(f"console: {address}\nFHIR:    {store.base_url}\nstop with Ctrl-C")
            _sleep_until_interrupted()


def start_afresh(folder: Path) -> None:
    """Empty the folder of an earlier demo; raises ConfigurationError where it holds something else."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).exists():
            raise ConfigurationError(f"{folder} is not empty and not an earlier demo's; choose another with --folder")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).touch()


def fill(archive_folder: Path, data: Path | None, *, as_json: bool) -> None:
    """Store the sample studies, or a copy of the DICOM files in ``data``, in the embedded archive."""
    from aiqa_integration.cli.samples import write_sample_studies
    from aiqa_integration.dicom.directory_archive import DirectoryArchive
    from aiqa_integration.dicom.files import group_files

    archive_folder.mkdir()
    if data is None:
        write_sample_studies(archive_folder)
        return
    archive = DirectoryArchive(archive_folder)
    for group in group_files([data]):
        try:
            files = group.usable_files()
            study = group.ref.study_instance_uid if group.ref else ""
            outcome = archive.store([file.read_bytes() for file in files], study)
        except AiqaError as error:
            place = group.files[0] if group.files else data
            _say(as_json, f"not stored: {len(group.files)} file(s) as {place}: {error}")
        else:
            for refused in outcome.refused:
                _say(as_json, f"not stored: {refused.sop_instance_uid}: reason {refused.reason}")


def _admit_patients(archive_folder: Path, settings: "Settings") -> None:
    """Let the embedded FHIR store know the patients of the archive, as an EHR does; phantoms are none."""
    from aiqa_integration.bootstrap import fhir_client
    from aiqa_integration.dicom.files import group_files
    from aiqa_integration.dicom.volume import DicomSeriesReader
    from aiqa_integration.fhir.demo_ehr import register

    patients = []
    for group in group_files([archive_folder]):
        try:
            header = DicomSeriesReader().header(group.usable_files()[:1])
        except AiqaError:
            continue  # the poll says what is wrong with it
        if header.patient is not None and header.keywords.get("QualityControlSubject") != "YES":
            patients.append(header.patient)
    register(fhir_client(settings), patients)


def _trust_samples(settings: "Settings") -> None:
    from aiqa_integration.artifact_detection import ARTIFACT_BUNDLE
    from aiqa_integration.bootstrap import bundle_named, open_scanner_record
    from aiqa_integration.cli.samples import trust_sample_scanner

    with open_scanner_record(settings) as (record, clock):
        trust_sample_scanner(record, bundle_named(ARTIFACT_BUNDLE, settings).version(), at=clock.now())


def _wait(tools: "Services", timeout_s: float) -> bool:
    """Return whether everything came to an end before the time was over."""
    deadline = time.monotonic() + timeout_s
    first_polls = time.monotonic() + 2 * (POLL_EVERY_S + QUIET_S)
    while time.monotonic() < deadline:
        if time.monotonic() > first_polls and tools.ledger.idle():
            return True
        time.sleep(0.2)
    return False


def _finish(tools: "Services", settings: "Settings", *, complete: bool, as_json: bool) -> None:
    from aiqa_integration.cli.summary import summary

    rows = list(summary(tools, settings))
    if as_json:
        click.echo(json.dumps([asdict(row) for row in rows]))
    else:
        _print(rows)
        _look_at(settings, rows)
    if not complete or not rows or not all(row.ended_well for row in rows):
        raise click.exceptions.Exit(1)


def _print(rows: "list[Delivered]") -> None:
    """Print a line a series, then what is to be said of those that are not simply within limits."""
    print_table(
        ("", "series", "scanner", "result", "state", "DICOM found/sent", "FHIR found/sent"),
        [(str(number), *_cells(row)) for number, row in enumerate(rows, start=1)],
    )
    for number, row in enumerate(rows, start=1):
        if row.why:
            click.echo(f"\n{number}: {row.why}")


def _cells(row: "Delivered") -> tuple[str, ...]:
    return (
        row.description or "(no description)",
        row.scanner,
        row.result,
        row.state,
        f"{row.objects_found}/{row.objects_sent}",
        f"{row.resources_found}/{row.resources_sent}",
    )


def _look_at(settings: "Settings", rows: "list[Delivered]") -> None:
    click.echo(f"\n{len(rows)} series. Result objects (DICOM) lie in {settings.archive.folder}.")
    click.echo(f"reports and pictures: AIQA_DATA_FOLDER={settings.data_folder} aiqa report [JOB --out FOLDER]")
    click.echo("console in the browser: aiqa demo (without --once it does the same and stays)")


def _sleep_until_interrupted() -> None:
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        click.echo("stopping ...")


def _say(as_json: bool, text: str) -> None:
    click.echo(text, err=as_json)
