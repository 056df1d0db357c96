"""Runs pylinac's ACR MRI analysis; started by the Python of pylinac's own environment."""

import time
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

from serve import Json, Measure, described, serve

CLASSES = {"acr-mri-large": "ACRMRILarge", "acr-mri-medium": "ACRMRIMedium"}


def start() -> Measure:
    """Import pylinac and return what runs its analysis; the caller names the phantom."""
    module = import_module("pylinac.acr")
    return lambda asked: {"analyze": analyse(getattr(module, CLASSES[asked["phantom"]]), asked["files"])}


def analyse(phantom: Any, files: list[str]) -> Json:
    """Return seconds, values by name and errors of one series."""
    began = time.perf_counter()
    values: Json = {}
    errors: Json = {}
    raised = None
    try:
        analysis = phantom(files)
        analysis.analyze()
    except Exception as error:  # noqa: BLE001  whatever the tool raises is its result
        raised = described(error, "pylinac")
    else:
        for name, read in quantities(analysis):
            try:
                values[name] = read()
            except Exception as error:  # noqa: BLE001  one broken value leaves the others
                errors[name] = described(error, "pylinac")
    return {"seconds": time.perf_counter() - began, "values": values, "errors": errors, "raised": raised}


def quantities(analysis: Any) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield the names of pylinac's results and how each is read: most are computed when they are asked for."""
    yield "thickness_mm", lambda: analysis.slice1.measured_slice_thickness_mm
    yield "slice1_bar_difference_mm", lambda: analysis.slice1.bar_difference_mm
    yield "slice11_bar_difference_mm", lambda: analysis.slice11.bar_difference_mm
    yield "row_mtf50", lambda: analysis.slice1.row_mtf.relative_resolution(50)
    yield "column_mtf50", lambda: analysis.slice1.col_mtf.relative_resolution(50)
    yield "piu_percent", lambda: analysis.uniformity_module.percent_image_uniformity
    yield "psg_percent", lambda: analysis.uniformity_module.psg
    for direction in ("horizontal", "vertical", "negative diagonal", "positive diagonal"):
        yield direction, lambda d=direction: analysis.geometric_distortion.profiles[d]["width (mm)"]
    yield "spokes", lambda: analysis.low_contrast_multi_slice.score
    for number in (8, 9, 10, 11):
        yield f"spokes_slice{number}", lambda n=number: spokes(analysis, n)


def spokes(analysis: Any, number: int) -> int:
    """Return the complete spokes of a slice, numbered from 1."""
    return next(int(s.score) for s in analysis.low_contrast_multi_slice.slices.values() if s.slice_num + 1 == number)


if __name__ == "__main__":
    serve("pylinac", start)
