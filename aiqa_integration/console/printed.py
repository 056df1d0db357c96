"""The report on paper: the same document, words and drawings as the console's page, as a PDF."""

import base64
from collections.abc import Callable, Mapping
from functools import cache
from importlib.util import find_spec

from flask import Flask, render_template

from aiqa_integration.console import phrases, presentation
from aiqa_integration.console.document import judgement, read_document
from aiqa_integration.errors import ConfigurationError, EncodingError
from aiqa_integration.model.advice import report_meaning
from aiqa_integration.model.report import QaReport
from aiqa_integration.model.report_json import report_bytes
from aiqa_integration.model.wording import INTENDED_USE, headline, recommendation_text
from aiqa_integration.pipeline.ports import LoadedSeries
from aiqa_integration.settings import Settings

COLOURS: Mapping[str, str] = {
    "pass": "#156b35",
    "tolerance": "#8a5000",
    "action": "#b3161d",
    "refused": "#6a2c91",
    "unknown": "#6a2c91",
    "open": "#24507c",
}
"""Colour of a look on paper (static/console.css has the same under ``@media print``)."""


def printer(settings: Settings) -> Callable[[QaReport, LoadedSeries | None], bytes] | None:
    """Return what prints reports, None where no archive is to get any; ConfigurationError where nothing can print."""
    if "pdf" not in settings.archive.objects:
        return None
    if find_spec("weasyprint") is None:
        raise ConfigurationError(
            "archive.objects has pdf, but WeasyPrint is not installed: pip install 'aiqa-integration[pdf]'"
        )
    return report_pdf


def report_pdf(report: QaReport, series: LoadedSeries | None) -> bytes:
    """Return a report as PDF, A4; the same report gives the same bytes. Raises EncodingError."""
    from weasyprint import HTML  # noqa: PLC0415 - loads Pango, and is an extra

    identifier = report.report_uid.encode()
    try:
        printed: bytes = HTML(string=report_html(report, series)).write_pdf(pdf_identifier=identifier)
    except (OSError, RuntimeError, TypeError, ValueError) as error:
        raise EncodingError(f"the report cannot be printed: {type(error).__name__}") from error
    return printed


def report_html(report: QaReport, series: LoadedSeries | None) -> str:
    """Return the page that is printed, whole in itself; it names no patient. Raises EncodingError."""
    document = read_document(report_bytes(report, series.stack.slices if series else ()))
    badge = phrases.REFUSED_BADGE if report.refused else phrases.VERDICT_BADGES[report.verdict]
    meaning, proposed = report_meaning(report), report.recommendation
    with _templates().app_context():
        return render_template(
            "printed.html",
            document=document,
            device=report.device,
            headline=headline(report),
            look=badge.look,
            colours=COLOURS,
            meaning=meaning,
            advice=recommendation_text(proposed) if proposed else meaning.advice,
            judgements=[judgement(row) for row in document.measurements],
            picture=_picture(report, series),
            intended_use=INTENDED_USE,
        )


def _picture(report: QaReport, series: LoadedSeries | None) -> str:
    if series is None or report.refused is not None:
        return ""
    from aiqa_integration.dicom.presentation import preview_png  # noqa: PLC0415 - pages do without DICOM's libraries

    return "data:image/png;base64," + base64.b64encode(preview_png(report, series)).decode()


@cache
def _templates() -> Flask:
    """Return the console's templates without its pages."""
    app = Flask("aiqa_integration.console")
    presentation.install(app)
    return app
