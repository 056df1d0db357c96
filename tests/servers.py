"""Real servers for tests: the viewer kit starts its Orthanc the same way."""

from viewer_kit.orthanc import OrthancServer, free_port, missing_orthanc

__all__ = ["OrthancServer", "free_port", "missing_orthanc"]
