"""When two series are of the same protocol, and when one can stand in for another: by tables of header keywords."""

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from aiqa_integration.model.identity import identity
from aiqa_integration.model.image import HeaderValue, SeriesHeader


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolTable:
    """What of a modality's header tells protocols apart.

    ``same``: keywords whose values are equal in a repeat (numbers to three digits). ``alike``: keyword and edges
    between which a number may vary while plane and contrast stay (no edges: a text that must be equal).
    """

    same: tuple[str, ...]
    alike: tuple[tuple[str, tuple[float, ...]], ...]


_ANY = ProtocolTable(
    same=("SeriesDescription", "ProtocolName", "BodyPartExamined", "ViewPosition", "Laterality"),
    alike=(("ProtocolName", ()), ("BodyPartExamined", ()), ("ViewPosition", ()), ("Laterality", ())),
)

PROTOCOLS: Mapping[str, ProtocolTable] = MappingProxyType(
    {
        "MR": ProtocolTable(
            same=(
                "SeriesDescription",
                "ProtocolName",
                "BodyPartExamined",
                "ScanningSequence",
                "ScanOptions",
                "MRAcquisitionType",
                "RepetitionTime",
                "EchoTime",
                "InversionTime",
                "FlipAngle",
                "SliceThickness",
            ),
            alike=(
                ("BodyPartExamined", ()),
                ("ScanningSequence", ()),
                ("ScanOptions", ()),
                ("RepetitionTime", (1200.0,)),
                ("EchoTime", (30.0, 70.0)),
                ("InversionTime", (400.0, 1500.0)),
                ("DiffusionBValue", (50.0,)),
            ),
        )
    }
)
"""By modality. MR: short and long TR, short, middle and long TE as in every textbook's T1, PD and T2; TI of fat and
of fluid suppression; b from which an image is diffusion weighted."""

_PLANES = ("sagittal", "coronal", "axial")
_NO_AGENT = frozenset({"", "no", "none", "n", "0", "no contrast", "without"})
_DENIED = re.compile(r"\b(?:pre|non?|without|w/o)\s*(?:contrast|gado?\w*|gd|km|ce)\b")
_CONTRAST = re.compile(r"\+\s*c\b|\b(?:post(?!erior)|postcontrast|contrast|dce|ce|gd|km|gad|gado\w*)\b")
"""How a series description says that contrast was given; whatever sounds like it counts, for a repeat after contrast
is worse than none."""


def protocol_key(header: SeriesHeader) -> str:
    """Return what is equal for a series and its repeat, as a digest: descriptions may hold a patient's name."""
    table = PROTOCOLS.get(header.modality, _ANY)
    values = (_exact(header.keywords.get(keyword, "")) for keyword in table.same)
    return str(identity("protocol", header.modality, _plane(header), str(contrast_given(header)), *values))


def likeness_key(header: SeriesHeader) -> str:
    """Return what is equal for series of the same plane and contrast, as a digest."""
    table = PROTOCOLS.get(header.modality, _ANY)
    values = (_between(header.keywords.get(keyword, ""), edges) for keyword, edges in table.alike)
    return str(identity("likeness", header.modality, _plane(header), str(contrast_given(header)), *values))


def contrast_given(header: SeriesHeader) -> bool:
    """Return whether the header says that contrast was given before this series: by agent, or by its description."""
    agent = str(header.keywords.get("ContrastBolusAgent", "")).strip().casefold()
    if agent not in _NO_AGENT:
        return True
    words = re.sub(r"[_\-]", " ", header.series_description.casefold())
    return _CONTRAST.search(_DENIED.sub(" ", words)) is not None


def acquisition_minutes(header: SeriesHeader) -> float | None:
    """Return how long the scanner measured for the series (Acquisition Duration 0018,9073, s), if it says so."""
    seconds = header.keywords.get("AcquisitionDuration")
    return seconds / 60.0 if isinstance(seconds, int | float) and seconds > 0 else None


def _plane(header: SeriesHeader) -> str:
    directions = header.keywords.get("ImageOrientationPatient", ())
    if not isinstance(directions, tuple) or len(directions) != 6:
        return ""
    (ax, ay, az), (bx, by, bz) = ([float(part) for part in directions[at : at + 3]] for at in (0, 3))
    normal = (ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx)
    return _PLANES[max(range(3), key=lambda axis: abs(normal[axis]))]


def _exact(value: HeaderValue) -> str:
    if isinstance(value, tuple):
        return "\\".join(_exact(part) for part in value)
    return f"{value:.3g}" if isinstance(value, int | float) else value.strip().casefold()


def _between(value: HeaderValue, edges: tuple[float, ...]) -> str:
    if not edges or not isinstance(value, int | float):
        return _exact(value)
    return str(bisect_right(edges, value))
