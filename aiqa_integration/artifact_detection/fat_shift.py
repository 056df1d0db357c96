"""How far a scanner shifts fat against water: hard to see in images, but known from the header."""

from collections.abc import Mapping
from math import inf
from typing import Final

import numpy as np
from numpy.typing import NDArray

from aiqa_integration.model.image import ImageStack, SeriesHeader

FAT_SHIFT: Final = "mr-mark-fat-shift"
"""Id of the number: pixels of the image."""
FAT_PPM: Final = 3.4
"""Chemical shift between water and the main line of fat; source: Hood et al., RadioGraphics 1999;19:357."""


def fat_shift_px(header: SeriesHeader, stack: ImageStack) -> float | None:
    """Return fat's shift along the read-out in pixels of the image; None where the header does not tell.

    3.4 ppm of the imaging frequency over the bandwidth of a pixel as acquired, times pixels shown over those acquired.
    A bandwidth so low that the read-out would not fit between the pulses is in another unit (old headers have kilohertz
    of the whole image) and tells nothing.
    """
    frequency, bandwidth, sampled = (
        header.centre_frequency_mhz,
        header.read_bandwidth_hz_per_pixel,
        header.acquired_read_pixels,
    )
    if frequency is None or bandwidth is None or sampled is None or header.phase_encoding is None:
        return None
    if 1e3 / bandwidth > _longest_readout_ms(header):
        return None
    _, rows, columns = stack.voxels.shape
    shown = float(rows if header.phase_encoding == "ROW" else columns)
    return FAT_PPM * frequency / bandwidth * shown / sampled


def fat_shift_by_id(header: SeriesHeader, stack: ImageStack) -> Mapping[str, NDArray[np.float32]]:
    """Return fat's shift as a metric of the series is kept, nothing where the header does not tell it."""
    found = fat_shift_px(header, stack)
    return {} if found is None else {FAT_SHIFT: np.array([found], np.float32)}


def _longest_readout_ms(header: SeriesHeader) -> float:
    """Return twice the echo time, around which an echo is read; once where spin echoes follow each other within it."""
    train, sequence = header.keywords.get("EchoTrainLength", 1), header.keywords.get("ScanningSequence", ())
    trains = isinstance(train, float) and train > 1 and isinstance(sequence, tuple) and "SE" in sequence
    return inf if header.echo_time_ms is None else header.echo_time_ms * (1.0 if trains else 2.0)
