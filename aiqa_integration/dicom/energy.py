"""Where a finding is: its map on the pixels of the images, and the places that a viewer can be taken to."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from aiqa_integration.dicom.masks import Mask
from aiqa_integration.model.finding import EnergyMap, Finding
from aiqa_integration.model.measurement import Region

MEMBER = 0.5
"""Pixels of this energy and more, of 1, are said to belong to a finding: at least half of the strongest there is."""

Shape = tuple[int, int]


def energy_on(energy: EnergyMap, place: int, shape: Shape) -> NDArray[np.float32]:
    """Return a layer of a map on images of ``shape`` (rows, columns), 0 to 1; zeros where the map has no such slice."""
    if place not in energy.slices:
        return np.zeros(shape, dtype=np.float32)
    layer = np.nan_to_num(np.asarray(energy.values[energy.slices.index(place)], dtype=np.float32))
    if layer.shape != shape:
        spread = Image.fromarray(layer).resize((shape[1], shape[0]), Image.Resampling.BILINEAR)
        layer = np.asarray(spread, dtype=np.float32)
    return np.clip(layer, 0.0, 1.0)


def member_mask(energy: EnergyMap, place: int, shape: Shape) -> Mask:
    """Return the pixels of a slice that belong to a finding."""
    mask: Mask = energy_on(energy, place, shape) >= MEMBER
    return mask


def finding_regions(finding: Finding) -> tuple[Region, ...]:
    """Return where a finding was marked: its region and what a map cannot show."""
    return (() if finding.region is None else (finding.region,)) + finding.marks


def finding_places(finding: Finding) -> tuple[int, ...]:
    """Return the slices that a finding is about, empty for the whole series."""
    drawn = {region.slice_index for region in finding_regions(finding)}
    return tuple(sorted(drawn | set(finding.slices) | set(finding.energy.slices if finding.energy else ())))


def anchor_region(finding: Finding, shape: Shape) -> Region | None:
    """Return the one region to take a viewer to: what was marked, else the box about the map where it is strongest.

    None for a finding without a place.
    """
    marked = finding_regions(finding)
    if marked:
        return marked[0]
    if finding.energy is None:
        return None
    sizes = [int((layer >= MEMBER).sum()) for layer in finding.energy.values]
    if not any(sizes):
        return None
    place = finding.energy.slices[sizes.index(max(sizes))]
    rows, columns = np.nonzero(member_mask(finding.energy, place, shape))
    if not rows.size:
        return None
    left, right = float(columns.min()), float(columns.max())
    top, bottom = float(rows.min()), float(rows.max())
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    return Region(slice_index=place, shape="polygon", points=corners, label=finding.artifact)
