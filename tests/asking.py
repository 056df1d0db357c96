"""Asking an archive as a site with certain settings would: by its client, and by ``aiqa check``."""

import json
from collections.abc import Mapping
from pathlib import Path

from click.testing import CliRunner

from aiqa_integration.bootstrap import make_archive
from aiqa_integration.cli.check import check as check_command
from aiqa_integration.settings import load_settings


def ask_archive(url: str, auth: Mapping[str, object] | None = None, tls: Mapping[str, object] | None = None) -> None:
    archive = {"url": f"{url}dicom-web", "auth": auth or {}, "tls": tls or {}}
    web = make_archive(load_settings(archive=archive))
    list(web.find_studies(None, None))


def check(folder: Path, archive: dict[str, object]) -> tuple[str, str]:
    """Return what ``aiqa check`` says of the archive: what is wrong, and the fix."""
    (folder / "none").mkdir()
    lines = [f'data_folder = "{folder}"', f'bundles_folder = "{folder / "none"}"', "[archive]"]
    for name, value in archive.items():
        pairs = value.items() if isinstance(value, dict) else ()
        inner = ", ".join(f"{key} = {json.dumps(str(found))}" for key, found in pairs)
        lines.append(f"{name} = {{ {inner} }}" if isinstance(value, dict) else f"{name} = {json.dumps(value)}")
    (folder / "aiqa.toml").write_text("\n".join(lines))
    told = CliRunner().invoke(check_command).output.splitlines()
    at = next(number for number, line in enumerate(told) if line.startswith("FAIL archive"))
    return told[at], next(line for line in told[at + 1 :] if line.startswith("     fix:"))
