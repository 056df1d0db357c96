"""The console as a Flask application: pages are found by scanning this package for blueprints called ``PAGE``."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module

from flask import Blueprint, Flask

from aiqa_integration import __version__, console
from aiqa_integration.console import context, csrf, mishaps, presentation, security
from aiqa_integration.console.facade import context as facade_context
from aiqa_integration.console.site import open_console


def create_app(world: context.ConsoleContext | None = None) -> Flask:
    """Return the console over the given world, or over that which the settings name.

    Raises ConfigurationError where the settings are wrong.
    """
    world = world or open_console()
    app = Flask(__name__.rpartition(".")[0], static_folder=None)
    app.config.update(PROVIDE_AUTOMATIC_OPTIONS=False, MAX_CONTENT_LENGTH=0, SEND_FILE_MAX_AGE_DEFAULT=3600)
    # Only now: Flask's own route would answer OPTIONS, as it is made before the line above holds.
    app.static_folder = "static"
    app.add_url_rule("/static/<path:filename>", "static", app.send_static_file, methods=["GET"])
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.jinja_env.globals.update(site_name=world.site_name, version=__version__)
    context.install(app, world)
    facade_context.install(app, world.facade)
    presentation.install(app)
    security.secure(app)
    csrf.install(app)
    mishaps.install(app)
    for page in _pages():
        app.register_blueprint(page)
    return app


def _pages() -> Iterator[Blueprint]:
    for module in pkgutil.iter_modules(console.__path__):
        page = getattr(import_module(f"{console.__name__}.{module.name}"), "PAGE", None)
        if isinstance(page, Blueprint):
            yield page
