"""How much an image speaks for the faint rods of the ACR 464's module 2: a matched filter, where the network doubts.

A network of 2 mm points hardly sees a contrast of 6 HU under noise, rings and streaks. Where the rods have to lie is
known, though: one of 25 mm and twenty small ones, in any rotation and seen from either end. The disk is read along
circles about its centre, each circle's median is taken out (rings, cupping), and the layout is correlated with what is
left, every frequency around the axis weighing as little as the image itself has of it there: an adaptive matched
filter. Layout and contrast: simulate.ct_objects (McCollough et al., Med Phys 31 (2004) 2423). Filter: Kay, Fundamentals
of Statistical Signal Processing II (1998), ch. 4 and 7.
"""

from collections.abc import Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates, uniform_filter
from scipy.signal import fftconvolve
from scipy.special import logsumexp

from aiqa_integration.metrics.pose import resample
from aiqa_integration.recognition.inputs import AIR_HU, coarse
from aiqa_integration.recognition.kinds import CLASSES
from aiqa_integration.simulate.ct_objects import ACR_464_DIAMETER_MM, ACR_464_RODS

Array = NDArray[np.float32]
Floats = NDArray[np.float64]

MODULE_2 = CLASSES.index(("acr-ct-464", "module-2"))
DOUBT = (0.001, 0.98)
"""The network's probabilities of module 2 between which the filter is asked: beyond them it turns no answer."""
TRUST = 0.2
"""Share of the filter's log likelihood ratio that is believed: rings and streaks are no normal noise, as it assumes."""
LEAST_EVIDENCE, MOST_EVIDENCE = -5.0, 8.0
SOLID_HU = -500.0
CONTRASTS_HU = (3.0, 4.0, 5.0, 6.0)
"""What is left of 6 HU where the image's own rods count as noise: 3.3 to 6 HU on calibration images."""

_SEARCH_MM = 4.0
_INSIDE_MM, _OUTSIDE_MM = 96.0, (104.0, 112.0)
_LEAST_SHOWN, _LEAST_SOLID, _MOST_AROUND = 0.95, 0.99, 0.5
"""Of the disk's inside that is in the image, and solid; and of its surroundings that may be a couch."""
_STEPS = 6
_RADII_MM = np.arange(10.0, 90.0, 2.0)
_RAYS = 240
_HIGHEST = 90
"""Highest frequency around the axis that is looked at: at the rods' radius a wave of 4 mm."""
_BLUR_MM = 1.1
_EDGE_MM = 3.0
_NEIGHBOURS = (9, 5)
"""Radii and frequencies whose mean power is an image's noise at a radius and frequency."""
_LEAST_POWER = 0.003
_MOST_DEVIATIONS = 4.0


def doubtful_rods(images: Array, pixel_mm: tuple[float, float], classes: Array) -> Floats:
    """Return the evidence for module 2 in CT images ``[n, row, column]``, 0 where ``classes`` leave no doubt."""
    probability = classes[:, MODULE_2]
    asked = (probability > DOUBT[0]) & (probability < DOUBT[1])
    return np.array([rod_evidence(image, pixel_mm) if ask else 0.0 for image, ask in zip(images, asked, strict=True)])


def weighed(outputs: Mapping[str, Array], evidence: Floats) -> dict[str, Array]:
    """Return the network's outputs with the odds of module 2 multiplied by exp(``evidence``), one for each image."""
    classes = outputs["class"].astype(np.float64)
    classes[:, MODULE_2] *= np.exp(evidence)
    return {**outputs, "class": np.asarray(classes / classes.sum(axis=1, keepdims=True), np.float32)}


def rod_evidence(image: Array, pixel_mm: tuple[float, float]) -> float:
    """Return how much a CT image (HU) speaks for the rods, as a natural logarithm of odds from -5 to 8.

    0 where it shows no disk of 200 mm. ``pixel_mm`` is (row, column) distance.
    """
    pixel_mm, coarser = coarse(image[None], pixel_mm)
    shown = np.maximum(coarser[0], np.float32(AIR_HU))
    centre = _disk_centre(shown, pixel_mm)
    if centre is None:
        return 0.0
    ratio = _log_likelihood_ratio(_frequencies(_around(shown, pixel_mm, centre)))
    return float(np.clip(TRUST * ratio, LEAST_EVIDENCE, MOST_EVIDENCE))


