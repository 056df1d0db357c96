"""Images and their headers. Axis order and origin are stated here, once.

Arrays are ``[z, y, x]``: slice, row, column. Pixel coordinates are ``(column, row)``, zero-based, an integer being the
centre of a pixel. Points in space are ``(x, y, z)`` mm in DICOM patient coordinates (PS3.3 C.7.6.2).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from aiqa_integration.model.identity import Device, OrderKey, PatientKey, SeriesRef

HeaderValue = str | int | float | tuple[str, ...] | tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceRef:
    """Where a slice came from: SOP instance, frame of a multi-frame object (one-based), place along the normal."""

    sop_instance_uid: str
    sop_class_uid: str
    frame_number: int | None
    instance_number: int | None
    position_mm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesHeader:
    """What the analyses need of a series' attributes, typed, with units in the names.

    ``instance_uids`` are the SOP Instance UIDs of the whole series, sorted. ``transmitter_gain`` is on the vendor's own
    scale. ``read_bandwidth_hz_per_pixel`` is of a pixel as acquired, of which there were ``acquired_read_pixels`` along
    the read-out (0018,0095), (0018,1310). ``patient`` and ``order`` are None where the images name none. ``keywords``
    maps DICOM keywords to values for rules; their values are not for logs (one of them is PatientID, by which sites
    name their phantoms).
    """

    ref: SeriesRef
    modality: str
    device: Device
    instance_count: int
    instance_uids: tuple[str, ...] = ()
    magnetic_field_strength_t: float | None = None
    repetition_time_ms: float | None = None
    echo_time_ms: float | None = None
    nominal_slice_thickness_mm: float | None = None
    centre_frequency_mhz: float | None = None
    transmitter_gain: float | None = None
    read_bandwidth_hz_per_pixel: float | None = None
    acquired_read_pixels: int | None = None
    phase_encoding: Literal["ROW", "COLUMN"] | None = None
    acquired_at: str | None = None
    series_description: str = ""
    simulated: bool = False
    patient: PatientKey | None = field(default=None, repr=False)
    order: OrderKey | None = field(default=None, repr=False)
    keywords: Mapping[str, HeaderValue] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Images of a series that are not in its stack, and why: "sagittal beside 11 axial ones"."""

    images: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ImageStack:
    """Parallel slices of one matrix and pixel spacing, sorted along their normal.

    ``voxels`` is float32 ``[z, y, x]`` after rescale; ``spacing_mm`` is (slice, row, column) distance;
    ``affine_mm`` (4, 4) takes ``(column, row, slice, 1)`` to ``(x, y, z, 1)`` mm; ``slices`` has one entry per z.
    Raises ValueError where the parts do not fit.
    """

    voxels: NDArray[np.float32]
    spacing_mm: tuple[float, float, float]
    affine_mm: NDArray[np.float64]
    value_unit: str
    slices: tuple[SliceRef, ...]

    def __post_init__(self) -> None:
        if self.voxels.ndim != 3 or len(self.slices) != self.voxels.shape[0]:
            raise ValueError(f"{len(self.slices)} slice references for voxels of shape {self.voxels.shape}")
        if self.affine_mm.shape != (4, 4) or min(self.spacing_mm) <= 0:
            raise ValueError(f"bad geometry: spacing {self.spacing_mm}, affine {self.affine_mm.shape}")
