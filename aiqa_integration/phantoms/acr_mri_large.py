"""The large ACR MRI phantom: a 190 mm cylinder, 11 axial slices."""

from functools import partial

from aiqa_integration.metrics.geometric_accuracy import METRICS as LENGTH_METRICS
from aiqa_integration.metrics.geometric_accuracy import measure_lengths
from aiqa_integration.metrics.ghosting import METRICS as GHOSTING_METRICS
from aiqa_integration.metrics.ghosting import measure_ghosting
from aiqa_integration.metrics.pose import locate_acr_mri, prepare_inputs
from aiqa_integration.metrics.setup import find_setup_faults
from aiqa_integration.metrics.slice_thickness import METRICS as THICKNESS_METRICS
from aiqa_integration.metrics.slice_thickness import measure_slice_thickness
from aiqa_integration.metrics.superior_inferior_length import METRICS as SUPERIOR_INFERIOR_METRICS
from aiqa_integration.metrics.superior_inferior_length import measure_superior_inferior_length
from aiqa_integration.metrics.uniformity import METRICS as UNIFORMITY_METRICS
from aiqa_integration.metrics.uniformity import LargeRegion, measure_uniformity
from aiqa_integration.model.phantom import Feature, Phantom, PhantomTest

NAME = "acr-mri-large"
DIAMETER_MM = 190.0
LENGTH_MM = 148.0
_GUIDANCE = "ACR MRI Accreditation Program, Phantom Test Guidance for the Large MRI Phantom (10/2022)"
_IMAGES = "read off published images (hazen test data, Apache-2.0), good to 1 mm"

LARGE_REGION = LargeRegion(area_mm2=20_000.0, centre_mm=(0.0, 2.5))
"""200 cm², moved down just so far that it keeps 2 mm from the bar at twelve o'clock (ends 80 mm from the axis)."""

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
        name="slab with the thickness ramps",
        slices=(1,),
        centre_mm=(0.0, 0.0),
        size_mm=(178.0, 11.0),
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
    ),
    prepare=prepare_inputs,
    locate=partial(locate_acr_mri, phantom=NAME, diameter_mm=DIAMETER_MM),
    setup=partial(find_setup_faults, diameter_mm=DIAMETER_MM),
)
