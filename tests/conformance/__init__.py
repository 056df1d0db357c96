"""The conformance gate: is a resource legal FHIR R4, and does it keep the profiles that it claims?

``check`` is what other tests use. It needs the R4 core package (``python -m fhir_profiles.tools``);
``missing_core`` says why it can't run.
"""

from functools import cache
from typing import Any

from fhir_profiles.tools import CORE, ROOT, missing_core
from tests.conformance.definitions import Definitions
from tests.conformance.walker import Finding, Walker

__all__ = ["Finding", "check", "definitions", "missing_core"]


@cache
def definitions() -> Definitions:
    """Return what R4 and our guide define, read on demand."""
    return Definitions((ROOT, CORE))


def check(resource: dict[str, Any], profile: str | None = None) -> list[Finding]:
    """Return what is wrong with a resource or Bundle: against R4, the profiles it claims, and ``profile``."""
    return Walker(definitions()).resource(resource, also=(profile,) if profile else ())
