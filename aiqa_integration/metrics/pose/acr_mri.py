"""Where an ACR MRI phantom lies: the network's evidence, pooled over the series and checked against the images."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from aiqa_integration.errors import PhantomNotFound
from aiqa_integration.metrics.pose.bar import bar_slope_deg
from aiqa_integration.metrics.pose.circle import Circle, fit_outlines
from aiqa_integration.metrics.pose.grid import grid_centre, to_pixels
from aiqa_integration.metrics.pose.landmarks import (
    BAR_RIGHT,
    CENTRE,
    LANDMARKS_MM,
    MIN_PEAK,
    Sighting,
    Turn,
    expected,
    fit_turn,
    peaks,
)
from aiqa_integration.metrics.pose.localizer import MOST_IMAGES, locate_localizer, shows_section
from aiqa_integration.metrics.pose.numbering import Numbering, number_slices
from aiqa_integration.metrics.pose.pattern import match_pattern
from aiqa_integration.model.image import ImageStack
from aiqa_integration.model.phantom import LocatedPhantom, PlanePose
from aiqa_integration.model.round_edge import HOUSING_DEG

Outputs = Mapping[str, NDArray[np.float32]]

KINDS = ("none", "acr-mri-large", "acr-mri-medium")
TITLES = {"acr-mri-large": "large ACR MRI phantom", "acr-mri-medium": "medium ACR MRI phantom"}
LENGTHS_MM = {"acr-mri-large": 148.0, "acr-mri-medium": 134.0}
SAGITTAL = 12
MIN_CONFIDENCE = 0.5
MIN_SUPPORT = 0.4
MIN_SHARE = 0.5
MIN_SIGHTINGS = 2
"""One landmark alone fits any rotation, so it proves nothing: any dark spot would do."""
MIN_CONTRAST = 0.5
"""The phantom's solid parts against water: about 0.9, and 0.8 where noise of an SNR of 8 fills them."""
DIAMETER_TOLERANCE = 0.06
FEW_SHORT_RAYS = 3
"""So many short rays, of 360, are edges that noise or a seam moved; the level of a bubble takes at least six."""
MAX_RESIDUAL_MM = 4.0
TILT_NEEDS_MM = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What the images show, one entry per place: landmarks in pixels with their heights, outline, kind."""

    marks: NDArray[np.float64]
    circles: tuple[Circle | None, ...]
    shown: NDArray[np.bool_]


def locate_acr_mri(stack: ImageStack, outputs: Outputs, *, phantom: str, diameter_mm: float) -> LocatedPhantom:
    """Return where the phantom lies in a stack across its axis, or in a localizer along it.

    ``outputs`` are the network's: ``kind`` [z, 3], ``slice`` [z, 13], ``heat`` [z, 6, 96, 96]. Raises PhantomNotFound
    where the images show another object or nothing that fits the phantom's measures and landmarks.
    """
    kind = outputs["kind"].astype(np.float64)
    along = partial(
        locate_localizer,
        stack,
        1 - kind[:, 0],
        phantom=phantom,
        title=TITLES[phantom],
        size_mm=(diameter_mm, LENGTHS_MM[phantom]),
    )
    views = outputs["slice"].argmax(axis=1)
    if (1 - kind[:, 0]).mean() > MIN_CONFIDENCE and (views == SAGITTAL).mean() > MIN_SHARE:
        return along()
    try:
        return _locate_across(stack, outputs, kind, phantom=phantom, diameter_mm=diameter_mm)
    except PhantomNotFound:
        if len(stack.slices) > MOST_IMAGES and _likeliest(kind) not in {phantom, None}:
            raise
        if (1 - kind[:, 0]).max() > MIN_CONFIDENCE and shows_section(stack, 1 - kind[:, 0]):
            return along()
        raise


def _locate_across(
    stack: ImageStack, outputs: Outputs, kind: NDArray[np.float64], *, phantom: str, diameter_mm: float
) -> LocatedPhantom:
    """Return where the phantom lies in slices across its axis; raises PhantomNotFound."""
    _refuse_other_objects(kind, outputs["slice"], phantom)
    positions = np.array([ref.position_mm for ref in stack.slices])
    numbering = number_slices(
        _rising(positions, stack.spacing_mm[0]), outputs["slice"][:, :SAGITTAL].astype(np.float64)
    )
    seen = _see(stack, outputs, kind, diameter_mm)
    diameter = _diameter(seen, phantom, diameter_mm)
    if numbering.support < MIN_SUPPORT or not numbering.slices:
        raise PhantomNotFound(
            f"round object of {diameter:.0f} mm whose slices do not follow the {TITLES[phantom]}'s order"
        )
    centres, tilt = _centres(seen, numbering)
    turn = _sharpened(stack, numbering, centres, _turn(stack, seen, numbering, centres, phantom), phantom)
    places = sorted({*numbering.slices.values(), *np.flatnonzero(seen.shown).tolist()})
    return LocatedPhantom(
        phantom=phantom,
        slices=numbering.slices,
        poses={place: _pose(stack, centres[place], turn) for place in places},
        full_circles=frozenset(place for place in places if _is_full(seen.circles[place], turn)),
        tilt_deg=tilt,
        residual_mm=turn.residual_mm,
        confidence=_confidence(kind, numbering, phantom),
    )


def _refuse_other_objects(kind: NDArray[np.float64], classes: NDArray[np.float32], phantom: str) -> None:
    """Raise PhantomNotFound where the network's evidence over the series speaks against the phantom."""
    present = 1 - kind[:, 0]
    views = classes.argmax(axis=1)
    if not ((present > MIN_CONFIDENCE) & (views >= 1) & (views < SAGITTAL)).any():
        raise PhantomNotFound(f"none of {len(kind)} images shows an ACR MRI phantom")
    if (present > MIN_CONFIDENCE).mean() < MIN_CONFIDENCE:
        raise PhantomNotFound(f"only {int((present > MIN_CONFIDENCE).sum())} of {len(kind)} images look like a phantom")
    likeliest = _likeliest(kind)
    if likeliest is not None and likeliest != phantom:
        raise PhantomNotFound(f"{TITLES[likeliest]}, not the {TITLES[phantom]}")


