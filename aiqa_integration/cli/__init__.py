"""The ``aiqa`` program: one file a command; heavy imports stay inside the commands that need them."""

import logging
import os
import sys
from pathlib import Path

import click

from aiqa_integration import __version__
from aiqa_integration.cli.analyze import analyze
from aiqa_integration.cli.bundle import bundle
from aiqa_integration.cli.calibration import calibration, review
from aiqa_integration.cli.check import check
from aiqa_integration.cli.db import db
from aiqa_integration.cli.demo import demo
from aiqa_integration.cli.keys import keys, token
from aiqa_integration.cli.replay import poll, replay
from aiqa_integration.cli.report import report
from aiqa_integration.cli.rules import rules
from aiqa_integration.cli.run import run
from aiqa_integration.cli.sign import verify
from aiqa_integration.cli.validate import validate
from aiqa_integration.errors import AiqaError, ConfigurationError
from aiqa_integration.logs import configure_logs
from aiqa_integration.settings import FILE_VARIABLE, SECRETS_VARIABLE

EXIT_CONFIGURATION = 2


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="aiqa")
@click.option("--settings", type=click.Path(path_type=Path, dir_okay=False), help="Settings file; default aiqa.toml.")
@click.option("--secrets", type=click.Path(path_type=Path, file_okay=False), help="Folder of secrets, one file each.")
@click.option("--verbose", is_flag=True, help="Log every state change (as `aiqa run` always does).")
@click.pass_context
def aiqa(context: click.Context, settings: Path | None, secrets: Path | None, verbose: bool) -> None:
    """Imaging QA between PACS and EHR: for research and QA support, under human oversight; no diagnostic use."""
    for variable, path in ((FILE_VARIABLE, settings), (SECRETS_VARIABLE, secrets)):
        if path is not None:
            os.environ[variable] = str(path)
    telling = verbose or context.invoked_subcommand == run.name
    configure_logs(level=logging.INFO if telling else logging.WARNING)


COMMANDS = (
    analyze,
    bundle,
    calibration,
    check,
    db,
    demo,
    keys,
    poll,
    replay,
    report,
    review,
    rules,
    run,
    token,
    validate,
    verify,
)
for command in COMMANDS:
    aiqa.add_command(command)


def main() -> None:
    """Run the program; an error that AIQA raised on purpose is one line and an exit code, not a traceback."""
    try:
        aiqa.main(standalone_mode=True)
    except ConfigurationError as error:
        click.echo(f"aiqa: {error}", err=True)
        sys.exit(EXIT_CONFIGURATION)
    except AiqaError as error:
        click.echo(f"aiqa: {error.code}: {error}", err=True)
        sys.exit(1)
