"""Values that weekly quality control writes down and the scanner states in the image header.

ACR MRI Quality Control Manual (2015), weekly technologist's tests: centre frequency, transmitter gain. What a
scanner does not state is left out, not reported as missing: only some vendors state a gain.
"""

from aiqa_integration.model.coding import aiqa_code
from aiqa_integration.model.measurement import Measured, Measurement, MetricDef
from aiqa_integration.model.phantom import PhantomImages
from aiqa_integration.model.quantity import MEGAHERTZ, ONE, Quantity

GUIDANCE = "ACR MRI Quality Control Manual (2015), technologist's weekly tests"

CENTRE_FREQUENCY = MetricDef(
    id="mr-centre-frequency",
    label="Centre frequency",
    unit=MEGAHERTZ,
    better="target",
    source=f"{GUIDANCE}; Imaging Frequency (0018,0084) or Transmitter Frequency (0018,9098)",
    version="1",
    code=aiqa_code("AIQA-FREQ", "Centre frequency"),
    decimals=6,
)
TRANSMITTER_GAIN = MetricDef(
    id="mr-transmitter-gain",
    label="Transmitter gain (the vendor's own scale)",
    unit=ONE,
    better="target",
    source=f"{GUIDANCE}; GE: private element (0019,xxF9) of GEMS_ACQU_01",
    version="1",
    code=aiqa_code("AIQA-TX-GAIN", "Transmitter gain, vendor's scale"),
    decimals=0,
)
METRICS = (CENTRE_FREQUENCY, TRANSMITTER_GAIN)


def read_weekly_values(images: PhantomImages) -> tuple[Measurement, ...]:
    """Return what the header states, exactly as it does: no uncertainty, no slice."""
    header = images.header
    stated = ((CENTRE_FREQUENCY, header.centre_frequency_mhz), (TRANSMITTER_GAIN, header.transmitter_gain))
    return tuple(
        Measured(metric=metric, quantity=Quantity(value, metric.unit), detail="as the image header states it")
        for metric, value in stated
        if value is not None
    )
