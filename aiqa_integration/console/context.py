"""What every page is given: the books, the bytes, the site's name, the time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from flask import Flask, current_app

from aiqa_integration.console.books import Answers, ConsoleBooks, PublishedKeys, Reviews, StoredBytes
from aiqa_integration.model.report import BundleVersion
from aiqa_integration.pipeline.follow_up import Hook
from aiqa_integration.recommendations.learning import Learnt, Repeat

_KEY = "aiqa-console"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleContext:
    """The outside world as a page sees it; ``artifact_bundle`` tells which bundle looks for artifacts now."""

    books: ConsoleBooks
    artifacts: StoredBytes
    site_name: str
    now: Callable[[], datetime]
    answers: Answers | None
    learnt: Callable[[Sequence[Repeat]], tuple[Learnt, ...]]
    hook: Hook | None = None
    keys: PublishedKeys | None = None
    reviews: Reviews | None = None
    artifact_bundle: Callable[[], BundleVersion] | None = None


def install(app: Flask, context: ConsoleContext) -> None:
    """Give a context to all pages of an application."""
    app.extensions[_KEY] = context


def console() -> ConsoleContext:
    """Return the context of the application that answers the present request."""
    return cast("ConsoleContext", current_app.extensions[_KEY])
