"""A test object as data: its tests, and where it lies in the images once a bundle has found it."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from aiqa_integration.model.finding import Finding
from aiqa_integration.model.image import ImageStack, SeriesHeader
from aiqa_integration.model.measurement import Measurement, MetricDef

View = Literal["axial", "localizer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanePose:
    """How the phantom lies in one slice.

    Phantom coordinates are mm from the phantom's axis: ``u`` to the right and ``v`` down in the guideline's own drawing
    (which for a phantom laid in upright is the axial image as displayed). ``centre`` is the axis in ``(column, row)``;
    ``rotation_deg`` turns the drawing into the image, positive from +column towards +row; ``mirrored`` is set where the
    drawing appears left-right reversed (``u`` is negated before the rotation); ``pixel_mm`` is (column, row) spacing.
    """

    centre: tuple[float, float]
    rotation_deg: float
    pixel_mm: tuple[float, float]
    mirrored: bool = False

    def to_pixel(self, u_mm: float, v_mm: float) -> tuple[float, float]:
        """Return the ``(column, row)`` of a point of the phantom."""
        sign = -1.0 if self.mirrored else 1.0
        turn = math.radians(self.rotation_deg)
        cos, sin = math.cos(turn), math.sin(turn)
        x_mm, y_mm = cos * sign * u_mm - sin * v_mm, sin * sign * u_mm + cos * v_mm
        return self.centre[0] + x_mm / self.pixel_mm[0], self.centre[1] + y_mm / self.pixel_mm[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class LocatedPhantom:
    """Where a bundle found a phantom.

    ``slices`` maps the guideline's slice number to the place in the stack; ``poses`` has one pose per place
    that shows the phantom; ``view`` says whether its slices cut the phantom across its axis or (a localizer) along it:
    then no slice has a number, and in the poses ``u`` runs across the axis and ``v`` along it, from the middle of the
    outline, either way round; ``tilt_deg`` is the angle between the phantom's axis and the slice normal, None where it
    could not be told; ``residual_mm`` is the root mean square distance of the landmarks from the rigid fit;
    ``confidence`` is the network's probability that this is the phantom; ``full_circles`` are places in which the water
    was seen to reach a round vessel's wall all around (but for a few rays), as far as nothing in the vessel hides it.
    """

    phantom: str
    slices: Mapping[int, int]
    poses: Mapping[int, PlanePose]
    tilt_deg: float | None
    residual_mm: float
    confidence: float
    view: View = "axial"
    full_circles: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PhantomImages:
    """What a test gets: the images, the header, and where the phantom is."""

    stack: ImageStack
    header: SeriesHeader
    located: LocatedPhantom


@dataclass(frozen=True, slots=True, kw_only=True)
class PhantomTest:
    """One test of a phantom: the metrics it yields and the function that measures them.

    ``measure`` returns one measurement per metric, in order (values of the header only where it has them), and raises
    MeasurementError only where none can be given.
    ``view`` is the view of the phantom that it needs: in another one its metrics are not asked for.
    """

    name: str
    metrics: tuple[MetricDef, ...]
    measure: Callable[[PhantomImages], tuple[Measurement, ...]]
    view: View = "axial"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """Something in a phantom: where it lies in its coordinates (mm), how large it is, and who says so.

    ``centre_mm`` is ``(u, v)``; ``size_mm`` is ``(width, height)``, of a circle twice its diameter; ``slices`` are the
    guideline's numbers of the slices that show it.
    """

    name: str
    slices: tuple[int, ...]
    centre_mm: tuple[float, float]
    size_mm: tuple[float, float]
    shape: Literal["circle", "rectangle"]
    source: str


Setup = Callable[[PhantomImages, Sequence[Measurement]], tuple[Finding, ...]]
"""Takes the images and what was measured in them; returns what is remarkable about how the phantom lay."""


def no_setup(images: PhantomImages, measurements: Sequence[Measurement]) -> tuple[Finding, ...]:
    """Return no finding: for a phantom whose set-up nobody looks at."""
    del images, measurements
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Phantom:
    """A test object: which analysis and bundle it belongs to, how to find it, and its tests.

    ``prepare`` turns the images into the bundle's inputs (arrays by name), the same for all phantoms of one bundle;
    ``locate`` takes the stack and the bundle's outputs (arrays by name) and returns where the phantom is; it raises
    PhantomNotFound where the outputs do not fit this phantom. ``setup`` says how the phantom lay; it may raise
    MeasurementError. ``analysis_version`` changes with anything that may
    change a value.
    """

    name: str
    title: str
    analysis: str
    bundle: str
    source: str
    diameter_mm: float
    length_mm: float
    geometry: tuple[Feature, ...]
    tests: tuple[PhantomTest, ...]
    prepare: Callable[[ImageStack], Mapping[str, NDArray[np.float32]]]
    locate: Callable[[ImageStack, Mapping[str, NDArray[np.float32]]], LocatedPhantom]
    setup: Setup = no_setup
    analysis_version: str = "1.3.1"
