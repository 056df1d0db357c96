"""Tokens by a signed assertion: SMART Backend Services (SMART App Launch 2.2.0), private_key_jwt (RFC 7523)."""

import time
import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import requests

from aiqa_integration.http.connections import Connections
from aiqa_integration.http.receiver import Fault, Receiver
from aiqa_integration.http.retries import TRANSIENT
from aiqa_integration.http.scopes import missing_scopes
from aiqa_integration.http.session import HttpSession
from aiqa_integration.http.signing_keys import SigningKeys
from aiqa_integration.http.tls import Tls
from aiqa_integration.http.tokens import TIMEOUT_S, FetchedToken, json_object

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_LIFE_S = 240
"""Less than the 300 s that a server must accept at most, so that its clock may be a minute behind ours."""

ERRORS: Mapping[str, str] = {
    "invalid_client": "{section}.auth.client_id; is our key set registered there? The clocks?",
    "unauthorized_client": "allow client credentials for this client at the token server",
    "invalid_scope": "{section}.auth.scope",
    "invalid_grant": "allow client credentials for this client at the token server",
    "unsupported_grant_type": "allow client credentials for this client at the token server",
    "invalid_request": "{section}.auth.scope and token_url",
}
"""Error codes of a token request (RFC 6749 5.2) and where to look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmartClient:
    """What a token server knows us by; without ``token_url`` it is discovered below ``server_url``."""

    server_url: str
    client_id: str
    scope: str
    token_url: str = ""


class SmartCredentials(FetchedToken):
    """Bearer tokens that are got by a signed assertion; scopes that are not granted are an error at once."""

    def __init__(
        self,
        client: SmartClient,
        receiver: Receiver,
        keys: SigningKeys,
        *,
        tls: Tls | None = None,
        now: Callable[[], float] = time.monotonic,
        clock: Callable[[], float] = time.time,
    ) -> None:
        provider = replace(receiver, name=f"the token server of {receiver.name}", address="auth.token_url")
        super().__init__(provider, ERRORS, now=now)
        if client.token_url:
            provider.usable_url(client.token_url)
        self._client = client
        self._server_url = receiver.usable_url(client.server_url)
        self._keys = keys
        self._clock = clock
        self._token_url = client.token_url
        self._connections = Connections(lambda: HttpSession(provider, tls=tls, timeout_s=TIMEOUT_S))

    def rejected(self, response: requests.Response) -> Fault:  # noqa: ARG002
        """Return what a 401 means that a new token did not cure."""
        return Fault("it does not accept the token server's token", "{section}.auth.token_url and scope")

    def _ask(self) -> tuple[HttpSession, requests.Response]:
        session = self._connections.session
        endpoint = self._token_url or self._discovered(session)
        form = {
            "grant_type": "client_credentials",
            "scope": self._client.scope,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self._assertion(endpoint),
        }
        response = session.post(endpoint, data=form, headers={"Accept": "application/json"})
        # Kept only once it works: an endpoint that moved is discovered again.
        self._token_url = self._client.token_url or (endpoint if response.ok else "")
        return session, response

    def _missing(self, answer: Mapping[str, object]) -> Collection[str]:
        """Return what is not granted; SMART demands that the answer names the scope, so nothing named is nothing."""
        return missing_scopes(self._client.scope.split(), str(answer.get("scope") or "").split())

    def _assertion(self, endpoint: str) -> str:
        import jwt  # noqa: PLC0415 - brings cryptography, which only this way of authentication needs

        now = self._clock()
        key = self._keys.signing(datetime.fromtimestamp(now, tz=UTC))
        claims = {
            "iss": self._client.client_id,
            "sub": self._client.client_id,
            "aud": endpoint,
            "iat": int(now),
            "exp": int(now) + ASSERTION_LIFE_S,
            "jti": str(uuid.uuid4()),
        }
        return jwt.encode(claims, key.pem, algorithm=key.algorithm, headers={"kid": key.kid})

    def _discovered(self, session: HttpSession) -> str:
        """Return the token endpoint that the server names (SMART App Launch 2.2.0, conformance)."""
        place = f"{self._server_url}/.well-known/smart-configuration"
        response = session.get(place, headers={"Accept": "application/json"})
        if response.status_code in TRANSIENT:
            session.check(response)
        named = json_object(response)
        endpoint = named.get("token_endpoint")
        if not response.ok or not isinstance(endpoint, str):
            told = Fault("names no token endpoint in .well-known/smart-configuration", "{address}")
            raise self._refusal(told, response.status_code)
        methods = named.get("token_endpoint_auth_methods_supported")
        if isinstance(methods, list) and "private_key_jwt" not in methods:
            raise self._refusal(Fault("does not offer private_key_jwt", "another way in {section}.auth"))
        return self._provider.usable_url(endpoint)
