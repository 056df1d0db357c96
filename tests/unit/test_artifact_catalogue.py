"""The catalogue of MRI artifacts: complete, in standard codes where there are any, with anchors that mean something."""

import pytest
from pydicom.sr.codedict import codes

from aiqa_integration.model.artifact import ARTIFACTS, ARTIFACTS_BY_ID, Artifact, ArtifactId, severity_of
from aiqa_integration.model.coding import PRIVATE_SCHEME


def _standard() -> set[tuple[str, str, str]]:
    entries = [code for group in (codes.CID6315, codes.CID6316) for code in group.concepts.values()]
    return {(code.value, code.scheme_designator, code.meaning) for code in entries}


def test_every_class_has_one_entry_in_order() -> None:
    assert [artifact.id for artifact in ARTIFACTS] == list(ArtifactId)


@pytest.mark.parametrize("artifact", ARTIFACTS, ids=lambda artifact: artifact.id)
def test_codes_are_the_standards_own_or_declared_private(artifact: Artifact) -> None:
    code = artifact.code
    assert code.scheme == PRIVATE_SCHEME or (code.value, code.scheme, code.meaning) in _standard()


@pytest.mark.parametrize("artifact", ARTIFACTS, ids=lambda artifact: artifact.id)
def test_severity_rises_from_anchor_to_anchor(artifact: Artifact) -> None:
    assert [severity_of(artifact, anchor) for anchor in artifact.anchors] == [1, 2, 3]
    assert 0.0 < artifact.fixable < 1.0


def test_less_signal_is_worse_and_more_ghost_is_worse() -> None:
    assert severity_of(ARTIFACTS_BY_ID[ArtifactId.LOW_SNR], 30.0) == 0
    assert severity_of(ARTIFACTS_BY_ID[ArtifactId.GHOST], 0.001) == 0
