"""The large ACR MRI phantom: a 190 mm cylinder, 11 axial slices."""

from functools import partial

from aiqa_integration.metrics.geometric_accuracy import METRICS as LENGTH_METRICS
from aiqa_integration.metrics.geometric_accuracy import measure_lengths
from aiqa_integration.metrics.ghosting import METRICS as GHOSTING_METRICS
from aiqa_integration.metrics.ghosting import measure_ghosting
from aiqa_integration.metrics.high_contrast_resolution import (
    HoleArray,
    measure_high_contrast_resolution,
    metrics_of,
)
from aiqa_integration.metrics.low_contrast import METRICS as LOW_CONTRAST_METRICS
from aiqa_integration.metrics.low_contrast import measure_low_contrast
from aiqa_integration.metrics.pose import locate_acr_mri, prepare_inputs
from aiqa_integration.metrics.setup import find_setup_faults
from aiqa_integration.metrics.slice_position import METRICS as POSITION_METRICS
from aiqa_integration.metrics.slice_position import measure_slice_position
from aiqa_integration.metrics.slice_thickness import METRICS as THICKNESS_METRICS
from aiqa_integration.metrics.slice_thickness import measure_slice_thickness
from aiqa_integration.metrics.snr import METRICS as SNR_METRICS
from aiqa_integration.metrics.snr import measure_snr
from aiqa_integration.metrics.superior_inferior_length import METRICS as SUPERIOR_INFERIOR_METRICS
from aiqa_integration.metrics.superior_inferior_length import measure_superior_inferior_length
from aiqa_integration.metrics.uniformity import METRICS as UNIFORMITY_METRICS
from aiqa_integration.metrics.uniformity import LargeRegion, measure_uniformity
from aiqa_integration.metrics.weekly_values import METRICS as WEEKLY_METRICS
from aiqa_integration.metrics.weekly_values import read_weekly_values
from aiqa_integration.model.phantom import Feature, Phantom, PhantomTest

NAME = "acr-mri-large"
DIAMETER_MM = 190.0
LENGTH_MM = 148.0
_GUIDANCE = "ACR MRI Accreditation Program, Phantom Test Guidance for the Large MRI Phantom (10/2022)"
_IMAGES = "read off published images (hazen test data, Apache-2.0), good to 1 mm"

LARGE_REGION = LargeRegion(area_mm2=20_000.0, centre_mm=(0.0, 2.5))
"""200 cm², moved down just so far that it keeps 2 mm from the bar at twelve o'clock (ends 80 mm from the axis)."""

WEDGE_FOOT_MM = -62.0
"""Where both bars of slices 1 and 11 end in a slice through the wedges' crossing; read off published images."""

LOW_CONTRAST_CENTRE_MM = (0.0, 7.5)
"""Centre of the ring around the low-contrast disks; specimens differ by 3 mm."""

HOLE_ARRAYS = tuple(
    HoleArray(diameter_mm=diameter, corner_mm=corner)
    for diameter, corner in ((1.1, (-13.6, 38.0)), (1.0, (9.4, 38.0)), (0.9, (32.0, 38.0)))
)
"""Pairs of hole arrays of slice 1; hole sizes from the guidance, section 2, places from the images."""

