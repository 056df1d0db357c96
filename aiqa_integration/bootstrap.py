"""The one place where adapters meet the core: settings in, working services out."""

import os
import secrets
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TypedDict
from zoneinfo import ZoneInfo

from threadpoolctl import threadpool_limits

from aiqa_integration import __version__
from aiqa_integration.dicom.directory_archive import DirectoryArchive
from aiqa_integration.dicom.encode import encode_objects
from aiqa_integration.dicom.pdf import PrintReport
from aiqa_integration.dicom.presentation import preview_png
from aiqa_integration.dicom.profiles import profile_named
from aiqa_integration.dicom.uids import Role
from aiqa_integration.dicom.volume import DicomSeriesReader
from aiqa_integration.dicom.web import ARCHIVE, DicomWebArchive
from aiqa_integration.errors import ConfigurationError
from aiqa_integration.fhir.bundle import report_bundle_bytes
from aiqa_integration.fhir.capability import Capability
from aiqa_integration.fhir.client import EHR, FhirClient
from aiqa_integration.fhir.matching import Directory, check_patients
from aiqa_integration.fhir.style import Audit, Style
from aiqa_integration.fhir.subscription import Ear, keep_subscribed
from aiqa_integration.fhir.task_board import FhirTaskBoard
from aiqa_integration.http.credentials import BasicCredentials, BearerToken, Credentials
from aiqa_integration.http.oidc import Client, ClientCredentials
from aiqa_integration.http.receiver import Receiver
from aiqa_integration.http.signing_keys import AllKeys, KeyFolder, OneKey, SigningKeys
from aiqa_integration.http.smart import SmartClient, SmartCredentials
from aiqa_integration.http.tls import Tls
from aiqa_integration.infer.bundle import Bundle, Check, find_bundles, verify
from aiqa_integration.infer.isolate import IsolatedInferencer
from aiqa_integration.ledger import schema
from aiqa_integration.ledger.access import SqlTokens
from aiqa_integration.ledger.artifacts import FileArtifacts
from aiqa_integration.ledger.facade import SqlFacade
from aiqa_integration.ledger.queries import Books
from aiqa_integration.ledger.scanner_record import SqlScannerRecord
from aiqa_integration.ledger.sql_ledger import SqlLedger
from aiqa_integration.model.month import CalendarMonth
from aiqa_integration.model.report import QaReport
from aiqa_integration.model.report_json import report_bytes
from aiqa_integration.pipeline.advance import Workshop, advance
from aiqa_integration.pipeline.analyst import Analyst
from aiqa_integration.pipeline.chore import (
    EHR_PATIENTS,
    EHR_SUBSCRIPTION,
    EHR_TASKS,
    FACADE_TASKS,
    MONTHS,
    Chore,
    do_when_due,
)
from aiqa_integration.pipeline.deliver import Dispatch, deliver
from aiqa_integration.pipeline.follow_up import Hook, follow_up, tell
from aiqa_integration.pipeline.poll import poll_when_due
from aiqa_integration.pipeline.ports import (
    Archive,
    ArchiveSchedule,
    Clock,
    LoadedSeries,
    NoScannerRecord,
    RetryPolicy,
    ScannerRecord,
    Sink,
    SummarySink,
)
from aiqa_integration.pipeline.recommend import Adviser
from aiqa_integration.pipeline.sign import Desk
from aiqa_integration.pipeline.summarize import summarize
from aiqa_integration.recommendations.policy import Policy
from aiqa_integration.rules.schema import RuleSet, default_rules, parse_rules
from aiqa_integration.settings import ArchiveSettings, AuthSettings, EhrSettings, Settings, Window, load_settings
from aiqa_integration.sinks.facade import NAME as FACADE
from aiqa_integration.sinks.facade import FacadeSink, FacadeTasks
from aiqa_integration.sinks.fhir_server import FhirSink
from aiqa_integration.sinks.mail import MailServer, MailSink
from aiqa_integration.sinks.pacs import PacsSink
from aiqa_integration.sinks.webhook import WebhookSink
from aiqa_integration.tolerances.limits import LimitSet, shipped_limit_sets

