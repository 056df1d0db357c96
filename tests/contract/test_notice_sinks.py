"""The webhook and mail sinks against receivers on loopback that take, refuse, stall, break off and lie."""

import base64
import hashlib
import hmac
import json
import socket
import socketserver
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from aiqa_integration.errors import ReceiverRefused, ReceiverUnavailable
from aiqa_integration.model.recommendation import Recommendation, RecommendationKind, Urgency
from aiqa_integration.model.report import QaReport
from aiqa_integration.pipeline.ports import Effect, PlannedEffect, Sink
from aiqa_integration.sinks.mail import MailServer, MailSink
from aiqa_integration.sinks.webhook import WebhookSink
from tests.fhir_reports import phantom_report, refused_report

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
SECRET = "quite secret"
SENDER, RECIPIENTS = "aiqa@hospital.example", ("mr@hospital.example", "physics@hospital.example")


def proposed(urgency: Urgency = "now", kind: RecommendationKind = RecommendationKind.REPEAT_NOW) -> Recommendation:
    return Recommendation(
        kind=kind,
        reason="worth-a-repeat",
        text="Motion, severe (probability 96 %): repeat the series while the patient is on the table.",
        urgency=urgency,
        change="coach the patient",
        artifacts=("motion",),
        until="2026-03-04T12:09:00+00:00",
    )


def patient_report(series: str = "4", **changes: Any) -> QaReport:
    told = {"subject": "patient", "phantom": None, "judgements": (), "recommendation": proposed(), **changes}
    return replace(phantom_report(series=series), **told)


def claimed(planned: PlannedEffect) -> Effect:
    return Effect(
        effect_id="1", job_id="1", sink=planned.sink, target=planned.target, kind=planned.kind,
        dedupe_key=planned.dedupe_key, media_type=planned.media_type, payload_sha256="0" * 64,
        attributes=planned.attributes, attempts=1, lease_owner="test",
    )  # fmt: skip


def webhook(url: str = "http://receiver.invalid/secret-path", secret: str | None = SECRET) -> WebhookSink:
    return WebhookSink(url, secret=secret, now=lambda: NOW)


def mail(port: int = 25, **changes: Any) -> MailSink:
    server = MailServer(**{"host": "127.0.0.1", "port": port, "encryption": "none", **changes})
    return MailSink(server, sender=SENDER, recipients=RECIPIENTS, board_url="https://aiqa.example/notices/")


@pytest.fixture(params=[webhook, mail], ids=["webhook", "mail"])
def sink(request) -> Sink:
    made: Sink = request.param()
    return made


def key_of(sink: Sink, report: QaReport) -> str:
    (planned,) = sink.plan(report, None)
    return planned.dedupe_key


def test_only_what_cannot_wait_is_sent(sink):
    assert len(sink.plan(patient_report(), None)) == 1
    assert len(sink.plan(patient_report(recommendation=proposed("today")), None)) == 1
    assert sink.plan(patient_report(recommendation=proposed("none")), None) == ()
    assert sink.plan(patient_report(recommendation=None), None) == ()
    assert sink.plan(refused_report(), None) == ()


def test_the_same_report_is_the_same_message_and_a_study_is_told_of_once(sink):
    first = sink.plan(patient_report(), None)
    assert first == sink.plan(patient_report(), None)
    assert key_of(sink, patient_report("5")) == first[0].dedupe_key
    assert key_of(sink, patient_report(revision=2)) == first[0].dedupe_key
    other = replace(phantom_report().ref, study_instance_uid="1.2.9")
    assert key_of(sink, patient_report(ref=other)) != first[0].dedupe_key
    assert key_of(sink, patient_report(recommendation=proposed("today"))) != first[0].dedupe_key


def test_a_fault_of_a_scanner_is_told_once_a_day_whatever_the_study(sink):
    service = proposed("today", RecommendationKind.SERVICE)
    other = replace(phantom_report().ref, study_instance_uid="1.2.9")
    first = key_of(sink, patient_report(recommendation=service))
    assert key_of(sink, patient_report(recommendation=service, ref=other)) == first
    provenance = replace(phantom_report().provenance, created_at="2026-11-21T06:47:02+00:00")
    assert key_of(sink, patient_report(recommendation=service, provenance=provenance)) != first


