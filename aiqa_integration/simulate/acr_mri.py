"""Images of the ACR MRI phantoms whose truth is known: any pose, scanner setting and fault, from a seeded generator."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from aiqa_integration.model.identity import dicom_uid
from aiqa_integration.model.image import ImageStack, SliceRef
from aiqa_integration.model.phantom import PlanePose
from aiqa_integration.simulate.acr_mri_layout import LAYOUTS, SLICE_PITCH_MM, Cut, Layout, PhantomName, Variant, fluid
from aiqa_integration.simulate.scanner import Shading, add_ghost, add_rician_noise, sample_kspace, zero_background

Field = NDArray[np.float32]

MR_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """How the phantom lies: axis at slice 1 from the image centre (x right, y down), rotation, mirror, tilt.

    ``tilt_x_deg`` and ``tilt_y_deg`` lean the axis towards +x and +y with growing z.
    """

    offset_mm: tuple[float, float] = (0.0, 0.0)
    rotation_deg: float = 0.0
    mirrored: bool = False
    tilt_x_deg: float = 0.0
    tilt_y_deg: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """How it was scanned.

    ``matrix`` is (rows, columns), ``pixel_mm`` (row, column) distance; ``position_error_mm`` moves every slice towards
    slice 11; ``first_slice`` is the guideline number of the first slice of ``slice_count`` (0 or -1: before slice 1);
    ``missing`` lists places to leave out; ``descending`` reverses the order along the normal; ``scale`` is the
    scanner's length error (x, y; 1.01 shows 1 % too large), ``barrel`` the further error at 100 mm from the centre;
    ``snr`` is mean signal over the noise of one channel, None for none; ``kept`` is the fraction of k-space rows and
    columns; ``oversampling`` the dense points per pixel.
    """

    matrix: tuple[int, int] = (256, 256)
    pixel_mm: tuple[float, float] = (0.977, 0.977)
    thickness_mm: float = 5.0
    slice_pitch_mm: float = SLICE_PITCH_MM
    slice_count: int = 11
    first_slice: int = 1
    position_error_mm: float = 0.0
    missing: tuple[int, ...] = ()
    descending: bool = False
    weighting: Literal["T1", "T2"] = "T1"
    snr: float | None = 150.0
    shading: Shading = field(default_factory=Shading)
    ghost: float = 0.0
    phase_encoding: Literal["ROW", "COLUMN"] = "COLUMN"
    scale: tuple[float, float] = (1.0, 1.0)
    barrel: float = 0.0
    kept: tuple[float, float] = (1.0, 1.0)
    zeroed_background: bool = False
    signal: float = 1000.0
    oversampling: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalizerCut:
    """Which plane along the phantom's axis a localizer shows, and how far from the axis, mm."""

    plane: Literal["sagittal", "coronal"] = "sagittal"
    aside_mm: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Truth:
    """What the images show.

    ``slices`` maps guideline slice to place in the stack; ``poses`` has a pose for every place; ``heights_mm`` is each
    place's distance from slice 1's plane in the phantom. ``diameters_mm`` is (horizontal, vertical) as the scanner
    shows them in the image centre; ``length_mm`` the vessel's; ``bar_difference_mm`` right minus left wedge bar of
    slices 1 and 11 where seen; ``ghost`` the guideline's ratio; ``noise_free`` and ``sensitivity`` are ``[z, y, x]``;
    ``pose`` and ``scan`` are what was asked for. What the guideline's metrics should say: ``acr_mri_truth``.
    """

    phantom: PhantomName
    slices: dict[int, int]
    poses: dict[int, PlanePose]
    heights_mm: tuple[float, ...]
    mirrored: bool
    rotation_deg: float
    tilt_deg: float
    thickness_mm: float
    diameters_mm: tuple[float, float]
    length_mm: float
    bar_difference_mm: dict[int, float]
    ghost: float
    variant: Variant
    noise_free: Field
    sensitivity: Field
    pose: Pose
    scan: Scan


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SimulatedSeries:
    """A simulated series: images, what its header would say, and the truth."""

    stack: ImageStack
    truth: Truth
    nominal_slice_thickness_mm: float
    repetition_time_ms: float
    echo_time_ms: float
    phase_encoding: Literal["ROW", "COLUMN"]
    series_description: str


def simulate_series(
    phantom: PhantomName,
    *,
    rng: np.random.Generator,
    pose: Pose | None = None,
    scan: Scan | None = None,
    variant: Variant | None = None,
) -> SimulatedSeries:
    """Return an axial series of a phantom; defaults are an upright, centred, clean 11-slice T1 series."""
    pose, scan, variant = pose or Pose(), scan or Scan(), variant or Variant()
    layout = LAYOUTS[phantom]
    heights = slice_heights(scan)
    drawn = [_draw(layout, pose, scan, variant, height) for height in heights]
    noise_free = np.stack([image for image, _ in drawn])
    sensitivity = np.stack([gain for _, gain in drawn])
    voxels = np.stack([_degrade(image, scan, rng) for image in noise_free])
    order = slice(None, None, -1) if scan.descending else slice(None)
    ordered = heights[order]
    truth = _truth(layout, pose, scan, variant, ordered, (noise_free[order], sensitivity[order]))
    return SimulatedSeries(
        stack=_stack(np.ascontiguousarray(voxels[order]), scan, ordered, rng),
        truth=truth,
        nominal_slice_thickness_mm=5.0,
        repetition_time_ms=500.0 if scan.weighting == "T1" else 2000.0,
        echo_time_ms=20.0 if scan.weighting == "T1" else 80.0,
        phase_encoding=scan.phase_encoding,
        series_description=f"ACR {scan.weighting} axial (simulated)",
    )


