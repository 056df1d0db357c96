"""``/calibrations/``: how far alerts of artifacts are trusted, by scanner and protocol family; what changes that."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from aiqa_integration.artifact_detection.families import Family
from aiqa_integration.artifact_detection.gate import band_of
from aiqa_integration.artifact_detection.states import TRANSITIONS, CalibrationEvent
from aiqa_integration.console import forms, reviewer
from aiqa_integration.console.context import console, reviewing
from aiqa_integration.errors import LedgerError
from aiqa_integration.ledger.views import KnownCalibration, OpenDrift, Place, ScreenedFamily
from aiqa_integration.model.artifact import ARTIFACTS_BY_ID, ArtifactId
from aiqa_integration.model.calibration import UNCALIBRATED, ArtifactCalibration

PAGE = Blueprint("calibrations", __name__, url_prefix="/calibrations")

LONGEST_REASON = 200

Action = Literal["adopt", "suspend", "resume"]
EVENTS: Mapping[Action, CalibrationEvent] = {
    "adopt": CalibrationEvent.ADOPTED_BY_PERSON,
    "suspend": CalibrationEvent.SUSPENDED_BY_PERSON,
    "resume": CalibrationEvent.RESUMED_BY_PERSON,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One artifact on one scanner and protocol family.

    ``calibration`` is what holds for the present bundle; ``earlier`` is set where there is one of another bundle.
    """

    place: Place
    title: str
    calibration: ArtifactCalibration
    earlier: bool
    alerts_from: float
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The artifacts of one scanner and protocol family, with the drift that is open there."""

    screened: ScreenedFamily
    rows: tuple[Row, ...]
    drift: OpenDrift | None

    def count(self, state: str) -> int:
        """Return how many artifacts are in a state."""
        return sum(row.calibration.state == state for row in self.rows)


@PAGE.get("/")
def show() -> ResponseReturnValue:
    """Show every scanner and protocol family that artifacts were looked for on."""
    return _page("")


@PAGE.post("/change")
def change() -> ResponseReturnValue:
    """Adopt, suspend or resume a calibration, as ``aiqa calibration set`` does."""
    who, why = _form()
    action = next((action for action in EVENTS if action in request.form), None)
    place = _place()
    if action is None or place is None:
        abort(400)

    def do() -> None:
        reviews, at = reviewing(), console().now()
        if action != "adopt":
            reviews.change(place, EVENTS[action], who=who, why=why, at=at)
            return
        bundle = console().artifact_bundle
        if bundle is None:
            raise LedgerError("no bundle is known that could be adopted")
        reviews.adopt(place, bundle(), who=who, why=why, at=at)

    return _done(do, who)


@PAGE.post("/close-drift")
def close_drift() -> ResponseReturnValue:
    """Record that a change was looked at, as ``aiqa calibration close-drift`` does."""
    who, why = _form()
    drift_id = request.form.get("drift_id", "")
    return _done(lambda: reviewing().close_drift(drift_id, who=who, why=why, at=console().now()), who)


def _form() -> tuple[str, str]:
    """Return who writes and why; aborts where the form is from elsewhere or says neither."""
    who, why = forms.signed(), forms.line("why", LONGEST_REASON)
    if not why:
        abort(400)
    return who, why


def _place() -> Place | None:
    family, artifact = request.form.get("family", ""), request.form.get("artifact", "")
    if family not in set(Family) or artifact not in set(ArtifactId):
        return None
    return Place(device_key=request.form.get("device_key", ""), family=family, artifact=ArtifactId(artifact))


def _done(do: Callable[[], None], who: str) -> ResponseReturnValue:
    try:
        do()
    except LedgerError as error:
        return _page(str(error)), 409
    return forms.done(url_for("calibrations.show"), who)


def _page(refused: str) -> str:
    reviews = reviewing()
    drifts = {(drift.device_key, drift.family): drift for drift in reviews.open_drifts()}
    known: dict[tuple[str, str], list[KnownCalibration]] = {}
    for one in reviews.all_calibrations():
        known.setdefault((one.place.device_key, one.place.family), []).append(one)
    groups = [
        Group(screened=one, rows=_rows(one, known.get(key, [])), drift=drifts.get(key))
        for one in reviews.screened()
        for key in [(one.device_key, one.family)]
    ]
    return render_template(
        "calibrations.html",
        groups=groups,
        refused=refused,
        **reviewer.asked(),
        longest_reason=LONGEST_REASON,
    )


def _rows(screened: ScreenedFamily, known: Sequence[KnownCalibration]) -> tuple[Row, ...]:
    bundle = console().artifact_bundle
    key = bundle().key if bundle else None
    by_artifact = {one.place.artifact: one for one in known}
    rows = []
    for artifact in ArtifactId:
        one = by_artifact.get(artifact)
        holds = one is not None and key in {None, one.bundle}
        calibration = one.calibration if one is not None and holds else UNCALIBRATED
        rows.append(
            Row(
                place=Place(device_key=screened.device_key, family=screened.family, artifact=artifact),
                title=ARTIFACTS_BY_ID[artifact].title,
                calibration=calibration,
                earlier=one is not None and not holds,
                alerts_from=band_of(artifact, calibration).high,
                actions=tuple(_actions(calibration, kept=holds)),
            )
        )
    return tuple(rows)


def _actions(calibration: ArtifactCalibration, *, kept: bool) -> Sequence[Action]:
    """Return what a person can do; what nothing is kept of can only be adopted."""
    return [
        action
        for action, event in EVENTS.items()
        if (calibration.state, event) in TRANSITIONS and (kept or action == "adopt")
    ]
