"""The two validators that others wrote: fhirkit (primitives, JSON) and Medplum (slices, patterns, invariants)."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import fhirkit

from fhir_profiles.tools import NODE_MODULES, ROOT

_SCRIPT = Path(__file__).parent / "node/medplum.mjs"


def by_fhirkit(resource: dict[str, Any]) -> list[str]:
    """Return what fhirkit says of a resource."""
    return [str(issue) for issue in fhirkit.validate(json.dumps(resource))]


def by_medplum(resources: dict[str, dict[str, Any]]) -> dict[str, list[str]]:
    """Return what Medplum says of each resource, by R4 and the profiles that it claims; one process for all.

    Raises CalledProcessError where node fails.
    """
    # The script lies beside node_modules when it runs: node looks for packages upwards from where a script is.
    place = NODE_MODULES.parent / _SCRIPT.name
    shutil.copy(_SCRIPT, place)
    lines = "".join(json.dumps({"name": name, "resource": resource}) + "\n" for name, resource in resources.items())
    command = ["node", str(place), str(ROOT / "StructureDefinition")]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return {row["name"]: row["findings"] for row in rows}
