"""The bad corpus: good examples with one error each (``fhir_profiles/bad-examples.json``), and who finds it.

python -m tests.conformance.seeded     prints the measured table of docs/fhir-conformance.md
"""

import json
import sys
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from fhir_profiles.tools import ROOT
from tests.conformance import check
from tests.conformance.tools import by_fhirkit, by_medplum

EMITTED = "emitted"
"""Name of the example that is not a file: the transaction that the emitters make of a phantom run."""

LIMIT_SET = "acr-mri-large-strict"
"""The limit set that stands for all of them: it has limits of both levels."""


@dataclass(frozen=True)
class SeededError:
    """One error put into a good example."""

    name: str
    example: str
    wrong: str
    change: tuple[dict[str, Any], ...]

    def applied(self, good: dict[str, Any]) -> dict[str, Any]:
        """Return a copy of the example with the error."""
        changed = deepcopy(good)
        for step in self.change:
            _apply(changed, step)
        return changed


def seeded_errors() -> tuple[SeededError, ...]:
    """Return all errors of the corpus."""
    rows = json.loads((ROOT / "bad-examples.json").read_text(encoding="utf-8"))
    return tuple(SeededError(**{**row, "change": tuple(row["change"])}) for row in rows)


def good_examples() -> dict[str, dict[str, Any]]:
    """Return our good examples by name, a limit set, and the transaction of a phantom run as it goes over the wire."""
    from aiqa_integration.fhir.bundle import report_bundle_bytes
    from tests.fhir_reports import header, phantom_report

    report = phantom_report()
    files = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (ROOT / "examples").glob("*.json")}
    plan = ROOT / "PlanDefinition" / f"{LIMIT_SET}.json"
    files[f"PlanDefinition-{LIMIT_SET}"] = json.loads(plan.read_text(encoding="utf-8"))
    return files | {EMITTED: json.loads(report_bundle_bytes(report, header(report)))}


def bad_examples() -> dict[str, dict[str, Any]]:
    """Return every bad example by the name of its error."""
    good = good_examples()
    return {error.name: error.applied(good[error.example]) for error in seeded_errors()}


def found_by() -> dict[str, tuple[bool, bool, bool]]:
    """Return who finds each error: the walker, Medplum, fhirkit."""
    bad = bad_examples()
    medplum = by_medplum(bad)
    return {name: (bool(check(item)), bool(medplum[name]), bool(by_fhirkit(item))) for name, item in bad.items()}


def table(found: dict[str, tuple[bool, bool, bool]]) -> str:
    """Return the measured table in Markdown."""
    rows = ["| error | in | what is wrong | walker | Medplum | fhirkit |", "|---|---|---|---|---|---|"]
    for error in seeded_errors():
        marks = " | ".join("found" if hit else "" for hit in found[error.name])
        place = error.example.replace("-example", "")
        rows.append(f"| {error.name} | {place} | {error.wrong} | {marks} |")
    counts = " | ".join(str(sum(column)) for column in zip(*found.values(), strict=True))
    union = sum(any(hits) for hits in found.values())
    rows.append(f"| **{len(found)} errors** | | **{union} found by one or more** | {counts} |")
    return "\n".join(rows) + "\n"


def _apply(resource: dict[str, Any], step: dict[str, Any]) -> None:
    *parents, last = step["path"].removeprefix("/").split("/")
    place: Any = resource
    for name in parents:
        place = place[int(name)] if isinstance(place, list) else place[name]
    key = int(last) if isinstance(place, list) and last != "-" else last
    if step["op"] == "remove":
        del place[key]
    elif step["op"] == "add":
        place.append(step["value"])
    else:
        place[key] = step["value"]


if __name__ == "__main__":
    sys.stdout.write(table(found_by()))
