"""``/fhir``: results for reading, as an R4 server gives them; nothing is mapped here, resources are sent as kept."""

from aiqa_integration.console.facade.routes import PAGE

__all__ = ["PAGE"]
