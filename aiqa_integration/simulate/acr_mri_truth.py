"""What the guideline's tests should say of a simulated ACR MRI series, from the truth alone: no noise, no measurement.

The guideline defines its quantities on the image, so what the scanner does to the image belongs to the truth: its
length error stretches diameters, ramps and bars alike, a ghost that overlaps the water makes it uneven, and the mean
of a magnitude image in noise (Rice) is what background and water read on average. Ringing beside the vessel is no
ghost: the ghosting ratio is that of a vessel that doesn't ring.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates, uniform_filter
from scipy.signal import fftconvolve
from scipy.special import ive

from aiqa_integration.model.phantom import PlanePose
from aiqa_integration.simulate.acr_mri import SimulatedSeries, Truth
from aiqa_integration.simulate.acr_mri_layout import LAYOUTS
from aiqa_integration.simulate.scanner import add_ghost

Image = NDArray[np.float64]

UNIFORM_SLICE = 7
_DISK_RADIUS_MM = float(np.sqrt(100.0 / np.pi))
_STEP_MM = 0.5
_ANGLES_DEG = {"horizontal": 0.0, "vertical": 90.0, "diagonal-45": 45.0, "diagonal-135": 135.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    """A circle of the phantom's drawing, mm."""

    centre_mm: tuple[float, float]
    radius_mm: float


def true_values(series: SimulatedSeries, large: Circle) -> dict[str, float]:
    """Return the truth by metric id, without those whose slice is missing or that have no truth but a reader's.

    ``large`` is the large region of uniformity, ghosting and signal.
    """
    truth, found = series.truth, dict[str, float]()
    for number in (5, 1):
        for name, angle in _ANGLES_DEG.items():
            if number in truth.slices and (number == 5 or not name.startswith("diagonal")):
                found[f"mr-length-{name}-slice{number}"] = true_length_mm(truth, angle)
    if 1 in truth.slices:
        found["mr-slice-thickness"] = truth.thickness_mm * stretch(truth, 0.0)
    for number in (1, 11):
        if number in truth.slices:
            found[f"mr-slice-position-error-slice{number}"] = true_bar_difference_mm(truth, number)
    if 5 in truth.slices and truth.phantom == "acr-mri-medium":
        marks = 2.0 * LAYOUTS[truth.phantom].plate[2]
        for place in ("top", "middle", "bottom"):
            found[f"mr-rod-distance-row-{place}"] = marks * stretch(truth, 0.0)
            found[f"mr-rod-distance-col-{place}"] = marks * stretch(truth, 90.0)
    if UNIFORM_SLICE in truth.slices:
        found["mr-percent-image-uniformity"] = true_uniformity(truth, large)
        found["mr-percent-signal-ghosting"] = true_ghosting(truth, large)
        found |= {"mr-snr": true_signal_to_noise(truth, truth.scan.snr)} if truth.scan.snr else {}
    return found


def stretch(truth: Truth, angle_deg: float) -> float:
    """Return by how much the scanner lengthens what lies at an angle of the drawing (0° is +u, 90° is +v)."""
    turn = np.radians(angle_deg) * (-1.0 if truth.mirrored else 1.0) + np.radians(truth.rotation_deg)
    return float(np.hypot(truth.scan.scale[0] * np.cos(turn), truth.scan.scale[1] * np.sin(turn)))


def true_length_mm(truth: Truth, angle_deg: float) -> float:
    """Return the vessel's diameter as the image shows it, along a direction of the image turned as the phantom is.

    A disk under two length errors is an ellipse along rows and columns. Valid without barrel distortion.
    """
    turn = np.radians(angle_deg) * (-1.0 if truth.mirrored else 1.0) + np.radians(truth.rotation_deg)
    scale = truth.scan.scale
    return LAYOUTS[truth.phantom].diameter_mm / float(np.hypot(np.cos(turn) / scale[0], np.sin(turn) / scale[1]))


def true_bar_difference_mm(truth: Truth, number: int) -> float:
    """Return right minus left wedge bar of slice 1 or 11 in the middle of each bar, as the image shows them.

    A tilt makes the slice lie higher or lower at the bars than on the axis.
    """
    layout, pose = LAYOUTS[truth.phantom], truth.pose
    lean = np.array([np.tan(np.radians(pose.tilt_x_deg)), np.tan(np.radians(pose.tilt_y_deg))])
    angle, sign = np.radians(pose.rotation_deg), -1.0 if pose.mirrored else 1.0
    by_u = sign * float(np.cos(angle) * lean[0] + np.sin(angle) * lean[1])
    by_v = float(-np.sin(angle) * lean[0] + np.cos(angle) * lean[1])
    top, middle = layout.housing.v[1], layout.housing.u[1] / 2
    height = truth.heights_mm[truth.slices[number]]
    above = height * (1 + float(lean @ lean)) + by_v * top - (number - 1) * 10.0
    half = layout.wedge_half_mm
    right = (half + above + by_u * middle) / (1 - by_v)
    left = (half - above + by_u * middle) / (1 + by_v)
    return (right - left) * stretch(truth, 90.0)


def expected_image(truth: Truth, number: int) -> Image:
    """Return a slice as the mean of endlessly many noisy scans shows it: ghosted, Rice mean of the magnitude.

    Source: Gudbjartsson and Patz, Magn Reson Med 34 (1995) 910, the mean of their equation 1.
    """
    return _expected(truth, truth.noise_free[truth.slices[number]])


