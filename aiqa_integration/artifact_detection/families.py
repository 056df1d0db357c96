"""What kind of acquisition a series is, by its header: its protocol family, and which artifacts can occur in it.

A family is what a calibration holds for (with the scanner and the artifact): coarse enough to gather reviewed cases,
fine enough that contrast and read-out are alike. Attributes: PS3.3 C.8.3.1 (MR Image Module), C.8.13.4 (enhanced).
"""

from collections.abc import Mapping
from enum import StrEnum

from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.model.image import HeaderValue, ImageStack, SeriesHeader

Keywords = Mapping[str, HeaderValue]

LEAST_SLICES = 3
LEAST_PIXELS = 64
_LONG_TR_MS = 1500.0
_LONG_TE_MS = 60.0
_SHORT_TI_MS = 260.0
"""Inversion times up to this null fat at 1.5 and 3 T (STIR); longer ones null fluid or raise contrast."""
_LONG_TI_MS = 1500.0
_LONG_GRE_TE_MS = 15.0


class Family(StrEnum):
    """Protocol families."""

    T1_SPIN_ECHO = "t1-spin-echo"
    T2_SPIN_ECHO = "t2-spin-echo"
    PD_SPIN_ECHO = "pd-spin-echo"
    FLAIR = "flair"
    STIR = "stir"
    T1_GRADIENT_ECHO = "t1-gradient-echo"
    T2STAR_GRADIENT_ECHO = "t2star-gradient-echo"
    BALANCED_SSFP = "balanced-ssfp"
    ANGIOGRAPHY = "angiography"
    EPI = "epi"
    DIFFUSION = "diffusion"
    UNKNOWN = "unknown"


_ECHO_PLANAR = frozenset({Family.EPI, Family.DIFFUSION})
_NO_FAT = frozenset({Family.STIR, *_ECHO_PLANAR})
"""Families without a fat signal to be shifted: nulled, or suppressed as a rule."""


def not_scored_because(header: SeriesHeader, stack: ImageStack) -> str | None:
    """Return why a series is no acquisition whose artifacts can be judged, None where it is one."""
    kinds = {kind.upper() for kind in _words(header.keywords, "ImageType")}
    slices, rows, columns = stack.voxels.shape
    if header.modality != "MR":
        return f"artifacts are looked for in MR series only; this is {header.modality or 'of no stated modality'}"
    if kinds & {"LOCALIZER", "SCOUT"}:
        return "a localizer is not scored"
    if kinds & {"DERIVED", "SECONDARY"}:
        return "derived images are not scored: their artifacts are those of the series that they come from"
    if slices < LEAST_SLICES:
        return f"{slices} slices, at least {LEAST_SLICES} are needed"
    if min(rows, columns) < LEAST_PIXELS:
        return f"a matrix of {rows} x {columns}, at least {LEAST_PIXELS} x {LEAST_PIXELS} is needed"
    return None


def protocol_family(header: SeriesHeader) -> Family:
    """Return the protocol family of a series; UNKNOWN where its header does not tell."""
    keywords = header.keywords
    sequences = {word.upper() for word in _words(keywords, "ScanningSequence")}
    name = " ".join([*_words(keywords, "SequenceName"), *_words(keywords, "PulseSequenceName")]).casefold()
    kinds = {kind.upper() for kind in _words(keywords, "ImageType")}
    if _is_diffusion(keywords, kinds, name):
        return Family.DIFFUSION
    if "EP" in sequences or "EPI" in kinds or "epi" in name or "epfid" in name:
        return Family.EPI
    if "tof" in name or kinds & {"TOF", "MIP", "ANGIO"}:
        return Family.ANGIOGRAPHY
    if "GR" in sequences or _echo_type(keywords) == "GRADIENT":
        return _gradient_echo(header, name)
    if sequences & {"SE", "IR"} or _echo_type(keywords) == "SPIN":
        return _spin_echo(header, sequences)
    return Family.UNKNOWN


def fat_suppressed(header: SeriesHeader) -> bool:
    """Return whether the header says that fat was suppressed: FS in Scan Options (0018,0022) or its enhanced equals."""
    options = {word.upper() for word in _words(header.keywords, "ScanOptions")}
    technique = {word.upper() for word in _words(header.keywords, "SpectrallySelectedSuppression")}
    return bool(options & {"FS", "FATSAT", "FAT_SAT"} or technique & {"FAT", "FAT_AND_WATER"})


def contrast_given(header: SeriesHeader) -> bool:
    """Return whether the header names a contrast agent: Contrast/Bolus Agent (0018,0010)."""
    return bool(_words(header.keywords, "ContrastBolusAgent"))


def applicable(header: SeriesHeader) -> frozenset[ArtifactId]:
    """Return the artifacts that can be told in a series of this kind.

    Truncation ringing is not told in echo-planar images (smoothed, low resolution), nor is susceptibility, which is
    their normal look; failed fat suppression only where fat was to be suppressed; a chemical shift where fat shines.
    """
    family = protocol_family(header)
    found = set(ArtifactId)
    if family in _ECHO_PLANAR:
        found -= {ArtifactId.GIBBS, ArtifactId.SUSCEPTIBILITY}
    if not fat_suppressed(header):
        found -= {ArtifactId.FAT_SAT_FAILURE}
    if fat_suppressed(header) or family in _NO_FAT:
        found -= {ArtifactId.CHEMICAL_SHIFT}
    return frozenset(found)


def _is_diffusion(keywords: Keywords, kinds: set[str], name: str) -> bool:
    if "DiffusionBValue" in keywords or kinds & {"DIFFUSION", "TRACEW", "ADC", "GDC"}:
        return True
    return any(word in name for word in ("ep_b", "dwi", "dti", "diff"))


def _echo_type(keywords: Keywords) -> str:
    return next(iter(_words(keywords, "EchoPulseSequence")), "").upper()


def _gradient_echo(header: SeriesHeader, name: str) -> Family:
    if any(word in name for word in ("fiesta", "bffe", "trufi", "tfi")):
        return Family.BALANCED_SSFP
    if header.echo_time_ms is None:
        return Family.UNKNOWN
    return Family.T2STAR_GRADIENT_ECHO if header.echo_time_ms >= _LONG_GRE_TE_MS else Family.T1_GRADIENT_ECHO


def _spin_echo(header: SeriesHeader, sequences: set[str]) -> Family:
    repetition, echo, inversion = header.repetition_time_ms, header.echo_time_ms, _inversion_ms(header.keywords)
    if inversion and ("IR" in sequences or _echo_type(header.keywords)):
        if inversion <= _SHORT_TI_MS:
            return Family.STIR
        if inversion >= _LONG_TI_MS:
            return Family.FLAIR
    if repetition is None or echo is None:
        return Family.UNKNOWN
    if repetition < _LONG_TR_MS:
        return Family.T1_SPIN_ECHO
    return Family.T2_SPIN_ECHO if echo >= _LONG_TE_MS else Family.PD_SPIN_ECHO


def _inversion_ms(keywords: Keywords) -> float | None:
    value = keywords.get("InversionTime")
    return float(value) if isinstance(value, int | float) and value > 0 else None


def _words(keywords: Keywords, name: str) -> tuple[str, ...]:
    value = keywords.get(name, ())
    return tuple(str(word) for word in value) if isinstance(value, tuple) else (str(value),)