def test_two_receivers_are_two_messages():
    elsewhere = webhook("http://other.invalid/")
    assert key_of(elsewhere, patient_report()) != key_of(webhook(), patient_report())
    server = MailServer(host="127.0.0.1", port=25)
    one = MailSink(server, sender=SENDER, recipients=RECIPIENTS[:1], board_url=None)
    assert key_of(one, patient_report()) != key_of(mail(), patient_report())


def test_what_is_kept_of_the_receiver_is_no_secret():
    (planned,) = webhook().plan(patient_report(), None)
    assert planned.target == "http://receiver.invalid"
    (written,) = mail().plan(patient_report(), None)
    assert written.target == "127.0.0.1"


def test_a_webhook_is_signed_json_with_a_key_against_doubles(httpserver: HTTPServer):
    httpserver.expect_request("/hook", method="POST").respond_with_data("", status=204)
    sink = webhook(httpserver.url_for("/hook"))
    (planned,) = sink.plan(patient_report(), None)
    for _ in range(2):
        receipt = sink.deliver(claimed(planned), planned.payload)
    assert "204" in receipt.detail
    (first, _), (second, _) = httpserver.log
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"] == planned.dedupe_key
    assert first.get_data() == second.get_data() == planned.payload
    signed = f"{planned.dedupe_key}.{int(NOW.timestamp())}.".encode() + first.get_data()
    wanted = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
    assert first.headers["webhook-signature"] == f"v1,{wanted}"
    assert first.headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    document = json.loads(first.get_data())
    assert (document["kind"], document["urgency"], document["device"]["station"]) == ("repeat-now", "now", "MR2")
    assert document["study_instance_uid"] == patient_report().ref.study_instance_uid


def test_an_unsigned_webhook_carries_no_signature(httpserver: HTTPServer):
    httpserver.expect_request("/hook").respond_with_data("")
    sink = webhook(httpserver.url_for("/hook"), secret=None)
    (planned,) = sink.plan(patient_report(), None)
    sink.deliver(claimed(planned), planned.payload)
    assert "webhook-signature" not in httpserver.log[0][0].headers


@pytest.mark.parametrize(("status", "error"), [(408, ReceiverUnavailable), (429, ReceiverUnavailable),
    (500, ReceiverUnavailable), (503, ReceiverUnavailable), (301, ReceiverRefused), (400, ReceiverRefused),
    (401, ReceiverRefused), (404, ReceiverRefused), (410, ReceiverRefused)])  # fmt: skip
def test_a_webhook_that_says_no(httpserver: HTTPServer, status, error):
    headers = {"Retry-After": "7", "Location": "/elsewhere"}
    httpserver.expect_request("/hook").respond_with_response(Response("no", status=status, headers=headers))
    sink = webhook(httpserver.url_for("/hook"))
    (planned,) = sink.plan(patient_report(), None)
    with pytest.raises(error) as raised:
        sink.deliver(claimed(planned), planned.payload)
    assert "no" not in str(raised.value).split()
    if error is ReceiverUnavailable:
        assert raised.value.retry_after_s == 7
    assert len(httpserver.log) == 1


@pytest.mark.parametrize("wish", ["Sun, 06 Nov 1994 08:49:37 GMT", "soon", ""])
def test_a_webhook_may_ask_for_time_in_any_way_that_http_knows(httpserver: HTTPServer, wish):
    httpserver.expect_request("/hook").respond_with_data("", status=503, headers={"Retry-After": wish} if wish else {})
    sink = webhook(httpserver.url_for("/hook"))
    (planned,) = sink.plan(patient_report(), None)
    with pytest.raises(ReceiverUnavailable) as raised:
        sink.deliver(claimed(planned), planned.payload)
    assert raised.value.retry_after_s == (0.0 if "1994" in wish else None)


def test_a_webhook_that_does_not_know_us_names_the_setting(httpserver: HTTPServer):
    httpserver.expect_request("/hook").respond_with_data("", status=401)
    sink = webhook(httpserver.url_for("/hook"))
    (planned,) = sink.plan(patient_report(), None)
    with pytest.raises(ReceiverRefused, match="signature") as raised:
        sink.deliver(claimed(planned), planned.payload)
    assert raised.value.status == 401
    assert "webhook.secret" in raised.value.fix


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.parametrize("make", [lambda: webhook(f"http://127.0.0.1:{unused_port()}/"), lambda: mail(unused_port())])
def test_a_receiver_that_is_away_is_tried_again(make):
    sink = make()
    (planned,) = sink.plan(patient_report(), None)
    with pytest.raises(ReceiverUnavailable):
        sink.deliver(claimed(planned), planned.payload)


