"""The catalogue of concepts (``codes.yaml``): every code that AIQA writes into SR or FHIR, with what it means."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

from aiqa_integration.model.coding import Code

CATALOGUE = "codes.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """Where codes come from: URI of the FHIR code system, and which document lists them."""

    uri: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Concept:
    """A row of the catalogue; ``sr`` and ``fhir`` say where it is used, empty where it is not."""

    scheme: str
    value: str
    meaning: str
    unit: str = ""
    definition: str = ""
    sr: str = ""
    fhir: str = ""

    @property
    def code(self) -> Code:
        """The concept as SR and FHIR share it; raises ValueError for one that is too long for SR."""
        return Code(value=self.value, scheme=self.scheme, meaning=self.meaning)


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Schemes by name, concepts by name, findings by artifact, metrics by id."""

    schemes: Mapping[str, Scheme]
    concepts: Mapping[str, Concept]
    findings: Mapping[str, Concept]
    metrics: Mapping[str, Concept]

    @property
    def all_concepts(self) -> tuple[Concept, ...]:
        """Every concept of every section."""
        return (*self.concepts.values(), *self.findings.values(), *self.metrics.values())


@cache
def catalogue() -> Catalogue:
    """Return the catalogue that ships with AIQA; raises TypeError where a row has not the fields of its class."""
    text = resources.files("aiqa_integration.model").joinpath(CATALOGUE).read_text("utf-8")
    parsed: dict[str, dict[str, dict[str, Any]]] = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader
    return Catalogue(
        schemes={name: Scheme(**row) for name, row in parsed["schemes"].items()},
        concepts={name: Concept(**row) for name, row in parsed["concepts"].items()},
        findings={name: Concept(**row) for name, row in parsed["findings"].items()},
        metrics={name: Concept(**row) for name, row in parsed["metrics"].items()},
    )


def code_of(name: str) -> Code:
    """Return the code of a concept; raises KeyError where the catalogue has no such row."""
    return catalogue().concepts[name].code


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """libyaml's safe loader where it is there, ten times as fast; a name that stands twice is refused."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        """Return a mapping; raises ValueError for a key that stands twice."""
        keys = [key.value for key, _ in node.value]
        if len(set(keys)) != len(keys):
            raise ValueError(f"{CATALOGUE}, line {node.start_mark.line + 1}: a name stands twice")
        found: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return found
