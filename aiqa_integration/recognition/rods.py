"""How much an image speaks for the faint rods of the ACR 464's module 2: a matched filter, where the network doubts.

A network of 2 mm points hardly sees a contrast of 6 HU under noise, rings and streaks. Where the rods have to lie is
known, though: one of 25 mm and twenty small ones, in any rotation and seen from either end. The disk is read along
circles about its centre, each circle's median is taken out (rings, cupping), and the layout is correlated with what is
left, every frequency around the axis weighing as little as the image itself has of it there: an adaptive matched
filter. Layout and contrast: simulate.ct_objects (McCollough et al., Med Phys 31 (2004) 2423). Filter: Kay, Fundamentals
of Statistical Signal Processing II (1998), ch. 4 and 7.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates, uniform_filter
from scipy.special import logsumexp

from aiqa_integration.metrics.pose import signal_middle
from aiqa_integration.metrics.pose.circle import Circle, fit_outline
from aiqa_integration.recognition.inputs import AIR_HU, coarse
from aiqa_integration.recognition.kinds import CLASSES
from aiqa_integration.simulate.ct_objects import ACR_464_DIAMETER_MM, ACR_464_RODS

Array = NDArray[np.float32]
Floats = NDArray[np.float64]

MODULE_2 = CLASSES.index(("acr-ct-464", "module-2"))
DOUBT = (0.002, 0.98)
"""The network's probabilities of module 2 between which the filter is asked: beyond them it could not turn the answer."""
TRUST = 0.2
"""Of the filter's logarithmic likelihood ratio: rings and streaks are not the normal noise that it takes for granted."""
MOST_EVIDENCE = 6.0
DIAMETER_TOLERANCE_MM = 6.0
CONTRASTS_HU = (3.0, 4.0, 5.0, 6.0)
"""What is left of 6 HU where the image's own rods count as noise: 3.3 to 6 HU on calibration images."""

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
    """Return the evidence for module 2 in CT images ``[n, row, column]``, 0 where the network's ``classes`` are sure."""
    probability = classes[:, MODULE_2]
    asked = (probability > DOUBT[0]) & (probability < DOUBT[1])
    return np.array([rod_evidence(image, pixel_mm) if ask else 0.0 for image, ask in zip(images, asked, strict=True)])


def weighed(outputs: dict[str, Array], evidence: Floats) -> dict[str, Array]:
    """Return the network's outputs with the odds of module 2 multiplied by exp(``evidence``), one for each image."""
    classes = outputs["class"].astype(np.float64)
    classes[:, MODULE_2] *= np.exp(evidence)
    return outputs | {"class": np.asarray(classes / classes.sum(axis=1, keepdims=True), np.float32)}


def rod_evidence(image: Array, pixel_mm: tuple[float, float]) -> float:
    """Return how much a CT image (HU) speaks for the rods, as a natural logarithm of odds from -6 to 6.

    0 where it shows no disk of 200 mm. ``pixel_mm`` is (row, column) distance.
    """
    pixel_mm, coarser = coarse(image[None], pixel_mm)
    shown = np.maximum(coarser[0], np.float32(AIR_HU))
    column, row = signal_middle(shown[None])
    circle = fit_outline(shown, pixel_mm, (column * pixel_mm[1], row * pixel_mm[0]), ACR_464_DIAMETER_MM / 2)
    if circle is None or abs(2 * circle.radius_mm - ACR_464_DIAMETER_MM) > DIAMETER_TOLERANCE_MM:
        return 0.0
    ratio = _log_likelihood_ratio(_frequencies(_around(shown, pixel_mm, circle)))
    return float(np.clip(TRUST * ratio, -MOST_EVIDENCE, MOST_EVIDENCE))


def _around(image: Array, pixel_mm: tuple[float, float], circle: Circle) -> Floats:
    """Return the disk along circles about its centre, ``[radius, ray]``: what stands out of each circle's median."""
    x, y = _places()
    smooth = gaussian_filter(image, [_BLUR_MM / mm for mm in pixel_mm])
    rows, columns = (circle.y_mm + y) / pixel_mm[0], (circle.x_mm + x) / pixel_mm[1]
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
