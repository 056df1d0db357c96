"""The console in a thread of this process."""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiqa_integration.bootstrap import Services
    from aiqa_integration.settings import Settings


def console_server(tools: "Services", settings: "Settings") -> AbstractContextManager[str]:
    """Serve the console while the block runs; it yields the address. Raises ConfigurationError for a taken port."""
    from aiqa_integration.bootstrap import books_of, ehr_hook, make_adviser, review_parts, signing_keys
    from aiqa_integration.console.app import create_app
    from aiqa_integration.console.facade.context import facade_over
    from aiqa_integration.console.server import serving

    facade = None
    if settings.facade.enabled:
        exports = settings.data_folder / "exports"
        facade = facade_over(tools.ledger.engine, exports, base_url=settings.facade.base_url)
    reviews, artifact_bundle = review_parts(settings, tools.ledger.engine)
    app = create_app(
        books_of(tools.ledger),
        tools.artifacts,
        settings.site_name,
        answers=tools.ledger,
        policy=make_adviser(settings).policy,
        facade=facade,
        keys=signing_keys(settings),
        hook=ehr_hook(settings, tools.ledger),
        reviews=reviews,
        artifact_bundle=artifact_bundle,
    )
    return serving(app, settings.console.host, settings.console.port)
