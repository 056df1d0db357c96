"""Tokens from an identity provider: OAuth 2.0 client credentials (RFC 6749 4.4), as OpenID Connect providers give."""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote_plus

import requests

from aiqa_integration.http.connections import Connections
from aiqa_integration.http.credentials import BasicCredentials
from aiqa_integration.http.receiver import Fault, Receiver
from aiqa_integration.http.session import HttpSession
from aiqa_integration.http.tls import Tls
from aiqa_integration.http.tokens import TIMEOUT_S, FetchedToken

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


class ClientCredentials(FetchedToken):
    """Bearer tokens of an identity provider that knows us by a secret."""

    def __init__(
        self, client: Client, receiver: Receiver, *, tls: Tls | None = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        provider = replace(receiver, name=f"the identity provider of {receiver.name}", address="auth.token_url")
        provider.usable_url(client.token_url)
        super().__init__(provider, ERRORS, now=now)
        # RFC 6749 2.3.1 encodes both like form values before they become user and password.
        secret = BasicCredentials(quote_plus(client.client_id), quote_plus(client.client_secret))
        self._connections = Connections(lambda: HttpSession(provider, credentials=secret, tls=tls, timeout_s=TIMEOUT_S))

    def rejected(self, response: requests.Response) -> Fault:  # noqa: ARG002
        """Return what a 401 means that a new token did not cure."""
        return Fault("it does not accept the identity provider's token", "{section}.auth.token_url, scope and audience")

    def _ask(self) -> tuple[HttpSession, requests.Response]:
        wanted = {"grant_type": "client_credentials", "scope": self._client.scope, "audience": self._client.audience}
        form = {name: value for name, value in wanted.items() if value}
        session = self._connections.session
        return session, session.post(self._client.token_url, data=form, headers={"Accept": "application/json"})

    def _missing(self, answer: Mapping[str, object]) -> Collection[str]:
        """Return what is not granted; a provider that names no scope grants what was asked (RFC 6749 5.1)."""
        granted = str(answer.get("scope", self._client.scope)).split()
        return set(self._client.scope.split()) - set(granted)
