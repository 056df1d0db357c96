"""The console as a Flask application: pages are found by scanning this package for blueprints called ``PAGE``."""

import pkgutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib import import_module

from flask import Blueprint, Flask

from aiqa_integration import __version__, console
from aiqa_integration.console import context, csrf, mishaps, presentation, security
from aiqa_integration.console.books import Answers, ConsoleBooks, PublishedKeys, Reviews, StoredBytes
from aiqa_integration.console.facade import context as facade_context
from aiqa_integration.model.report import BundleVersion
from aiqa_integration.pipeline.follow_up import Hook
from aiqa_integration.recommendations.learning import learnt
from aiqa_integration.recommendations.policy import Policy


def create_app(  # noqa: PLR0913 - a keyword for each part of the world that a page may need
    books: ConsoleBooks | None = None,
    artifacts: StoredBytes | None = None,
    site_name: str = "",
    *,
    answers: Answers | None = None,
    policy: Policy | None = None,
    now: Callable[[], datetime] | None = None,
    hook: Hook | None = None,
    facade: facade_context.FacadeContext | None = None,
    keys: PublishedKeys | None = None,
    reviews: Reviews | None = None,
    artifact_bundle: Callable[[], BundleVersion] | None = None,
) -> Flask:
    """Return the console over the given books and artifacts, or over those that the settings name.

    Without ``answers`` the notice board is only read, as on a wall. ``policy`` is what the repeat rule assumes.
    ``hook`` is for an EHR that tells of changes.
    ``reviews`` are answers about artifacts and calibrations, ``artifact_bundle`` tells what may be adopted.
    ``facade`` is the FHIR API for reading, ``keys`` are published; without them nothing is under their addresses.
    Raises ConfigurationError where the settings are wrong.
    """
    if books is None or artifacts is None:
        # Only here: the command line and tests bring their own, and should not load every adapter for it.
        from aiqa_integration.bootstrap import console_parts, review_parts, signing_keys  # noqa: PLC0415
        from aiqa_integration.settings import load_settings  # noqa: PLC0415

        settings = load_settings()
        books, artifacts, answers, site_name, policy, hook = console_parts(settings)
        keys = signing_keys(settings)
        reviews, artifact_bundle = review_parts(settings, books.engine)
        if settings.facade.enabled:
            facade = facade_context.facade_over(
                books.engine, settings.data_folder / "exports", base_url=settings.facade.base_url
            )
    app = Flask(__name__.rpartition(".")[0], static_folder=None)
    app.config.update(PROVIDE_AUTOMATIC_OPTIONS=False, MAX_CONTENT_LENGTH=0, SEND_FILE_MAX_AGE_DEFAULT=3600)
    # Only now: Flask's own route would answer OPTIONS, as it is made before the line above holds.
    app.static_folder = "static"
    app.add_url_rule("/static/<path:filename>", "static", app.send_static_file, methods=["GET"])
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.jinja_env.globals.update(site_name=site_name, version=__version__)
    world = context.ConsoleContext(
        books=books,
        artifacts=artifacts,
        site_name=site_name,
        now=now or (lambda: datetime.now(tz=UTC)),
        answers=answers,
        learnt=lambda repeats: learnt(repeats, policy or Policy()),
        hook=hook,
        keys=keys,
        reviews=reviews,
        artifact_bundle=artifact_bundle,
    )
    context.install(app, world)
    facade_context.install(app, facade)
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
