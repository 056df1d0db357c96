"""The FHIR client against a real socket whose server stalls, refuses, half-applies and lies."""

import json
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import stamina
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from aiqa_integration.errors import ConfigurationError, EhrRefused, EhrUnavailable
from aiqa_integration.fhir.client import FhirClient
from aiqa_integration.http.credentials import BasicCredentials, BearerToken, Credentials

BUNDLE = json.dumps(
    {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"resource": {"resourceType": "Device"}, "request": {"method": "POST", "url": "Device"}},
            {
                "resource": {"resourceType": "Observation"},
                "request": {"method": "PUT", "url": "Observation?identifier=a|b"},
            },
        ],
    }
).encode()
OUTCOME = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "required", "expression": ["Observation.code"], "diagnostics": "Jane Doe"}],
}
FHIR_JSON = "application/fhir+json"


def answer(*statuses, outcome=None):
    more = {"outcome": outcome} if outcome else {}
    entries = [{"response": {"status": status, **more}} for status in statuses]
    return {"resourceType": "Bundle", "type": "transaction-response", "entry": entries}


def capability(version):
    return {"resourceType": "CapabilityStatement", "fhirVersion": version}


@pytest.fixture(autouse=True)
def _no_waiting():
    stamina.set_testing(True, attempts=3, cap=True)
    yield
    stamina.set_testing(False)


@pytest.fixture(scope="module")
def server():
    with HTTPServer(host="127.0.0.1", threaded=True) as running:
        yield running


@pytest.fixture
def ehr(server):
    server.clear()
    return server


@pytest.fixture
def client(ehr):
    made = FhirClient(ehr.url_for("/fhir"), timeouts_s=(1.0, 0.3))
    yield made
    made.close()


def sends(ehr, *, status=200, body=None, headers=None, content_type=FHIR_JSON):
    """Let the server give one more answer to the next transaction."""
    data = body if isinstance(body, str) else json.dumps(body)
    response = Response(data, status=status, headers=headers, content_type=content_type)
    ehr.expect_ordered_request("/fhir", method="POST").respond_with_response(response)


def tries(ehr):
    return len(ehr.log)


def test_a_transaction_is_sent_as_it_is_and_every_response_comes_back(ehr, client):
    ehr.expect_request("/fhir", method="POST", data=BUNDLE, headers={"Content-Type": FHIR_JSON}).respond_with_json(
        answer("201 Created", "200 OK")
    )
    assert [entry["status"] for entry in client.transact(BUNDLE)] == ["201 Created", "200 OK"]


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504])
def test_a_passing_failure_is_tried_three_times_then_left_for_later(ehr, client, status):
    for _ in range(4):
        sends(ehr, status=status, body=OUTCOME)
    with pytest.raises(EhrUnavailable) as raised:
        client.transact(BUNDLE)
    assert tries(ehr) == 3
    assert raised.value.retry_after_s is None


def test_a_failure_that_passes_in_time_goes_unnoticed(ehr, client):
    sends(ehr, status=503, body=OUTCOME)
    sends(ehr, body=answer("201", "200"))
    assert len(client.transact(BUNDLE)) == 2


def test_a_long_retry_after_is_handed_to_the_caller_at_once(ehr, client):
    sends(ehr, status=429, headers={"Retry-After": "120"})
    with pytest.raises(EhrUnavailable) as raised:
        client.transact(BUNDLE)
    assert raised.value.retry_after_s == 120.0
    assert tries(ehr) == 1


def test_a_retry_after_may_be_a_date(ehr, client):
    at = datetime.now(UTC) + timedelta(seconds=90)
    sends(ehr, status=503, headers={"Retry-After": format_datetime(at, usegmt=True)})
    with pytest.raises(EhrUnavailable) as raised:
        client.transact(BUNDLE)
    assert 80 < (raised.value.retry_after_s or 0) <= 90


def test_a_short_retry_after_is_waited_for(ehr, client):
    stamina.set_testing(False)
    sends(ehr, status=429, headers={"Retry-After": "1"})
    sends(ehr, body=answer("201", "200"))
    started = time.monotonic()
    client.transact(BUNDLE)
    assert 0.9 < time.monotonic() - started < 5


def test_a_retry_after_of_nonsense_is_none(ehr, client):
    for _ in range(3):
        sends(ehr, status=503, headers={"Retry-After": "soon"})
    with pytest.raises(EhrUnavailable) as raised:
        client.transact(BUNDLE)
    assert raised.value.retry_after_s is None


def test_a_server_that_hangs_is_unavailable(ehr, client):
    def stall(_: Request) -> Response:
        time.sleep(0.6)
        return Response("{}", content_type=FHIR_JSON)

    ehr.expect_request("/fhir").respond_with_handler(stall)
    with pytest.raises(EhrUnavailable, match="stopped answering"):
        client.transact(BUNDLE)
    time.sleep(0.7)