@dataclass
class Mailbox:
    """An SMTP server (RFC 5321) that keeps mails; ``replies`` are given to the next commands of that name instead."""

    port: int = 0
    mails: list[bytes] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    replies: dict[str, deque[str]] = field(default_factory=dict)


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()

    class Handler(socketserver.StreamRequestHandler):
        def say(self, reply: str) -> None:
            self.wfile.write(f"{reply}\r\n".encode())

        def handle(self) -> None:
            self.say("220 mailbox")
            while line := self.rfile.readline().decode().strip():
                verb = line.split()[0].upper()
                scripted = box.replies.get(verb)
                reply = scripted.popleft() if scripted else ""
                if reply == "drop":
                    return
                if verb == "DATA" and not reply:
                    self.say("354 go on")
                    self.keep()
                    reply = "250 kept"
                if verb == "RCPT" and not reply:
                    box.recipients.append(line)
                self.say(reply or ("221 bye" if verb == "QUIT" else "250 ok"))
                if verb == "QUIT":
                    return

        def keep(self) -> None:
            lines = []
            while (line := self.rfile.readline()) != b".\r\n":
                lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
            box.mails.append(b"".join(lines))

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        box.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield box
        finally:
            server.shutdown()
            thread.join()


def deliver_mail(box: Mailbox, report: QaReport | None = None, **changes: Any) -> str:
    sink = mail(box.port, **changes)
    (planned,) = sink.plan(report or patient_report(), None)
    return sink.deliver(claimed(planned), planned.payload).detail


def test_a_mail_says_where_and_what_to_do_and_nothing_of_the_patient():
    with mailbox() as box:
        assert deliver_mail(box) == "taken for 2 of 2 recipients"
        deliver_mail(box)
    first, second = box.mails
    assert first == second
    read = message_from_bytes(first, policy=default)
    assert read["Subject"] == "AIQA: REPEAT NOW, MR2 (SIEMENS Prisma)"
    assert read["To"] == ", ".join(RECIPIENTS)
    assert read["Message-ID"].endswith("@aiqa.invalid>")
    body = read.get_content()
    assert "coach the patient" in body
    assert "https://aiqa.example/notices/" in body
    report = patient_report()
    for identifying in (report.ref.study_instance_uid, report.ref.series_instance_uid, report.report_uid):
        assert identifying not in first.decode()


def test_a_mail_about_simulated_images_says_so():
    with mailbox() as box:
        deliver_mail(box, patient_report(simulated=True))
    assert b"SIMULATED IMAGES" in box.mails[0]


@pytest.mark.parametrize(("replies", "error"), [
    ({"MAIL": "550 no such sender"}, ReceiverRefused), ({"MAIL": "451 later"}, ReceiverUnavailable),
    ({"DATA": "554 spam"}, ReceiverRefused), ({"DATA": "drop"}, ReceiverUnavailable),
    ({"EHLO": "drop"}, ReceiverUnavailable)])  # fmt: skip
def test_a_mail_server_that_says_no(replies, error):
    with mailbox() as box:
        box.replies = {verb: deque([reply]) for verb, reply in replies.items()}
        with pytest.raises(error) as raised:
            deliver_mail(box)
    assert "spam" not in str(raised.value)
    assert box.mails == []


@pytest.mark.parametrize(("replies", "error"), [(["550 who", "550 who"], ReceiverRefused),
                                                (["550 who", "450 busy"], ReceiverUnavailable)])  # fmt: skip
def test_a_mail_server_that_knows_nobody(replies, error):
    with mailbox() as box:
        box.replies = {"RCPT": deque(replies)}
        with pytest.raises(error):
            deliver_mail(box)


def test_one_wrong_address_does_not_keep_the_mail_from_the_other():
    with mailbox() as box:
        box.replies = {"RCPT": deque(["550 who"])}
        assert deliver_mail(box) == "taken for 1 of 2 recipients"


def test_encryption_that_the_server_lacks_is_no_reason_to_send_in_the_clear():
    with mailbox() as box:
        with pytest.raises(ReceiverRefused):
            deliver_mail(box, encryption="starttls")
        assert box.mails == []
