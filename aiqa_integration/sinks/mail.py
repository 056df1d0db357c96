"""Recommendations that cannot wait, by e-mail: which scanner, what to do; nothing of any patient."""

import smtplib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import Literal

from aiqa_integration.errors import ReceiverRefused, ReceiverUnavailable
from aiqa_integration.model.identity import identity
from aiqa_integration.model.report import QaReport
from aiqa_integration.model.wording import INTENDED_USE
from aiqa_integration.pipeline.ports import Effect, LoadedSeries, PlannedEffect, Receipt
from aiqa_integration.recommendations.message import Message, message_of

KIND = "recommendation"
MEDIA_TYPE = "message/rfc822"
TIMEOUT_S = 20.0
PERMANENT = 500
"""From this reply code on a mail server means never (RFC 5321 4.2.1)."""

Encryption = Literal["starttls", "tls", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where mail is handed over, as plain values."""

    host: str
    port: int
    encryption: Encryption = "starttls"
    user: str | None = None
    password: str | None = field(default=None, repr=False)


class MailSink:
    """Mails what a person has to be told now or today; fulfils ``pipeline.ports.Sink``.

    ``board_url`` is where people find the notice board. A message sent twice carries the same Message-ID.
    """

    name = "mail"

    def __init__(self, server: MailServer, *, sender: str, recipients: Sequence[str], board_url: str | None) -> None:
        self._server = server
        self._sender = sender
        self._recipients = tuple(recipients)
        self._board_url = board_url

    def plan(self, report: QaReport, series: LoadedSeries | None) -> tuple[PlannedEffect, ...]:  # noqa: ARG002
        """Return one effect where the report's recommendation cannot wait, none else."""
        message = message_of(report)
        if message is None:
            return ()
        key = str(identity("effect", self.name, *self._recipients, message.key))
        return (
            PlannedEffect(
                sink=self.name,
                target=self._server.host,
                kind=KIND,
                dedupe_key=key,
                subject_key=key,
                media_type=MEDIA_TYPE,
                payload=self._written(report, message, key),
            ),
        )

    def deliver(self, effect: Effect, payload: bytes) -> Receipt:
        """Hand the mail to the server, whose yes is all the proof there is.

        Raises ReceiverUnavailable or ReceiverRefused.
        """
        try:
            refused = self._send(payload)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            if all(code >= PERMANENT for code in codes):
                raise ReceiverRefused(f"the mail server takes no recipient: {codes}") from error
            raise ReceiverUnavailable(f"the mail server takes no recipient now: {codes}") from error
        except smtplib.SMTPResponseException as error:
            if error.smtp_code >= PERMANENT:
                raise ReceiverRefused(f"the mail server answers {error.smtp_code}") from error
            raise ReceiverUnavailable(f"the mail server answers {error.smtp_code}") from error
        except smtplib.SMTPNotSupportedError as error:
            raise ReceiverRefused(
                "the mail server does not offer what the settings ask for (encryption, login)"
            ) from error
        except (OSError, smtplib.SMTPException) as error:
            raise ReceiverUnavailable(f"the mail server cannot be reached: {type(error).__name__}") from error
        taken = len(self._recipients) - len(refused)
        return Receipt(remote_id=effect.dedupe_key, detail=f"taken for {taken} of {len(self._recipients)} recipients")

    def _send(self, payload: bytes) -> dict[str, tuple[int, bytes]]:
        server = self._server
        kind = smtplib.SMTP_SSL if server.encryption == "tls" else smtplib.SMTP
        with kind(server.host, server.port, timeout=TIMEOUT_S) as connection:
            if server.encryption == "starttls":
                connection.starttls()
            if server.user is not None:
                connection.login(server.user, server.password or "")
            return connection.sendmail(self._sender, list(self._recipients), payload)

    def _written(self, report: QaReport, message: Message, key: str) -> bytes:
        recommendation = message.recommendation
        mail = EmailMessage(policy=SMTP)
        mail["Subject"] = f"AIQA: {message.headline}"
        mail["From"], mail["To"] = self._sender, ", ".join(self._recipients)
        mail["Date"] = datetime.fromisoformat(report.provenance.created_at)
        mail["Message-ID"] = f"<{key}@aiqa.invalid>"
        mail["Auto-Submitted"] = "auto-generated"
        parts = [
            f"Scanner: {message.scanner}",
            recommendation.text,
            f"What to change: {recommendation.change}" if recommendation.change else "",
            f"Of use until {recommendation.until}" if recommendation.until else "",
            f"Notice board: {self._board_url}" if self._board_url else "The series is on the notice board of AIQA.",
            INTENDED_USE,
        ]
        mail.set_content("\n\n".join(part for part in parts if part), cte="quoted-printable")
        return mail.as_bytes()
