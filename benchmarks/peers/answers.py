"""A tool's answer in its own words, as outcomes by metric id.

hazen's slice position is the bar-length difference as the ACR defines it (negative where the left bar is longer);
pylinac's profiles run outwards from the phantom's centre, so that its bar difference has the other sign.
"""

from collections.abc import Iterator
from typing import Any

from benchmarks.peers.outcome import Kind, Outcome, Outcomes, Result, measured
from benchmarks.peers.runs import Run

Json = dict[str, Any]

SPOKES = {number: f"mr-low-contrast-spokes-slice{number}" for number in (8, 9, 10, 11)}

HAZEN: dict[str, dict[str, str]] = {
    "geometric_accuracy": {
        "Slice 1 Horizontal distance": "mr-length-horizontal-slice1",
        "Slice 1 Vertical distance": "mr-length-vertical-slice1",
        "Slice 5 Horizontal distance": "mr-length-horizontal-slice5",
        "Slice 5 Vertical distance": "mr-length-vertical-slice5",
        "Slice 5 Diagonal SE distance": "mr-length-diagonal-45-slice5",
        "Slice 5 Diagonal SW distance": "mr-length-diagonal-135-slice5",
    },
    "ghosting": {"signal ghosting": "mr-percent-signal-ghosting"},
    "slice_position": {"Slice 1": "mr-slice-position-error-slice1", "Slice 11": "mr-slice-position-error-slice11"},
    "slice_thickness": {"slice width": "mr-slice-thickness"},
    "snr": {"smoothing": "mr-snr"},
    "spatial_resolution": {
        "Upper Left": "mr-high-contrast-resolution-ul",
        "Lower Right": "mr-high-contrast-resolution-lr",
    },
    "uniformity": {"Integral uniformity": "mr-percent-image-uniformity"},
    "low_contrast_object_detectability": {
        "total": "mr-low-contrast-spokes",
        **{f"slice {number}": metric for number, metric in SPOKES.items()},
    },
}
"""Metric ids by hazen's task and the name that it gives a value."""

HAZEN_UNRESOLVED = 99
"""What hazen returns as hole size where it finds no array resolved."""

PYLINAC: dict[str, tuple[str, float]] = {
    "thickness_mm": ("mr-slice-thickness", 1.0),
    "slice1_bar_difference_mm": ("mr-slice-position-error-slice1", -1.0),
    "slice11_bar_difference_mm": ("mr-slice-position-error-slice11", -1.0),
    "row_mtf50": ("pylinac-row-mtf50", 1.0),
    "column_mtf50": ("pylinac-column-mtf50", 1.0),
    "piu_percent": ("mr-percent-image-uniformity", 1.0),
    "psg_percent": ("mr-percent-signal-ghosting", 1.0),
    "horizontal": ("mr-length-horizontal-slice5", 1.0),
    "vertical": ("mr-length-vertical-slice5", 1.0),
    "negative diagonal": ("mr-length-diagonal-45-slice5", 1.0),
    "positive diagonal": ("mr-length-diagonal-135-slice5", 1.0),
    "spokes": ("mr-low-contrast-spokes", 1.0),
    **{f"spokes_slice{number}": (metric, 1.0) for number, metric in SPOKES.items()},
}
"""Metric id and factor by the driver's name of pylinac's value."""

OFFERED = {
    "hazen": frozenset(metric for names in HAZEN.values() for metric in names.values()),
    "pylinac": frozenset(metric for metric, _ in PYLINAC.values()),
}
"""What each peer tries to measure; AIQA's list is what its reports hold."""


def result(run: Run) -> Result:
    """Return what an answer means."""
    failure: Outcome | None = None
    outcomes: Outcomes = {}
    if run.answer is None:
        failure = Outcome(kind=Kind.CRASHED, detail=run.failure or "")
    elif run.tool == "hazen":
        outcomes = dict(_hazen(run.answer["tests"]))
    elif run.tool == "pylinac":
        failure, outcomes = _pylinac(run.answer["tests"]["analyze"])
    else:
        failure, outcomes = _aiqa(run.answer["tests"]["analyze"])
    return Result(
        tool=run.tool,
        series=run.series,
        phantom=run.phantom,
        factor=run.factor,
        outcomes=outcomes,
        failure=failure,
        seconds=run.seconds,
        cpu_s=run.cpu_s,
        cold_s=run.cold_s,
    )


def _fallen(error: Json) -> Outcome:
    """Return a refusal where the tool itself raised the error on purpose, else a crash."""
    return Outcome(kind=Kind.REFUSED if error["deliberate"] else Kind.CRASHED, detail=error["error"])


def _hazen(tests: Json) -> Iterator[tuple[str, Outcome]]:
    for task, names in HAZEN.items():
        answer = tests[task]
        if answer["raised"]:
            yield from ((metric, _fallen(answer["raised"])) for metric in names.values())
            continue
        found = {_hazen_name(task, m): m["value"] for m in answer["measurements"] if m["type"] == "measured"}
        for name, metric in names.items():
            if name in found:
                yield metric, _hazen_value(task, found[name])
            else:
                yield metric, _silent(answer["logged"])


def _silent(logged: list[Json]) -> Outcome:
    """Return why a task gave no value: the exception that it logged last, if any; other messages are no reason."""
    exceptions = [error for error in logged if error["where"]]
    return _fallen(exceptions[-1]) if exceptions else Outcome(kind=Kind.NOTHING)


def _hazen_name(task: str, measurement: Json) -> str:
    name: str = measurement["subtype"]
    return " ".join(measurement["description"].split()[:2]) if task == "slice_position" else name


def _hazen_value(task: str, value: object) -> Outcome:
    if task == "spatial_resolution" and value == HAZEN_UNRESOLVED:
        return Outcome(kind=Kind.REFUSED, detail="no hole array resolved (99 returned)")
    return measured(value)


def _pylinac(answer: Json) -> tuple[Outcome | None, Outcomes]:
    if answer["raised"]:
        return _fallen(answer["raised"]), {}
    outcomes = {}
    for name, (metric, factor) in PYLINAC.items():
        if name in answer["errors"]:
            outcomes[metric] = _fallen(answer["errors"][name])
        else:
            value = answer["values"][name]
            outcomes[metric] = measured(value * factor + 0.0 if isinstance(value, int | float) else value)
    return None, outcomes


def _aiqa(answer: Json) -> tuple[Outcome | None, Outcomes]:
    if answer["raised"]:
        return _fallen(answer["raised"]), {}
    if answer["refused"]:
        return Outcome(kind=Kind.REFUSED, detail=f"{answer['refused']['code']}: {answer['refused']['detail']}"), {}
    return None, {m["metric"]: _aiqa_measurement(m) for m in answer["report"]["measurements"]}


def _aiqa_measurement(measurement: Json) -> Outcome:
    if measurement["status"] == "measured":
        return measured(measurement["value"], measurement["uncertainty"])
    reason = f"{measurement['reason']}: {measurement['detail']}"
    return Outcome(kind=Kind.REFUSED if measurement["reason"] else Kind.NOTHING, detail=reason)
