"""Leases that are kept while work goes on."""

import threading
from datetime import timedelta

import pytest

from aiqa_integration.errors import LeaseLost, TransientError
from aiqa_integration.pipeline.lease import kept

LEASE = timedelta(seconds=0.03)


def test_a_lease_is_extended_while_the_block_runs_and_not_after():
    calls: list[int] = []
    enough = threading.Event()

    def extend() -> None:
        calls.append(1)
        if len(calls) == 3:
            enough.set()

    with kept(extend, LEASE):
        assert enough.wait(5)
    made = len(calls)
    assert not threading.Event().wait(0.05)
    assert len(calls) == made


@pytest.mark.parametrize(("error", "goes_on"), [(TransientError("away"), True), (LeaseLost("gone"), False)])
def test_a_ledger_that_is_away_is_asked_again_but_a_lost_lease_is_not(error, goes_on):
    calls: list[int] = []
    again = threading.Event()

    def extend() -> None:
        calls.append(1)
        if len(calls) == 2:
            again.set()
        raise error

    with kept(extend, LEASE):
        assert again.wait(5 if goes_on else 0.2) is goes_on
