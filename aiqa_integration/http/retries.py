"""Which failures pass, and the few fast tries inside one call (DESIGN 5, rule 5); the slow ones are the ledger's."""

import email.utils
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

import requests
import stamina

from aiqa_integration.errors import TransientError

TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
"""HTTP statuses that ask to come back later; all others from 400 on are refusals."""

FAST_TRIES = 3
FAST_TRIES_WITHIN_S = 15.0
LONGEST_FAST_WAIT_S = 5.0
"""Longest Retry-After that is waited for inside a call."""

_Result = TypeVar("_Result")


def with_fast_tries(call: Callable[[], _Result]) -> _Result:
    """Return what ``call`` returns, tried FAST_TRIES times while it raises a TransientError.

    A server that asks for a longer wait than LONGEST_FAST_WAIT_S is not bothered again within this call.
    """
    for attempt in stamina.retry_context(
        on=_fast_retry, attempts=FAST_TRIES, timeout=FAST_TRIES_WITHIN_S, wait_initial=0.5, wait_max=4.0
    ):
        with attempt:
            return call()
    raise AssertionError("unreachable: the last attempt returns or raises")


def retry_after_s(response: requests.Response) -> float | None:
    """Return the seconds that Retry-After asks to wait (RFC 9110 10.2.3: a number or a date), None without it."""
    wish = response.headers.get("Retry-After", "").strip()
    if wish.isdigit():
        return float(wish)
    try:
        moment = email.utils.parsedate_to_datetime(wish)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(tz=UTC)).total_seconds())


def _fast_retry(error: Exception) -> bool | float:
    """Return whether to try again at once: yes, or after the seconds that the server asked for if they are few."""
    if not isinstance(error, TransientError):
        return False
    if not error.retry_after_s:
        return True
    return error.retry_after_s if error.retry_after_s <= LONGEST_FAST_WAIT_S else False
