"""The artifacts of MRI that are looked for: what each is called, coded, measured by and answered with.

Severity: 0 none, 1 minor (readers accept it: reported, never alerted), 2 moderate (limits reading), 3 severe
(non-diagnostic). The anchors are of the measure that the simulator returns and are defaults that a site may move.
Source of measures and anchors: CID 6316 of PS3.16 for the standard codes; the literature for motion (Afacan, Pediatr
Radiol 2016) and noise (Rose); the others are the project's own proposals until a site's readers confirm them.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from aiqa_integration.model.coding import Code, aiqa_code, dcm_code
from aiqa_integration.model.finding import Severity

Scope = Literal["local", "global"]

_SEVERITIES: tuple[Severity, ...] = (0, 1, 2, 3)


class ArtifactId(StrEnum):
    """Stable ids of MRI artifact findings (DESIGN 2.3), in the order of the network's outputs."""

    MOTION = "motion"
    GHOST = "ghost"
    WRAP = "wrap"
    GIBBS = "gibbs"
    SPIKE = "spike"
    ZIPPER = "zipper"
    BIAS = "bias"
    LOW_SNR = "low-snr"
    SUSCEPTIBILITY = "susceptibility"
    FAT_SAT_FAILURE = "fat-sat-failure"
    CHEMICAL_SHIFT = "chemical-shift"
    SLICE_DROPOUT = "slice-dropout"


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """An artifact class.

    ``measure`` says what the severity is judged by and in which unit; ``anchors`` are the values of it from which the
    severity is 1, 2 and 3 (rising; falling where a lower value is worse). ``scope`` is global where the disturbance
    spreads over the image, so that a map of it says little. ``fixable`` is the probability that a repeat with
    ``next_step`` done is better.
    """

    id: ArtifactId
    title: str
    code: Code
    scope: Scope
    measure: str
    anchors: tuple[float, float, float]
    next_step: str
    fixable: float


def severity_of(artifact: Artifact, value: float) -> Severity:
    """Return the severity that a value of the artifact's measure stands for."""
    first, _, last = artifact.anchors
    sign = 1.0 if last > first else -1.0
    reached = sum(sign * value >= sign * anchor for anchor in artifact.anchors)
    return _SEVERITIES[reached]


def _radlex(value: str, meaning: str) -> Code:
    return Code(value=value, scheme="RADLEX", meaning=meaning)


