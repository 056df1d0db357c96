"""Each peer in a virtual environment of its own: they need versions of pydicom that exclude each other."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A program that is measured; ``requirement`` is None for AIQA, which runs in this environment."""

    name: str
    title: str
    requirement: str | None
    revision: int
    """Raised where the driver's answers change, so that kept answers of the old driver are not used."""


AIQA = Tool(name="aiqa", title="AIQA", requirement=None, revision=1)
HAZEN = Tool(name="hazen", title="hazen", requirement="hazen==2.0.0", revision=1)
PYLINAC = Tool(name="pylinac", title="pylinac", requirement="pylinac==3.49.0", revision=1)
TOOLS = {tool.name: tool for tool in (AIQA, HAZEN, PYLINAC)}

DRIVERS = Path(__file__).parent / "drivers"


class EnvironmentFailedError(Exception):
    """pip could not make a peer's environment; the message says what it said."""


def python_of(tool: Tool, folder: Path) -> Path:
    """Return the Python that runs a tool, making its environment in ``folder`` on first use.

    Raises EnvironmentFailedError.
    """
    if tool.requirement is None:
        return Path(sys.executable)
    home = folder / tool.name
    python, made = home / "bin" / "python", home / f"installed-{tool.requirement}"
    if not made.exists():
        print(f"making {home} with {tool.requirement}", file=sys.stderr)
        _run([sys.executable, "-m", "venv", "--clear", str(home)], tool)
        _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", tool.requirement], tool)
        made.touch()
    return python


def _run(command: list[str], tool: Tool) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        said = "\n".join([line for line in lines if line.startswith("ERROR")] or lines[-5:])
        raise EnvironmentFailedError(f"{tool.name}: {' '.join(command)} failed with {done.returncode}:\n{said}")
