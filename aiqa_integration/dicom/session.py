"""The one HTTP session class for archives: bounded in time and size, no redirects elsewhere, errors of our own tree."""

import email.utils
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

import requests
import stamina
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase, HTTPBasicAuth

from aiqa_integration.errors import ArchiveRefused, ArchiveUnavailable

TIMEOUT_S = (5.0, 120.0)
"""Seconds to connect, seconds between two bytes of an answer."""

TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
"""HTTP statuses that ask to come back later; all others from 400 on are refusals."""

MAX_ANSWER_BYTES = 64 << 20
"""Largest answer that is read into memory (a QIDO page, a STOW response)."""

MAX_SERIES_BYTES = 16 << 30
"""Largest answer that is streamed to files."""

FAST_TRIES = 3
FAST_TRIES_WITHIN_S = 15.0
"""Tries inside one call (DESIGN 5, rule 5); the slow ones are the ledger's."""

_Result = TypeVar("_Result")


class BearerAuth(AuthBase):
    """Sends a bearer token with each request (RFC 6750 2.1)."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Return the request with the token in its Authorization header."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class ArchiveSession(requests.Session):
    """A requests session in which nothing hangs, grows or leads elsewhere.

    Connection errors become ArchiveUnavailable, redirects to another host ArchiveRefused. Not safe for threads.
    """

    def __init__(self, *, auth: AuthBase | None, headers: Mapping[str, str]) -> None:
        super().__init__()
        self.auth = auth
        self.headers.update({"Accept-Encoding": "identity", **headers})
        for scheme in ("http://", "https://"):
            self.mount(scheme, _BoundedAdapter())

    def send(self, request: requests.PreparedRequest, **kwargs: object) -> requests.Response:
        """Send a prepared request within TIMEOUT_S; raises ArchiveUnavailable or ArchiveRefused."""
        request.headers.pop("Host", None)
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = TIMEOUT_S
        with translated_errors():
            return super().send(request, **kwargs)  # type: ignore[arg-type]

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Return where a redirect leads; raises ArchiveRefused where that is another server, or after a POST."""
        target = super().get_redirect_target(resp)
        if target is None:
            return None
        here, there = urlsplit(resp.url), urlsplit(urljoin(resp.url, target))
        if (here.scheme, here.netloc) != (there.scheme, there.netloc) or resp.request.method != "GET":
            resp.close()
            raise ArchiveRefused("the archive redirects to another address: set the right one", status=resp.status_code)
        return target


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn errors of requests and urllib3 in the block into ArchiveUnavailable or ArchiveRefused."""
    try:
        yield
    except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema) as error:
        raise ArchiveRefused("the archive's address is not a valid URL") from error
    except requests.exceptions.TooManyRedirects as error:
        raise ArchiveRefused("the archive redirects in a circle") from error
    except requests.exceptions.SSLError as error:
        raise ArchiveUnavailable("the archive's certificate is not trusted") from error
    except requests.exceptions.ConnectTimeout as error:
        raise ArchiveUnavailable("the archive does not answer: connecting timed out") from error
    except requests.exceptions.Timeout as error:
        raise ArchiveUnavailable("the archive stopped answering") from error
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
        raise ArchiveUnavailable("the connection to the archive failed or broke off") from error


class _BoundedAdapter(HTTPAdapter):
    """Caps every answer: MAX_SERIES_BYTES where it is streamed, else MAX_ANSWER_BYTES."""

    def send(self, request: requests.PreparedRequest, *args: object, **kwargs: object) -> requests.Response:
        response = super().send(request, *args, **kwargs)  # type: ignore[arg-type]
        limit = MAX_SERIES_BYTES if kwargs.get("stream") and response.ok else MAX_ANSWER_BYTES
        response.raw = _BoundedBody(response.raw, limit)
        return response


class _BoundedBody:
    """A urllib3 response whose body raises ArchiveRefused beyond a limit."""

    def __init__(self, body: urllib3.HTTPResponse, limit: int) -> None:
        self._body = body
        self._limit = limit

    def __getattr__(self, name: str) -> object:
        return getattr(self._body, name)

    def stream(self, amt: int, decode_content: bool | None = None) -> Iterator[bytes]:  # noqa: FBT001 - urllib3's own
        """Yield the body piece by piece."""
        for piece in self._body.stream(amt, decode_content=decode_content):
            self._limit -= len(piece)
            if self._limit < 0:
                self._body.close()
                raise ArchiveRefused("the archive's answer is larger than AIQA takes")
            yield piece

    def read(self, *_args: object, **_kwargs: object) -> bytes:
        """Return nothing: requests drains the bodies of redirects with this, and they are not wanted."""
        return b""


def check_status(response: requests.Response) -> None:
    """Raise ArchiveUnavailable or ArchiveRefused for a status from 400 on (DESIGN 4)."""
    status = response.status_code
    if status in TRANSIENT:
        raise ArchiveUnavailable(f"the archive answers {status}", retry_after_s=retry_after_s(response))
    if status >= 400:
        raise ArchiveRefused(f"the archive answers {status}", status=status)


def retry_after_s(response: requests.Response) -> float | None:
    """Return the seconds that Retry-After asks to wait (RFC 9110 10.2.3: a number or a date), None without it."""
    wish = response.headers.get("Retry-After", "").strip()
    if wish.isdigit():
        return float(wish)
    try:
        moment = email.utils.parsedate_to_datetime(wish)
    except ValueError:
        return None
    return max(0.0, (moment - datetime.now(tz=UTC)).total_seconds()) if moment.tzinfo else None


def with_fast_tries(call: Callable[[], _Result]) -> _Result:
    """Return what ``call`` returns, tried FAST_TRIES times while it raises ArchiveUnavailable.

    A server that names a time in Retry-After is not bothered again within this call.
    """
    for attempt in stamina.retry_context(
        on=_worth_another_try, attempts=FAST_TRIES, timeout=FAST_TRIES_WITHIN_S, wait_initial=0.5, wait_max=4.0
    ):
        with attempt:
            return call()
    raise AssertionError("unreachable: the last attempt returns or raises")


def _worth_another_try(error: Exception) -> bool:
    return isinstance(error, ArchiveUnavailable) and not error.retry_after_s


def auth_of(user: str | None, password: str | None, bearer_token: str | None) -> AuthBase | None:
    """Return the authentication that plain values name: basic, bearer or none."""
    if bearer_token is not None:
        return BearerAuth(bearer_token)
    return None if user is None else HTTPBasicAuth(user, password or "")