CHECK_EVERY = timedelta(hours=1)
SUBSCRIBE_EVERY = timedelta(minutes=5)
SUMMARIZE_EVERY = timedelta(hours=6)


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the current time in UTC."""
        return datetime.now(tz=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The pipeline's verbs, ready to be called by a worker: poll an archive, advance a job, deliver an effect."""

    ledger: SqlLedger
    artifacts: FileArtifacts
    clock: SystemClock
    schedules: Mapping[str, ArchiveSchedule]
    workshop: Workshop
    dispatch: Dispatch
    owner: str
    chores: Mapping[str, Chore] = field(default_factory=dict)

    @property
    def archive_names(self) -> tuple[str, ...]:
        """Names of the archives to be polled, and of other periodic work."""
        return (*self.schedules, *self.chores)

    def poll(self, archive: str) -> None:
        """Poll an archive, or do another periodic work, if it is due."""
        if archive in self.chores:
            do_when_due(self.chores[archive], self.ledger, self.clock)
        else:
            poll_when_due(self.schedules[archive], self.ledger, self.clock)

    def advance(self, job_id: str) -> None:
        """Bring a job from SETTLED to MEASURED or IGNORED."""
        advance(job_id, self.workshop, owner=self.owner)

    def deliver(self, effect_id: str) -> None:
        """Send an effect."""
        deliver(effect_id, self.dispatch, owner=self.owner)


@contextmanager
def services(settings: Settings, print_report: PrintReport | None = None) -> Iterator[Services]:
    """Build the services of a worker; the tables are brought up to date first, bundles are stopped at the end.

    ``print_report`` makes the PDF of a report where an archive is to get one.
    """
    work_folder = settings.data_folder / "work"
    work_folder.mkdir(parents=True, exist_ok=True)
    schema.upgrade(settings.database_url)
    clock, archive = SystemClock(), make_archive(settings)
    artifacts = FileArtifacts(settings.data_folder / "artifacts")
    ledger = SqlLedger(settings.database_url, artifacts)
    sinks = make_sinks(settings, archive, clock, print_report)
    if settings.facade.enabled:
        sinks[FACADE] = FacadeSink(SqlFacade(ledger.engine), clock)
    lease = timedelta(seconds=settings.worker.lease_s)
    retry = _retry_policy(settings)
    with make_analyst(settings, clock, SqlScannerRecord(ledger.engine)) as analyst:
        ledger.keep_rules(analyst.rules.revision, analyst.rules.canonical_text, at=clock.now())
        yield Services(
            ledger=ledger,
            artifacts=artifacts,
            clock=clock,
            schedules={archive.name: _schedule(settings, archive)},
            workshop=Workshop(
                archives={archive.name: archive},
                reader=DicomSeriesReader(),
                analyst=analyst,
                sinks=sinks,
                draw=preview_png,
                ledger=ledger,
                artifacts=artifacts,
                clock=clock,
                retry=retry,
                lease=lease,
                work_folder=work_folder,
                adviser=make_adviser(settings),
                always=(FACADE,),
            ),
            dispatch=Dispatch(sinks=sinks, artifacts=artifacts, ledger=ledger, clock=clock, retry=retry, lease=lease),
            owner=f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}",
            chores={chore.name: chore for chore in _chores(settings, sinks, ledger, artifacts, clock)},
        )
    ledger.close()


def make_archive(settings: Settings) -> Archive:
    """Return the archive that the settings name; raises ConfigurationError where they name none or two."""
    chosen = settings.archive
    if (chosen.url is None) == (chosen.folder is None):
        raise ConfigurationError("settings: give archive.url (DICOMweb) or archive.folder (directory), one of them")
    if chosen.folder is not None:
        return DirectoryArchive(chosen.folder, chosen.name)
    return DicomWebArchive(
        str(chosen.url),
        name=chosen.name,
        profile=profile_named(chosen.profile),
        page_size=chosen.page_size,
        **_access(settings, chosen, ARCHIVE),
    )


