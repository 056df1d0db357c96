"""Tilt, roll, offset, mirror and slice position, from where the phantom was found."""

from collections.abc import Iterator, Sequence

import numpy as np

from aiqa_integration.model.finding import Finding, Severity, probability_above
from aiqa_integration.model.measurement import Measured, Measurement
from aiqa_integration.model.phantom import PhantomImages

TILT_DEG = 1.5
"""The axis then leaves its place by 2.6 mm over the 100 mm from slice 1 to 11, more than the 2 mm that the medium
phantom's diameter is judged by, and the 10:1 ramps of slice 1 are a quarter (10·tan 1.5°) too long and too short."""
CLEAR_TILT_DEG = 3.0
TILT_SD_DEG = 0.1
"""Standard uncertainty of a line through eleven centres good to 0.15 mm over 100 mm, and of two ends of a localizer."""
ROLL_DEG = 5.0
"""The guidance's horizontal and vertical are the phantom's; up to here they and the image's differ by less than 0.4 %
(1 - cos 5°), 0.7 mm of a 190 mm diameter in an image stretched by 10 % along one axis."""
ROLL_SD_DEG = 0.3
OFF_CENTRE_MM = 10.0
"""A 250 mm field leaves the large phantom 30 mm of air on each side, and the ghosting test needs 16 mm of it beside
the phantom: 14 mm off centre it is gone, and the coil sees the sides differently before."""
FAR_OFF_CENTRE_MM = 20.0
CENTRE_SD_MM = 0.2
BAR_DIFFERENCE_MM = 5.0
"""The guidance's limit of the difference of the wedges' bars: slices 2.5 mm off (section 4, slice position)."""
RAMPS = (1, 4)
"""Slices whose inserts tell left from right."""


def placing_findings(images: PhantomImages, measurements: Sequence[Measurement]) -> Iterator[Finding]:
    """Yield what the pose and the slice position say."""
    if not images.located.poses:
        return
    yield from _tilt(images)
    if images.located.view == "localizer":
        return
    yield from _roll(images)
    yield from _off_centre(images)
    yield from _mirrored(images)
    yield from _slice_position(measurements)


def _tilt(images: PhantomImages) -> Iterator[Finding]:
    """Yield a lean of the axis: against the slices' normal, or in a localizer against the image's rows or columns."""
    located, against = images.located, "the slices' normal"
    tilt = located.tilt_deg
    if located.view == "localizer":
        turn = next(iter(located.poses.values())).rotation_deg
        tilt, against = abs((turn + 45.0) % 90.0 - 45.0), "the image's edges"
    if tilt is None or tilt <= TILT_DEG:
        return
    yield Finding(
        artifact="setup-tilt",
        probability=probability_above(tilt, TILT_DEG, TILT_SD_DEG),
        severity=2 if tilt > CLEAR_TILT_DEG else 1,
        explanation=f"The phantom's axis is tilted by {tilt:.1f}° against {against}. Level the phantom, or turn the "
        f"slices square to it on the localizer.",
    )


def _roll(images: PhantomImages) -> Iterator[Finding]:
    turn = (next(iter(images.located.poses.values())).rotation_deg + 180.0) % 360.0 - 180.0
    if abs(turn) <= ROLL_DEG:
        return
    yield Finding(
        artifact="setup-roll",
        probability=probability_above(abs(turn), ROLL_DEG, ROLL_SD_DEG),
        severity=1,
        explanation=f"The phantom is turned by {abs(turn):.1f}° {'clockwise' if turn > 0 else 'counter-clockwise'} in "
        f"the image. Lay it in upright, by its level.",
    )


def _off_centre(images: PhantomImages) -> Iterator[Finding]:
    rows, columns = images.stack.voxels.shape[1:]
    poses = images.located.poses.values()
    aside = np.median([(pose.centre[0] - (columns - 1) / 2) * pose.pixel_mm[0] for pose in poses])
    down = np.median([(pose.centre[1] - (rows - 1) / 2) * pose.pixel_mm[1] for pose in poses])
    distance = float(np.hypot(aside, down))
    if distance <= OFF_CENTRE_MM:
        return
    ways = [
        f"{abs(part):.0f} mm {word[0] if part < 0 else word[1]}"
        for part, word in ((aside, ("left", "right")), (down, ("up", "down")))
        if abs(part) >= 1.0
    ]
    yield Finding(
        artifact="setup-off-centre",
        probability=probability_above(distance, OFF_CENTRE_MM, CENTRE_SD_MM),
        severity=2 if distance > FAR_OFF_CENTRE_MM else 1,
        explanation=f"The phantom lies {distance:.0f} mm off the middle of the image ({' and '.join(ways)}). Centre "
        f"the phantom in the coil and the field of view on the phantom.",
    )


def _mirrored(images: PhantomImages) -> Iterator[Finding]:
    located = images.located
    told = any(RAMPS[0] <= number <= RAMPS[1] for number in located.slices)
    if not told or not next(iter(located.poses.values())).mirrored:
        return
    yield Finding(
        artifact="setup-mirrored",
        probability=min(max(located.confidence, 0.0), 1.0),
        severity=1,
        explanation="The phantom shows left-right reversed: it was laid in the other way round, or the images are "
        "stored mirrored. Lay it in with the end marked for the head towards the head of the table.",
    )


def _slice_position(measurements: Sequence[Measurement]) -> Iterator[Finding]:
    """Yield slices beside their places, from the wedges' bars where another test measured them."""
    for number in (1, 11):
        name = f"mr-slice-position-error-slice{number}"
        found = next((one for one in measurements if one.metric.id == name), None)
        if not isinstance(found, Measured) or abs(found.quantity.value) <= BAR_DIFFERENCE_MM:
            continue
        difference = found.quantity.value
        severity: Severity = 2 if abs(difference) > 2 * BAR_DIFFERENCE_MM else 1
        yield Finding(
            artifact="setup-slice-position",
            probability=probability_above(abs(difference), BAR_DIFFERENCE_MM, (found.uncertainty or 0.5) / 2),
            severity=severity,
            slices=() if found.slice_index is None else (found.slice_index,),
            explanation=f"Slice {number} lies {abs(difference) / 2:.1f} mm beside its place "
            f"(bars {difference:+.1f} mm). Set the slices anew on the localizer, the outer two "
            f"on the crossings of the 45° wedges.",
        )
