"""``aiqa verify``: a person confirms a result."""

import click


@click.command()
@click.argument("report_uid")
@click.option("--by", "name", required=True, help="Who confirms, as DICOM writes names: Family^Given.")
@click.option("--organization", required=True, help="For whom that person confirms.")
def verify(report_uid: str, name: str, organization: str) -> None:
    """Confirm a result: VERIFIED versions of its documents are planned, and sent by the running workers.

    REPORT_UID stands in report.json and on the page of the series.
    """
    from aiqa_integration.bootstrap import desk
    from aiqa_integration.model.identity import Person
    from aiqa_integration.pipeline import sign
    from aiqa_integration.settings import load_settings

    try:
        person = Person(name=name, organization=organization)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    with desk(load_settings()) as tools:
        for effect in sign.verify(report_uid, person, tools):
            click.echo(f"{effect.kind}\t{effect.attributes.get('sop_instance_uid', effect.target)}")
