"""The one HTTP session class: bounded in time and size, no redirects elsewhere, errors of our own tree."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from aiqa_integration.http.credentials import Credentials
from aiqa_integration.http.faults import fault_of, forbidden
from aiqa_integration.http.receiver import Fault, Receiver
from aiqa_integration.http.retries import TRANSIENT, retry_after_s
from aiqa_integration.http.tls import Tls

TIMEOUT_S = (5.0, 120.0)
"""Seconds to connect, seconds between two bytes of an answer."""

MAX_ANSWER_BYTES = 64 << 20
"""Largest answer that is read into memory (a QIDO page, a STOW response, a bundle)."""

MAX_STREAM_BYTES = 16 << 30
"""Largest answer that is streamed to files."""

_NO_URL = (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, requests.exceptions.MissingSchema)


class HttpSession(requests.Session):
    """A requests session in which nothing hangs, grows or leads elsewhere.

    Connection errors become the receiver's unavailable, redirects to another server its refused. Credentials that a
    401 refuses are renewed and sent once more. Not safe for threads: see ``connections``.
    """

    def __init__(
        self,
        receiver: Receiver,
        *,
        credentials: Credentials | None = None,
        tls: Tls | None = None,
        timeout_s: tuple[float, float] = TIMEOUT_S,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__()
        self.receiver = receiver
        self.credentials = self.auth = credentials or Credentials()
        self.timeout_s = timeout_s
        self.headers.update({"Accept-Encoding": "identity", **headers})
        self._ca_file = str(tls.ca_file) if tls is not None and tls.ca_file is not None else None
        self.cert = tls.pair if tls is not None else None
        for scheme in ("http://", "https://"):
            self.mount(scheme, _BoundedAdapter(receiver))

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """Return a request that is ready to be sent, credentials included; raises the receiver's errors."""
        with self.translating():
            return super().prepare_request(request)

    def send(self, request: requests.PreparedRequest, **kwargs: object) -> requests.Response:
        """Send a prepared request within the time limits; raises the receiver's errors."""
        request.headers.pop("Host", None)  # dicomweb-client's lacks the port
        if self._ca_file is not None:
            kwargs["verify"] = self._ca_file  # requests would prefer the environment's
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = self.timeout_s
        with self.translating():
            response = super().send(request, **kwargs)  # type: ignore[arg-type]
            if response.status_code != requests.codes.unauthorized or not self._renewed(request):
                return response
            response.close()
            return super().send(self.credentials(request.copy()), **kwargs)  # type: ignore[arg-type]

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Return where a redirect leads; raises refused where that is another server, or after anything but a GET."""
        target = super().get_redirect_target(resp)
        if target is None:
            return None
        here, there = urlsplit(resp.url), urlsplit(urljoin(resp.url, target))
        if (here.scheme, here.netloc) != (there.scheme, there.netloc) or resp.request.method != "GET":
            resp.close()
            raise self._refused(
                Fault(f"answers {resp.status_code}: it has moved to another address", "{address}"),
                resp.status_code,
            )
        return target

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """Leave the credentials of a redirected request as they are: it goes to the same server."""

    def check(self, response: requests.Response) -> None:
        """Raise unavailable or refused for a status from 400 on (DESIGN 4)."""
        status = response.status_code
        if status in TRANSIENT:
            raise self.receiver.unavailable(
                f"{self.receiver.name} answers {status}", retry_after_s=retry_after_s(response)
            )
        if status >= requests.codes.bad_request:
            fault = self.fault(response)
            raise self._refused(Fault(f"answers {fault.what}", fault.fix), status)

    def fault(self, response: requests.Response) -> Fault:
        """Return what a refusal means: the status, and the reason and fix where it is about who we are."""
        status = response.status_code
        if status == requests.codes.unauthorized:
            known = self.credentials.rejected(response)
        elif status == requests.codes.forbidden:
            known = forbidden(response)
        else:
            return Fault(str(status), "")
        return Fault(f"{status}: {known.what}", self.receiver.fix(known))

    @contextmanager
    def translating(self) -> Iterator[None]:
        """Turn errors of requests and urllib3 in the block into the receiver's."""
        try:
            yield
        except _NO_URL as error:
            raise self._refused(Fault("has an address that is not a valid URL", "{address}")) from error
        except requests.exceptions.TooManyRedirects as error:
            raise self._refused(Fault("redirects in a circle", "{address}")) from error
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
            fault = fault_of(error)
            raise self.receiver.unavailable(
                f"{self.receiver.name} {fault.what}", fix=self.receiver.fix(fault)
            ) from error

    def _renewed(self, request: requests.PreparedRequest) -> bool:
        return self.credentials.renew(request.headers.get("Authorization"))

    def _refused(self, fault: Fault, status: int | None = None) -> Exception:
        return self.receiver.refused(f"{self.receiver.name} {fault.what}", status=status, fix=self.receiver.fix(fault))


class _BoundedAdapter(HTTPAdapter):
    """Caps every answer: MAX_STREAM_BYTES where it is streamed, else MAX_ANSWER_BYTES."""

    def __init__(self, receiver: Receiver) -> None:
        super().__init__()
        self._receiver = receiver

    def send(self, request: requests.PreparedRequest, *args: object, **kwargs: object) -> requests.Response:
        response = super().send(request, *args, **kwargs)  # type: ignore[arg-type]
        limit = MAX_STREAM_BYTES if kwargs.get("stream") and response.ok else MAX_ANSWER_BYTES
        response.raw = _BoundedBody(response.raw, limit, self._receiver)
        return response


class _BoundedBody:
    """A urllib3 response whose body raises refused beyond a limit."""

    def __init__(self, body: urllib3.HTTPResponse, limit: int, receiver: Receiver) -> None:
        self._body = body
        self._limit = limit
        self._receiver = receiver

    def __getattr__(self, name: str) -> object:
        return getattr(self._body, name)

    def stream(self, amt: int, decode_content: bool | None = None) -> Iterator[bytes]:  # noqa: FBT001 - urllib3's own
        """Yield the body piece by piece."""
        for piece in self._body.stream(amt, decode_content=decode_content):
            self._limit -= len(piece)
            if self._limit < 0:
                self._body.close()
                raise self._receiver.refused(f"{self._receiver.name} sends a larger answer than AIQA takes")
            yield piece

    def read(self, *_args: object, **_kwargs: object) -> bytes:
        """Return nothing: requests drains the bodies of redirects with this, and they are not wanted."""
        return b""
