"""The console of a site, as its settings name it."""

from typing import TYPE_CHECKING

from aiqa_integration.console.context import ConsoleContext
from aiqa_integration.console.facade.context import facade_over

if TYPE_CHECKING:
    from aiqa_integration.ledger.sql_ledger import SqlLedger
    from aiqa_integration.settings import Settings

# Adapters load only inside: tests and pages bring their own world, and should not load every adapter for it.


def open_console() -> ConsoleContext:
    """Return the world of a console that is a process of its own; raises ConfigurationError for wrong settings."""
    from aiqa_integration.bootstrap import ledger_of  # noqa: PLC0415
    from aiqa_integration.settings import load_settings  # noqa: PLC0415

    settings = load_settings()
    return console_over(ledger_of(settings), settings)


def console_over(ledger: "SqlLedger", settings: "Settings") -> ConsoleContext:
    """Return the world of a console over a ledger that is open."""
    from aiqa_integration.bootstrap import (  # noqa: PLC0415
        books_of,
        ehr_hook,
        make_adviser,
        review_parts,
        signing_keys,
    )

    reviews, artifact_bundle = review_parts(settings, ledger.engine)
    facade = None
    if settings.facade.enabled:
        exports = settings.data_folder / "exports"
        facade = facade_over(ledger.engine, exports, base_url=settings.facade.base_url)
    return ConsoleContext(
        books=books_of(ledger),
        artifacts=ledger.artifacts,
        site_name=settings.site_name,
        answers=ledger,
        policy=make_adviser(settings).policy,
        hook=ehr_hook(settings, ledger),
        keys=signing_keys(settings),
        reviews=reviews,
        artifact_bundle=artifact_bundle,
        facade=facade,
    )
