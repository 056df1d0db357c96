"""What nobody thought of is written down, tried a few times and given up; no message of a strange error leaves."""

from datetime import UTC, datetime, timedelta

import pytest

from aiqa_integration.errors import ArchiveUnavailable, NotImageData, Unforeseen
from aiqa_integration.pipeline.retries import RetryPolicy

NOW = datetime(2026, 1, 1, tzinfo=UTC)
POLICY = RetryPolicy(first=timedelta(seconds=10), longest=timedelta(minutes=5), give_up_after=8)


@pytest.mark.parametrize(
    ("attempts", "error", "delay_s"),
    [
        (1, ArchiveUnavailable("down"), 20),
        (2, ArchiveUnavailable("down"), 40),
        (7, ArchiveUnavailable("down"), 300),
        (8, ArchiveUnavailable("down"), None),
        (1, ArchiveUnavailable("wait", retry_after_s=90), 90),
        (1, ArchiveUnavailable("wait", retry_after_s=10**9), 86_400),
        (1, NotImageData("never"), None),
        (4, Unforeseen("bug"), 160),
        (5, Unforeseen("bug"), None),
    ],
)
def test_when_to_try_again(attempts, error, delay_s):
    until = POLICY.next_at(attempts, NOW, error)
    assert until == (None if delay_s is None else NOW + timedelta(seconds=delay_s))


def test_an_unforeseen_error_tells_its_kind_and_place_but_not_its_message():
    def fail():
        raise KeyError("Doe^Jane")

    with pytest.raises(KeyError) as caught:
        fail()
    told = str(Unforeseen.of(caught.value))
    assert told.startswith("KeyError at test_pipeline_boundary.py:")
    assert "Doe" not in told
