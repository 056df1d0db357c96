"""Series of the second phantom: images as a scanner gives them, and the truth."""

from dataclasses import dataclass, field

import numpy as np
from scipy.stats import rice

from aiqa_integration.model.identity import Device, SeriesRef
from aiqa_integration.model.image import ImageStack, SeriesHeader, SliceRef
from aiqa_integration.model.phantom import LocatedPhantom, PhantomImages, PlanePose
from tests.second_phantom.drawing import PITCH, TABLES, fill, wedge_ends
from tests.second_phantom.kspace import KSpace, Plane, Setup

SIGNAL = 1000.0
LARGE_REGION = {"acr-mri-large": (20_000.0, 2.5), "acr-mri-medium": (15_000.0, 5.5)}
"""Area in mm² and v of its centre."""
ANGLES = {"horizontal": 0.0, "vertical": 90.0, "diagonal-45": 45.0, "diagonal-135": 135.0}


@dataclass(frozen=True, kw_only=True, eq=False)
class Scanned:
    """Images with the pose that they were made with; ``clean`` is the signal before noise and magnitude."""

    setup: Setup
    images: PhantomImages
    clean: np.ndarray
    planes: dict[int, Plane] = field(default_factory=dict)


def scan(setup, *, numbers=tuple(range(1, 12))):
    """Return the guideline's slices ``numbers`` of a phantom."""
    rng = np.random.default_rng(setup.seed)
    planes = {n: Plane(setup, n, PITCH * (n - 1) + setup.position_error) for n in numbers}
    clean = np.stack([_received(plane) for plane in planes.values()])
    sigma = SIGNAL / setup.snr if setup.snr else 0.0
    noise = rng.normal(0, sigma, (2, *clean.shape)) if sigma else np.zeros((2, *clean.shape))
    seen = sampled(setup)
    noise = np.fft.ifft2(np.fft.fft2(noise[0] + 1j * noise[1]) * seen) / np.sqrt(seen.mean())
    voxels = np.abs(clean + noise).astype(np.float32)
    located = LocatedPhantom(
        phantom=setup.phantom,
        slices={n: place for place, n in enumerate(planes)},
        poses={place: _pose(plane) for place, plane in enumerate(planes.values())},
        tilt_deg=float(np.degrees(np.arctan(np.hypot(*np.tan(np.radians(setup.tilt)))))),
        residual_mm=0.0,
        confidence=1.0,
    )
    stack = _stack(voxels, setup, [plane.height for plane in planes.values()])
    images = PhantomImages(stack=stack, header=_header(setup, len(planes)), located=located)
    return Scanned(setup=setup, images=images, clean=clean, planes=planes)


def _received(plane):
    """Return the image of one slice with coil and ghost, signed; odd lines of k-space are weaker than even ones."""
    setup = plane.setup
    kspace = KSpace(plane)
    fill(kspace, plane.number)
    rows, columns = setup.matrix
    y, x = np.meshgrid(_axis(rows, setup.pixel[0]), _axis(columns, setup.pixel[1]), indexing="ij")
    image = SIGNAL * kspace.image() * gain(setup, x / setup.scale[0], y / setup.scale[1])
    lines = 1 + setup.ghost * (-1.0) ** np.arange(setup.matrix[setup.phase_axis])
    lines = lines[:, None] if setup.phase_axis == 0 else lines[None, :]
    return np.fft.ifft2(np.fft.fft2(image) * lines * sampled(setup)).real


def sampled(setup):
    """Return which points of k-space were sampled, in the order of the transform, both signs of a frequency alike."""
    axes = [
        np.abs(np.fft.fftfreq(count, 1.0 / count)) <= part * count / 2
        for count, part in zip(setup.matrix, setup.kept, strict=True)
    ]
    return np.outer(*axes)


def _axis(count, pixel):
    return (np.arange(count) - (count - 1) / 2) * pixel


def gain(setup, x, y):
    """Return the coil's sensitivity."""
    x, y = x / 100.0, y / 100.0
    return 1 + setup.slope[0] * x + setup.slope[1] * y + setup.bowl * (x * x + y * y)


