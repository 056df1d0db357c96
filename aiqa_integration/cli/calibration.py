"""``aiqa review`` and ``aiqa calibration``: what reviewers say of artifacts, and how far alerts are trusted."""

import getpass
import json
from typing import TYPE_CHECKING

import click

from aiqa_integration.artifact_detection import ARTIFACT_BUNDLE
from aiqa_integration.artifact_detection.states import CalibrationEvent
from aiqa_integration.cli.table import print_table
from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.model.finding import ALERTED_SEVERITY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiqa_integration.ledger.views import ToReview
    from aiqa_integration.model.finding import Severity

_EVENTS = {"suspend": CalibrationEvent.SUSPENDED_BY_PERSON, "resume": CalibrationEvent.RESUMED_BY_PERSON}
_BY = click.option("--by", "who", default=getpass.getuser, show_default="you", help="Who says so, for the audit.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON lines instead of a table.")
_ARTIFACT = click.Choice([artifact.value for artifact in ArtifactId])


@click.group()
def review() -> None:
    """Answer whether artifacts are really there: what calibration is made of."""


@review.command("list")
@click.option("--limit", default=50, show_default=True)
@_JSON
def list_reviews(limit: int, as_json: bool) -> None:
    """List series that were flagged, drawn for the random sample or belong to a drift, and have no answer."""
    from aiqa_integration.bootstrap import open_scanner_record
    from aiqa_integration.settings import load_settings

    with open_scanner_record(load_settings()) as (record, _):
        rows = record.to_review(limit)
    if as_json:
        for row in rows:
            click.echo(json.dumps({"series": row.series_instance_uid, "family": row.family, "raw": dict(row.raw)}))
        return
    _print_reviews(rows)


@review.command("answer")
@click.argument("series_instance_uid")
@click.option("--present", multiple=True, type=_ARTIFACT, help="Artifacts that limit reading of this series.")
@click.option("--absent", multiple=True, type=_ARTIFACT, help="Artifacts that do not.")
@click.option(
    "--severity",
    "severities",
    multiple=True,
    type=(_ARTIFACT, click.IntRange(0, 3)),
    metavar="ARTIFACT N",
    help="Instead of the two: 0 none, 1 minor (absent: it does not limit), 2 moderate, 3 severe.",
)
@click.option("--comment", default="", help="Anything to add; no names.")
@_BY
def answer(
    series_instance_uid: str,
    present: tuple[str, ...],
    absent: tuple[str, ...],
    severities: "tuple[tuple[str, Severity], ...]",
    comment: str,
    who: str,
) -> None:
    """Record what a reader saw in a series; calibrations follow at once."""
    from aiqa_integration.bootstrap import open_scanner_record
    from aiqa_integration.settings import load_settings

    graded = {ArtifactId(name): severity for name, severity in severities}
    if not present and not absent and not graded:
        raise click.UsageError("name artifacts by --present, --absent or --severity")
    if len({*present, *absent, *graded}) < len(present) + len(absent) + len(severities):
        raise click.UsageError("an artifact is either present or absent, and named once")
    said = {ArtifactId(name): name in present for name in (*present, *absent)}
    said |= {artifact: severity >= ALERTED_SEVERITY for artifact, severity in graded.items()}
    with open_scanner_record(load_settings()) as (record, clock):
        found = record.answer(series_instance_uid, said, severities=graded, comment=comment, who=who, at=clock.now())
    for artifact, calibration in found.items():
        click.echo(f"{artifact}: {calibration.state}, {calibration.reviewed} reviewed, {calibration.positives} present")


@click.group()
def calibration() -> None:
    """How far alerts of each artifact are trusted, by scanner and protocol family."""


@calibration.command("list")
@_JSON
def list_calibrations(as_json: bool) -> None:
    """List calibrations, and the drifts that nobody has looked at yet."""
    from aiqa_integration.bootstrap import open_scanner_record
    from aiqa_integration.settings import load_settings

    with open_scanner_record(load_settings()) as (record, _):
        calibrations, drifts = record.all_calibrations(), record.open_drifts()
    if as_json:
        for known in calibrations:
            place, found = known.place, known.calibration
            row = {"device_key": place.device_key, "scanner": known.scanner, "family": place.family}
            click.echo(json.dumps({**row, "artifact": place.artifact, "state": found.state, "ppv_low": found.ppv_low}))
        return
    rows = [
        (
            known.scanner,
            known.place.family,
            known.place.artifact,
            known.calibration.state,
            f"{known.calibration.reviewed}/{known.calibration.positives}",
            _share(known.calibration.ppv_low),
        )
        for known in calibrations
    ]
    print_table(("scanner", "family", "artifact", "state", "reviewed/present", "PPV at least"), rows)
    for drift in drifts:
        click.echo(f"drift {drift.drift_id}: {drift.scanner}, {drift.family}: {drift.detail}")


@calibration.command("set")
@click.argument("event", type=click.Choice(["adopt", "suspend", "resume"]))
@click.argument("device_key")
@click.argument("family")
@click.argument("artifact", type=_ARTIFACT)
@click.option("--why", required=True, help="The reason, for the audit.")
@_BY
def set_calibration(event: str, device_key: str, family: str, artifact: str, why: str, who: str) -> None:
    """Suspend alerts of an artifact on a scanner, let it prove itself anew, or adopt the bundle's own figures."""
    from aiqa_integration.bootstrap import bundle_named, open_scanner_record
    from aiqa_integration.ledger.views import Place
    from aiqa_integration.settings import load_settings

    place, settings = Place(device_key=device_key, family=family, artifact=ArtifactId(artifact)), load_settings()
    with open_scanner_record(settings) as (record, clock):
        if event == "adopt":
            bundle = bundle_named(ARTIFACT_BUNDLE, settings).version()
            found = record.adopt(place, bundle, who=who, why=why, at=clock.now())
        else:
            found = record.change(place, _EVENTS[event], who=who, why=why, at=clock.now())
    click.echo(f"{artifact}: {found.state}")


@calibration.command("close-drift")
@click.argument("drift_id")
@click.option("--why", required=True, help="What was found, for the audit.")
@_BY
def close_drift(drift_id: str, why: str, who: str) -> None:
    """Record that a change was looked at; what comes after it is the new reference."""
    from aiqa_integration.bootstrap import open_scanner_record
    from aiqa_integration.settings import load_settings

    with open_scanner_record(load_settings()) as (record, clock):
        record.close_drift(drift_id, who=who, why=why, at=clock.now())
    click.echo(drift_id)


def _print_reviews(rows: "Sequence[ToReview]") -> None:
    cells = []
    for row in rows:
        likeliest = max(row.raw, key=row.raw.__getitem__, default=None)
        probability = f"{likeliest} {row.raw[likeliest]:.2f}" if likeliest else ""
        cells.append((row.series_instance_uid, row.scanner, row.family, probability, ", ".join(row.why)))
    print_table(("series", "scanner", "family", "likeliest", "why"), cells)


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
