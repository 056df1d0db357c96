"""From FSH to what is shipped.

python -m fhir_profiles.build compile    FSH -> JSON beside input/, pages in docs/fhir-profiles
python -m fhir_profiles.build check      compiles elsewhere and compares; exit 1 where something differs
python -m fhir_profiles.build pack       dist/aiqa.fhir-VERSION.tgz, as FHIR package managers read it
"""

import gzip
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from fhir_profiles import pages
from fhir_profiles.tools import HOME, REPOSITORY, ROOT, SUSHI, missing_core, missing_node

PAGES = REPOSITORY / "docs/fhir-profiles"
EXAMPLES = "examples"
DEFINITIONS = (
    "StructureDefinition", "CodeSystem", "ValueSet", "ConceptMap", "CapabilityStatement", "SearchParameter", "Measure",
    "PlanDefinition", "ImplementationGuide",
)  # fmt: skip
_HAND_WRITTEN = "ViewDefinition"


class CompilationError(Exception):
    """The FSH has errors; the message holds what the compiler said."""


def compile_fsh(target: Path) -> None:
    """Compile the FSH into folders of ``target``, one a resource type, examples apart. Raises CompilationError."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        shutil.copy(ROOT / "sushi-config.yaml", work)
        shutil.copytree(ROOT / "input", work / "input")
        environment = {**os.environ, "HOME": str(HOME)}
        command = ["node", str(SUSHI), "build", "--snapshot", str(work)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise CompilationError(done.stdout[-4000:] + done.stderr[-2000:])
        for path in sorted((work / "fsh-generated/resources").glob("*.json")):
            _place(json.loads(path.read_text(encoding="utf-8")), target)


def _place(resource: dict[str, Any], target: Path) -> None:
    kind = resource["resourceType"]
    is_definition = kind in DEFINITIONS
    name = f"{resource['id']}.json" if is_definition else f"{kind}-{resource['id']}.json"
    path = target / (kind if is_definition else EXAMPLES) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(_lean(resource), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _lean(resource: dict[str, Any]) -> dict[str, Any]:
    """Return a profile without the mappings to other standards that it only inherits from R4: a third of its size."""
    for element in resource.get("snapshot", {}).get("element", []):
        element.pop("mapping", None)
    return {key: value for key, value in resource.items() if key != "mapping"}


def differences() -> list[str]:
    """Return the files that differ from what the FSH compiles to. Raises CompilationError."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder)
        compile_fsh(fresh)
        return sorted(_unequal(ROOT, fresh, (*DEFINITIONS, EXAMPLES)))


def _unequal(kept: Path, fresh: Path, folders: tuple[str, ...]) -> set[str]:
    names = {
        str(path.relative_to(root))
        for root in (kept, fresh)
        for name in folders
        for path in (root / name).glob("*.json")
    }
    return {name for name in names if _bytes(kept / name) != _bytes(fresh / name)}


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def write() -> None:
    """Replace what was compiled before, and the pages."""
    for name in (*DEFINITIONS, EXAMPLES):
        shutil.rmtree(ROOT / name, ignore_errors=True)
    compile_fsh(ROOT)
    shutil.rmtree(PAGES, ignore_errors=True)
    PAGES.mkdir(parents=True)
    for file_name, text in pages.all_pages(ROOT).items():
        (PAGES / file_name).write_text(text, encoding="utf-8")


def manifest() -> dict[str, Any]:
    """Return the package.json of the FHIR package."""
    guide = json.loads((ROOT / "ImplementationGuide/aiqa.json").read_text(encoding="utf-8"))
    return {
        "name": guide["packageId"],
        "version": guide["version"],
        "type": "IG",
        "title": guide["title"],
        "description": guide["description"],
        "canonical": guide["url"].partition("/ImplementationGuide/")[0],
        "fhirVersions": ["4.0.1"],
        "license": guide["license"],
        "author": "AIQA Integration project",
        "dependencies": {"hl7.fhir.r4.core": "4.0.1"},
    }


def package() -> bytes:
    """Return the FHIR package: a gzipped tar that is the same for the same content."""
    resources = [path for name in DEFINITIONS for path in sorted((ROOT / name).glob("*.json"))]
    members = {"package/package.json": _json(manifest()), "package/.index.json": _json(_index(resources))}
    members |= {f"package/{path.parent.name}-{path.name}": path.read_bytes() for path in resources}
    for path in sorted((ROOT / EXAMPLES).glob("*.json")):
        members[f"package/example/{path.name}"] = path.read_bytes()
    for path in sorted((ROOT / _HAND_WRITTEN).glob("*.json")):
        members[f"package/other/{_HAND_WRITTEN}-{path.name}"] = path.read_bytes()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(packed.getvalue(), mtime=0)


def _index(paths: list[Path]) -> dict[str, Any]:
    files = []
    for path in paths:
        resource = json.loads(path.read_text(encoding="utf-8"))
        wanted = ("resourceType", "id", "url", "version", "kind", "type")
        row = {key: resource[key] for key in wanted if isinstance(resource.get(key), str)}
        files.append({"filename": f"{path.parent.name}-{path.name}", **row})
    return {"index-version": 1, "files": files}


def _json(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def main(arguments: list[str]) -> int:
    """Do what the one argument says; return the exit status."""
    if arguments == ["pack"]:
        made = manifest()
        target = REPOSITORY / f"dist/{made['name']}-{made['version']}.tgz"
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(package())
        sys.stdout.write(f"{target}\n")
        return 0
    if arguments not in (["compile"], ["check"]):
        sys.stderr.write(f"{__doc__}\n")
        return 2
    missing = missing_node() or missing_core()
    if missing is not None:
        sys.stderr.write(f"{missing}\n")
        return 2
    if arguments == ["compile"]:
        write()
        return 0
    differing = differences()
    sys.stdout.writelines(f"differs: {name}\n" for name in differing)
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
