"""``aiqa bundle``: the MONAI bundles."""

import json

import click


@click.group()
def bundle() -> None:
    """List, verify and describe the MONAI bundles."""


@bundle.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def list_bundles(as_json: bool) -> None:
    """List the bundles that can be found, with version and digest of the weights."""
    from aiqa_integration.bootstrap import bundles
    from aiqa_integration.cli.table import print_table

    versions = [found.version() for found in bundles().values()]
    if as_json:
        click.echo(
            json.dumps([{"name": v.name, "version": v.version, "weights_sha256": v.weights_sha256} for v in versions])
        )
    else:
        print_table(("bundle", "version", "weights"), [(v.name, v.version, v.weights_sha256[:16]) for v in versions])


@bundle.command()
@click.argument("names", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of lines.")
def verify(names: tuple[str, ...], as_json: bool) -> None:
    """Verify bundles: files, hashes, metadata, declared shapes, golden output, card; exit with 1 on a failure."""
    from aiqa_integration.bootstrap import verify_bundles

    checks = list(verify_bundles(names))
    for name, check in checks:
        if as_json:
            click.echo(
                json.dumps({"bundle": name, "check": check.name, "passed": check.passed, "detail": check.detail})
            )
        else:
            click.echo(f"{'ok  ' if check.passed else 'FAIL'} {name}: {check.name}: {check.detail}")
    if not all(check.passed for _, check in checks):
        raise click.exceptions.Exit(1)


@bundle.command()
@click.argument("name")
def card(name: str) -> None:
    """Print a bundle's model card."""
    from aiqa_integration.bootstrap import bundle_named

    click.echo(bundle_named(name).card())