def _disk_centre(image: Array, pixel_mm: tuple[float, float]) -> tuple[float, float] | None:
    """Return the (x, y) in mm from pixel (0, 0) about which a disk of 200 mm is filled and what is around it is empty.

    None where there is no such place. A part of the disk may lie outside the image or touch a couch.
    """
    rows, columns = (np.arange(count) * mm for count, mm in zip(image.shape, pixel_mm, strict=True))
    solid = image > SOLID_HU
    middle = (columns[-1] / 2, rows[-1] / 2)
    size = int(max(rows[-1], columns[-1]) / _SEARCH_MM) + 2
    places = (np.arange(size) - (size - 1) / 2) * _SEARCH_MM
    found = resample(
        solid.astype(np.float32),
        pixel_mm,
        (middle[0] / pixel_mm[1], middle[1] / pixel_mm[0]),
        size=size,
        step_mm=_SEARCH_MM,
        outside=0.0,
    )
    reach = np.arange(-_OUTSIDE_MM[1], _OUTSIDE_MM[1] + _SEARCH_MM, _SEARCH_MM)
    distance = np.hypot(reach[:, None], reach)
    disk = np.where(distance < ACR_464_DIAMETER_MM / 2, 1.0, np.where(distance < _OUTSIDE_MM[1], -1.0, 0.0))
    row, column = np.unravel_index(int(np.argmax(fftconvolve(found, disk, mode="same"))), found.shape)
    x, y = middle[0] + places[column], middle[1] + places[row]
    for _ in range(_STEPS):
        inside = solid & (np.hypot(columns - x, rows[:, None] - y) < ACR_464_DIAMETER_MM / 2)
        weight = max(float(inside.sum()), 1.0)
        x, y = float((inside.sum(axis=0) @ columns) / weight), float((inside.sum(axis=1) @ rows) / weight)
    distance = np.hypot(columns - x, rows[:, None] - y)
    within, around = distance < _INSIDE_MM, (distance > _OUTSIDE_MM[0]) & (distance < _OUTSIDE_MM[1])
    shown = within.sum() * pixel_mm[0] * pixel_mm[1] / (np.pi * _INSIDE_MM**2)
    if (
        shown < _LEAST_SHOWN
        or solid[within].mean() < _LEAST_SOLID
        or (solid & around).sum() > _MOST_AROUND * around.sum()
    ):
        return None
    return x, y


def _around(image: Array, pixel_mm: tuple[float, float], centre: tuple[float, float]) -> Floats:
    """Return the disk along circles about its centre, ``[radius, ray]``: what stands out of each circle's median."""
    x, y = _places()
    smooth = gaussian_filter(image, [_BLUR_MM / mm for mm in pixel_mm])
    rows, columns = (centre[1] + y) / pixel_mm[0], (centre[0] + x) / pixel_mm[1]
    values = map_coordinates(smooth, [rows, columns], output=np.float64, order=1, mode="nearest")
    values -= np.median(values, axis=1, keepdims=True)
    most = _MOST_DEVIATIONS * 1.4826 * float(np.median(np.abs(values)))
    return np.asarray(np.clip(values, -most, most), np.float64)


def _places() -> tuple[Floats, Floats]:
    """Return (x, y) of the points along the circles, mm from the centre, ``[radius, ray]``."""
    angles = np.arange(_RAYS) * (2 * np.pi / _RAYS)
    return _RADII_MM[:, None] * np.cos(angles), _RADII_MM[:, None] * np.sin(angles)


def _frequencies(around: Floats) -> NDArray[np.complex128]:
    """Return the frequencies around the axis, ``[radius, frequency]``, each radius by the length of its circle."""
    return np.asarray(np.fft.rfft(around, axis=1)[:, 1 : _HIGHEST + 1] * np.sqrt(_RADII_MM)[:, None], np.complex128)


@cache
def _layouts() -> tuple[NDArray[np.complex128], ...]:
    """Return the frequencies of the rods at a contrast of 1 HU, seen from one end and from the other."""
    x, y = _places()
    cover = np.zeros_like(x)
    for rod in ACR_464_RODS[2]:
        distance = np.hypot(x - rod.centre_mm[0], y - rod.centre_mm[1])
        inside = np.clip(0.5 + (rod.diameter_mm / 2 - distance) / _EDGE_MM, 0, 1)
        cover = np.maximum(cover, inside * min(1.0, (rod.diameter_mm / _EDGE_MM) ** 2))
    return _frequencies(cover), _frequencies(cover[:, ::-1])


def _log_likelihood_ratio(found: NDArray[np.complex128]) -> float:
    """Return the log of how much likelier the image is with the rods than without, over rotations and contrasts.

    The variance of each frequency is the mean power of its neighbours, the rods' own included.
    """
    power = np.abs(found) ** 2
    variance = uniform_filter(power, _NEIGHBOURS, mode="nearest") + _LEAST_POWER * float(power.mean()) + 1e-12
    ratios = []
    for layout in _layouts():
        precision = 2 * float((np.abs(layout) ** 2 / variance).sum())
        spectrum = np.zeros(_RAYS // 2 + 1, np.complex128)
        spectrum[1 : _HIGHEST + 1] = (found * layout.conj() / variance).sum(axis=0)
        likeness = np.fft.irfft(spectrum, _RAYS) * _RAYS
        ratios += [likeness * contrast - precision * contrast**2 / 2 for contrast in CONTRASTS_HU]
    return float(logsumexp(ratios) - np.log(np.size(ratios)))
