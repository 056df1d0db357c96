"""What R4 core and our guide define: structures as trees, value sets and code systems, read when they are asked for."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

CORE_STRUCTURE = "http://hl7.org/fhir/StructureDefinition/"
OWN = "https://w3id.org/aiqa/fhir/"


@dataclass
class Element:
    """One element of a snapshot with what stands below it, and its slices."""

    definition: dict[str, Any]
    children: dict[str, "Element"] = field(default_factory=dict)
    slices: dict[str, "Element"] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.types: list[dict[str, Any]] = self.definition.get("type", [])
        self._given = {
            kind: next((value for key, value in self.definition.items() if key.startswith(kind) and key != kind), None)
            for kind in ("fixed", "pattern")
        }

    @property
    def is_list(self) -> bool:
        """Whether JSON holds an array here: R4's own cardinality says so, also where a profile allows one only."""
        return str(self.definition.get("base", self.definition).get("max", "1")) not in {"0", "1"}

    def must_have(self, kind: str) -> Any:
        """Return the fixed or pattern value (``kind``) that a profile gives; None where it gives none."""
        return self._given[kind]


@dataclass(frozen=True)
class CodeSystem:
    """The codes of a complete code system, with every word that may be shown for each."""

    displays: dict[str, frozenset[str]]
    parents: dict[str, frozenset[str]]


class Definitions:
    """Structures, value sets and code systems of some folders; the first folder that has a canonical wins."""

    def __init__(self, folders: tuple[Path, ...]) -> None:
        self._paths: dict[str, Path] = {}
        for folder in reversed(folders):
            self._paths |= dict(_canonicals(folder))
        self.structure = cache(self._structure)
        self.code_system = cache(self._code_system)
        self.resource = cache(self._resource)

    def profiles(self) -> list[str]:
        """Return the canonicals of our profiles."""
        return sorted(url for url in self._paths if url.startswith(f"{OWN}StructureDefinition/"))

    def _resource(self, canonical: str) -> dict[str, Any] | None:
        path = self._paths.get(canonical.partition("|")[0])
        return None if path is None else json.loads(path.read_text(encoding="utf-8"))

    def _structure(self, canonical: str) -> Element | None:
        """Return the root of a structure's snapshot; None where it is not known."""
        found = self.resource(canonical)
        if found is None or found["resourceType"] != "StructureDefinition":
            return None
        first, *others = found["snapshot"]["element"]
        root = Element(first)
        for definition in others:
            _insert(root, definition)
        return root

    def type_root(self, name: str) -> Element | None:
        """Return the structure of a datatype or resource type."""
        return self.structure(f"{CORE_STRUCTURE}{name}")

    def extension(self, url: str) -> dict[str, Any] | None:
        """Return the definition of an extension; None where it is not known."""
        return self.resource(url)

    def _code_system(self, url: str) -> CodeSystem | None:
        """Return a code system whose codes are all known; None for others."""
        found = self.resource(url)
        if found is None or found["resourceType"] != "CodeSystem" or found.get("content") != "complete":
            return None
        displays: dict[str, frozenset[str]] = {}
        parents: dict[str, set[str]] = {}
        for concept, above in _concepts(found.get("concept", []), ()):
            words = [concept.get("display", ""), *(item["value"] for item in concept.get("designation", []))]
            displays[concept["code"]] = frozenset(filter(None, words))
            named = (item["valueCode"] for item in concept.get("property", []) if item["code"] == "subsumedBy")
            parents[concept["code"]] = {*above, *named}
        return CodeSystem(displays, {code: frozenset(above) for code, above in parents.items()})


def _canonicals(folder: Path) -> Iterator[tuple[str, Path]]:
    index = folder / ".index.json"
    if index.is_file():
        for row in json.loads(index.read_text(encoding="utf-8"))["files"]:
            if row.get("url") and row["resourceType"] in {"StructureDefinition", "ValueSet", "CodeSystem"}:
                yield row["url"], folder / row["filename"]
        return
    for kind in ("StructureDefinition", "ValueSet", "CodeSystem"):
        for path in sorted((folder / kind).glob("*.json")):
            yield json.loads(path.read_text(encoding="utf-8"))["url"], path


def _insert(root: Element, definition: dict[str, Any]) -> None:
    _, *parts = definition["id"].split(".")
    node = root
    for part in parts[:-1]:
        node = _step(node, part)
    name, _, slice_name = parts[-1].partition(":")
    if slice_name:
        node.children[name].slices[slice_name] = Element(definition)
    else:
        node.children[name] = Element(definition)


def _step(node: Element, part: str) -> Element:
    name, _, slice_name = part.partition(":")
    child = node.children[name]
    return child.slices[slice_name] if slice_name else child


def _concepts(
    concepts: list[dict[str, Any]], above: tuple[str, ...]
) -> Iterator[tuple[dict[str, Any], tuple[str, ...]]]:
    for concept in concepts:
        yield concept, above
        yield from _concepts(concept.get("concept", []), (*above, concept["code"]))
