"""A FHIR R4 server over HTTP: transactions of which every entry is checked, searches, capability statement."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, cast

import requests
import stamina
from requests.auth import AuthBase, HTTPBasicAuth

from aiqa_integration.errors import AiqaError, ConfigurationError, EhrRefused, EhrUnavailable
from aiqa_integration.fhir.codes import Element

MEDIA_TYPE = "application/fhir+json"
TIMEOUTS_S = (5.0, 60.0)
"""Connect, read."""

TRANSIENT_STATUSES = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
"""DESIGN section 4, and 409: a delivery never names a version, so a conflict is another writer at the same moment."""

_FAST_TRIES = 3
_FAST_TRIES_WITHIN_S = 15.0
_LONGEST_FAST_WAIT_S = 5.0


class FhirSession(requests.Session):
    """The one HTTP session towards FHIR servers: it always has time limits and never follows a redirect."""

    def __init__(self, auth: AuthBase, timeouts_s: tuple[float, float]) -> None:
        super().__init__()
        self.auth = auth
        self.timeouts_s = timeouts_s
        self.headers.update({"Accept": MEDIA_TYPE})

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401
        """Send a request as ``requests`` does, within the time limits."""
        kwargs.setdefault("timeout", self.timeouts_s)
        kwargs.setdefault("allow_redirects", False)
        return super().request(method, url, *args, **kwargs)


class FhirClient:
    """A FHIR R4 endpoint with no, basic or bearer authentication.

    Every call makes up to three fast tries, then raises EhrUnavailable (try later) or EhrRefused (never as is).
    """

    def __init__(
        self,
        base_url: str,
        *,
        user: str | None = None,
        password: str | None = None,
        bearer_token: str | None = None,
        timeouts_s: tuple[float, float] = TIMEOUTS_S,
    ) -> None:
        if not base_url.startswith(("http://", "https://")):
            raise ConfigurationError(f"a FHIR base URL starts with http:// or https://, not {base_url[:12]!r}")
        self.base_url = base_url.rstrip("/")
        self._session = FhirSession(_authorization(user, password, bearer_token), timeouts_s)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def capability(self) -> Element:
        """Return the server's CapabilityStatement; raises EhrRefused where it speaks another FHIR than R4."""
        statement = self._call("GET", "metadata")
        version = str(statement.get("fhirVersion", ""))
        if statement.get("resourceType") != "CapabilityStatement" or not version.startswith("4.0"):
            raise EhrRefused(f"{self.base_url} is no FHIR R4 server: FHIR version {version or 'unknown'}")
        return statement

    def search(self, resource_type: str, parameters: Mapping[str, str]) -> list[Element]:
        """Return the resources of the first page of a search; outcomes and includes are left out."""
        headers = {"Prefer": "handling=strict"}
        bundle = self._call("GET", resource_type, params=dict(parameters), headers=headers)
        found = [entry.get("resource", {}) for entry in bundle.get("entry", [])]
        return [resource for resource in found if resource.get("resourceType") == resource_type]

    def update(self, resource: Element, *, version: str) -> Element:
        """Replace a resource if it still has the version that was read; 412 raises EhrRefused with that status."""
        place = f"{resource['resourceType']}/{resource['id']}"
        headers = {"If-Match": f'W/"{version}"', "Content-Type": MEDIA_TYPE}
        return self._call("PUT", place, data=json.dumps(resource, allow_nan=False).encode(), headers=headers)

    def transact(self, bundle: bytes) -> list[Element]:
        """Send a transaction and return the ``response`` of each entry, in order.

        A server may answer 200 with entries that failed: every entry is checked. Raises EhrUnavailable if all that
        failed may succeed later, else EhrRefused with the first OperationOutcome.
        """
        sent = [str(entry["request"]["url"]).partition("?")[0] for entry in json.loads(bundle)["entry"]]
        headers = {"Content-Type": MEDIA_TYPE, "Prefer": "return=minimal"}
        answer = self._call("POST", "", data=bundle, headers=headers)
        entries = answer.get("entry", [])
        if answer.get("resourceType") != "Bundle" or len(entries) != len(sent):
            raise EhrRefused(
                f"the transaction of {len(sent)} entries was answered by {answer.get('resourceType')} "
                f"of {len(entries)} entries"
            )
        responses = [entry.get("response", {}) for entry in entries]
        _raise_for_entries(sent, responses)
        return responses

    def _call(self, method: str, place: str, **kwargs: Any) -> Element:  # noqa: ANN401 - passed on to requests
        for attempt in stamina.retry_context(
            on=_fast_retry, attempts=_FAST_TRIES, timeout=_FAST_TRIES_WITHIN_S, wait_initial=0.2, wait_jitter=0.3
        ):
            with attempt:
                return self._call_once(method, place, **kwargs)
        raise AssertionError("retry_context either returns or raises")

    def _call_once(self, method: str, place: str, **kwargs: Any) -> Element:  # noqa: ANN401
        url = f"{self.base_url}/{place}" if place else self.base_url
        try:
            response = self._session.request(method, url, **kwargs)
        except requests.RequestException as error:
            raise EhrUnavailable(f"{self.base_url}: {type(error).__name__}") from error
        if not HTTPStatus.OK <= response.status_code < HTTPStatus.MULTIPLE_CHOICES:
            raise _failure(method, place, response)
        return _body(self.base_url, response)


