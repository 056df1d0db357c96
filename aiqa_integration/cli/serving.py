"""The console in a thread of this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiqa_integration.bootstrap import Services
    from aiqa_integration.settings import Settings


@contextmanager
def console_server(tools: "Services", settings: "Settings") -> Iterator[str]:
    """Serve the console while the block runs; it yields the address. Raises ConfigurationError for a taken port."""
    from aiqa_integration.console.app import create_app
    from aiqa_integration.console.server import serving
    from aiqa_integration.console.site import console_over

    world = console_over(tools.ledger, settings)
    try:
        with serving(create_app(world), settings.console.host, settings.console.port) as address:
            yield address
    finally:
        if world.facade is not None:
            world.facade.exports.stop()
