"""How we prove who we are: not at all, by password, by a bearer token; tokens that are fetched are in ``oidc``."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import requests
from requests.auth import AuthBase, HTTPBasicAuth

from aiqa_integration.http.faults import challenge_error
from aiqa_integration.http.receiver import Fault, Receiver


class Credentials(AuthBase):
    """Sends none, not even those that requests would look up in a netrc file. Kinds of credentials derive from it."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Return the request with its credentials."""
        return request

    def renew(self, refused: str | None) -> bool:  # noqa: ARG002 - those that can be renewed look at it
        """Return whether there are now others than those of the Authorization header that was ``refused`` with 401."""
        return False

    def rejected(self, response: requests.Response) -> Fault:  # noqa: ARG002
        """Return what a 401 means."""
        return Fault("it asks who we are, and no credentials are set", "{section}.auth")


class BasicCredentials(Credentials):
    """User and password (RFC 7617), in UTF-8."""

    def __init__(self, user: str, password: str) -> None:
        self._basic = HTTPBasicAuth(user.encode(), password.encode())

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Return the request with user and password."""
        self._basic(request)
        return request

    def rejected(self, response: requests.Response) -> Fault:  # noqa: ARG002
        """Return what a 401 means."""
        return Fault("user or password is wrong", "{section}.auth.user and password")


class BearerToken(Credentials):
    """A bearer token (RFC 6750 2.1) that somebody else renews; ``read`` is asked for it at every request."""

    def __init__(self, read: Callable[[], str]) -> None:
        self._read = read

    @classmethod
    def fixed(cls, token: str) -> "BearerToken":
        """Return one that stays as it is."""
        return cls(lambda: token)

    @classmethod
    def from_file(cls, path: Path, receiver: Receiver) -> "BearerToken":
        """Return one that stands in a file, read anew each time: files of tokens are replaced while we run."""

        def read() -> str:
            try:
                return path.read_text("utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise receiver.unavailable(
                    "the file of the bearer token cannot be read", fix=f"{receiver.section}.auth.bearer_token_file"
                ) from error

        return cls(read)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Return the request with the token in its Authorization header."""
        request.headers["Authorization"] = f"Bearer {self._read()}"
        return request

    def renew(self, refused: str | None) -> bool:
        """Return whether the token was replaced since."""
        return f"Bearer {self._read()}" != refused

    def rejected(self, response: requests.Response) -> Fault:
        """Return what a 401 means."""
        expired = expired_at(self._read())
        if expired is not None:
            return Fault(
                f"the bearer token expired at {expired:%Y-%m-%d %H:%M} UTC", "a new {section}.auth.bearer_token"
            )
        if challenge_error(response) == "invalid_token":
            return Fault("the bearer token is expired or not valid there", "a new {section}.auth.bearer_token")
        return Fault("it does not accept the bearer token", "{section}.auth.bearer_token")


def expired_at(token: str) -> datetime | None:
    """Return when a JWT expired (RFC 7519 4.1.4); None where it has not, or tells nothing."""
    try:
        claims = token.split(".")[1]
        expiry = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["exp"]
        moment = datetime.fromtimestamp(float(expiry), tz=UTC)
    except (ValueError, LookupError, TypeError, OverflowError, OSError):
        return None
    return moment if moment < datetime.now(tz=UTC) else None