def simulate_localizer(
    phantom: PhantomName,
    *,
    rng: np.random.Generator,
    scan: Scan | None = None,
    pose: Pose | None = None,
    variant: Variant | None = None,
    cut: LocalizerCut | None = None,
) -> ImageStack:
    """Return one slice along the axis: columns along v (sagittal) or u (coronal), rows from slice 11 to slice 1.

    Of the pose, offset and rotation lay the phantom in the image; ``tilt_x_deg`` leans its axis out of the plane.
    """
    scan, variant, pose = scan or Scan(thickness_mm=20.0), variant or Variant(), pose or Pose()
    cut = cut or LocalizerCut()
    layout = LAYOUTS[phantom]
    x, y, edge = _dense_grid(scan, pose)
    angle, lean = np.radians(pose.rotation_deg), np.radians(pose.tilt_x_deg)
    across = np.asarray(np.cos(angle) * x + np.sin(angle) * y, np.float32)
    along = np.asarray(-np.sin(angle) * x + np.cos(angle) * y, np.float32)
    dense = np.zeros_like(x)
    offsets = cut.aside_mm + np.linspace(-0.5, 0.5, 9) * scan.thickness_mm
    for offset in offsets:
        aside = np.asarray(np.cos(lean) * offset - np.sin(lean) * along, np.float32)
        z = np.asarray(sum(layout.z) / 2 - (np.sin(lean) * offset + np.cos(lean) * along), np.float32)
        u, v = (aside, across) if cut.plane == "sagittal" else (across, aside)
        dense += fluid(Cut(u=u, v=v, z=z, edge_mm=edge, thickness_mm=edge), layout, variant) / len(offsets)
    gain = scan.shading.at(x + np.float32(pose.offset_mm[0]), y + np.float32(pose.offset_mm[1]))
    image = sample_kspace(np.asarray(dense * gain * scan.signal, np.float32), scan.matrix, scan.kept)
    stack = _stack(_degrade(image, scan, rng)[None], scan, (0.0,), rng)
    axes = np.array(
        [[0, 0, -1], [1, 0, 0], [0, -1, 0]] if cut.plane == "sagittal" else [[1, 0, 0], [0, 0, 1], [0, -1, 0]]
    )
    affine = np.eye(4)
    affine[:3, :3] = axes * np.array([scan.pixel_mm[1], scan.pixel_mm[0], 5.0])
    return ImageStack(
        voxels=stack.voxels, spacing_mm=stack.spacing_mm, affine_mm=affine, value_unit="1", slices=stack.slices
    )


def slice_heights(scan: Scan) -> tuple[float, ...]:
    """Return each slice's distance from the phantom's slice-1 plane along the slice normal, mm, ascending."""
    first = (scan.first_slice - 1) * SLICE_PITCH_MM + scan.position_error_mm
    heights = [first + scan.slice_pitch_mm * place for place in range(scan.slice_count)]
    return tuple(height for place, height in enumerate(heights) if place not in scan.missing)


def _dense_grid(scan: Scan, pose: Pose) -> tuple[Field, Field, float]:
    """Return the dense points' true places (x right, y down from the phantom's axis at slice 1, mm) and spacing."""
    rows, columns = scan.matrix
    n = scan.oversampling
    shown_y = (((np.arange(rows * n) + 0.5) / n - 0.5) - (rows - 1) / 2) * scan.pixel_mm[0]
    shown_x = (((np.arange(columns * n) + 0.5) / n - 0.5) - (columns - 1) / 2) * scan.pixel_mm[1]
    x, y = np.meshgrid(shown_x / scan.scale[0], shown_y / scan.scale[1])
    shrink = 1 - scan.barrel * (np.hypot(x, y) / 100.0) ** 2
    x, y = x * shrink - pose.offset_mm[0], y * shrink - pose.offset_mm[1]
    edge = max(scan.pixel_mm) / n
    return np.asarray(x, np.float32), np.asarray(y, np.float32), edge


