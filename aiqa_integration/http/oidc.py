"""Tokens from an identity provider: OAuth 2.0 client credentials (RFC 6749 4.4), as OpenID Connect providers give."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote_plus

import requests

from aiqa_integration.errors import Refused
from aiqa_integration.http.connections import Connections
from aiqa_integration.http.credentials import BasicCredentials, Credentials
from aiqa_integration.http.receiver import Fault, Receiver
from aiqa_integration.http.retries import TRANSIENT
from aiqa_integration.http.session import HttpSession
from aiqa_integration.http.tls import Tls

SHARE_OF_LIFE = 0.8
"""A token is renewed when this much of its life has passed."""

LIFE_S = 300.0
"""Life of a token whose provider does not tell."""

TIMEOUT_S = (5.0, 20.0)

ERRORS: Mapping[str, str] = {
    "invalid_client": "{section}.auth.client_id and client_secret",
    "unauthorized_client": "allow client credentials for this client at the identity provider",
    "invalid_scope": "{section}.auth.scope",
    "invalid_target": "{section}.auth.audience",
    "invalid_grant": "allow client credentials for this client at the identity provider",
    "unsupported_grant_type": "allow client credentials for this client at the identity provider",
    "invalid_request": "{section}.auth.scope and audience",
}
"""Error codes of a token request (RFC 6749 5.2, RFC 8707 2) and where to look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """What an identity provider knows us by."""

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str = ""
    audience: str = ""


class ClientCredentials(Credentials):
    """Bearer tokens that are fetched, kept, renewed before they expire and once after a 401. Safe for threads."""

    def __init__(
        self, client: Client, receiver: Receiver, *, tls: Tls | None = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._provider = replace(receiver, name=f"the identity provider of {receiver.name}", address="auth.token_url")
        self._provider.usable_url(client.token_url)
        # RFC 6749 2.3.1 encodes both like form values before they become user and password.
        secret = BasicCredentials(quote_plus(client.client_id), quote_plus(client.client_secret))
        self._connections = Connections(
            lambda: HttpSession(self._provider, credentials=secret, tls=tls, timeout_s=TIMEOUT_S)
        )
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

    def rejected(self, response: requests.Response) -> Fault:  # noqa: ARG002
        """Return what a 401 means that a new token did not cure."""
        return Fault("it does not accept the identity provider's token", "{section}.auth.token_url, scope and audience")

    def _fetch(self) -> None:
        wanted = {"grant_type": "client_credentials", "scope": self._client.scope, "audience": self._client.audience}
        form = {name: value for name, value in wanted.items() if value}
        session = self._connections.session
        response = session.post(self._client.token_url, data=form, headers={"Accept": "application/json"})
        answer = _json(response)
        if response.status_code in TRANSIENT:
            session.check(response)
        if response.status_code != requests.codes.ok:
            code = str(answer.get("error", ""))
            known = code if code in ERRORS else "no reason given"
            fault = Fault(f"answers {response.status_code}: {known}", ERRORS.get(code, "{address}"))
            raise self._refusal(fault, response.status_code)
        self._take(answer)

    def _take(self, answer: Mapping[str, object]) -> None:
        """Keep the token of an answer; raises refused where it has none that can be used."""
        token, kind = answer.get("access_token"), str(answer.get("token_type", ""))
        if not isinstance(token, str) or not token or kind.lower() != "bearer":
            raise self._refusal(Fault("answers without a bearer token", "{address}"))
        granted = str(answer.get("scope", self._client.scope)).split()
        if missing := set(self._client.scope.split()) - set(granted):
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


def _json(response: requests.Response) -> Mapping[str, object]:
    try:
        answer = response.json()
    except requests.JSONDecodeError:
        return {}
    return answer if isinstance(answer, dict) else {}