def _likeliest(kind: NDArray[np.float64]) -> str | None:
    """Return the phantom that the images which show one speak for most; None where none does."""
    shown = kind[:, 0] < 1 - MIN_CONFIDENCE
    if not shown.any():
        return None
    evidence = np.log(np.clip(kind[shown], 1e-3, 1)).sum(axis=0)
    return KINDS[1 + int(np.argmax(evidence[1:]))]


def _rising(positions: NDArray[np.float64], spacing_mm: float) -> NDArray[np.float64]:
    """Return the positions, or equal steps where they are not told apart."""
    if len(positions) > 1 and np.abs(np.diff(positions)).min() < 0.1:
        return np.arange(len(positions), dtype=np.float64) * spacing_mm
    return positions


def _see(stack: ImageStack, outputs: Outputs, kind: NDArray[np.float64], diameter_mm: float) -> _Seen:
    found = peaks(outputs["heat"])
    found[..., :2] = to_pixels(found[..., :2], stack, grid_centre(stack))
    pixel = (stack.spacing_mm[1], stack.spacing_mm[2])
    guesses = found[:, CENTRE, :2] * (pixel[1], pixel[0])
    usual = np.median(guesses[kind[:, 0] < MIN_CONFIDENCE], axis=0)
    shown = kind[:, 0] < MIN_CONFIDENCE
    guesses = np.where(np.hypot(*(guesses - usual).T)[:, None] < 10, guesses, usual)
    circles = iter(fit_outlines(stack.voxels[shown], pixel, guesses[shown], diameter_mm / 2))
    found_circles = tuple(next(circles) if visible else None for visible in shown)
    return _Seen(marks=found, circles=found_circles, shown=shown)


def _good(circle: Circle | None) -> bool:
    return circle is not None and circle.share > MIN_SHARE and circle.residual_mm < 1.5


def _is_full(circle: Circle | None, turn: Turn) -> bool:
    """Return whether rays are short only where the wedges' housing, at twelve o'clock of the drawing, may hide them.

    A few others don't matter.
    """
    if circle is None:
        return False
    away = (np.array(circle.short_deg) - (270.0 + turn.rotation_deg) + 180.0) % 360.0 - 180.0
    return int(np.count_nonzero(np.abs(away) >= HOUSING_DEG)) <= FEW_SHORT_RAYS


def _diameter(seen: _Seen, phantom: str, diameter_mm: float) -> float:
    """Return the median diameter; raises PhantomNotFound where there is no outline or it is another size."""
    diameters = [2 * circle.radius_mm for circle in seen.circles if circle is not None and _good(circle)]
    if not diameters:
        raise PhantomNotFound(f"no round outline of about {diameter_mm:.0f} mm in the images")
    diameter = float(np.median(diameters))
    if abs(diameter / diameter_mm - 1) > DIAMETER_TOLERANCE:
        raise PhantomNotFound(f"round object of {diameter:.0f} mm; the {TITLES[phantom]} measures {diameter_mm:.0f} mm")
    return diameter


