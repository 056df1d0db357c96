"""What a FHIR server is to get beyond the result itself: a choice of each target."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """Who writes to whom, as the AuditEvent of a delivery says it: our host, the server's base URL."""

    client_host: str
    server_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How results are written for one target.

    ``observations``: one Observation with a component for each metric, or one more Observation for each metric, for
    servers that cannot search components. ``organization`` is who answers for the results. ``archive_url`` is the
    DICOMweb root by which the SR of a result is found; None where no archive gets one. ``audit`` adds an AuditEvent.
    """

    observations: Literal["panel", "expanded"] = "panel"
    organization: str = ""
    archive_url: str | None = None
    audit: Audit | None = field(default=None)

    @property
    def performers(self) -> dict[str, object]:
        """The ``performer`` element (R4: never a Device), empty without an organization."""
        return {"performer": [{"type": "Organization", "display": self.organization}]} if self.organization else {}


PLAIN = Style()
"""Nothing but the result."""
