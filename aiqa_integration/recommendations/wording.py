"""Words of recommendations; nothing of a header stands in them, for they go into mails and onto a board."""

from collections.abc import Sequence

from aiqa_integration.model.notice import Flag
from aiqa_integration.recommendations.remedies import remedy_of

_SEVERITY = ("only said", "slight", "clear", "severe")


def percent(chance: float) -> str:
    """Return a chance in whole percent."""
    return f"{100 * chance:.0f} %"


def seen_text(flags: Sequence[Flag]) -> str:
    """Return what was found: ``Motion, severe (probability 96 %); Ghosting, clear (probability 80 %)``."""
    return "; ".join(
        f"{remedy_of(flag.artifact).title}, {_SEVERITY[flag.severity]} (probability {percent(flag.probability)})"
        for flag in flags
    )
