"""Whom results and notices are sent to, and in what form."""

import socket
from datetime import timedelta
from zoneinfo import ZoneInfo

from aiqa_integration.bootstrap.connections import fhir_client
from aiqa_integration.dicom.pdf import PrintReport
from aiqa_integration.dicom.profiles import profile_named
from aiqa_integration.dicom.uids import Role
from aiqa_integration.fhir.matching import Directory
from aiqa_integration.fhir.style import Audit, Style
from aiqa_integration.pipeline.ports import Archive, Clock, Sink
from aiqa_integration.pipeline.recommend import Adviser
from aiqa_integration.recommendations.policy import Policy
from aiqa_integration.settings import Settings
from aiqa_integration.sinks.fhir_server import FhirSink
from aiqa_integration.sinks.mail import MailServer, MailSink
from aiqa_integration.sinks.pacs import PacsSink
from aiqa_integration.sinks.webhook import WebhookSink


def make_sinks(
    settings: Settings, archive: Archive, clock: Clock, print_report: PrintReport | None = None
) -> dict[str, Sink]:
    """Return the sinks that can be reached, by the names that rules use."""
    cannot_hold = profile_named(settings.archive.profile).cannot_hold
    roles = [role for role in map(Role, settings.archive.objects) if role not in cannot_hold]
    sinks: dict[str, Sink] = {"pacs": PacsSink(archive, roles=roles, print_report=print_report)}
    if settings.ehr.url is not None:
        sinks["ehr"] = FhirSink(fhir_client(settings), style=resource_style(settings), directory=_directory(settings))
    if settings.webhook.url is not None:
        secret = settings.webhook.secret
        sinks["webhook"] = WebhookSink(
            settings.webhook.url, secret=secret.get_secret_value() if secret else None, now=clock.now
        )
    if settings.mail.host is not None:
        sinks["mail"] = _mail_sink(settings, settings.mail.host)
    return sinks


def make_adviser(settings: Settings) -> Adviser:
    """Return the site's policy about repeats, and the zone of its images' times."""
    chosen = settings.recommendations
    policy = Policy(
        scanner_hour_cost=chosen.scanner_hour_cost,
        repeat_minutes=chosen.repeat_minutes,
        recall_minutes=chosen.recall_minutes,
        non_diagnostic={2: chosen.unreadable_if_clear, 3: chosen.unreadable_if_severe},
        fixable=chosen.fixable,
        on_table=timedelta(minutes=chosen.on_table_minutes),
        late_after=timedelta(minutes=chosen.late_after_minutes),
        notice_budget=timedelta(seconds=chosen.notice_budget_s),
        service_after=chosen.service_after,
        alert_budget=chosen.alert_budget,
        acceptance_window=chosen.acceptance_window,
        acceptance_floor=chosen.acceptance_floor,
    )
    return Adviser(policy=policy, zone=ZoneInfo(chosen.time_zone) if chosen.time_zone else None)


def resource_style(settings: Settings) -> Style:
    """Return in what form the EHR gets its resources."""
    chosen, archive = settings.ehr, settings.archive
    has_sr = archive.url is not None and Role.REPORT_SR in archive.objects
    return Style(
        observations=chosen.observations,
        organization=settings.site_name,
        archive_url=archive.url.rstrip("/") if archive.url is not None and has_sr else None,
        audit=Audit(client_host=socket.gethostname(), server_url=chosen.url or "") if chosen.audit_events else None,
    )


def _directory(settings: Settings) -> Directory:
    chosen = settings.ehr
    return Directory(
        patient_system=chosen.patient_system,
        order_system=chosen.order_system,
        systems=chosen.systems,
        study_required=chosen.study_required,
    )


def _mail_sink(settings: Settings, host: str) -> MailSink:
    mail, console = settings.mail, settings.console.public_url
    return MailSink(
        MailServer(
            host=host,
            port=mail.port,
            encryption=mail.encryption,
            user=mail.user,
            password=mail.password.get_secret_value() if mail.password else None,
        ),
        sender=mail.sender,
        recipients=mail.recipients,
        board_url=f"{console.rstrip('/')}/notices/" if console else None,
    )
