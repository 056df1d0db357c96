"""A FHIR API for reading over a ledger of its own, filled by the sink that fills the real one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from aiqa_integration.console.app import create_app
from aiqa_integration.console.context import ConsoleContext
from aiqa_integration.console.facade.context import FacadeContext, facade_over
from aiqa_integration.fhir.bundle import report_bundle_bytes
from aiqa_integration.ledger import schema
from aiqa_integration.ledger.engine import make_engine
from aiqa_integration.model.identity import SeriesRef
from aiqa_integration.model.report import QaReport
from aiqa_integration.sinks.facade import keep_transaction
from tests.fhir_reports import SCANNER, header, phantom_report

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


@dataclass
class Api:
    """The application, its context, a client with a token, a clock that tests turn."""

    app: Flask
    context: FacadeContext
    token: str
    moment: datetime = NOW

    @property
    def client(self) -> FlaskClient:
        client = self.app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {self.token}"
        return client

    def keep(self, report: QaReport, acquired_at: str | None = "2026-11-20T06:41:10") -> int:
        """Keep a report as the sink does; each is a second later than the last."""
        self.moment += timedelta(seconds=1)
        payload = report_bundle_bytes(report, header(report, acquired_at))
        return keep_transaction(self.context.resources, payload, now=self.moment)


@contextmanager
def api(folder: Path, url: str = "", name: str = "dashboard") -> Iterator[Api]:
    """Run the API over a SQLite of its own, or over the database of a URL."""
    url = url or f"sqlite:///{folder / 'ledger.sqlite'}"
    schema.upgrade(url)
    engine = make_engine(url)
    box: list[Api] = []
    now: Callable[[], datetime] = lambda: box[0].moment if box else NOW  # noqa: E731
    context = facade_over(engine, folder / "exports", base_url=None, now=now)
    token = context.tokens.add(name, who="test", now=NOW)
    app = create_app(ConsoleContext(books=object(), artifacts=object(), facade=context))  # type: ignore[arg-type]
    box.append(Api(app=app, context=context, token=token))
    try:
        yield box[0]
    finally:
        context.exports.stop()
        engine.dispose()


def reports(count: int, scanners: int = 2) -> Iterator[tuple[QaReport, str]]:
    """Yield phantom runs of one day after another with the time of their images, on several scanners in turn."""
    for number in range(count):
        day = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number)
        ref = SeriesRef(study_instance_uid=f"1.2.826.9.{number}", series_instance_uid=f"1.2.826.9.{number}.1")
        scanner = replace(SCANNER, serial=f"S{number % scanners}", station=f"MR{number % scanners}")
        yield phantom_report(ref=ref, device=scanner), f"{day:%Y-%m-%d}T07:00:00"