ARTIFACTS: tuple[Artifact, ...] = (
    Artifact(
        id=ArtifactId.MOTION,
        title="Motion",
        code=_radlex("RID11423", "Motion related artifact"),
        scope="local",
        measure="norm of the change of k-space over the norm of k-space (1)",
        anchors=(0.05, 0.15, 0.33),
        next_step="coach or immobilise the patient and repeat; the second time with a faster or motion-robust sequence",
        fixable=0.7,
    ),
    Artifact(
        id=ArtifactId.GHOST,
        title="Ghosting",
        code=_radlex("RID11426", "Ghost"),
        scope="local",
        measure="signal of the ghost over the signal of the object (1)",
        anchors=(0.02, 0.05, 0.15),
        next_step="swap the phase-encoding direction, add a saturation band or gating, and repeat",
        fixable=0.6,
    ),
    Artifact(
        id=ArtifactId.WRAP,
        title="Wrap-around",
        code=_radlex("RID11395", "Phase wraparound artifact"),
        scope="local",
        measure="width of the folded part over the field of view (1)",
        anchors=(0.01, 0.03, 0.10),
        next_step="enlarge the field of view, use phase oversampling or swap the phase-encoding direction, and repeat",
        fixable=0.95,
    ),
    Artifact(
        id=ArtifactId.GIBBS,
        title="Truncation (Gibbs) ringing",
        code=aiqa_code("AIQA-A-GIBBS", "Truncation artifact"),
        scope="local",
        measure="radius of k-space that was kept, in cycles per pixel (1); less is worse",
        anchors=(0.46, 0.42, 0.28),
        next_step="raise the matrix or use a filter; repeat only where the ringing crosses what is looked at",
        fixable=0.9,
    ),
    Artifact(
        id=ArtifactId.SPIKE,
        title="Spike noise (herringbone)",
        code=aiqa_code("AIQA-A-SPIKE", "Spike noise (herringbone) artifact"),
        scope="global",
        measure="amplitude of the spike over the largest of k-space (1)",
        anchors=(0.01, 0.05, 0.20),
        next_step="repeat once; where it comes back, call service (arcing, humidity)",
        fixable=0.8,
    ),
    Artifact(
        id=ArtifactId.ZIPPER,
        title="Zipper (radio-frequency interference)",
        code=aiqa_code("AIQA-A-ZIPPER", "Zipper artifact"),
        scope="global",
        measure="signal of the line over the standard deviation of the background (1)",
        anchors=(1.5, 3.0, 8.0),
        next_step="close the door, remove electrical devices, repeat; where it comes back, call service (shielding)",
        fixable=0.6,
    ),
    Artifact(
        id=ArtifactId.BIAS,
        title="Signal non-uniformity",
        code=_radlex("RID11408", "Non-uniform signal intensity artifact"),
        scope="local",
        measure="standard deviation of the logarithm of the receive field inside the object (1)",
        anchors=(0.15, 0.30, 0.50),
        next_step="check coil selection and elements, use prescan normalisation, and repeat",
        fixable=0.5,
    ),
    Artifact(
        id=ArtifactId.LOW_SNR,
        title="Low signal-to-noise ratio",
        code=dcm_code("130578", "Poor SNR"),
        scope="global",
        measure="signal-to-noise ratio of the object (1); less is worse",
        anchors=(20.0, 15.0, 7.0),
        next_step="check that the coil is seated; raise averages or lower the bandwidth, and repeat",
        fixable=0.7,
    ),
    Artifact(
        id=ArtifactId.SUSCEPTIBILITY,
        title="Susceptibility or metal",
        code=_radlex("RID11372", "Tissue magnetic susceptibility effect"),
        scope="local",
        measure="area of the void over the field of view (1)",
        anchors=(0.003, 0.01, 0.05),
        next_step="remove the object; else a spin-echo sequence with high bandwidth or a metal-artifact protocol",
        fixable=0.2,
    ),
    Artifact(
        id=ArtifactId.FAT_SAT_FAILURE,
        title="Failed fat suppression",
        code=aiqa_code("AIQA-A-FATSAT", "Failed fat suppression"),
        scope="local",
        measure="part of the fat that is not suppressed (1)",
        anchors=(0.05, 0.20, 0.50),
        next_step="shim again, or use a Dixon or inversion-recovery sequence, and repeat",
        fixable=0.6,
    ),
    Artifact(
        id=ArtifactId.CHEMICAL_SHIFT,
        title="Chemical shift",
        code=_radlex("RID11374", "Chemical shift artifact"),
        scope="local",
        measure="shift of fat along the read direction (pixels)",
        anchors=(1.0, 2.0, 4.0),
        next_step="raise the receiver bandwidth and repeat",
        fixable=0.9,
    ),
    Artifact(
        id=ArtifactId.SLICE_DROPOUT,
        title="Slice cross-talk or dropped slices",
        code=aiqa_code("AIQA-A-DROPOUT", "Slice cross-talk or signal dropout"),
        scope="global",
        measure="largest loss of signal of a slice against its neighbours (1)",
        anchors=(0.05, 0.15, 0.30),
        next_step="enlarge the gap or interleave the slices; of a diffusion series repeat the volume",
        fixable=0.7,
    ),
)
"""Every artifact class, in the order of ArtifactId."""

ARTIFACTS_BY_ID = {artifact.id: artifact for artifact in ARTIFACTS}