def make_sinks(
    settings: Settings, archive: Archive, clock: Clock, print_report: PrintReport | None = None
) -> dict[str, Sink]:
    """Return the sinks that can be reached, by the names that rules use."""
    cannot_hold = profile_named(settings.archive.profile).cannot_hold
    roles = [role for role in map(Role, settings.archive.objects) if role not in cannot_hold]
    sinks: dict[str, Sink] = {"pacs": PacsSink(archive, roles=roles, print_report=print_report)}
    if settings.ehr.url is not None:
        sinks["ehr"] = FhirSink(fhir_client(settings), style=_style(settings), directory=_directory(settings))
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


@contextmanager
def desk(settings: Settings) -> Iterator[Desk]:
    """Open what a person needs to sign a result; the tables must be up to date."""
    artifacts = FileArtifacts(settings.data_folder / "artifacts")
    ledger = SqlLedger(settings.database_url, artifacts)
    clock = SystemClock()
    sinks = make_sinks(settings, make_archive(settings), clock)
    yield Desk(sinks=sinks, artifacts=artifacts, ledger=ledger, clock=clock)
    ledger.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthDesk:
    """What a summary of a month needs: its receivers, its books, the site's zone."""

    sinks: Sequence[SummarySink]
    ledger: SqlLedger
    artifacts: FileArtifacts
    clock: SystemClock
    zone: tzinfo | None


@contextmanager
def month_desk(settings: Settings) -> Iterator[MonthDesk]:
    """Open what a summary of a month needs; the tables must be up to date."""
    artifacts, clock = FileArtifacts(settings.data_folder / "artifacts"), SystemClock()
    ledger = SqlLedger(settings.database_url, artifacts)
    sinks = make_sinks(settings, make_archive(settings), clock)
    if settings.facade.enabled:
        sinks[FACADE] = FacadeSink(SqlFacade(ledger.engine), clock)
    yield MonthDesk(
        sinks=summary_sinks_of(settings, sinks),
        ledger=ledger,
        artifacts=artifacts,
        clock=clock,
        zone=make_adviser(settings).zone,
    )
    ledger.close()


@contextmanager
def make_analyst(settings: Settings, clock: SystemClock, record: ScannerRecord | None = None) -> Iterator[Analyst]:
    """Return rules, limits and bundles; the process that runs bundles ends with the block.

    Without a record of the scanners nothing is calibrated. Linear algebra gets one thread meanwhile: its arrays are
    small, and several threads take five times the processor time.
    """
    with (
        threadpool_limits(limits=1, user_api="blas"),
        IsolatedInferencer(bundles(settings), deadline_s=settings.worker.inference_deadline_s) as inferencer,
    ):
        yield Analyst(
            inferencer=inferencer,
            rules=active_rules(settings),
            limit_sets=limit_sets(),
            clock=clock,
            software_version=__version__,
            record=record or NoScannerRecord(),
        )


def encode_files(report: QaReport, series: LoadedSeries | None) -> dict[str, bytes]:
    """Return what ``aiqa analyze`` writes for a report, by file name; raises EncodingError."""
    slices = series.stack.slices if series else ()
    written = {"report.json": report_bytes(report, slices)}
    if report.subject == "phantom":
        written["fhir.json"] = report_bundle_bytes(report, series.header if series else None)
    if series is not None:
        written["preview.png"] = preview_png(report, series)
        written |= {f"{role}.dcm": content for role, content in encode_objects(report, series).items()}
    return written


def active_rules(settings: Settings | None = None) -> RuleSet:
    """Return the rules that the settings name, or those that ship with AIQA."""
    file = (settings or load_settings()).rules_file
    return rules_of(file) if file else default_rules()