def _pose(plane):
    setup = plane.setup
    axis = np.asarray(setup.offset) + np.tan(np.radians(setup.tilt)) * plane.height
    x, y = axis * np.asarray(setup.scale)
    centre = ((setup.matrix[1] - 1) / 2 + x / setup.pixel[1], (setup.matrix[0] - 1) / 2 + y / setup.pixel[0])
    return PlanePose(
        centre=(float(centre[0]), float(centre[1])),
        rotation_deg=setup.rotation,
        pixel_mm=(setup.pixel[1], setup.pixel[0]),
        mirrored=setup.mirrored,
    )


def _stack(voxels, setup, heights):
    refs = tuple(
        SliceRef(
            sop_instance_uid=f"2.25.{200 + place}",
            sop_class_uid="1.2.840.10008.5.1.4.1.1.4",
            frame_number=None,
            instance_number=place + 1,
            position_mm=float(height),
        )
        for place, height in enumerate(heights)
    )
    affine = np.diag([setup.pixel[1], setup.pixel[0], PITCH, 1.0])
    return ImageStack(voxels=voxels, spacing_mm=(PITCH, *setup.pixel), affine_mm=affine, value_unit="1", slices=refs)


def _header(setup, count):
    return SeriesHeader(
        ref=SeriesRef(study_instance_uid="2.25.11", series_instance_uid="2.25.12"),
        modality="MR",
        device=Device(manufacturer="Second"),
        instance_count=count,
        magnetic_field_strength_t=1.5,
        nominal_slice_thickness_mm=5.0,
        phase_encoding="COLUMN" if setup.phase_axis == 0 else "ROW",
    )


def truth(scanned, *, area_part=1.0):
    """Return what the guideline's tests should say, by metric id, from the setup alone.

    A ghost lies partly over the water and makes it uneven: then no uniformity is given. ``area_part`` is the area of
    uniformity's large region over the guideline's, which leaves it free a little. Slices 1, 5 and 7 are needed.
    """
    setup, planes = scanned.setup, scanned.planes
    found = {}
    for number in (1, 5):
        for name, angle in ANGLES.items():
            if number == 5 or not name.startswith("diagonal"):
                found[f"mr-length-{name}-slice{number}"] = diameter(planes[number], angle)
    found["mr-slice-thickness"] = thickness(planes[1])
    if setup.phantom == "acr-mri-medium":
        for place in ("top", "middle", "bottom"):
            found[f"mr-rod-distance-row-{place}"] = 80.0 * planes[5].shown((1.0, 0.0))
            found[f"mr-rod-distance-col-{place}"] = 80.0 * planes[5].shown((0.0, 1.0))
    for number in {1, 11} & set(planes):
        found[f"mr-slice-position-error-slice{number}"] = bar_difference(planes[number])
    if setup.ghost == 0:
        found["mr-percent-image-uniformity"] = uniformity(planes[7], area_part)
    found["mr-percent-signal-ghosting"] = ghosting(planes[7])
    return found


def diameter(plane, angle):
    """Return the vessel's diameter where the image shows it at an angle of the drawing: the cut is an ellipse."""
    setup = plane.setup
    turn = np.radians(angle) * (-1 if setup.mirrored else 1) + np.radians(setup.rotation)
    along = plane.matrix @ [np.cos(turn), np.sin(turn)]
    return 2 * TABLES[setup.phantom]["radius"] / float(np.linalg.norm(along))


def thickness(plane):
    """Return 0.2·T·B/(T+B) of the two ramps' full widths at half maximum."""
    widths = []
    for slope in (0.1, -0.1):
        across = plane.turn[2] - slope * plane.turn[0]
        along_u = np.linalg.solve(plane.matrix, [1.0, 0.0])
        per_mm = across[:2] / np.asarray(plane.setup.scale) @ along_u / np.linalg.norm(along_u)
        widths.append(plane.setup.thickness * abs(across[2] / per_mm))
    return 0.2 * widths[0] * widths[1] / (widths[0] + widths[1])


