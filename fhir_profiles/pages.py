"""A page a person reads for every profile, made of the profile itself."""

import json
from pathlib import Path
from typing import Any

BASE = "https://w3id.org/aiqa/fhir/"
_CORE = "http://hl7.org/fhir/StructureDefinition/"


def all_pages(root: Path) -> dict[str, str]:
    """Return file name -> Markdown of the index and of every profile under ``root``."""
    profiles = [_read(path) for path in sorted((root / "StructureDefinition").glob("*.json"))]
    examples = [_read(path) for path in sorted((root / "examples").glob("*.json"))]
    pages = {f"{profile['id']}.md": _page(profile, examples) for profile in profiles}
    return {"README.md": _contents(root, profiles), **pages}


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _contents(root: Path, profiles: list[dict[str, Any]]) -> str:
    lines = [
        "# FHIR profiles",
        "",
        "Made of `fhir_profiles/` by `python -m fhir_profiles.build compile`; do not edit. FHIR R4 (4.0.1).",
        "",
        "| profile | of | says |",
        "|---|---|---|",
    ]
    lines += [
        f"| [{profile['title']}]({profile['id']}.md) | {profile['type']} | {profile['description']} |"
        for profile in profiles
    ]
    for kind, heading in (("CodeSystem", "Code systems"), ("ValueSet", "Value sets"), ("PlanDefinition", "Limit sets")):
        lines += ["", f"## {heading}", "", "| id | title | says |", "|---|---|---|"]
        found = [_read(path) for path in sorted((root / kind).glob("*.json"))]
        lines += [f"| `{item['id']}` | {item['title']} | {item['description']} |" for item in found]
    return "\n".join(lines) + "\n"


def _page(profile: dict[str, Any], examples: list[dict[str, Any]]) -> str:
    elements = profile["differential"]["element"]
    snapshot = {element["id"]: element for element in profile["snapshot"]["element"]}
    lines = [
        f"# {profile['title']}",
        "",
        profile["description"],
        "",
        f"- Canonical: `{profile['url']}`",
        f"- Parent: {_parent(profile['baseDefinition'])}",
        f"- Resource: {profile['type']}",
        "",
        "| element | how many | what | note |",
        "|---|---|---|---|",
        *(_row(element, snapshot[element["id"]]) for element in elements if "." in element["id"]),
    ]
    rules = {rule["key"]: rule["human"] for element in elements for rule in element.get("constraint", [])}
    if rules:
        lines += ["", "## Rules", "", *(f"- `{key}`: {human}." for key, human in rules.items())]
    shown = [item for item in examples if profile["url"] in item.get("meta", {}).get("profile", [])]
    for example in shown:
        text = json.dumps(example, ensure_ascii=False, indent=1)
        lines += ["", f"## Example `{example['id']}`", "", "```json", text, "```"]
    return "\n".join(lines) + "\n"


def _parent(canonical: str) -> str:
    name = canonical.rpartition("/")[2]
    return f"[{name}]({name}.md)" if canonical.startswith(BASE) else f"{name} (R4)"


def _row(element: dict[str, Any], whole: dict[str, Any]) -> str:
    name = element["id"].partition(".")[2]
    parts = [*_types(element), *_values(element), *_binding(element)]
    rules = [f"`{rule['key']}`" for rule in element.get("constraint", [])]
    if element.get("slicing"):
        paths = ", ".join(f"`{item['path']}`" for item in element["slicing"].get("discriminator", []))
        parts.append(f"sliced by {paths}")
    notes = [*([element["short"]] if "short" in element else []), *rules]
    if element.get("mustSupport"):
        notes.append("must support")
    return f"| `{name}` | {whole['min']}..{whole['max']} | {'; '.join(parts)} | {', '.join(notes)} |"


def _types(element: dict[str, Any]) -> list[str]:
    found = []
    for item in element.get("type", []):
        targets = [target.rpartition("/")[2] for target in item.get("targetProfile", [])]
        code = item["code"].rpartition("/")[2]
        found.append(f"{code}({', '.join(targets)})" if targets else code)
    return [" or ".join(found)] if found else []


def _values(element: dict[str, Any]) -> list[str]:
    found = [(key, value) for key, value in element.items() if key.startswith(("pattern", "fixed"))]
    return [f"`{_shown(value)}`" for _, value in found]


def _shown(value: Any) -> str:  # noqa: ANN401 - any FHIR value
    codings = value.get("coding", [value] if "code" in value else []) if isinstance(value, dict) else []
    if codings:
        return " ".join(f"{item['system'].rpartition('/')[2]}#{item['code']}" for item in codings)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _binding(element: dict[str, Any]) -> list[str]:
    binding = element.get("binding")
    if not binding:
        return []
    return [f"{binding['strength']}: {binding['valueSet'].rpartition('/')[2]}"]
