"""Runs AIQA as ``aiqa analyze --analysis acr-mri-phantom`` does: its warm child finds, then physics measures."""

import atexit
import time
from pathlib import Path

from serve import Json, Measure, described, serve

from aiqa_integration.bootstrap import SystemClock, make_analyst
from aiqa_integration.dicom.volume import DicomSeriesReader
from aiqa_integration.errors import AiqaError
from aiqa_integration.model.report_json import report_document
from aiqa_integration.pipeline.analyse import Lineage, analyse
from aiqa_integration.pipeline.analyst import Analyst, Stopwatch
from aiqa_integration.pipeline.route import forced_route
from aiqa_integration.settings import load_settings

ANALYSIS = "acr-mri-phantom"


def start() -> Measure:
    """Start the bundle's process and return what analyses a series; which phantom it is, AIQA finds out by itself."""
    opened = make_analyst(load_settings(), SystemClock())
    analyst = opened.__enter__()
    atexit.register(opened.__exit__, None, None, None)
    return lambda asked: {"analyze": run([Path(file) for file in asked["files"]], analyst)}


def run(files: list[Path], analyst: Analyst) -> Json:
    """Return seconds and report of one series, or the refusal."""
    began, report, refused, raised = time.perf_counter(), None, None, None
    try:
        series = DicomSeriesReader().load(files)
        wanted = forced_route(ANALYSIS, analyst.rules)
        found = analyse(series, wanted, analyst, lineage=Lineage(), watch=Stopwatch())
        report = report_document(found, series.stack.slices)
    except AiqaError as error:
        refused = {"code": error.code, "detail": str(error)}
    except Exception as error:  # noqa: BLE001  a crash is a result here
        raised = described(error, "aiqa_integration")
    return {"seconds": time.perf_counter() - began, "report": report, "refused": refused, "raised": raised}


if __name__ == "__main__":
    serve("aiqa-integration", start)
