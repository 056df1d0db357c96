"""The guide by the tools of others: SUSHI compiles it, Medplum and fhirkit judge what it judges."""

import json
from pathlib import Path

import pytest

from fhir_profiles.build import differences
from fhir_profiles.tools import REPOSITORY, missing_core, missing_node
from tests.conformance.seeded import found_by, good_examples, seeded_errors, table
from tests.conformance.tools import by_medplum
from tests.fhir_emitted import emitted

MISSING = missing_node() or missing_core()
pytestmark = [
    pytest.mark.skipif(MISSING is not None, reason=str(MISSING)),
    pytest.mark.timeout(600),
]
SHARED = REPOSITORY.parent / "shared/fhir-examples"


def test_what_is_committed_is_what_the_fsh_compiles_to():
    assert differences() == [], "python -m fhir_profiles.build compile"


def test_medplum_blames_nothing_that_is_good(tmp_path):
    items = good_examples() | emitted(tmp_path)
    items |= {str(path): json.loads(path.read_text(encoding="utf-8")) for path in SHARED.rglob("*.json")}
    assert {name: found for name, found in by_medplum(items).items() if found} == {}


def test_the_seeded_errors_are_found_as_the_documented_table_says():
    found = found_by()
    assert sum(any(hits) for hits in found.values()) == len(seeded_errors())
    assert table(found) in Path(REPOSITORY / "docs/fhir-conformance.md").read_text(encoding="utf-8"), (
        "python -m tests.conformance.seeded prints the table as it is now"
    )
