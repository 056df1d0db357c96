"""Typed settings: ``aiqa.toml`` < secrets directory < environment (``AIQA_ARCHIVE__URL``) < arguments.

The one reader of environment and TOML. Rules, limits and devices are not settings.
"""

from aiqa_integration.settings.archive import ArchiveObject, ArchiveSettings, Window
from aiqa_integration.settings.connections import AuthSettings
from aiqa_integration.settings.ehr import EhrSettings
from aiqa_integration.settings.reading import FILE_VARIABLE, SECRETS_VARIABLE, load_settings, unknown_variables
from aiqa_integration.settings.site import Settings, describe

__all__ = [
    "FILE_VARIABLE",
    "SECRETS_VARIABLE",
    "ArchiveObject",
    "ArchiveSettings",
    "AuthSettings",
    "EhrSettings",
    "Settings",
    "Window",
    "describe",
    "load_settings",
    "unknown_variables",
]
