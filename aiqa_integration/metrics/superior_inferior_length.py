"""The phantom's length along its axis, from a localizer.

The ACR guidance (MRI Phantom Test Guidance, section 1) measures end to end in the middle of the sagittal localizer.
Here each end is a straight line through many edges, so that inserts that touch it, a bubble and coil shading don't move
it, and the length is taken square to the ends, so that a phantom turned in the image isn't measured askew.
"""

from dataclasses import replace

import numpy as np

from aiqa_integration.model.coding import aiqa_code
from aiqa_integration.model.measurement import Measured, Measurement, MetricDef, Obstacle, Reason
from aiqa_integration.model.phantom import PhantomImages, PlanePose
from aiqa_integration.model.quantity import MM, Quantity
from aiqa_integration.model.sampling import FloatArray, PhantomSlice, line_region
from aiqa_integration.model.straight_edge import StraightEdge, straight_edge

LENGTH_SUPERIOR_INFERIOR = MetricDef(
    id="mr-length-superior-inferior",
    label="Length, superior to inferior, localizer",
    unit=MM,
    better="target",
    source="ACR MRI Phantom Test Guidance (10/2022), section 1, geometric accuracy",
    version="2",
    code=aiqa_code("AIQA-LEN-SI", "Phantom length, superior to inferior"),
    decimals=1,
)
METRICS = (LENGTH_SUPERIOR_INFERIOR,)

_PART_OF_DIAMETER = 0.38
"""Half of the stretch of each end that is read: it stays away from the corners in every section within half a radius
of the axis."""
_FEWEST = 0.25
_LARGEST_ERROR = 0.15
"""A length further than this from nominal is a wrong edge, not a distorted image."""
_LARGEST_SKEW_DEG = 1.0
"""Ends of a vessel are parallel; a bubble's surface or an insert need not be."""
_TILT_DEG = 2.0
"""How far the axis may lean out of the image unseen: the section is longer by 1/cos."""
_EDGE_PIXELS = (0.03, 0.035)
"""Standard uncertainty of an end from sampling and edge ringing, in pixels along the axis, and what comes to it where
an end lies along the pixels: all its profiles cut them alike. It is shared by the pixels that an end crosses. Found on
simulated localizers."""


def measure_superior_inferior_length(
    images: PhantomImages, *, diameter_mm: float, length_mm: float
) -> tuple[Measurement, ...]:
    """Return the length along the axis, mm, target = nominal, from the image that tells it best."""
    located = images.located
    if located.view != "localizer" or not located.poses:
        missing = Obstacle(reason=Reason.SLICE_MISSING, detail="no localizer along the phantom's axis is in the series")
        return (missing.not_measured(LENGTH_SUPERIOR_INFERIOR),)
    outcomes = [
        _length(images, place, pose, diameter_mm=diameter_mm, length_mm=length_mm)
        for place, pose in located.poses.items()
    ]
    measured = [outcome for outcome in outcomes if isinstance(outcome, Measured)]
    if measured:
        return (min(measured, key=lambda one: one.uncertainty or 0.0),)
    return (outcomes[0],)


def _length(images: PhantomImages, place: int, pose: PlanePose, *, diameter_mm: float, length_mm: float) -> Measurement:
    image = images.stack.voxels[place].astype(np.float64)
    if not np.isfinite(image).all():
        broken = Obstacle(reason=Reason.ANALYSIS_FAILED, detail="the image holds values that are not finite numbers")
        return broken.not_measured(LENGTH_SUPERIOR_INFERIOR, place)
    sl = PhantomSlice(index=place, image=image, pose=pose)
    along = np.arange(-_PART_OF_DIAMETER * diameter_mm, _PART_OF_DIAMETER * diameter_mm + 0.5, 1.0)
    ends = _ends(sl, along, length_mm)
    if isinstance(ends, Obstacle):
        return ends.not_measured(LENGTH_SUPERIOR_INFERIOR, place)
    near, far = ends
    lean = (near.slope + far.slope) / 2
    value = (near.place_mm + far.place_mm) * float(np.cos(np.arctan(lean)))
    if abs(value - length_mm) > _LARGEST_ERROR * length_mm:
        detail = f"{value:.1f} mm is more than 15 % from the nominal {length_mm:g} mm"
        return Obstacle(reason=Reason.IMPLAUSIBLE, detail=detail).not_measured(LENGTH_SUPERIOR_INFERIOR, place)
    line = line_region(sl, (0.0, -far.place_mm), (0.0, near.place_mm), label=LENGTH_SUPERIOR_INFERIOR.label)
    hidden = 1.0 - min(near.share, far.share)
    return Measured(
        metric=LENGTH_SUPERIOR_INFERIOR,
        quantity=Quantity(value, MM),
        uncertainty=2.0 * _standard_uncertainty(sl, near, far, value, reach_mm=2.0 * _PART_OF_DIAMETER * diameter_mm),
        slice_index=place,
        regions=(line,),
        detail=f"{hidden:.0%} of an end's edge is hidden and was left out" if hidden > 0.5 else None,
    )


def _ends(sl: PhantomSlice, along: FloatArray, length_mm: float) -> tuple[StraightEdge, StraightEdge] | Obstacle:
    """Return the end towards +v and the end towards -v, or why there are none."""
    turned = replace(sl.pose, rotation_deg=sl.pose.rotation_deg + 180.0)
    near = straight_edge(sl.image, sl.pose, along, place_mm=length_mm / 2)
    far = straight_edge(sl.image, turned, along, place_mm=length_mm / 2)
    if near is None or far is None or min(near.share, far.share) < _FEWEST:
        return Obstacle(
            reason=Reason.FEATURE_NOT_FOUND, detail="an end of the phantom is hidden: an insert, a bubble or no signal"
        )
    if abs(np.degrees(np.arctan(near.slope) - np.arctan(far.slope))) > _LARGEST_SKEW_DEG:
        return Obstacle(reason=Reason.FEATURE_NOT_FOUND, detail="the ends of the phantom are not parallel")
    return near, far


def _standard_uncertainty(
    sl: PhantomSlice, near: StraightEdge, far: StraightEdge, value_mm: float, *, reach_mm: float
) -> float:
    """Return scatter of the edges, sampling, ends that aren't parallel, and a lean out of the image, in mm.

    ``reach_mm`` is how far an end was read along.
    """
    turn = np.radians(sl.pose.rotation_deg)
    pixel = float(np.hypot(np.sin(turn) * sl.pose.pixel_mm[0], np.cos(turn) * sl.pose.pixel_mm[1]))
    crossed = reach_mm / pixel * abs(np.sin(2.0 * turn)) / 2.0
    sampling = pixel * (_EDGE_PIXELS[0] + _EDGE_PIXELS[1] / max(crossed, 1.0))
    parts = [end.scatter_mm / np.sqrt(max(end.used / 3.0, 1.0)) for end in (near, far)]
    parts += [sampling] * 2
    parts.append(abs(near.slope - far.slope) * 10.0 / np.sqrt(3.0))
    parts.append(value_mm * (1.0 / np.cos(np.radians(_TILT_DEG)) - 1.0) / np.sqrt(3.0))
    return float(np.linalg.norm(parts))