class _NoAuthorization(AuthBase):
    """Sends no credentials, not even those that requests would look up in a netrc file."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class _BearerToken(AuthBase):
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _authorization(user: str | None, password: str | None, bearer_token: str | None) -> AuthBase:
    if bearer_token is not None:
        return _BearerToken(bearer_token)
    if user is not None:
        return HTTPBasicAuth(user.encode(), (password or "").encode())
    return _NoAuthorization()


def _fast_retry(error: Exception) -> bool | float:
    """Return whether to try again at once: yes, or after the seconds that the server asked for if they are few."""
    if not isinstance(error, EhrUnavailable):
        return False
    if error.retry_after_s is None:
        return True
    return error.retry_after_s if error.retry_after_s <= _LONGEST_FAST_WAIT_S else False


def _body(base_url: str, response: requests.Response) -> Element:
    if "json" not in response.headers.get("Content-Type", ""):
        raise EhrRefused(f"{base_url} answered without FHIR JSON", status=response.status_code)
    try:
        body = response.json()
    except requests.JSONDecodeError as error:
        raise EhrUnavailable(f"{base_url} broke off its answer") from error
    if not isinstance(body, dict):
        raise EhrRefused(f"{base_url} answered without a resource", status=response.status_code)
    return cast("Element", body)


def _failure(method: str, place: str, response: requests.Response) -> AiqaError:
    status = response.status_code
    message = f"{method} {place or 'transaction'}: HTTP {status}"
    if status in TRANSIENT_STATUSES:
        return EhrUnavailable(message, retry_after_s=_retry_after_s(response.headers.get("Retry-After")))
    outcome = response.text if "json" in response.headers.get("Content-Type", "") else None
    return EhrRefused(f"{message}{_diagnosis(outcome)}", status=status, outcome=outcome)


def _raise_for_entries(sent: list[str], responses: list[Element]) -> None:
    statuses = [_status(response) for response in responses]
    failed = [index for index, status in enumerate(statuses) if not 200 <= status < 300]
    if not failed:
        return
    message = "entries failed inside the transaction: " + ", ".join(f"{sent[i]} {statuses[i]}" for i in failed)
    refused = [index for index in failed if statuses[index] not in TRANSIENT_STATUSES]
    if not refused:
        raise EhrUnavailable(message)
    outcome = responses[refused[0]].get("outcome")
    text = json.dumps(outcome) if outcome else None
    raise EhrRefused(f"{message}{_diagnosis(text)}", status=statuses[refused[0]], outcome=text)


def _status(response: Element) -> int:
    """Return the status of a transaction-response entry ("201 Created"); 0 where it has none."""
    digits = str(response.get("status", ""))[:3]
    return int(digits) if digits.isdigit() else 0


def _diagnosis(outcome: str | None) -> str:
    """Return the issue types and places of an OperationOutcome; its free text may name a patient and stays inside."""
    try:
        issues = json.loads(outcome or "{}").get("issue", [])
    except (ValueError, AttributeError):
        return ""
    words = [" ".join([str(issue.get("code", "")), *issue.get("expression", [])]).strip() for issue in issues]
    return f" ({'; '.join(words)})" if words else ""


def _retry_after_s(header: str | None) -> float | None:
    """Return the seconds of a Retry-After header, a number or a date (RFC 9110 section 10.2.3)."""
    if header is None:
        return None
    if header.strip().isdigit():
        return float(header)
    try:
        at = parsedate_to_datetime(header)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.now(UTC)).total_seconds())
