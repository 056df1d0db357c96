"""``aiqa keys`` and ``aiqa token``: the keys that we sign with, and who may read the FHIR API."""

import getpass
from datetime import UTC, datetime, timedelta

import click

from aiqa_integration.cli.table import print_table
from aiqa_integration.http.signing_keys import AHEAD, ALGORITHMS, Algorithm

_BY = click.option("--by", "who", default=getpass.getuser, show_default="you", help="Who says so, for the audit.")


@click.group()
def keys() -> None:
    """Make and list the keys by which we prove who we are (SMART Backend Services)."""


@keys.command()
@click.option("--algorithm", type=click.Choice(ALGORITHMS), default="ES384", show_default=True)
@click.option(
    "--ahead-hours",
    type=click.FloatRange(min=0),
    default=AHEAD / timedelta(hours=1),
    show_default=True,
    help="How long the key is published before it signs.",
)
def rotate(algorithm: Algorithm, ahead_hours: float) -> None:
    """Make a key; it signs after it was published for a while, the first one at once."""
    from aiqa_integration.bootstrap import key_folder
    from aiqa_integration.settings import load_settings

    folder = key_folder(load_settings())
    entry = folder.rotate(algorithm, datetime.now(tz=UTC), ahead=timedelta(hours=ahead_hours))
    click.echo(f"{entry.kid} signs from {entry.use_from:%Y-%m-%d %H:%M} UTC")


@keys.command("list")
def list_keys() -> None:
    """List the keys: next, in use, or former ones that are still published."""
    from aiqa_integration.bootstrap import key_folder
    from aiqa_integration.settings import load_settings

    now = datetime.now(tz=UTC)
    entries = key_folder(load_settings()).entries()
    rows = [(entry.kid, entry.algorithm, f"{entry.use_from:%Y-%m-%d %H:%M}", entry.state(now)) for entry in entries]
    print_table(("key", "algorithm", "signs from (UTC)", "state"), rows)


@click.group()
def token() -> None:
    """Give out and revoke bearer tokens for reading results by FHIR (/fhir of the console)."""


@token.command()
@click.argument("name")
@click.option("--days", type=click.IntRange(min=1), help="Days after which it ends; default: never.")
@_BY
def add(name: str, days: int | None, who: str) -> None:
    """Make a token for NAME and print it: this once, only its digest is kept."""
    from aiqa_integration.bootstrap import open_tokens
    from aiqa_integration.settings import load_settings

    with open_tokens(load_settings()) as (tokens, clock):
        now = clock.now()
        click.echo(tokens.add(name, who=who, now=now, expires_at=now + timedelta(days=days) if days else None))


@token.command()
@click.argument("name")
@_BY
def revoke(name: str, who: str) -> None:
    """End a token at once."""
    from aiqa_integration.bootstrap import open_tokens
    from aiqa_integration.settings import load_settings

    with open_tokens(load_settings()) as (tokens, clock):
        tokens.revoke(name, who=who, now=clock.now())
    click.echo(f"{name} is revoked")


@token.command("list")
def list_tokens() -> None:
    """List tokens by name."""
    from aiqa_integration.bootstrap import open_tokens
    from aiqa_integration.settings import load_settings

    with open_tokens(load_settings()) as (tokens, clock):
        rows = [
            (row.name, row.created_by, f"{row.created_at:%Y-%m-%d}", row.state(clock.now())) for row in tokens.all()
        ]
    print_table(("token", "by", "since", "state"), rows)
