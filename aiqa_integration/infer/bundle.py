"""MONAI bundles on disk: find them, trust them (files, digests, metadata), describe them. Loads no torch by itself."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jsonschema_rs import Draft202012Validator

from aiqa_integration.errors import BadMetadata, BundleError, HashMismatch
from aiqa_integration.model.report import BundleVersion

METADATA = "configs/metadata.json"
INFERENCE = "configs/inference.json"
WEIGHTS = "models/model.pt"
CARD = "docs/README.md"
MANIFEST = "manifest.json"
GOLDEN_INPUT = "golden/input.npz"
GOLDEN_OUTPUT = "golden/output.npz"
REQUIRED = (METADATA, INFERENCE, WEIGHTS, CARD, MANIFEST, GOLDEN_INPUT, GOLDEN_OUTPUT, "LICENSE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A bundle's folder, not yet trusted."""

    name: str
    folder: Path

    def version(self) -> BundleVersion:
        """Return name, version and digest of the weights, as the bundle's files say; raises BundleError."""
        digest = read_manifest(self).get(WEIGHTS)
        if digest is None:
            raise BundleError(f"bundle {self.name}: {MANIFEST} does not list {WEIGHTS}")
        return BundleVersion(name=self.name, version=str(read_metadata(self)["version"]), weights_sha256=digest)

    def card(self) -> str:
        """Return the model card (Markdown); raises BundleError."""
        return _read(self, CARD).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was verified, and what was seen."""

    name: str
    passed: bool
    detail: str


def find_bundles(folder: Path | None = None) -> dict[str, Bundle]:
    """Return the bundles of a folder by name, or those that ship with AIQA."""
    root = folder if folder is not None else Path(str(files("monai_bundles")))
    if not root.is_dir():
        return {}
    found = sorted(path.parent.parent for path in root.glob(f"*/{METADATA}"))
    return {path.name: Bundle(name=path.name, folder=path) for path in found}


def read_metadata(bundle: Bundle) -> Mapping[str, Any]:
    """Return metadata.json once it fits the schema; raises BadMetadata."""
    content = _read_json(bundle, METADATA)
    error = next(_metadata_schema().iter_errors(content), None)
    if error is not None:
        where = "/".join(map(str, error.instance_path)) or "metadata.json"
        raise BadMetadata(f"bundle {bundle.name}: {where}: {error.message}")
    return content


def read_manifest(bundle: Bundle) -> Mapping[str, str]:
    """Return the SHA-256 of each file of the bundle by its path; raises BundleError."""
    content = _read_json(bundle, MANIFEST).get("files")
    if not isinstance(content, dict) or not all(isinstance(value, str) for value in content.values()):
        raise BundleError(f"bundle {bundle.name}: {MANIFEST} has no table of files")
    return content


def read_inference(bundle: Bundle) -> Mapping[str, Any]:
    """Return inference.json; raises BundleError where it holds expressions, which MONAI would evaluate as code."""
    content = _read_json(bundle, INFERENCE)
    if any(text.startswith(("$", "@$")) for text in _strings(content)):
        raise BundleError(f"bundle {bundle.name}: {INFERENCE} holds a $ expression, which is code")
    return content


def check_files(bundle: Bundle) -> str:
    """Return how many files the bundle has once none is missing, changed or unknown; raises BundleError."""
    missing = [name for name in REQUIRED if not (bundle.folder / name).is_file()]
    if missing:
        raise BundleError(f"bundle {bundle.name}: missing {', '.join(missing)}")
    expected, present = dict(read_manifest(bundle)), digests(bundle)
    changed = sorted(name for name in expected.keys() & present.keys() if expected[name] != present[name])
    for what, names in (
        ("changed", changed),
        ("missing", sorted(expected.keys() - present.keys())),
        ("unknown", sorted(present.keys() - expected.keys())),
    ):
        if names:
            raise HashMismatch(f"bundle {bundle.name}: {what}: {', '.join(names)}")
    return f"{len(present)} files as in the manifest"


def digests(bundle: Bundle) -> dict[str, str]:
    """Return the SHA-256 of every file but the manifest, by path; compiled Python is no part of a bundle."""
    paths = (path for path in sorted(bundle.folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)
    named = ((path.relative_to(bundle.folder).as_posix(), path) for path in paths)
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in named if name != MANIFEST}


def write_manifest(bundle: Bundle) -> None:
    """Write the manifest of the bundle's present files."""
    content = json.dumps({"files": digests(bundle)}, indent=2, sort_keys=True) + "\n"
    (bundle.folder / MANIFEST).write_text(content)


def verify(bundle: Bundle) -> tuple[Check, ...]:
    """Return what is right and wrong with a bundle; the network is run on its declared shapes and golden input."""
    from aiqa_integration.infer.run import check_golden, check_shapes

    steps: tuple[tuple[str, Callable[[Bundle], str]], ...] = (
        ("files", check_files),
        ("metadata", lambda b: f"version {read_metadata(b)['version']}"),
        ("configuration", lambda b: f"{len(read_inference(b))} entries, no expressions"),
        ("model card", _check_card),
        ("declared shapes", check_shapes),
        ("golden output", check_golden),
    )
    return tuple(_check(name, step, bundle) for name, step in steps)


def _check(name: str, step: Callable[[Bundle], str], bundle: Bundle) -> Check:
    try:
        return Check(name=name, passed=True, detail=step(bundle))
    except BundleError as error:
        return Check(name=name, passed=False, detail=str(error))


def _check_card(bundle: Bundle) -> str:
    card = bundle.card().lower()
    absent = [part for part in ("intended use", "training", "evaluation", "limits") if part not in card]
    if absent:
        raise BadMetadata(f"bundle {bundle.name}: the model card says nothing of {', '.join(absent)}")
    return f"{len(card.split())} words"


def _read(bundle: Bundle, name: str) -> bytes:
    try:
        return (bundle.folder / name).read_bytes()
    except OSError as error:
        raise BundleError(f"bundle {bundle.name}: cannot read {name}: {error.strerror}") from error


def _read_json(bundle: Bundle, name: str) -> dict[str, Any]:
    try:
        content = json.loads(_read(bundle, name))
    except ValueError as error:
        raise BadMetadata(f"bundle {bundle.name}: {name} is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise BadMetadata(f"bundle {bundle.name}: {name} is no object")
    return content


def _strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for part in parts for text in _strings(part)]


@cache
def _metadata_schema() -> Draft202012Validator:
    source = files("aiqa_integration.infer").joinpath("metadata.schema.json").read_text()
    return Draft202012Validator(json.loads(source))
