"""``aiqa rules``: which series get which analysis."""

import json
from importlib.resources import files
from pathlib import Path

import click


@click.group()
def rules() -> None:
    """Check, try and export rule files."""


@rules.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the rules as JSON.")
def check(file: Path | None, as_json: bool) -> None:
    """Validate a rule file (or the active rules) and say each rule as a sentence."""
    from aiqa_integration.bootstrap import active_rules, limit_sets, rules_of

    found = rules_of(file) if file else active_rules()
    known = {limit_set.id for limit_set in limit_sets()}
    unknown = sorted({name for rule in found.rule for name in rule.limit_sets} - known)
    if as_json:
        click.echo(
            json.dumps({"revision": found.revision, "unknown_limit_sets": unknown} | found.model_dump(mode="json"))
        )
    else:
        click.echo(f"revision {found.revision}")
        for rule in found.rule:
            click.echo(f"{rule.name}: {rule.sentence()}")
        for name in unknown:
            click.echo(f"unknown limit set: {name}", err=True)
    if unknown:
        raise click.exceptions.Exit(1)


@rules.command("dry-run")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print NDJSON instead of a table.")
def dry_run(file: Path, paths: tuple[Path, ...], as_json: bool) -> None:
    """Say which rule each series in files or folders would get, and why."""
    from aiqa_integration.bootstrap import rules_of
    from aiqa_integration.cli.table import print_table
    from aiqa_integration.dicom.files import group_files
    from aiqa_integration.dicom.volume import DicomSeriesReader
    from aiqa_integration.errors import InputError
    from aiqa_integration.pipeline.route import route

    found, reader, rows = rules_of(file), DicomSeriesReader(), []
    for group in group_files(paths):
        try:
            header = reader.header(group.usable_files())
            wanted = route(header, found)
            rows.append((header.series_description, wanted.rule.name if wanted.rule else "ignored", wanted.reason))
        except InputError as error:
            rows.append(("", "unreadable", str(error)))
    if as_json:
        for description, name, reason in rows:
            click.echo(json.dumps({"series": description, "rule": name, "reason": reason}))
    else:
        print_table(("series", "rule", "why"), rows)


@rules.command()
def export() -> None:
    """Print the active rule file, to edit and use as ``rules_file``."""
    from aiqa_integration.settings import load_settings

    file = load_settings().rules_file
    shipped = files("aiqa_integration.rules") / "defaults.toml"
    click.echo((file.read_text("utf-8") if file else shipped.read_text("utf-8")).rstrip())
