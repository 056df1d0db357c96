"""Low-contrast object detectability: how many spokes of three faint disks can be seen.

ACR MRI Phantom Test Guidance (10/2022), section 7: slices 8 to 11 show ten spokes each; a spoke counts if all of its
disks are seen, and the count stops at the first that doesn't. The disks are looked for where the guidance's drawing
puts them once the ring around them is found and the whole pattern is laid over the images; what one disk says is read
by a filter of its own shape, in units of the scatter of the same filter's answers beside the disks. So gain, shading,
interpolation and noise texture don't matter, only how far the disks stand out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np

from aiqa_integration.metrics.low_contrast.disks import read_disks
from aiqa_integration.metrics.low_contrast.field import Field, flatten
from aiqa_integration.metrics.low_contrast.insert import DIAMETERS_MM, RADII_MM, SLICE_NUMBERS, Placement, disk_places
from aiqa_integration.metrics.low_contrast.placing import place_pattern
from aiqa_integration.metrics.low_contrast.reader import Reading, expanded, read_slice, response_of
from aiqa_integration.metrics.low_contrast.ring import Ring, find_ring
from aiqa_integration.model.coding import aiqa_code
from aiqa_integration.model.measurement import Measured, Measurement, MetricDef, NotMeasured, Obstacle, Reason, Region
from aiqa_integration.model.phantom import PhantomImages
from aiqa_integration.model.quantity import SPOKE, Quantity
from aiqa_integration.model.sampling import PhantomSlice, circle_region, slice_of

_GUIDANCE = "ACR MRI Phantom Test Guidance (10/2022), section 7, low-contrast object detectability"

SPOKES_TOTAL = MetricDef(
    id="mr-low-contrast-spokes",
    label="Low-contrast spokes seen, slices 8 to 11",
    unit=SPOKE,
    better="higher",
    source=_GUIDANCE,
    version="1",
    code=aiqa_code("AIQA-LCOD", "Low-contrast spokes seen, slices 8 to 11"),
    decimals=0,
)
SPOKES_OF_SLICE = {
    number: MetricDef(
        id=f"mr-low-contrast-spokes-slice{number}",
        label=f"Low-contrast spokes seen, slice {number}",
        unit=SPOKE,
        better="higher",
        source=_GUIDANCE,
        version="1",
        code=aiqa_code(f"AIQA-LCOD-S{number}", f"Low-contrast spokes seen, slice {number}"),
        decimals=0,
    )
    for number in SLICE_NUMBERS
}
METRICS = (SPOKES_TOTAL, *SPOKES_OF_SLICE.values())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Seen:
    """One slice with its reading and where its disks lie."""

    sl: PhantomSlice
    placement: Placement
    reading: Reading


_Outcome = _Seen | Obstacle


def measure_low_contrast(images: PhantomImages, *, ring_centre_mm: tuple[float, float]) -> tuple[Measurement, ...]:
    """Return the count of spokes, all slices and each; 0 to 40 and 0 to 10, higher is better.

    ``ring_centre_mm`` is where the ring is looked for, good to 4 mm. The total needs all four slices.
    """
    slices = {number: slice_of(images, number) for number in SLICE_NUMBERS}
    outcomes = _outcomes({n: sl for n, sl in slices.items() if sl is not None}, ring_centre_mm)
    for number in SLICE_NUMBERS:
        if slices[number] is None:
            missing = f"slice {number} is not in the series"
            outcomes[number] = Obstacle(reason=Reason.SLICE_MISSING, detail=missing)
    singles = tuple(_single(number, slices[number], outcomes[number]) for number in SLICE_NUMBERS)
    return (_total(outcomes), *singles)


def _outcomes(slices: Mapping[int, PhantomSlice], near_mm: tuple[float, float]) -> dict[int, _Outcome]:
    """Return the reading of each slice, or what keeps it from one; rings and disks of all slices help each other."""
    rings = {number: find_ring(sl, near_mm) for number, sl in slices.items()}
    outcomes: dict[int, _Outcome] = {n: ring for n, ring in rings.items() if isinstance(ring, Obstacle)}
    found = {n: ring for n, ring in rings.items() if isinstance(ring, Ring)}
    if not found:
        return outcomes
    u, v = np.median([ring.centre_mm for ring in found.values()], axis=0)
    start = Placement(centre_mm=(float(u), float(v)))
    radius = float(np.median([ring.radius_mm for ring in found.values()]))
    fields = {number: flatten(slices[number], number, start, ring_radius_mm=radius) for number in found}
    outcomes |= {number: field for number, field in fields.items() if isinstance(field, Obstacle)}
    flat = [field for field in fields.values() if isinstance(field, Field)]
    if not flat:
        return outcomes
    pattern = place_pattern(flat, start)
    disks = {field.number: read_disks(field, pattern.placements[field.number]) for field in flat}
    response = response_of(tuple(disks.values()))
    for number, contrasts in disks.items():
        reading = read_slice(contrasts, pattern.sign, seed=number, response=response)
        outcomes[number] = _Seen(sl=slices[number], placement=pattern.placements[number], reading=reading)
    return outcomes


def _single(number: int, sl: PhantomSlice | None, outcome: _Outcome) -> Measurement:
    metric = SPOKES_OF_SLICE[number]
    if isinstance(outcome, Obstacle):
        return outcome.not_measured(metric, None if sl is None else sl.index)
    count = outcome.reading.count
    return Measured(
        metric=metric,
        quantity=Quantity(float(count), SPOKE),
        uncertainty=expanded(count, outcome.reading.draws),
        slice_index=outcome.sl.index,
        regions=_regions(number, outcome),
        detail=f"contrast of the disks {100 * outcome.reading.contrast:.1f} %",
    )


def _regions(number: int, seen: _Seen) -> tuple[Region, ...]:
    """Return the disks of the spokes that count."""
    u_mm, v_mm = disk_places(number, seen.placement)
    return tuple(
        circle_region(
            seen.sl,
            (float(u_mm[spoke, radius]), float(v_mm[spoke, radius])),
            float(DIAMETERS_MM[spoke]) / 2,
            label=f"Spoke {spoke + 1}",
        )
        for spoke in range(seen.reading.count)
        for radius in range(len(RADII_MM))
    )


def _total(outcomes: Mapping[int, _Outcome]) -> Measurement:
    for number in SLICE_NUMBERS:
        outcome = outcomes[number]
        if isinstance(outcome, Obstacle):
            return NotMeasured(metric=SPOKES_TOTAL, reason=outcome.reason, detail=f"slice {number}: {outcome.detail}")
    readings = [cast("_Seen", outcomes[number]).reading for number in SLICE_NUMBERS]
    count = sum(reading.count for reading in readings)
    draws = np.sum([reading.draws for reading in readings], axis=0)
    return Measured(
        metric=SPOKES_TOTAL,
        quantity=Quantity(float(count), SPOKE),
        uncertainty=expanded(count, draws),
        detail="slices 8 to 11: " + ", ".join(str(reading.count) for reading in readings),
    )
