"""Bearer tokens from a token endpoint (RFC 6749): kept, renewed in time, compared with what was asked."""

import threading
import time
from abc import abstractmethod
from collections.abc import Callable, Collection, Mapping

import requests

from aiqa_integration.errors import Refused
from aiqa_integration.http.credentials import Credentials
from aiqa_integration.http.receiver import Fault, Receiver
from aiqa_integration.http.retries import TRANSIENT
from aiqa_integration.http.session import HttpSession

SHARE_OF_LIFE = 0.8
"""A token is renewed when this much of its life has passed."""

LIFE_S = 300.0
"""Life of a token whose provider does not tell."""

TIMEOUT_S = (5.0, 20.0)


class FetchedToken(Credentials):
    """A token that is kept, renewed before it expires and once after a 401. Safe for threads.

    ``provider`` is whom it is fetched from, ``errors`` maps the error codes of a token request to where to look.
    """

    def __init__(
        self, provider: Receiver, errors: Mapping[str, str], *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._provider = provider
        self._errors = errors
        self._now = now
        self._lock = threading.Lock()
        self._token = ""
        self._renew_at = 0.0

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Return the request with a token that lives; raises the receiver's errors where none is to be had."""
        with self._lock:
            if not self._token or self._now() >= self._renew_at:
                self._fetch()
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request

    def renew(self, refused: str | None) -> bool:
        """Return True: a refused token is forgotten, unless another thread has replaced it."""
        with self._lock:
            if refused == f"Bearer {self._token}":
                self._token = ""
        return True

    @abstractmethod
    def _ask(self) -> tuple[HttpSession, requests.Response]:
        """Ask for a token once."""

    @abstractmethod
    def _missing(self, answer: Mapping[str, object]) -> Collection[str]:
        """Return the scopes that were asked for and are not granted."""

    def _fetch(self) -> None:
        session, response = self._ask()
        answer = json_object(response)
        if response.status_code in TRANSIENT:
            session.check(response)
        if response.status_code != requests.codes.ok:
            code = str(answer.get("error", ""))
            known = code if code in self._errors else "no reason given"
            fault = Fault(f"answers {response.status_code}: {known}", self._errors.get(code, "{address}"))
            raise self._refusal(fault, response.status_code)
        self._take(answer)

    def _take(self, answer: Mapping[str, object]) -> None:
        """Keep the token of an answer; raises refused where it has none that can be used."""
        token, kind = answer.get("access_token"), str(answer.get("token_type", ""))
        if not isinstance(token, str) or not token or kind.lower() != "bearer":
            raise self._refusal(Fault("answers without a bearer token", "{address}"))
        if missing := self._missing(answer):
            told = " ".join(sorted(missing))
            raise self._refusal(
                Fault(f"does not grant the scope {told}", "{section}.auth.scope, or the client's rights")
            )
        life = answer.get("expires_in")
        life_s = float(life) if isinstance(life, int | float) and life > 0 else LIFE_S
        self._token, self._renew_at = token, self._now() + SHARE_OF_LIFE * life_s

    def _refusal(self, fault: Fault, status: int | None = None) -> Refused:
        provider = self._provider
        return provider.refused(f"{provider.name} {fault.what}", status=status, fix=provider.fix(fault))


def json_object(response: requests.Response) -> Mapping[str, object]:
    """Return the JSON object that an answer is; empty where it is none."""
    try:
        answer = response.json()
    except requests.JSONDecodeError:
        return {}
    return answer if isinstance(answer, dict) else {}
