"""Low-contrast object detectability: how many spokes of three faint disks can be seen.

ACR MRI Phantom Test Guidance (10/2022), section 7: slices 8 to 11 show ten spokes each; a spoke counts if all of its
disks are seen, and the count stops at the first that doesn't. The disks are looked for where the guidance's drawing
puts them once the ring around them is found and the whole pattern is laid over the images; what one disk says is read
by a filter of its own shape, in units of the scatter of the same filter's answers beside the disks. So gain, shading,
interpolation and noise texture don't matter, only how far the disks stand out.
"""

from collections.abc import Mapping

import numpy as np

from aiqa_integration.metrics.low_contrast.disks import read_disks
from aiqa_integration.metrics.low_contrast.field import Field, flatten
from aiqa_integration.metrics.low_contrast.insert import (
    DIAMETERS_MM,
    RING_INNER_MM,
    SLICE_NUMBERS,
    Placement,
    disk_places,
)
from aiqa_integration.metrics.low_contrast.placing import place_pattern
from aiqa_integration.metrics.low_contrast.reader import Reading, expanded, read_slice
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


def measure_low_contrast(images: PhantomImages, *, ring_centre_mm: tuple[float, float]) -> tuple[Measurement, ...]:
    """Return the count of spokes, all slices and each; 0 to 40 and 0 to 10, higher is better."""
    slices = {number: slice_of(images, number) for number in SLICE_NUMBERS}
    rings = {number: _ring(sl, number, ring_centre_mm) for number, sl in slices.items()}
    seen = {number: ring for number, ring in rings.items() if isinstance(ring, Ring)}
    outcomes: dict[int, Reading | Obstacle] = {n: ring for n, ring in rings.items() if isinstance(ring, Obstacle)}
    regions: dict[int, tuple[Region, ...]] = {}
    if seen:
        start = Placement(centre_mm=_middle(seen))
        fields = {n: flatten(sl, n, start, ring_radius_mm=_radius(seen)) for n, sl in slices.items() if n in seen and sl}
        outcomes |= {n: field for n, field in fields.items() if isinstance(field, Obstacle)}
        flat = [field for field in fields.values() if isinstance(field, Field)]
        pattern = place_pattern(flat, start) if flat else None
        for field in flat if pattern else ():
            placement = pattern.placements[field.number]
            outcomes[field.number] = read_slice(read_disks(field, placement), pattern.sign, seed=field.number)
            regions[field.number] = _regions(slices[field.number], field.number, placement, outcomes[field.number])
    singles = tuple(_single(n, slices[n], outcomes[n], regions.get(n, ())) for n in SLICE_NUMBERS)
    return (_total(outcomes), *singles)


def _ring(sl: PhantomSlice | None, number: int, near_mm: tuple[float, float]) -> Ring | Obstacle:
    if sl is None:
        return Obstacle(reason=Reason.SLICE_MISSING, detail=f"slice {number} is not in the series")
    return find_ring(sl, near_mm)


def _middle(rings: Mapping[int, Ring]) -> tuple[float, float]:
    u, v = np.median([ring.centre_mm for ring in rings.values()], axis=0)
    return float(u), float(v)


def _radius(rings: Mapping[int, Ring]) -> float:
    return float(np.median([ring.radius_mm for ring in rings.values()]))


def _regions(sl, number, placement, reading) -> tuple[Region, ...]:
    u, v = disk_places(number, placement)
    return tuple(
        circle_region(sl, (float(u[k, j]), float(v[k, j])), DIAMETERS_MM[k] / 2, label=f"Spoke {k + 1}")
        for k in range(reading.count)
        for j in range(u.shape[1])
    )


def _single(number, sl, outcome, regions):
    metric = SPOKES_OF_SLICE[number]
    if isinstance(outcome, Obstacle):
        return outcome.not_measured(metric, None if sl is None else sl.index)
    return Measured(
        metric=metric,
        quantity=Quantity(float(outcome.count), SPOKE),
        uncertainty=expanded(outcome.count, outcome.draws),
        slice_index=sl.index,
        regions=regions,
    )


def _total(outcomes):
    readings = [outcomes[n] for n in SLICE_NUMBERS]
    for n, outcome in zip(SLICE_NUMBERS, readings, strict=True):
        if isinstance(outcome, Obstacle):
            return NotMeasured(metric=SPOKES_TOTAL, reason=outcome.reason, detail=f"slice {n}: {outcome.detail}")
    count = sum(reading.count for reading in readings)
    draws = np.sum([reading.draws for reading in readings], axis=0)
    return Measured(metric=SPOKES_TOTAL, quantity=Quantity(float(count), SPOKE), uncertainty=expanded(count, draws))
