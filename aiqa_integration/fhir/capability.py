"""What a FHIR server says that it can do (R4 CapabilityStatement); no more is asked of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Self

from aiqa_integration.fhir.codes import Element


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeSupport:
    """What a server does with one type of resource; ``parameters`` are those that it can search by."""

    interactions: frozenset[str] = frozenset()
    conditional_create: bool = False
    conditional_update: bool = False
    parameters: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """What a server does: whole transactions or only single requests, and which types it has."""

    transactions: bool = False
    types: Mapping[str, TypeSupport] = field(default_factory=dict)

    @classmethod
    def of(cls, statement: Element) -> Self:
        """Return what the server part of a CapabilityStatement says."""
        servers = [rest for rest in statement.get("rest", []) if rest.get("mode") == "server"]
        server: Element = servers[0] if servers else {}
        common = _names(server.get("searchParam", []), "name")
        return cls(
            transactions="transaction" in _names(server.get("interaction", []), "code"),
            types={
                str(row["type"]): TypeSupport(
                    interactions=_names(row.get("interaction", []), "code"),
                    conditional_create=row.get("conditionalCreate") is True,
                    conditional_update=row.get("conditionalUpdate") is True,
                    parameters=common | _names(row.get("searchParam", []), "name"),
                )
                for row in server.get("resource", [])
                if "type" in row
            },
        )

    def searches(self, resource_type: str, parameter: str) -> bool:
        """Return whether resources of a type are found by a parameter."""
        support = self.types.get(resource_type)
        return support is not None and "search-type" in support.interactions and parameter in support.parameters

    def lacks(self, method: Literal["POST", "PUT"], resource_type: str, parameter: str) -> str:
        """Return why a conditional create or update of a type is not possible, empty where it is.

        An update can be made of a search and a versioned update, where the server has no conditional one.
        """
        support = self.types.get(resource_type)
        if support is None:
            return f"the server has no {resource_type}"
        if not self.searches(resource_type, parameter):
            return f"the server does not search {resource_type} by {parameter}"
        if method == "POST" and not (support.conditional_create and "create" in support.interactions):
            return f"the server does not create {resource_type} conditionally"
        if method == "PUT" and not support.conditional_update and not _by_hand(support):
            return f"the server does not update {resource_type}"
        return ""


def _by_hand(support: TypeSupport) -> bool:
    return support.conditional_create and {"create", "update"} <= support.interactions


def _names(rows: list[Element], key: str) -> frozenset[str]:
    return frozenset(str(row[key]) for row in rows if key in row)
