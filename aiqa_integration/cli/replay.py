"""``aiqa poll``, ``aiqa replay``: single steps by hand."""

import click

from aiqa_integration.model.job import JobState


@click.command()
@click.option("--once", is_flag=True, required=True, help="Poll each archive now and end.")
def poll(once: bool) -> None:  # noqa: ARG001 - a command line word that says what happens
    """Poll the archive once, by hand; what is found is worked on by the running workers."""
    from aiqa_integration.bootstrap import services
    from aiqa_integration.pipeline.poll import poll as poll_archive
    from aiqa_integration.settings import load_settings

    with services(load_settings()) as tools:
        for name, schedule in tools.schedules.items():
            outcome = poll_archive(schedule, tools.ledger, tools.clock, wide=False)
            click.echo(
                f"{name}: {outcome.studies_listed} studies listed, {outcome.studies_queried} looked into, "
                f"{outcome.series_seen} series recorded, {outcome.series_skipped} passed over"
            )


@click.command()
@click.argument("job_ids", nargs=-1)
@click.option(
    "--state",
    type=click.Choice([JobState.FAILED.value, JobState.HELD.value, JobState.IGNORED.value]),
    help="Replay every job in this state.",
)
def replay(job_ids: tuple[str, ...], state: str | None) -> None:
    """Take up jobs again that failed, are held or were ignored."""
    from aiqa_integration.bootstrap import books_of, open_ledger
    from aiqa_integration.settings import load_settings

    if not job_ids and state is None:
        raise click.UsageError("name jobs or give --state")
    with open_ledger(load_settings()) as (ledger, clock):
        chosen = list(job_ids)
        if state is not None:
            books, wanted = books_of(ledger), JobState(state)
            chosen += [row.job_id for row in books.queue(books.counts().states.get(wanted, 0), 0, state=wanted)]
        for job_id in dict.fromkeys(chosen):
            ledger.replay(job_id, who="aiqa replay", why="asked for by hand", now=clock.now())
            click.echo(job_id)