def bar_difference(plane):
    """Return right minus left bar in the middle of each, mm in the image."""
    crossing = PITCH * (plane.number - 1)
    right, left = (wedge_ends(plane, 0.0, crossing, u)[side] for side, u in enumerate((3.0, -3.0)))
    return (right - left) * plane.shown((0.0, 1.0))


def uniformity(plane, area_part):
    """Return the percent integral uniformity of the coil: a 1 cm² disk's mean of a quadratic is known."""
    setup = plane.setup
    area, down = LARGE_REGION[setup.phantom]
    disk = np.sqrt(100.0 / np.pi)
    reach = np.arange(-90.0, 90.25, 0.5)
    u, v = np.meshgrid(reach, reach)
    inside = np.hypot(u, v - down) <= np.sqrt(area * area_part / np.pi) - disk
    scale = np.asarray(setup.scale)
    x, y = _on_image(plane, u[inside], v[inside]) / scale[:, None]
    means = gain(setup, x, y) + setup.bowl * disk**2 / 4 / 1e4 * float(np.sum(1 / scale**2))
    high, low = float(means.max()), float(means.min())
    return 100 * (1 - (high - low) / (high + low))


def _axis_on_image(plane):
    """Return where the image shows the phantom's axis, mm from the image's middle."""
    return np.linalg.solve(plane.matrix, -plane.start)


def _on_image(plane, u, v):
    """Return the image's places (x, y), mm, of a region: regions are drawn on the image, in its own millimetres."""
    turn = np.radians(plane.setup.rotation)
    across = -u if plane.setup.mirrored else u
    turned = np.stack([np.cos(turn) * across - np.sin(turn) * v, np.sin(turn) * across + np.cos(turn) * v])
    return _axis_on_image(plane)[:, None] + turned


def _signal(plane, places):
    """Return the water's signal with coil and ghost at places (x, y) of the image, as if nothing rang."""
    setup = plane.setup
    shift = np.zeros((2, 1))
    shift[1 - setup.phase_axis] = setup.matrix[setup.phase_axis] * setup.pixel[setup.phase_axis] / 2
    total = np.zeros(places.shape[1])
    for part, at in ((1.0, places), (setup.ghost, places - shift), (setup.ghost, places + shift)):
        inside = np.linalg.norm(plane.matrix @ at + plane.start[:, None], axis=0) < TABLES[setup.phantom]["radius"]
        total += part * inside * gain(setup, *(at / np.asarray(setup.scale)[:, None]))
    return total


def ghosting(plane):
    """Return the ratio of the ghost alone, without ringing, as a magnitude image shows it on average (Rice).

    Four ellipses of 10 cm² lie midway between vessel and image edge, 4 mm off the one and 2 mm off the other.
    """
    setup = plane.setup
    area, down = LARGE_REGION[setup.phantom]
    turn, ring = np.meshgrid(np.linspace(0, 2 * np.pi, 180, endpoint=False), np.sqrt((np.arange(80) + 0.5) / 80))
    circle = np.stack([(ring * np.cos(turn)).ravel(), (ring * np.sin(turn)).ravel()])
    large = np.sqrt(area / np.pi) * circle
    water = float(_signal(plane, _on_image(plane, large[0], large[1] + down)).mean())
    middle, snr = _axis_on_image(plane), setup.snr or 1e3
    start, total = TABLES[setup.phantom]["radius"] + 4.0, 0.0
    for axis, side in ((1, -1), (1, 1), (0, -1), (0, 1)):
        edge = setup.matrix[1 - axis] * setup.pixel[1 - axis] / 2 - side * middle[axis] - 2.0
        thin = min((edge - start) / 2, np.sqrt(1000.0 / np.pi / 4))
        ellipse = circle * (1000.0 / np.pi / thin)
        ellipse[axis] = circle[axis] * thin + side * (start + edge) / 2
        mean = float(rice.mean(_signal(plane, middle[:, None] + ellipse) * snr).mean()) / snr
        total += mean if axis == 1 else -mean
    return 100 * abs(total) / (2 * water)