def _draw(layout: Layout, pose: Pose, scan: Scan, variant: Variant, height: float) -> tuple[Field, Field]:
    """Return one slice's noise-free image and the coil's sensitivity on its pixels."""
    x, y, edge = _dense_grid(scan, pose)
    lean_x, lean_y = np.tan(np.radians(pose.tilt_x_deg)), np.tan(np.radians(pose.tilt_y_deg))
    aside_x, aside_y = x - lean_x * height, y - lean_y * height
    z = height + lean_x * x + lean_y * y
    angle, sign = np.radians(pose.rotation_deg), -1.0 if pose.mirrored else 1.0
    u = sign * (np.cos(angle) * aside_x + np.sin(angle) * aside_y)
    v = -np.sin(angle) * aside_x + np.cos(angle) * aside_y
    cut = Cut(
        u=np.asarray(u, np.float32),
        v=np.asarray(v, np.float32),
        z=np.asarray(z, np.float32),
        edge_mm=edge,
        thickness_mm=scan.thickness_mm,
    )
    gain = scan.shading.at(x + np.float32(pose.offset_mm[0]), y + np.float32(pose.offset_mm[1]))
    image = sample_kspace(fluid(cut, layout, variant) * gain * np.float32(scan.signal), scan.matrix, scan.kept)
    n = scan.oversampling
    return image, np.asarray(gain.reshape(scan.matrix[0], n, scan.matrix[1], n).mean(axis=(1, 3)), np.float32)


def _degrade(image: Field, scan: Scan, rng: np.random.Generator) -> Field:
    ghosted = add_ghost(image, scan.ghost, scan.phase_encoding)
    noisy = add_rician_noise(ghosted, scan.signal / scan.snr if scan.snr else 0.0, rng, kept=scan.kept)
    return zero_background(noisy) if scan.zeroed_background else noisy


def _truth(
    layout: Layout, pose: Pose, scan: Scan, variant: Variant, heights: tuple[float, ...], fields: tuple[Field, Field]
) -> Truth:
    lean = np.hypot(np.tan(np.radians(pose.tilt_x_deg)), np.tan(np.radians(pose.tilt_y_deg)))
    numbers = {round(height / SLICE_PITCH_MM) + 1: place for place, height in enumerate(heights)}
    slices = {
        number: place
        for number, place in sorted(numbers.items())
        if 1 <= number <= 11 and abs(heights[place] - (number - 1) * SLICE_PITCH_MM) < SLICE_PITCH_MM / 2
    }
    bars: dict[int, float] = {n: 2.0 * (heights[slices[n]] - (n - 1) * SLICE_PITCH_MM) for n in (1, 11) if n in slices}
    return Truth(
        phantom=layout.name,
        slices=slices,
        poses={place: _plane_pose(pose, scan, height) for place, height in enumerate(heights)},
        heights_mm=heights,
        mirrored=pose.mirrored,
        rotation_deg=pose.rotation_deg,
        tilt_deg=float(np.degrees(np.arctan(lean))),
        thickness_mm=scan.thickness_mm,
        diameters_mm=(layout.diameter_mm * scan.scale[0], layout.diameter_mm * scan.scale[1]),
        length_mm=layout.z[1] - layout.z[0],
        bar_difference_mm=bars,
        ghost=scan.ghost,
        variant=variant,
        noise_free=fields[0],
        sensitivity=fields[1],
        pose=pose,
        scan=scan,
    )


def _plane_pose(pose: Pose, scan: Scan, height: float) -> PlanePose:
    x = (pose.offset_mm[0] + np.tan(np.radians(pose.tilt_x_deg)) * height) * scan.scale[0]
    y = (pose.offset_mm[1] + np.tan(np.radians(pose.tilt_y_deg)) * height) * scan.scale[1]
    centre = (
        float((scan.matrix[1] - 1) / 2 + x / scan.pixel_mm[1]),
        float((scan.matrix[0] - 1) / 2 + y / scan.pixel_mm[0]),
    )
    return PlanePose(
        centre=centre,
        rotation_deg=pose.rotation_deg,
        pixel_mm=(scan.pixel_mm[1], scan.pixel_mm[0]),
        mirrored=pose.mirrored,
    )


def _stack(voxels: Field, scan: Scan, heights: tuple[float, ...], rng: np.random.Generator) -> ImageStack:
    """Return the stack; positions along the normal always ascend, whichever way the phantom lies."""
    step = -1.0 if len(heights) > 1 and heights[0] > heights[-1] else 1.0
    positions = [step * height for height in heights]
    pitch = float(np.median(np.diff(positions))) if len(positions) > 1 else scan.slice_pitch_mm
    rows, columns = scan.matrix
    affine = np.diag([scan.pixel_mm[1], scan.pixel_mm[0], pitch, 1.0])
    affine[:3, 3] = (-(columns - 1) / 2 * scan.pixel_mm[1], -(rows - 1) / 2 * scan.pixel_mm[0], positions[0])
    seed = str(int(rng.integers(2**62)))
    refs = tuple(
        SliceRef(
            sop_instance_uid=dicom_uid("simulated", seed, str(place)),
            sop_class_uid=MR_IMAGE_STORAGE,
            frame_number=None,
            instance_number=place + 1,
            position_mm=position,
        )
        for place, position in enumerate(positions)
    )
    return ImageStack(
        voxels=voxels,
        spacing_mm=(pitch, scan.pixel_mm[0], scan.pixel_mm[1]),
        affine_mm=affine,
        value_unit="1",
        slices=refs,
    )