def _expected(truth: Truth, received: NDArray[np.float32]) -> Image:
    scan = truth.scan
    clean = np.abs(add_ghost(received, scan.ghost, scan.phase_encoding)).astype(np.float64)
    if not scan.snr:
        return clean
    sigma = scan.signal / scan.snr
    half = (clean / sigma) ** 2 / 4
    return np.asarray(sigma * np.sqrt(np.pi / 2) * ((1 + 2 * half) * ive(0, half) + 2 * half * ive(1, half)))


def true_uniformity(truth: Truth, large: Circle) -> float:
    """Return the percent integral uniformity of slice 7: all 1 cm² disks of the large region, 0.5 mm apart."""
    pose = truth.poses[truth.slices[UNIFORM_SLICE]]
    reach = np.arange(-large.radius_mm, large.radius_mm + _STEP_MM / 2, _STEP_MM)
    u, v = np.meshgrid(reach, reach)
    water = _at(expected_image(truth, UNIFORM_SLICE), pose, u + large.centre_mm[0], v + large.centre_mm[1])
    side = np.arange(-_DISK_RADIUS_MM, _DISK_RADIUS_MM + _STEP_MM, _STEP_MM)
    disk = (np.hypot(*np.meshgrid(side, side)) <= _DISK_RADIUS_MM).astype(np.float64)
    means = fftconvolve(water, disk / disk.sum(), mode="same")
    inside = means[np.hypot(u, v) <= large.radius_mm - _DISK_RADIUS_MM]
    high, low = float(inside.max()), float(inside.min())
    return 100.0 * (1.0 - (high - low) / (high + low))


def true_ghosting(truth: Truth, large: Circle) -> float:
    """Return the percent signal ghosting of slice 7: four ellipses of 10 cm² midway between vessel and image edge.

    4 mm are kept free beside the vessel and 2 mm beside the edge; a side with less room gets a longer, thinner ellipse.
    The vessel is a disk under the coil: nothing rings, and a bubble is left out.
    """
    index = truth.slices[UNIFORM_SLICE]
    coil, pose, scale = truth.sensitivity[index], truth.poses[index], truth.scan.scale
    columns, rows = np.meshgrid(np.arange(coil.shape[1], dtype=np.float64), np.arange(coil.shape[0], dtype=np.float64))
    x, y = (columns - pose.centre[0]) * pose.pixel_mm[0], (rows - pose.centre[1]) * pose.pixel_mm[1]
    vessel = np.hypot(x / scale[0], y / scale[1]) < LAYOUTS[truth.phantom].diameter_mm / 2
    image = _expected(truth, np.asarray(truth.scan.signal * coil * vessel, np.float32))
    u, v = _drawing(truth, x, y)
    water = image[np.hypot(u - large.centre_mm[0], v - large.centre_mm[1]) <= large.radius_mm]
    total, radius = 0.0, LAYOUTS[truth.phantom].diameter_mm / 2 + 4.0
    for along, across, sign in ((y, x, 1.0), (x, y, -1.0)):
        half_pixel = np.abs(np.diff(along, axis=0 if sign > 0 else 1)).max() / 2
        for edge in (float(along.min()) - half_pixel, float(along.max()) + half_pixel):
            room = abs(edge) - 2.0 - radius
            thin = min(room / 2, float(np.sqrt(1000.0 / np.pi / 4.0)))
            middle = np.sign(edge) * (radius + room / 2)
            inside = np.hypot((along - middle) / thin, across * np.pi * thin / 1000.0) <= 1.0
            total += sign * float(image[inside].mean())
    return 100.0 * abs(total) / (2.0 * float(water.mean()))


def true_signal_to_noise(truth: Truth, snr: float) -> float:
    """Return the mean of five squares' signal over noise in slice 7; ringing that a 9 mm average leaves is noise too.

    The definition counts both: where the noise alone is meant, two scans tell it. A pixel of an image that was
    interpolated by zero-filling has the noise of one that was not.
    """
    image, pose = expected_image(truth, UNIFORM_SLICE), truth.poses[truth.slices[UNIFORM_SLICE]]
    columns, rows = np.meshgrid(
        np.arange(image.shape[1], dtype=np.float64), np.arange(image.shape[0], dtype=np.float64)
    )
    x, y = (columns - pose.centre[0]) * pose.pixel_mm[0], (rows - pose.centre[1]) * pose.pixel_mm[1]
    u, v = _drawing(truth, x, y)
    width = [max(int(9.0 / pixel / 2) * 2 + 1, 5) for pixel in pose.pixel_mm[::-1]]
    left = image - uniform_filter(image, width)
    noise = truth.scan.signal / snr
    ratios = []
    for at_u, at_v in ((0.0, 0.0), (-40.0, -40.0), (40.0, -40.0), (-40.0, 40.0), (40.0, 40.0)):
        square = np.maximum(np.abs(u - at_u), np.abs(v - at_v)) <= 10.0
        ratios.append(float(image[square].mean()) / float(np.hypot(noise, left[square].std())))
    return float(np.mean(ratios))


def _drawing(truth: Truth, x_mm: Image, y_mm: Image) -> tuple[Image, Image]:
    """Return the drawing's (u, v) of places in the image, mm from the axis."""
    turn = np.radians(truth.rotation_deg)
    u = np.cos(turn) * x_mm + np.sin(turn) * y_mm
    return np.asarray(-u if truth.mirrored else u), np.asarray(-np.sin(turn) * x_mm + np.cos(turn) * y_mm)


def _at(image: Image, pose: PlanePose, u_mm: Image, v_mm: Image) -> Image:
    columns, rows = pose.to_pixel(u_mm, v_mm)  # type: ignore[arg-type]
    return np.asarray(map_coordinates(image, [rows, columns], order=3, mode="nearest"), np.float64)
