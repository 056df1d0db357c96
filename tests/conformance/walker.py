"""Walks a resource beside the snapshots of R4 and of the profiles that it claims."""

import re
from typing import Any, NamedTuple

from tests.conformance.definitions import CORE_STRUCTURE, OWN, Definitions, Element
from tests.conformance.invariants import Invariants, is_crossed
from tests.conformance.primitives import PRIMITIVES, wrong_primitive
from tests.conformance.scope import Scope, objects, references, scope_of, target_of
from tests.conformance.slicing import fits, has
from tests.conformance.terminology import UCUM, Terminology


class Finding(NamedTuple):
    """One thing that is wrong, and where."""

    path: str
    rule: str
    detail: str


class Walker:
    """Checks resources against R4 and their profiles."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self._terminology = Terminology(definitions)
        self._findings: dict[Finding, None] = {}

    def resource(self, resource: dict[str, Any], also: tuple[str, ...] = ()) -> list[Finding]:
        """Return what is wrong with a resource, in the order of its elements."""
        self._findings = {}
        self._resource(resource, str(resource.get("resourceType")), Scope(Invariants(resource)), also)
        return list(self._findings)

    def _add(self, path: str, rule: str, detail: str) -> None:
        self._findings[Finding(path, rule, detail)] = None

    def _resource(self, resource: Any, path: str, around: Scope, also: tuple[str, ...] = ()) -> None:
        kind = resource.get("resourceType") if isinstance(resource, dict) else None
        root = self._definitions.type_root(kind) if isinstance(kind, str) else None
        if root is None or not isinstance(resource, dict):
            self._add(path, "type", f"no resource type of R4: {kind!r}")
            return
        scope = scope_of(resource, around)
        for canonical in dict.fromkeys((f"{CORE_STRUCTURE}{kind}", *_claimed(resource), *also)):
            found = self._definitions.structure(canonical)
            if found is None:
                if canonical.startswith(OWN):
                    self._add(f"{path}.meta.profile", "profile", f"there is no profile {canonical}")
            elif found.definition["path"] != kind:
                self._add(f"{path}.meta.profile", "profile", f"{canonical} is of {found.definition['path']}")
            else:
                self._complex(resource, found, path, scope, kind)
        self._contained(resource, path)
        if kind == "Bundle":
            self._requests(resource, path)

    def _contained(self, resource: dict[str, Any], path: str) -> None:
        """Invariant dom-3: what is contained is referred to, or refers to what contains it."""
        used = set(references(resource))
        for part in objects(resource.get("contained")):
            if f"#{part.get('id')}" not in used and "#" not in set(references(part)):
                self._add(f"{path}.contained", "dom-3", "a contained resource that nothing refers to")

    def _requests(self, bundle: dict[str, Any], path: str) -> None:
        for number, entry in enumerate(objects(bundle.get("entry"))):
            request, resource = entry.get("request"), entry.get("resource")
            if (
                not isinstance(request, dict)
                or not isinstance(resource, dict)
                or not isinstance(request.get("url"), str)
            ):
                continue
            named = re.split(r"[/?]", request["url"])[0]
            if str(request.get("method")) in {"POST", "PUT"} and named != resource.get("resourceType"):
                self._add(f"{path}.entry[{number}].request.url", "request", f"{named} is not the type of the resource")
            if "ifNoneExist" in request and request.get("method") != "POST":
                self._add(f"{path}.entry[{number}].request", "request", "ifNoneExist belongs to POST")

    def _value(self, value: Any, node: Element, path: str, scope: Scope, kind: str) -> None:
        for word in ("fixed", "pattern"):
            wanted = node.must_have(word)
            if wanted is not None and not (value == wanted if word == "fixed" else fits(value, wanted)):
                self._add(path, word, f"has to be {wanted}")
        self._binding(value, node, path, kind)
        if kind in PRIMITIVES:
            wrong = wrong_primitive(value, kind)
            if wrong is not None:
                self._add(path, kind, wrong)
            return
        if not isinstance(value, dict):
            self._add(path, kind, "not a JSON object")
        elif kind == "Resource":
            self._resource(value, path, scope)
        else:
            self._complex(value, node, path, scope, kind)

    def _complex(self, value: dict[str, Any], node: Element, path: str, scope: Scope, kind: str) -> None:
        if not value or list(value) == ["id"]:
            self._add(path, "ele-1", "an empty object")
        children, base, types = self._below(node, kind)
        for definition in (node.definition, *types):
            for key, words in scope.invariants.broken(definition, value, base):
                self._add(path, key, words)
        if kind == "Reference":
            self._reference(value, node, path, scope)
        elif kind in {"Coding", "Quantity"}:
            self._coding(value, path)
        elif kind == "Range" and is_crossed(value):
            self._add(path, "rng-2", "low is above high")
        elif kind == "Extension":
            self._extension(value, path, scope, node)
        self._members(value, children, path, scope)

    def _below(self, node: Element, kind: str) -> tuple[dict[str, Element], str, tuple[dict[str, Any], ...]]:
        """Return the elements below one, the path by which FHIRPath knows it, and the rules of its type."""
        base = str(node.definition["path"])
        named = node.definition.get("contentReference")
        if named and not node.children:
            origin, _, rest = named.removeprefix("#").partition(".")
            target = self._definitions.type_root(origin)
            for part in rest.split("."):
                target = target.children[part] if target else None
            if target is not None:
                return target.children, str(target.definition["path"]), (target.definition,)
        own = self._definitions.type_root(kind) if kind[:1].isupper() else None
        if own is None or kind in {"BackboneElement", "Element"} or own.definition["path"] == base:
            return node.children, base, ()
        return node.children or own.children, kind, (own.definition,)

    def _members(self, value: dict[str, Any], children: dict[str, Element], path: str, scope: Scope) -> None:
        taken = {"resourceType"}
        for name, child in children.items():
            found = _found(value, name, child)
            taken |= set(found)
            if len(found) > 1:
                self._add(f"{path}.{name}", "choice", f"more than one of {', '.join(sorted(found))}")
            for key in found:
                self._member(value, key, child, path, scope)
            if not found:
                self._count(0, child, f"{path}.{name}")
                self._slices([], child, f"{path}.{name}", scope)
        for key in value:
            if key.removeprefix("_") not in taken:
                self._add(f"{path}.{key}", "unknown", "no such element")

    def _member(self, value: dict[str, Any], key: str, child: Element, path: str, scope: Scope) -> None:
        place = f"{path}.{key}"
        given = value.get(key, value.get(f"_{key}"))
        if isinstance(given, list) != child.is_list:
            self._add(place, "list", "an array" if isinstance(given, list) else "not an array")
            return
        items = given if isinstance(given, list) else [given]
        if not items:
            self._add(place, "ele-1", "an empty array")
        self._count(len(items), child, place)
        kind = _kind(key, child)
        if kind in PRIMITIVES:
            self._extensions_of_primitive(value.get(f"_{key}"), place, scope)
        for number, item in enumerate(items):
            here = f"{place}[{number}]" if isinstance(given, list) else place
            if item is None and f"_{key}" in value:
                continue
            if item is None or item == "":
                self._add(here, "ele-1", "null or empty")
            elif key in value:
                self._value(item, child, here, scope, kind)
        self._slices(items, child, place, scope, key=key)

    def _extensions_of_primitive(self, given: Any, place: str, scope: Scope) -> None:
        root = self._definitions.type_root("Element")
        for item in given if isinstance(given, list) else [given]:
            if item is not None and root is not None:
                self._value(item, root, f"{place} (extension)", scope, "Element")

    def _count(self, count: int, node: Element, path: str) -> None:
        least, most = node.definition.get("min", 0), node.definition.get("max", "*")
        if count < least:
            self._add(path, "min", f"{count} of at least {least}")
        if most != "*" and count > int(most):
            self._add(path, "max", f"{count} of at most {most}")

    def _slices(self, items: list[Any], node: Element, path: str, scope: Scope, *, key: str = "") -> None:
        """Check each item as the slice that it belongs to, and how many each slice has."""
        slicing = node.definition.get("slicing")
        if not node.slices:
            return
        by = slicing.get("discriminator", []) if slicing else []
        taken: set[int] = set()
        for name, part in node.slices.items():
            mine = [number for number, item in enumerate(items) if self._belongs(item, part, by, key)]
            taken |= set(mine)
            self._count(len(mine), part, f"{path}:{name}")
            for number in mine:
                here = f"{path}:{name}[{number}]" if node.is_list else path
                self._value(items[number], part, here, scope, _kind(key, part))
        if slicing and slicing.get("rules") == "closed" and len(taken) < len(items):
            self._add(path, "slicing", "an item of no slice")

    def _belongs(self, item: Any, part: Element, by: list[dict[str, Any]], key: str) -> bool:
        if any(rule["type"] == "type" for rule in by) or not by:
            return _kind(key, part) in {kind["code"] for kind in part.types}
        return has(item, part, by)

    def _binding(self, value: Any, node: Element, path: str, kind: str) -> None:
        binding = node.definition.get("binding", {})
        if binding.get("strength") != "required" or "valueSet" not in binding:
            return
        if isinstance(value, str):
            pairs: list[tuple[str | None, str]] = [(None, value)]
        elif isinstance(value, dict):
            codings = objects(value.get("coding")) if kind == "CodeableConcept" else [value]
            pairs = [(str(item.get("system", "")), str(item["code"])) for item in codings if "code" in item]
        else:
            return
        answers = [self._terminology.contains(binding["valueSet"], system, code) for system, code in pairs]
        if all(answer is False for answer in answers):
            self._add(path, "binding", f"none of {binding['valueSet'].rpartition('/')[2]}")

    def _coding(self, value: dict[str, Any], path: str) -> None:
        system, code = value.get("system"), value.get("code")
        if not isinstance(system, str) or not isinstance(code, str):
            return
        wrong = self._terminology.wrong_code(system, code)
        if wrong is None and system != UCUM and isinstance(value.get("display"), str):
            wrong = self._terminology.wrong_display(system, code, value["display"])
        if wrong is not None:
            self._add(path, "code", wrong)

    def _reference(self, value: dict[str, Any], node: Element, path: str, scope: Scope) -> None:
        targets = {
            self._type_of(target)
            for kind in node.types
            if kind["code"] == "Reference"
            for target in kind.get("targetProfile", [])
        }
        kind, wrong = target_of(value, scope, self._definitions)
        if wrong is not None:
            self._add(path, "reference", wrong)
        if kind is not None and targets and not targets & {kind, "Resource"}:
            self._add(path, "target", f"refers to {kind}, not to {' or '.join(sorted(targets))}")

    def _type_of(self, canonical: str) -> str:
        if canonical.startswith(CORE_STRUCTURE):
            return canonical.removeprefix(CORE_STRUCTURE)
        found = self._definitions.structure(canonical)
        return str(found.definition["path"]) if found else "Resource"

    def _extension(self, value: dict[str, Any], path: str, scope: Scope, node: Element) -> None:
        given = [key for key in value if key.startswith("value")]
        if bool(given) == ("extension" in value):
            self._add(path, "ext-1", "an extension has a value or extensions, not both")
        url = value.get("url")
        if not isinstance(url, str) or not url.startswith(("http://", "https://")):
            return
        found = self._definitions.structure(url)
        if found is None:
            self._add(path, "extension", f"{url} is not defined")
        elif found is not node and node.definition.get("path") != "Extension":
            self._complex(value, found, path, scope, "Extension")


def _kind(key: str, node: Element) -> str:
    """Return the type of a value by its key and what may stand there, as ``Quantity`` of ``valueQuantity``."""
    kinds = [str(kind["code"]).rpartition("System.")[2] for kind in node.types]
    name = str(node.definition["path"]).rpartition(".")[2]
    if name.endswith("[x]"):
        said = key.removeprefix(name.removesuffix("[x]"))
        return next((kind for kind in kinds if kind[:1].upper() + kind[1:] == said), kinds[0] if kinds else "")
    if not kinds:
        return "BackboneElement"
    if kinds[0] == "String":
        return "id" if node.definition.get("base", {}).get("path") == "Resource.id" else "string"
    return kinds[0]


def _found(value: dict[str, Any], name: str, child: Element) -> dict[str, None]:
    keys = dict.fromkeys(key.removeprefix("_") for key in value)
    if not name.endswith("[x]"):
        return {name: None} if name in keys else {}
    stem = name.removesuffix("[x]")
    possible = {stem + str(kind["code"])[:1].upper() + str(kind["code"])[1:] for kind in child.types}
    return {key: None for key in keys if key in possible}


def _claimed(resource: dict[str, Any]) -> list[str]:
    meta = resource.get("meta")
    named = meta.get("profile") if isinstance(meta, dict) else None
    if not isinstance(named, list):
        return []
    return [canonical.partition("|")[0] for canonical in named if isinstance(canonical, str)]
