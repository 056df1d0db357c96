"""The settings of this process, read from their sources; what is misspelt in the environment."""

import os
from pathlib import Path
from typing import get_origin

from pydantic import ValidationError
from pydantic_settings import SettingsConfigDict

from aiqa_integration.errors import ConfigurationError
from aiqa_integration.settings.site import PREFIX, Settings

FILE_VARIABLE = "AIQA_SETTINGS"
SECRETS_VARIABLE = "AIQA_SECRETS"


def load_settings(toml_file: Path | None = None, secrets_folder: Path | None = None, **overrides: object) -> Settings:
    """Return the settings of this process.

    The TOML file is ``toml_file``, else the one that AIQA_SETTINGS names, else ``aiqa.toml`` in the working
    folder; the secrets folder is ``secrets_folder``, else the one that AIQA_SECRETS names.
    Raises ConfigurationError that names every mistake, without values (they may be secrets).
    """
    named = toml_file or (Path(os.environ[FILE_VARIABLE]) if FILE_VARIABLE in os.environ else None)
    if named is not None and not named.is_file():
        raise ConfigurationError(f"settings file not found: {named}")
    source = named or Path("aiqa.toml")
    secrets = secrets_folder or os.environ.get(SECRETS_VARIABLE)

    class Sourced(Settings):
        model_config = SettingsConfigDict(
            toml_file=source if source.is_file() else None,
            secrets_dir=str(secrets) if secrets is not None else None,
        )

    try:
        return Sourced(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        mistakes = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigurationError(f"settings: {mistakes}") from error
    except ValueError as error:
        raise ConfigurationError(f"settings: {error}") from error


def unknown_variables() -> tuple[str, ...]:
    """Return the names of AIQA_ environment variables that no setting has (misspelt ones are not refused)."""
    sections = {name: field.annotation for name, field in Settings.model_fields.items()}

    def known(path: list[str]) -> bool:
        annotation = sections.get(path[0])
        for name in path[1:]:
            if get_origin(annotation) is dict:
                return True
            fields = getattr(annotation, "model_fields", {})
            if name not in fields:
                return False
            annotation = fields[name].annotation
        return path[0] in sections

    names = [name for name in os.environ if name.startswith(PREFIX) and name not in {FILE_VARIABLE, SECRETS_VARIABLE}]
    return tuple(sorted(name for name in names if not known(name[len(PREFIX) :].lower().split("__"))))