def _centres(seen: _Seen, numbering: Numbering) -> tuple[NDArray[np.float64], float | None]:
    """Return each place's (x, y) of the axis in mm, and the tilt in degrees, None where the stack is too short.

    A robust straight line (Theil-Sen) through the outlines' centres replaces those that leave it by more than 1.5 mm.
    """
    good = np.array([_good(circle) for circle in seen.circles])
    measured = np.array([[c.x_mm, c.y_mm] if c is not None else [np.nan, np.nan] for c in seen.circles])
    heights = numbering.heights_mm
    level, slope = np.median(measured[good], axis=0), np.zeros(2)
    long_enough = good.sum() >= 3 and float(np.ptp(heights[good])) >= TILT_NEEDS_MM
    if long_enough:
        pairs = np.array(
            [(i, j) for i in np.flatnonzero(good) for j in np.flatnonzero(good) if heights[j] > heights[i]]
        )
        rise = heights[pairs[:, 1]] - heights[pairs[:, 0]]
        slope = np.median((measured[pairs[:, 1]] - measured[pairs[:, 0]]) / rise[:, None], axis=0)
        level = np.median(measured[good] - heights[good, None] * slope, axis=0)
    line = level + heights[:, None] * slope
    trusted = good & (np.hypot(*(np.nan_to_num(measured) - line).T) < 1.5)
    centres = np.where(trusted[:, None], measured, line)
    return centres, float(np.degrees(np.arctan(np.hypot(*slope)))) if long_enough else None


def _turn(stack: ImageStack, seen: _Seen, numbering: Numbering, centres: NDArray[np.float64], phantom: str) -> Turn:
    """Return the rotation that the images' dark parts and the landmarks agree on; else raises PhantomNotFound."""
    pixel_mm = (stack.spacing_mm[1], stack.spacing_mm[2])
    match = match_pattern(stack.voxels, numbering.slices, centres, pixel_mm, phantom)
    sightings = []
    for number, place in numbering.slices.items():
        for index, (u, v) in expected(phantom, number).items():
            column, row, height = seen.marks[place, index]
            if height >= MIN_PEAK:
                x, y = np.array([column * stack.spacing_mm[2], row * stack.spacing_mm[1]]) - centres[place]
                sightings.append(Sighting(u_mm=u, v_mm=v, x_mm=float(x), y_mm=float(y), weight=float(height)))
    turn = fit_turn(sightings, start=(match.rotation_deg, match.mirrored))
    unsure = turn is None or turn.used < MIN_SIGHTINGS or turn.residual_mm > MAX_RESIDUAL_MM
    if turn is None or unsure or match.contrast < MIN_CONTRAST:
        raise PhantomNotFound(f"the inserts of the {TITLES[phantom]} are not where they should be")
    return turn


def _sharpened(stack: ImageStack, numbering: Numbering, centres: NDArray[np.float64], turn: Turn, phantom: str) -> Turn:
    """Return the rotation corrected by the edges of the ramp bar, where slices 1 to 4 show it."""
    half_length_mm = LANDMARKS_MM[phantom][BAR_RIGHT][0]
    for _ in range(2):
        slopes = [
            slope
            for number, place in numbering.slices.items()
            if number <= 4
            and (slope := bar_slope_deg(stack.voxels[place], _pose(stack, centres[place], turn), half_length_mm))
            is not None
        ]
        if slopes:
            turn = replace(turn, rotation_deg=turn.rotation_deg + float(np.median(slopes)))
    return turn


def _pose(stack: ImageStack, centre_mm: NDArray[np.float64], turn: Turn) -> PlanePose:
    return PlanePose(
        centre=(float(centre_mm[0] / stack.spacing_mm[2]), float(centre_mm[1] / stack.spacing_mm[1])),
        rotation_deg=turn.rotation_deg,
        pixel_mm=(stack.spacing_mm[2], stack.spacing_mm[1]),
        mirrored=turn.mirrored,
    )


def _confidence(kind: NDArray[np.float64], numbering: Numbering, phantom: str) -> float:
    places = list(numbering.slices.values())
    return float(kind[places, KINDS.index(phantom)].mean())