def rules_of(file: Path) -> RuleSet:
    """Return the rules of a file; raises ConfigurationError."""
    try:
        return parse_rules(file.read_text("utf-8"))
    except OSError as error:
        raise ConfigurationError(f"rule file: {error}") from error


def fhir_client(settings: Settings) -> FhirClient:
    """Return a client of the FHIR server that the settings name; raises ConfigurationError."""
    return FhirClient(settings.ehr.url or "", **_access(settings, settings.ehr, EHR))


def _chores(
    settings: Settings, sinks: Mapping[str, Sink], ledger: SqlLedger, artifacts: FileArtifacts, clock: SystemClock
) -> Iterator[Chore]:
    """Yield the periodic work beside the polling."""
    chosen, lease = settings.ehr, timedelta(seconds=settings.worker.lease_s)
    follow_every = timedelta(seconds=chosen.follow_every_s)
    if settings.facade.enabled:
        shown = FacadeTasks(SqlFacade(ledger.engine))

        def show() -> None:
            tell(shown, ledger, now=clock.now())

        yield Chore(name=FACADE_TASKS, every=follow_every, work=show, lease=lease)
    if chosen.url is not None:
        yield from _ehr_chores(settings, ledger, clock)
    summary_sinks, zone = summary_sinks_of(settings, sinks), make_adviser(settings).zone
    if not summary_sinks:
        return

    def look_back() -> None:
        now = clock.now()
        month = CalendarMonth.before(now.astimezone(zone).date())
        summarize(month, summary_sinks, ledger, artifacts, now=now, zone=zone)

    yield Chore(name=MONTHS, every=SUMMARIZE_EVERY, work=look_back, lease=lease)


def _ehr_chores(settings: Settings, ledger: SqlLedger, clock: SystemClock) -> Iterator[Chore]:
    chosen, lease = settings.ehr, timedelta(seconds=settings.worker.lease_s)
    client, directory = fhir_client(settings), _directory(settings)

    def follow() -> None:
        follow_up(FhirTaskBoard(client), ledger, now=clock.now())

    yield Chore(name=EHR_TASKS, every=timedelta(seconds=chosen.follow_every_s), work=follow, lease=lease)
    ear = ehr_ear(settings)
    if ear is not None:
        listener = ear

        def listen() -> None:
            keep_subscribed(client, listener, now=clock.now())

        yield Chore(name=EHR_SUBSCRIPTION, every=SUBSCRIBE_EVERY, work=listen, lease=lease)
    if sends_patients(settings):
        yield Chore(
            name=EHR_PATIENTS, every=CHECK_EVERY, work=lambda: _done(check_patients(client, directory)), lease=lease
        )


def _done(_: object) -> None:
    """Take what a work returns that is only of interest to a person who asks."""


def ehr_ear(settings: Settings) -> Ear | None:
    """Return where the EHR is to tell of changed Tasks; None where it is not asked to."""
    chosen = settings.ehr
    if chosen.hook_url is None or chosen.hook_secret is None:
        return None
    return Ear(url=chosen.hook_url, secret=chosen.hook_secret.get_secret_value())


def sends_patients(settings: Settings) -> bool:
    """Return whether a rule sends results about patients to the EHR."""
    rules = active_rules(settings).rule
    return any(rule.enabled and rule.subject == "patient" and EHR.section in rule.sinks for rule in rules)


def summary_sinks_of(settings: Settings, sinks: Mapping[str, Sink]) -> list[SummarySink]:
    """Return the sinks that get what a scanner came to in a month."""
    wanted = {name for name in sinks if name != EHR.section or settings.ehr.monthly_summaries}
    return [sink for name, sink in sinks.items() if name in wanted and isinstance(sink, SummarySink)]


def _style(settings: Settings) -> Style:
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


def books_of(ledger: SqlLedger) -> Books:
    """Return what the console reads of a ledger."""
    return Books(ledger.engine)


