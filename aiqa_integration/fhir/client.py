"""A FHIR R4 server over HTTP: transactions of which every entry is checked, searches, capability statement."""

import json
import threading
import time
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import unquote

import requests

from aiqa_integration.errors import AiqaError, EhrRefused, EhrUnavailable
from aiqa_integration.fhir.capability import Capability
from aiqa_integration.fhir.codes import Element
from aiqa_integration.fhir.identity import Identifier
from aiqa_integration.fhir.json_text import json_bytes, read_json
from aiqa_integration.http.connections import Connections
from aiqa_integration.http.credentials import Credentials
from aiqa_integration.http.receiver import Receiver
from aiqa_integration.http.retries import TRANSIENT, retry_after_s, with_fast_tries
from aiqa_integration.http.session import HttpSession
from aiqa_integration.http.tls import Tls

MEDIA_TYPE = "application/fhir+json"
TIMEOUTS_S = (5.0, 60.0)
"""Connect, read."""

TRANSIENT_STATUSES = TRANSIENT | {409}
"""A delivery never names a version, so a conflict is another writer at the same moment."""

_ABILITIES_KEPT_S = 3600.0
_PAGE = 100
_MOST_PAGES = 50

EHR = Receiver(name="the EHR", section="ehr", unavailable=EhrUnavailable, refused=EhrRefused)


class FhirClient:
    """A FHIR R4 endpoint. Safe for threads: each has a session.

    Every call makes up to three fast tries, then raises EhrUnavailable (try later) or EhrRefused (never as is).
    """

    def __init__(
        self,
        base_url: str,
        *,
        credentials: Credentials | None = None,
        tls: Tls | None = None,
        timeouts_s: tuple[float, float] = TIMEOUTS_S,
    ) -> None:
        self.base_url = EHR.usable_url(base_url)
        self._lock = threading.Lock()
        self._abilities: Capability | None = None
        self._asked_at = 0.0
        headers = {"Accept": MEDIA_TYPE}
        self._connections = Connections(
            partial(HttpSession, EHR, credentials=credentials, tls=tls, timeout_s=timeouts_s, headers=headers)
        )

    def close(self) -> None:
        """Close the connections of all threads."""
        self._connections.close()

    def capability(self) -> Element:
        """Return the server's CapabilityStatement; raises EhrRefused where it speaks another FHIR than R4."""
        statement = self._call("GET", "metadata")
        version = str(statement.get("fhirVersion", ""))
        if statement.get("resourceType") != "CapabilityStatement" or not version.startswith("4.0"):
            raise EhrRefused(f"{self.base_url} is no FHIR R4 server: FHIR version {version or 'unknown'}")
        return statement

    def abilities(self) -> Capability:
        """Return what the server can do, read at the first call and again every hour."""
        with self._lock:
            if self._abilities is None or time.monotonic() > self._asked_at + _ABILITIES_KEPT_S:
                self._abilities, self._asked_at = Capability.of(self.capability()), time.monotonic()
            return self._abilities

    def find(self, resource_type: str, key: Identifier) -> list[Element]:
        """Return the resources that carry an identifier; what a server that ignores the parameter adds is left out."""
        return [found for found in self.search(resource_type, {"identifier": key.token}) if _carries(found, key)]

    def read(self, place: str) -> Element:
        """Return the resource at ``Type/id``."""
        return self._call("GET", place)

    def create(self, resource: Element, *, if_none_exist: str) -> str:
        """Create a resource unless one is found by the search, and return its ``Type/id``."""
        headers = {"If-None-Exist": if_none_exist, "Content-Type": MEDIA_TYPE, "Prefer": "return=representation"}
        resource_type = str(resource["resourceType"])
        written = self._call("POST", resource_type, data=json_bytes(resource), headers=headers)
        return self._place_of(written, resource_type, if_none_exist)

    def update_where(self, resource: Element, condition: str) -> str:
        """Create or replace the one resource that is found by the search, and return its ``Type/id``."""
        headers = {"Content-Type": MEDIA_TYPE, "Prefer": "return=representation"}
        resource_type = str(resource["resourceType"])
        written = self._call("PUT", f"{resource_type}?{condition}", data=json_bytes(resource), headers=headers)
        return self._place_of(written, resource_type, condition)

    def search(self, resource_type: str, parameters: Mapping[str, str]) -> list[Element]:
        """Return the resources of the first page of a search; outcomes and includes are left out."""
        headers = {"Prefer": "handling=strict"}
        bundle = self._call("GET", resource_type, params=dict(parameters), headers=headers)
        found = [entry.get("resource", {}) for entry in bundle.get("entry", [])]
        return [resource for resource in found if resource.get("resourceType") == resource_type]

    def search_all(self, resource_type: str, parameters: Mapping[str, str]) -> list[Element]:
        """Return the resources of all pages of a search; raises EhrRefused where the pages have no end."""
        headers = {"Prefer": "handling=strict"}
        bundle = self._call("GET", resource_type, params={**parameters, "_count": str(_PAGE)}, headers=headers)
        found: list[Element] = []
        for _ in range(_MOST_PAGES):
            found += [entry.get("resource", {}) for entry in bundle.get("entry", [])]
            following = [str(link.get("url")) for link in bundle.get("link", []) if link.get("relation") == "next"]
            if not following:
                return [resource for resource in found if resource.get("resourceType") == resource_type]
            if not following[0].startswith(f"{self.base_url}/") and not following[0].startswith(f"{self.base_url}?"):
                raise EhrRefused("the next page of a search is at another server than the first")
            bundle = self._call("GET", following[0].removeprefix(self.base_url).removeprefix("/"))
        raise EhrRefused(f"a search of {resource_type} has more than {_MOST_PAGES} pages")

    def update(self, resource: Element, *, version: str) -> Element:
        """Replace a resource if it still has the version that was read; 412 raises EhrRefused with that status."""
        place = f"{resource['resourceType']}/{resource['id']}"
        headers = {"If-Match": f'W/"{version}"', "Content-Type": MEDIA_TYPE}
        return self._call("PUT", place, data=json_bytes(resource), headers=headers)

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

    def _place_of(self, written: Element, resource_type: str, condition: str) -> str:
        """Return where a resource is, asked for where the server did not give it back."""
        if written.get("resourceType") == resource_type and "id" in written:
            return f"{resource_type}/{written['id']}"
        parameter, _, token = condition.partition("=")
        found = self.search(resource_type, {parameter: unquote(token)})
        if len(found) != 1:
            raise EhrUnavailable(f"{resource_type} was accepted, but {len(found)} are found by what it was named")
        return f"{resource_type}/{found[0]['id']}"

    def _call(self, method: str, place: str, **kwargs: Any) -> Element:  # noqa: ANN401 - passed on to requests
        return with_fast_tries(partial(self._call_once, method, place, **kwargs))

    def _call_once(self, method: str, place: str, **kwargs: Any) -> Element:  # noqa: ANN401
        url = f"{self.base_url}/{place}" if place else self.base_url
        session = self._connections.session
        response = session.request(method, url, **kwargs)
        if not HTTPStatus.OK <= response.status_code < HTTPStatus.MULTIPLE_CHOICES:
            raise _failure(f"{method} {place.partition('?')[0] or 'transaction'}", response, session)
        if method != "GET" and place and not response.content:
            return {}
        return _body(self.base_url, response)