def test_a_server_that_is_not_there_is_unavailable():
    with pytest.raises(EhrUnavailable):
        FhirClient("http://127.0.0.1:9/fhir").transact(BUNDLE)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 412, 413, 422, 501])
def test_a_refusal_is_never_repeated_and_keeps_the_outcome(ehr, client, status):
    sends(ehr, status=status, body=OUTCOME)
    with pytest.raises(EhrRefused) as raised:
        client.transact(BUNDLE)
    assert raised.value.status == status
    assert json.loads(raised.value.outcome or "") == OUTCOME
    assert "required Observation.code" in str(raised.value)
    assert "Jane Doe" not in str(raised.value)
    assert tries(ehr) == 1


def test_a_redirect_is_not_followed_with_our_credentials(ehr, client):
    sends(ehr, status=307, headers={"Location": "http://127.0.0.1:9/elsewhere"})
    with pytest.raises(EhrRefused, match="307"):
        client.transact(BUNDLE)


def test_an_entry_that_failed_inside_a_200_is_a_refusal(ehr, client):
    sends(ehr, body=answer("201 Created", "412 Precondition Failed", outcome=OUTCOME))
    with pytest.raises(EhrRefused, match="Observation 412") as raised:
        client.transact(BUNDLE)
    assert raised.value.status == 412
    assert json.loads(raised.value.outcome or "") == OUTCOME


def test_an_entry_that_failed_for_now_inside_a_200_is_tried_again(ehr, client):
    sends(ehr, body=answer("201", "503 Service Unavailable"))
    with pytest.raises(EhrUnavailable, match="Observation 503"):
        client.transact(BUNDLE)


@pytest.mark.parametrize(
    "body",
    [
        answer("201"),
        answer("201", "200", "200"),
        answer("201", ""),
        {"resourceType": "OperationOutcome", "issue": []},
        {},
        [],
        {"resourceType": "Bundle", "type": "transaction-response", "entry": [{}, {}]},
    ],
    ids=["too few", "too many", "no status", "an outcome", "nothing", "a list", "no responses"],
)
def test_an_answer_that_does_not_account_for_every_entry_is_a_refusal(ehr, client, body):
    sends(ehr, body=body)
    with pytest.raises(EhrRefused):
        client.transact(BUNDLE)


def test_a_login_page_is_a_refusal(ehr, client):
    sends(ehr, body="<html>Please log in</html>", content_type="text/html")
    with pytest.raises(EhrRefused, match="without FHIR JSON"):
        client.transact(BUNDLE)


def test_a_broken_answer_is_tried_again(ehr, client):
    for _ in range(3):
        sends(ehr, body='{"resourceType": "Bundle", "entry": [')
    with pytest.raises(EhrUnavailable, match="broke off"):
        client.transact(BUNDLE)


@pytest.mark.parametrize(
    ("credentials", "expected"),
    [
        (Credentials(), None),
        (BasicCredentials("aiqa", "straße"), "Basic YWlxYTpzdHJhw59l"),
        (BearerToken.fixed("secret"), "Bearer secret"),
    ],
    ids=["none", "basic", "bearer"],
)
def test_credentials_are_sent_as_configured(ehr, monkeypatch, tmp_path, credentials, expected):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    ehr.expect_request("/fhir/metadata").respond_with_json(capability("4.0.1"))
    FhirClient(ehr.url_for("/fhir/"), credentials=credentials).capability()
    assert ehr.log[0][0].headers.get("Authorization") == expected


@pytest.mark.parametrize("version", ["5.0.0", "4.3.0", "3.0.2", ""])
def test_a_server_of_another_fhir_version_is_refused(ehr, client, version):
    ehr.expect_request("/fhir/metadata").respond_with_json(capability(version))
    with pytest.raises(EhrRefused, match="no FHIR R4 server"):
        client.capability()


def test_a_search_asks_for_strict_handling_and_drops_what_was_not_asked_for(ehr, client):
    found = [{"resourceType": "Observation", "id": "1"}, {"resourceType": "OperationOutcome"}]
    ehr.expect_request("/fhir/Observation", query_string={"identifier": "a|b c"}).respond_with_json(
        {"resourceType": "Bundle", "entry": [{"resource": resource} for resource in found]}
    )
    assert client.search("Observation", {"identifier": "a|b c"}) == [found[0]]
    assert ehr.log[0][0].headers["Prefer"] == "handling=strict"


def test_an_update_names_the_version_that_was_read(ehr, client):
    ehr.expect_request("/fhir/Device/7", method="PUT", headers={"If-Match": 'W/"3"'}).respond_with_json(
        {"resourceType": "Device", "id": "7"}
    )
    assert client.update({"resourceType": "Device", "id": "7"}, version="3")["id"] == "7"


def test_a_url_without_a_scheme_is_a_configuration_error():
    with pytest.raises(ConfigurationError):
        FhirClient("ehr.hospital/fhir")