def limit_sets() -> tuple[LimitSet, ...]:
    """Return the limit sets that ship with AIQA; raises ConfigurationError where one breaks its schema."""
    return shipped_limit_sets()


def bundles(settings: Settings | None = None) -> Mapping[str, Bundle]:
    """Return the bundles that can be found, by name."""
    return find_bundles((settings or load_settings()).bundles_folder)


def bundle_named(name: str, settings: Settings | None = None) -> Bundle:
    """Return a bundle; raises ConfigurationError where there is none of that name."""
    found = bundles(settings)
    if name not in found:
        raise ConfigurationError(f"no bundle '{name}'; known: {', '.join(found) or 'none'}")
    return found[name]


def verify_bundles(names: Sequence[str] = (), settings: Settings | None = None) -> Iterator[tuple[str, Check]]:
    """Yield what is right and wrong with bundles, of all where none is named."""
    for name in names or bundles(settings):
        for check in verify(bundle_named(name, settings)):
            yield name, check


def probe_archive(settings: Settings) -> str:
    """Return what a first QIDO of the archive says; raises ArchiveUnavailable, ArchiveRefused, ConfigurationError."""
    archive = make_archive(settings)
    today = datetime.now(tz=UTC).date()
    count = sum(1 for _ in archive.find_studies(today, today))
    return f"{count} studies of today"


def probe_ehr(settings: Settings) -> str:
    """Return what the FHIR server says of itself, and what it will not get; raises EhrUnavailable or EhrRefused."""
    statement = fhir_client(settings).capability()
    software, can = statement.get("software", {}), Capability.of(statement)
    how = "transactions" if can.transactions else "no transactions: resource by resource"
    lacks = [can.lacks("PUT", kind, "identifier") for kind in ("Observation", "DiagnosticReport", "DocumentReference")]
    lacks += [can.lacks("POST", kind, "identifier") for kind in ("Device", "ImagingStudy", "ServiceRequest", "Task")]
    lacks.append(can.lacks("POST", "Provenance", "_tag"))
    left_out = ", ".join(lack for lack in lacks if lack)
    said = f"{software.get('name', 'unnamed server')}, FHIR {statement.get('fhirVersion', 'unknown')}, {how}"
    return f"{said}; left out: {left_out}" if left_out else said


def probe_patients(settings: Settings) -> str:
    """Return how the EHR's Patients are found; raises EhrUnmatched where results about patients would wait."""
    return check_patients(fhir_client(settings), _directory(settings))


def probe_subscription(settings: Settings) -> str:
    """Return whether the EHR can tell of changed Tasks; raises EhrUnavailable or EhrRefused."""
    can = fhir_client(settings).abilities().searches("Subscription", "url")
    return "rest-hook Subscriptions" if can else "the server has no Subscriptions: its Tasks are only looked at"


@contextmanager
def open_ledger(settings: Settings) -> Iterator[tuple[SqlLedger, SystemClock]]:
    """Open the ledger for a command; the tables must be up to date."""
    ledger = SqlLedger(settings.database_url, FileArtifacts(settings.data_folder / "artifacts"))
    yield ledger, SystemClock()
    ledger.close()


@contextmanager
def open_scanner_record(settings: Settings) -> Iterator[tuple[SqlScannerRecord, SystemClock]]:
    """Open what is known of the scanners for a command; the tables must be up to date."""
    with open_ledger(settings) as (ledger, clock):
        yield SqlScannerRecord(ledger.engine), clock


@contextmanager
def open_tokens(settings: Settings) -> Iterator[tuple[SqlTokens, SystemClock]]:
    """Open the bearer tokens of the FHIR API for a command; the tables must be up to date."""
    with open_ledger(settings) as (ledger, clock):
        yield SqlTokens(ledger.engine), clock


def key_folder(settings: Settings) -> KeyFolder:
    """Return the keys that ``aiqa keys`` makes."""
    return KeyFolder(settings.data_folder / "keys")


