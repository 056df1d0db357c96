"""What the FHIR API works with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from flask import Flask, current_app, request
from sqlalchemy import Engine

from aiqa_integration.console.facade.export_work import ExportWork
from aiqa_integration.console.facade.outcomes import ROOT, Refusal
from aiqa_integration.ledger.access import SqlTokens
from aiqa_integration.ledger.exports import SqlExports
from aiqa_integration.ledger.facade import SqlFacade

_KEY = "aiqa-facade"


@dataclass(frozen=True, slots=True, kw_only=True)
class FacadeContext:
    """Resources, exports, who may read them; ``base_url`` is empty where each request names it."""

    resources: SqlFacade
    tokens: SqlTokens
    exports: ExportWork
    now: Callable[[], datetime]
    base_url: str = ""


def facade_over(
    engine: Engine, exports_folder: Path, *, base_url: str | None, now: Callable[[], datetime] | None = None
) -> FacadeContext:
    """Return the FHIR API over a ledger's database; ``base_url`` None = as each request names it."""
    clock, resources = now or (lambda: datetime.now(tz=UTC)), SqlFacade(engine)
    return FacadeContext(
        resources=resources,
        tokens=SqlTokens(engine),
        exports=ExportWork(SqlExports(engine), resources, exports_folder, clock),
        now=clock,
        base_url=base_url or "",
    )


def install(app: Flask, context: FacadeContext | None) -> None:
    """Give a context to an application; None = it has no FHIR API."""
    app.extensions[_KEY] = context


def facade() -> FacadeContext:
    """Return the context of the application that answers the present request; raises Refusal where there is none."""
    context = cast("FacadeContext | None", current_app.extensions[_KEY])
    if context is None:
        raise Refusal(404, "no FHIR API is set up here")
    return context


def base_url() -> str:
    """Return the FHIR base URL as the client sees it, without trailing slash."""
    return facade().base_url.rstrip("/") or request.url_root.rstrip("/") + ROOT