GEOMETRY = (
    Feature(
        name="vessel",
        slices=tuple(range(1, 12)),
        centre_mm=(0.0, 0.0),
        size_mm=(DIAMETER_MM, DIAMETER_MM),
        shape="circle",
        source=f"{_GUIDANCE}, section 1",
    ),
    Feature(
        name="bar at twelve o'clock",
        slices=(1, 5, 7, 11),
        centre_mm=(0.0, -87.5),
        size_mm=(12.0, 15.0),
        shape="rectangle",
        source=_IMAGES,
    ),
    Feature(
        name="bars of the crossed wedges",
        slices=(1, 11),
        centre_mm=(0.0, -71.0),
        size_mm=(12.0, 18.0),
        shape="rectangle",
        source=_IMAGES,
    ),
    Feature(
        name="slab with the thickness ramps",
        slices=(1,),
        centre_mm=(0.0, 0.0),
        size_mm=(178.0, 11.0),
        shape="rectangle",
        source=_IMAGES,
    ),
    Feature(
        name="block with the hole arrays",
        slices=(1,),
        centre_mm=(0.0, 37.75),
        size_mm=(114.0, 38.5),
        shape="rectangle",
        source=_IMAGES,
    ),
    Feature(
        name="large region of uniformity and ghosting",
        slices=(7,),
        centre_mm=LARGE_REGION.centre_mm,
        size_mm=(2 * LARGE_REGION.radius_mm, 2 * LARGE_REGION.radius_mm),
        shape="circle",
        source=f"{_GUIDANCE}, section 5: 195 to 205 cm²",
    ),
    Feature(
        name="ring around the low-contrast disks",
        slices=(8, 9, 10, 11),
        centre_mm=LOW_CONTRAST_CENTRE_MM,
        size_mm=(102.0, 102.0),
        shape="circle",
        source=_IMAGES,
    ),
)
"""What lies where, in phantom coordinates."""

PHANTOM = Phantom(
    name=NAME,
    title="ACR MRI phantom, large",
    analysis="acr-mri-phantom",
    bundle="mri_phantom_scoring",
    source=_GUIDANCE,
    diameter_mm=DIAMETER_MM,
    length_mm=LENGTH_MM,
    geometry=GEOMETRY,
    tests=(
        PhantomTest(
            name="geometric accuracy",
            metrics=LENGTH_METRICS,
            measure=partial(measure_lengths, diameter_mm=DIAMETER_MM),
        ),
        PhantomTest(
            name="high-contrast spatial resolution",
            metrics=metrics_of(HOLE_ARRAYS),
            measure=partial(measure_high_contrast_resolution, diameter_mm=DIAMETER_MM, arrays=HOLE_ARRAYS),
        ),
        PhantomTest(
            name="geometric accuracy, localizer",
            metrics=SUPERIOR_INFERIOR_METRICS,
            measure=partial(measure_superior_inferior_length, diameter_mm=DIAMETER_MM, length_mm=LENGTH_MM),
            view="localizer",
        ),
        PhantomTest(
            name="slice thickness accuracy",
            metrics=THICKNESS_METRICS,
            measure=partial(measure_slice_thickness, diameter_mm=DIAMETER_MM),
        ),
        PhantomTest(
            name="slice position accuracy",
            metrics=POSITION_METRICS,
            measure=partial(measure_slice_position, foot_mm=WEDGE_FOOT_MM),
        ),
        PhantomTest(
            name="image intensity uniformity",
            metrics=UNIFORMITY_METRICS,
            measure=partial(measure_uniformity, diameter_mm=DIAMETER_MM, large=LARGE_REGION),
        ),
        PhantomTest(
            name="percent-signal ghosting",
            metrics=GHOSTING_METRICS,
            measure=partial(
                measure_ghosting,
                diameter_mm=DIAMETER_MM,
                large_area_mm2=LARGE_REGION.area_mm2,
                large_centre_mm=LARGE_REGION.centre_mm,
            ),
        ),
        PhantomTest(
            name="signal-to-noise ratio",
            metrics=SNR_METRICS,
            measure=partial(measure_snr, diameter_mm=DIAMETER_MM),
        ),
        PhantomTest(
            name="low-contrast object detectability",
            metrics=LOW_CONTRAST_METRICS,
            measure=partial(measure_low_contrast, ring_centre_mm=LOW_CONTRAST_CENTRE_MM),
        ),
        PhantomTest(name="weekly values of the header", metrics=WEEKLY_METRICS, measure=read_weekly_values),
    ),
    prepare=prepare_inputs,
    locate=partial(locate_acr_mri, phantom=NAME, diameter_mm=DIAMETER_MM),
    setup=partial(find_setup_faults, diameter_mm=DIAMETER_MM),
)