def _carries(resource: Element, key: Identifier) -> bool:
    listed = resource.get("identifier", [])
    identifiers = listed if isinstance(listed, list) else [listed]
    return any(
        identifier.get("value") == key.value and (not key.system or identifier.get("system") == key.system)
        for identifier in identifiers
    )


def _body(base_url: str, response: requests.Response) -> Element:
    if "json" not in response.headers.get("Content-Type", ""):
        raise EhrRefused(f"{base_url} answered without FHIR JSON", status=response.status_code)
    try:
        body = read_json(response.content)
    except ValueError as error:
        raise EhrUnavailable(f"{base_url} broke off its answer") from error
    if not isinstance(body, dict):
        raise EhrRefused(f"{base_url} answered without a resource", status=response.status_code)
    return cast("Element", body)


def _failure(call: str, response: requests.Response, session: HttpSession) -> AiqaError:
    status = response.status_code
    if status in TRANSIENT_STATUSES:
        return EhrUnavailable(f"{call}: HTTP {status}", retry_after_s=retry_after_s(response))
    fault = session.fault(response)
    outcome = response.text if "json" in response.headers.get("Content-Type", "") else None
    return EhrRefused(f"{call}: HTTP {fault.what}{_diagnosis(outcome)}", status=status, fix=fault.fix, outcome=outcome)


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
    text = json_bytes(outcome).decode() if outcome else None
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
