"""``aiqa db``: the ledger's tables."""

import click


@click.group()
def db() -> None:
    """Make, upgrade and check the ledger's tables."""


@db.command()
def upgrade() -> None:
    """Make the tables, or bring them to this version."""
    from aiqa_integration.ledger import schema
    from aiqa_integration.settings import load_settings

    settings = load_settings()
    settings.data_folder.mkdir(parents=True, exist_ok=True)
    schema.upgrade(settings.database_url)
    click.echo("tables are up to date")


@db.command()
def check() -> None:
    """Exit with 1 where the tables are not those of this version."""
    from aiqa_integration.ledger import schema
    from aiqa_integration.settings import load_settings

    differences = schema.check(load_settings().database_url)
    for difference in differences:
        click.echo(difference)
    if differences:
        raise click.exceptions.Exit(1)
    click.echo("tables are up to date")
