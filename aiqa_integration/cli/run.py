"""``aiqa run``: deployment S, everything in one process."""

import signal
import threading
from contextlib import ExitStack

import click


@click.command()
def run() -> None:
    """Run poller, workers and console in one process, from aiqa.toml, until TERM or Ctrl-C."""
    from aiqa_integration.bootstrap import services
    from aiqa_integration.cli.serving import console_server
    from aiqa_integration.console.printed import printer
    from aiqa_integration.settings import load_settings
    from celery_worker.embedded import EmbeddedWorker

    settings = load_settings()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with ExitStack() as stack:
        tools = stack.enter_context(services(settings, printer(settings)))
        address = stack.enter_context(console_server(tools, settings))
        stack.enter_context(EmbeddedWorker(tools, concurrency=settings.worker.concurrency))
        click.echo(f"polling {', '.join(tools.archive_names)}; console: {address}")
        stop.wait()
        click.echo("stopping ...")
