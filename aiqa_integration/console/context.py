"""What every page is given: the books, the bytes, the site's name, the time; and who else takes part, if anybody."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

from flask import Flask, abort, current_app

from aiqa_integration.console.books import Answers, ConsoleBooks, PublishedKeys, Reviews, StoredBytes
from aiqa_integration.console.facade.context import FacadeContext
from aiqa_integration.model.report import BundleVersion
from aiqa_integration.pipeline.follow_up import Hook
from aiqa_integration.recommendations.policy import Policy

_KEY = "aiqa-console"


def _utc_now() -> datetime:
    return datetime.now(tz=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleContext:
    """The outside world as a page sees it.

    Without ``answers`` the notice board is only read, as on a wall. ``policy`` is what the repeat rule assumes.
    ``hook`` is for an EHR that tells of changes. ``reviews`` are answers about artifacts and calibrations,
    ``artifact_bundle`` tells which bundle looks for artifacts now, so what may be adopted. ``facade`` is the FHIR API
    for reading, ``keys`` are published; without them nothing is under their addresses.
    """

    books: ConsoleBooks
    artifacts: StoredBytes
    site_name: str = ""
    now: Callable[[], datetime] = _utc_now
    answers: Answers | None = None
    policy: Policy = field(default_factory=Policy)
    hook: Hook | None = None
    keys: PublishedKeys | None = None
    reviews: Reviews | None = None
    artifact_bundle: Callable[[], BundleVersion] | None = None
    facade: FacadeContext | None = None


def install(app: Flask, context: ConsoleContext) -> None:
    """Give a context to all pages of an application."""
    app.extensions[_KEY] = context


def console() -> ConsoleContext:
    """Return the context of the application that answers the present request."""
    return cast("ConsoleContext", current_app.extensions[_KEY])


def answering() -> Answers:
    """Return who takes answers; aborts with 403 where the console only shows."""
    answers = console().answers
    if answers is None:
        abort(403)
    return answers


def reviewing() -> Reviews:
    """Return the reviews; aborts with 404 where there are none."""
    reviews = console().reviews
    if reviews is None:
        abort(404)
    return reviews