def signing_keys(settings: Settings) -> AllKeys:
    """Return every key that others may have to verify us by."""
    own = [auth for auth in (settings.ehr.auth, settings.archive.auth) if auth.private_key is not None]
    return AllKeys([key_folder(settings), *(_keys_of(settings, auth) for auth in own)])


def console_parts(settings: Settings) -> tuple[Books, FileArtifacts, SqlLedger, str, Policy, Hook | None]:
    """Return what the console needs.

    Books and artifacts that it reads, the ledger that takes answers, the name of the site, the repeat rule's policy,
    what an EHR calls.
    """
    artifacts = FileArtifacts(settings.data_folder / "artifacts")
    ledger = SqlLedger(settings.database_url, artifacts)
    policy, hook = make_adviser(settings).policy, ehr_hook(settings, ledger)
    return Books(ledger.engine), artifacts, ledger, settings.site_name, policy, hook


def ehr_hook(settings: Settings, ledger: SqlLedger) -> Hook | None:
    """Return what an EHR calls when Tasks changed; None without a secret."""
    secret = settings.ehr.hook_secret
    if secret is None:
        return None
    return Hook(secret=secret.get_secret_value(), look=lambda now: ledger.look_now(EHR_TASKS, now))


def _schedule(settings: Settings, archive: Archive) -> ArchiveSchedule:
    chosen = settings.archive
    return ArchiveSchedule(
        archive=archive,
        every=timedelta(seconds=chosen.poll_every_s),
        quiet=timedelta(seconds=chosen.quiet_s),
        window_days=_days(chosen.window_days),
        reconcile_window_days=_days(chosen.reconcile_window_days),
        lease=timedelta(seconds=settings.worker.lease_s),
    )


def _days(window: Window) -> int | None:
    return None if window == "all" else window


def _retry_policy(settings: Settings) -> RetryPolicy:
    worker = settings.worker
    return RetryPolicy(
        first=timedelta(seconds=worker.retry_first_s),
        longest=timedelta(seconds=worker.retry_longest_s),
        give_up_after=worker.retry_give_up_after,
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


class _Access(TypedDict):
    credentials: Credentials
    tls: Tls


def _access(settings: Settings, chosen: ArchiveSettings | EhrSettings, receiver: Receiver) -> _Access:
    """Return how we prove who we are to a receiver, and whom we trust; raises ConfigurationError."""
    auth, tls = chosen.auth, chosen.tls
    files = Tls(ca_file=tls.ca_file, certificate_file=tls.certificate_file, key_file=tls.key_file)
    files.check(receiver.section)
    if auth.smart:
        client = SmartClient(
            server_url=chosen.url or "",
            client_id=auth.client_id or "",
            scope=auth.scope,
            token_url=auth.token_url or "",
        )
        return {"credentials": SmartCredentials(client, receiver, _keys_of(settings, auth), tls=files), "tls": files}
    return {"credentials": _credentials(auth, files, receiver), "tls": files}


def _keys_of(settings: Settings, auth: AuthSettings) -> SigningKeys:
    if auth.private_key is not None:
        return OneKey(auth.private_key.get_secret_value().encode())
    return key_folder(settings)


def _credentials(auth: AuthSettings, tls: Tls, receiver: Receiver) -> Credentials:
    if auth.user is not None and auth.password is not None:
        return BasicCredentials(auth.user, auth.password.get_secret_value())
    if auth.bearer_token is not None:
        return BearerToken.fixed(auth.bearer_token.get_secret_value())
    if auth.bearer_token_file is not None:
        return BearerToken.from_file(auth.bearer_token_file, receiver)
    if auth.token_url is not None and auth.client_id is not None and auth.client_secret is not None:
        client = Client(
            token_url=auth.token_url,
            client_id=auth.client_id,
            client_secret=auth.client_secret.get_secret_value(),
            scope=auth.scope,
            audience=auth.audience,
        )
        return ClientCredentials(client, receiver, tls=tls)
    return Credentials()
