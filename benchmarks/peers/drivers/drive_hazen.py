"""Runs hazen's ACR tasks; started by the Python of hazen's own environment. hazen knows one phantom, the large one."""

import logging
import tempfile
import time
from importlib import import_module
from typing import Any

from serve import Json, Measure, described, serve

TASKS = {
    "geometric_accuracy": "ACRGeometricAccuracy",
    "ghosting": "ACRGhosting",
    "slice_position": "ACRSlicePosition",
    "slice_thickness": "ACRSliceThickness",
    "snr": "ACRSNR",
    "spatial_resolution": "ACRSpatialResolution",
    "uniformity": "ACRUniformity",
    "low_contrast_object_detectability": "ACRLowContrastObjectDetectability",
}


SLOW = "low_contrast_object_detectability"
"""Left out while warming up: it takes half a minute."""


class LoggedErrors(logging.Handler):
    """Keeps what is logged as an error: most of hazen's tasks log an exception and return without a value."""

    def __init__(self) -> None:
        super().__init__(level=logging.ERROR)
        self.errors: list[Json] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep an error: where it arose, or its message."""
        error = record.exc_info[1] if record.exc_info else None
        self.errors.append(
            described(error, "hazenlib") if error else {"error": record.getMessage(), "deliberate": False, "where": ""}
        )


def start() -> Measure:
    """Import hazen and return what runs its tasks."""
    logger = import_module("hazenlib.logger").logger
    logger.setLevel(logging.ERROR)
    tasks = {name: getattr(import_module(f"hazenlib.tasks.acr_{name}"), kind) for name, kind in TASKS.items()}
    reports = tempfile.TemporaryDirectory(prefix="hazen-")  # hazen makes folders for pictures even where none are drawn

    def measure(asked: Json) -> Json:
        wanted = {name: task for name, task in tasks.items() if not (asked["warm_up"] and name == SLOW)}
        return {name: run(task, asked["files"], logger, reports.name) for name, task in wanted.items()}

    return measure


def run(task: Any, files: list[str], logger: logging.Logger, reports: str) -> Json:
    """Return one task's seconds, measurements and errors."""
    logged, raised, measurements, began = LoggedErrors(), None, [], time.perf_counter()
    logger.addHandler(logged)
    try:
        measurements = [
            {"subtype": m.subtype, "type": m.type, "description": m.description, "value": m.value, "unit": m.unit}
            for m in task(input_data=files, report_dir=reports).run().measurements
        ]
    except Exception as error:  # noqa: BLE001  whatever the tool raises is its result
        raised = described(error, "hazenlib")
    finally:
        logger.removeHandler(logged)
    return {
        "seconds": time.perf_counter() - began,
        "measurements": measurements,
        "raised": raised,
        "logged": logged.errors,
    }


if __name__ == "__main__":
    serve("hazen", start)
