"""``aiqa check``: try everything that is configured."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import click

from aiqa_integration.errors import AiqaError, ConfigurationError

if TYPE_CHECKING:
    from aiqa_integration.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One thing that was tried; ``fix`` says what to do where it failed."""

    name: str
    passed: bool
    detail: str
    fix: str = ""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print NDJSON instead of lines.")
def check(as_json: bool) -> None:
    """Try every configured connection and print one line each with the fix; exit with 1 where one fails."""
    from aiqa_integration.settings import load_settings

    trials = list(_trials(load_settings()))
    for trial in trials:
        if as_json:
            click.echo(json.dumps(asdict(trial)))
        else:
            click.echo(f"{'ok  ' if trial.passed else 'FAIL'} {trial.name}: {trial.detail}")
            if trial.fix:
                click.echo(f"     fix: {trial.fix}")
    if not all(trial.passed for trial in trials):
        raise click.exceptions.Exit(1)


def _trials(settings: "Settings") -> Iterator[Trial]:
    from aiqa_integration import bootstrap
    from aiqa_integration.ledger import schema
    from aiqa_integration.settings import unknown_variables

    for name in unknown_variables():
        yield Trial(name="environment", passed=False, detail=f"{name} is no setting", fix="see docs/deployment.md")
    yield _try("rules", lambda: f"revision {bootstrap.active_rules(settings).revision}", "aiqa rules check")
    tables = _try("database", lambda: _tables(schema.check(settings.database_url)), "aiqa db upgrade")
    yield tables
    if tables.passed:
        yield _try("audit trail", lambda: _audit_trail(settings), "find who changed the table; compare with a backup")
    yield _try("archive, QIDO", lambda: bootstrap.probe_archive(settings), "archive.url, archive.auth, firewall")
    if settings.ehr.url is not None:
        reach = "ehr.url, ehr.auth, firewall"
        yield _try("EHR, capability statement", lambda: bootstrap.probe_ehr(settings), reach)
        if bootstrap.sends_patients(settings):
            yield _try("EHR, patients", lambda: bootstrap.probe_patients(settings), reach)
        if settings.ehr.hook_url is not None:
            yield _try("EHR, hints of changed Tasks", lambda: bootstrap.probe_subscription(settings), reach)
    if not settings.worker.broker_url.startswith("memory:"):
        yield _try("broker", lambda: _broker(settings.worker.broker_url), "worker.broker_url, firewall")
    for name, result in bootstrap.verify_bundles((), settings):
        yield Trial(
            name=f"bundle {name}",
            passed=result.passed,
            detail=f"{result.name}: {result.detail}",
            fix="" if result.passed else "restore the bundle from the release",
        )


def _try(name: str, attempt: Callable[[], str], fix: str) -> Trial:
    try:
        return Trial(name=name, passed=True, detail=attempt())
    except ConfigurationError as error:
        return Trial(name=name, passed=False, detail=str(error), fix="that setting, see docs/deployment.md")
    except AiqaError as error:
        return Trial(name=name, passed=False, detail=str(error), fix=error.fix or fix)
    except OSError as error:
        return Trial(name=name, passed=False, detail=str(error), fix=fix)


def _tables(differences: tuple[str, ...]) -> str:
    if differences:
        raise AiqaError("; ".join(differences))
    return "tables are up to date"


def _audit_trail(settings: "Settings") -> str:
    from aiqa_integration.bootstrap import open_ledger

    with open_ledger(settings) as (ledger, _):
        broken = ledger.audit_broken_at()
    if broken is not None:
        raise AiqaError(f"row {broken} does not fit the chain: it, or one before it, was changed or taken away")
    return "the chain is whole"


def _broker(url: str) -> str:
    from celery_worker.app import make_app

    with make_app(lambda: url).connection_for_write() as connection:
        connection.ensure_connection(max_retries=1, timeout=5)
    return "connected"
