"""Typed settings: ``aiqa.toml`` < secrets directory < environment (``AIQA_ARCHIVE__URL``) < arguments.

The one reader of environment and TOML. Rules, limits and devices are not settings.
"""

import os
from pathlib import Path
from typing import Annotated, Literal, get_origin
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from aiqa_integration.errors import ConfigurationError

PREFIX = "AIQA_"
FILE_VARIABLE = "AIQA_SETTINGS"
SECRETS_VARIABLE = "AIQA_SECRETS"

Window = Annotated[int, Field(ge=0)] | Literal["all"]
"""Days back from today, or every study, those without a date or with an impossible one included."""


ArchiveObject = Literal[
    "report_sr",
    "measurement_sr",
    "series_sr",
    "seg",
    "labelmap",
    "overlay",
    "parametric_map",
    "quality_issue",
    "pdf",
]
"""Roles of ``dicom.uids.Role`` that a site may choose; a rejection is a person's own act."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AuthSettings(_Section):
    """How to prove who we are to a server: by password, by token, as the client of an identity provider, or not."""

    user: str | None = Field(None, description="User name for HTTP basic authentication.")
    password: SecretStr | None = Field(None, description="Password for HTTP basic authentication.")
    bearer_token: SecretStr | None = Field(None, description="Static bearer token, instead of user and password.")
    bearer_token_file: Path | None = Field(None, description="File of a bearer token that somebody else renews.")
    token_url: str | None = Field(
        None, description="Token endpoint of an identity provider (OAuth 2.0 client credentials)."
    )
    client_id: str | None = Field(None, description="Client at the identity provider.")
    client_secret: SecretStr | None = Field(None, description="Secret of that client.")
    scope: str = Field("", description="Scopes to ask the identity provider for, separated by spaces.")
    audience: str = Field("", description="Audience to ask for, where the identity provider wants one.")
    smart: bool = Field(
        False,
        description="SMART Backend Services: an assertion signed by our key (`aiqa keys`) instead of a client secret.",
    )
    private_key: SecretStr | None = Field(
        None, description="Private key (PEM) to sign with, in the secrets folder; none = the keys of `aiqa keys`."
    )

    @model_validator(mode="after")
    def _one_way(self) -> "AuthSettings":
        if self.smart:
            return self._smart()
        if self.private_key is not None:
            raise ValueError("private_key goes with smart")
        ways = (self.user, self.bearer_token, self.bearer_token_file, self.token_url)
        if sum(way is not None for way in ways) > 1:
            raise ValueError("give one of user and password, bearer_token, bearer_token_file, token_url")
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together")
        if len({self.token_url is None, self.client_id is None, self.client_secret is None}) > 1:
            raise ValueError("token_url, client_id and client_secret go together")
        if self.token_url is None and (self.scope or self.audience):
            raise ValueError("scope and audience go with token_url")
        return self

    def _smart(self) -> "AuthSettings":
        others = (self.user, self.password, self.bearer_token, self.bearer_token_file, self.client_secret)
        if any(other is not None for other in others) or self.audience:
            raise ValueError("smart goes with client_id, scope, token_url and private_key only")
        if self.client_id is None or not self.scope:
            raise ValueError("smart needs client_id and scope")
        return self


class TlsSettings(_Section):
    """Whom to trust at https addresses, and which certificate to show (mutual TLS)."""

    ca_file: Path | None = Field(
        None, description="Authorities to trust (PEM), instead of the public ones; the identity provider's too."
    )
    certificate_file: Path | None = Field(None, description="Our client certificate (PEM) with its chain.")
    key_file: Path | None = Field(None, description="Its private key (PEM, no password), if in a file of its own.")

    @model_validator(mode="after")
    def _key_of_a_certificate(self) -> "TlsSettings":
        if self.key_file is not None and self.certificate_file is None:
            raise ValueError("key_file goes with certificate_file")
        return self


class ArchiveSettings(_Section):
    """The PACS."""

    name: str = Field("pacs", description="Name of the archive in rules, ledger and console.")
    url: str | None = Field(
        None, description="DICOMweb root, such as https://pacs/dicom-web; none = directory archive."
    )
    objects: tuple[ArchiveObject, ...] = Field(
        ("report_sr", "measurement_sr", "series_sr", "seg", "overlay"),
        description="Objects of a result that are stored (docs/dicom-conformance.md lists them).",
    )
    folder: Path | None = Field(None, description="Folder of the embedded directory archive, where no url is given.")
    profile: str = Field("generic", description="Kind of archive: generic, orthanc, dcm4chee, azure or aws.")
    auth: AuthSettings = Field(AuthSettings(), description="Authentication at the archive.")
    tls: TlsSettings = Field(TlsSettings(), description="Certificates for the archive.")
    poll_every_s: float = Field(15.0, gt=0, description="Seconds between polls.")
    look_s: float = Field(8.0, ge=0, description="Seconds without a new instance after which a series is analysed.")
    quiet_s: float = Field(90.0, ge=0, description="Seconds without a new instance after which a series is complete.")
    window_days: Window = Field(2, description="Study dates polled, back from today, or 'all' of them.")
    reconcile_window_days: Window = Field(
        7, description="Study dates polled once a day, for late arrivals, or 'all' of them."
    )
    page_size: int | None = Field(None, ge=1, le=200, description="Rows a QIDO page; none = as the profile says.")


class EhrSettings(_Section):
    """The FHIR server."""

    url: str | None = Field(None, description="FHIR R4 base URL; none = nothing is sent to an EHR.")
    observations: Literal["panel", "expanded"] = Field(
        "panel", description="A run as one Observation (panel), or with one more for each metric (expanded)."
    )
    audit_events: bool = Field(False, description="Whether an AuditEvent (IHE BALP) goes with each result.")
    patient_system: str = Field(
        "", description="How the EHR calls the issuer of Patient IDs whose issuer is not in ehr.systems (a URI)."
    )
    order_system: str = Field("", description="Likewise for accession numbers; none = orders of any issuer.")
    systems: dict[str, str] = Field(
        {}, description="How the EHR calls issuers of Patient IDs and accession numbers, by their names in the images."
    )
    study_required: bool = Field(
        False, description="Whether a patient's result waits until the EHR has its ImagingStudy."
    )
    follow_every_s: float = Field(15.0, gt=0, description="Seconds between looks at the Tasks in the EHR.")
    hook_url: str | None = Field(
        None, description="Address of the console's /ehr-hook as the EHR reaches it; none = Tasks are only looked at."
    )
    hook_secret: SecretStr | None = Field(None, description="Bearer secret that the EHR shows at /ehr-hook.")
    monthly_summaries: bool = Field(True, description="Whether the EHR gets a MeasureReport of each scanner and month.")
    auth: AuthSettings = Field(AuthSettings(), description="Authentication at the FHIR server.")
    tls: TlsSettings = Field(TlsSettings(), description="Certificates for the FHIR server.")

    @model_validator(mode="after")
    def _secret_of_the_hook(self) -> "EhrSettings":
        if self.hook_url is not None and self.hook_secret is None:
            raise ValueError("hook_url goes with hook_secret")
        return self


class DatabaseSettings(_Section):
    """The ledger."""

    url: str | None = Field(
        None, description="SQLAlchemy URL (sqlite or postgresql+psycopg); none = SQLite in the data folder."
    )


class WorkerSettings(_Section):
    """The Celery worker."""

    broker_url: str = Field("memory://", description="Celery broker; memory:// = everything in one process.")
    concurrency: int = Field(2, ge=1, description="Tasks at a time in the one-process mode.")
    lease_s: float = Field(60.0, gt=1, description="Seconds after which the work of a dead worker is taken over.")
    inference_deadline_s: float = Field(120.0, gt=0, description="Seconds a bundle may take before it is stopped.")
    retry_first_s: float = Field(15.0, gt=0, description="Delay before the first retry; doubles with each.")
    retry_longest_s: float = Field(1800.0, gt=0, description="Longest delay between retries.")
    retry_give_up_after: int = Field(60, ge=1, description="Attempts after which a job or delivery is given up.")


class ConsoleSettings(_Section):
    """The web console."""

    host: str = Field("127.0.0.1", description="Address that the console listens on.")
    port: int = Field(8088, ge=0, le=65535, description="Port of the console; 0 = any free one.")
    public_url: str | None = Field(None, description="Address by which people reach the console, for links in mails.")


class RecommendationSettings(_Section):
    """When a repeat pays, and when nobody is told (docs/recommendations.md)."""

    time_zone: str | None = Field(
        None, description="Zone of the times in the images, such as Europe/Vienna; none = that of this machine."
    )
    scanner_hour_cost: float = Field(592.0, gt=0, description="Cost of an hour of scanner, in any currency.")
    repeat_minutes: float = Field(
        5.0, gt=0, description="Minutes that repeating a series takes where the images do not say."
    )
    recall_minutes: float = Field(30.0, gt=0, description="Minutes of scanner that calling a patient in again takes.")
    unreadable_if_clear: float = Field(
        0.4, ge=0, le=1, description="Chance that a series with a clear artifact (severity 2) cannot be read."
    )
    unreadable_if_severe: float = Field(
        0.9, ge=0, le=1, description="Chance that a series with a severe artifact (severity 3) cannot be read."
    )
    fixable: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(
        {}, description="Chance that a repeat is better, by artifact, where the site knows better than the catalogue."
    )
    on_table_minutes: float = Field(
        10.0, gt=0, description="Minutes after the last image in which a patient is taken to be on the table."
    )
    late_after_minutes: float = Field(
        60.0, gt=0, description="Minutes between acquisition and arrival after which nobody is told."
    )
    notice_budget_s: float = Field(
        30.0, gt=0, description="Seconds from image to notice; where over 5 % take longer, a reviewer looks instead."
    )
    service_after: int = Field(
        3, ge=2, description="Studies with the same fault of a scanner in 24 hours that call service."
    )
    alert_budget: float = Field(
        0.1,
        gt=0,
        le=1,
        description="Part of the studies that is told of on the table: the last 100 tell which are worth it most.",
    )
    acceptance_window: int = Field(50, ge=10, description="Last notices of which the followed ones are counted.")
    acceptance_floor: float = Field(
        0.3, ge=0, le=1, description="Part of them that must be followed; below it notices suspend themselves."
    )

    @field_validator("time_zone")
    @classmethod
    def _zone_exists(cls, name: str | None) -> str | None:
        if name is not None and name not in available_timezones():
            raise ValueError("no such time zone")
        return name


class WebhookSettings(_Section):
    """A receiver of recommendations that cannot wait."""

    url: str | None = Field(None, description="Address that recommendations are posted to; none = no webhook.")
    secret: SecretStr | None = Field(None, description="Secret that signs each request (HMAC-SHA256); none = unsigned.")


class MailSettings(_Section):
    """Recommendations that cannot wait, by e-mail."""

    host: str | None = Field(None, description="Mail server (SMTP); none = no mail.")
    port: int = Field(587, ge=1, le=65535, description="Port of the mail server.")
    encryption: Literal["starttls", "tls", "none"] = Field("starttls", description="How the connection is encrypted.")
    user: str | None = Field(None, description="User name at the mail server.")
    password: SecretStr | None = Field(None, description="Password at the mail server.")
    sender: str = Field("", description="Address that mails come from.")
    recipients: tuple[str, ...] = Field((), description="Addresses that mails go to.")

    @model_validator(mode="after")
    def _whole(self) -> "MailSettings":
        if self.host is not None and not (self.sender and self.recipients):
            raise ValueError("a mail server needs a sender and recipients")
        return self


class FacadeSettings(_Section):
    """The FHIR API for reading (`/fhir` of the console)."""

    enabled: bool = Field(True, description="Whether results are kept for reading by FHIR.")
    base_url: str | None = Field(
        None, description="Address of the FHIR API as its clients see it; none = as each request names it."
    )


class Settings(BaseSettings):
    """Everything that a site sets."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", frozen=True, extra="forbid", toml_file=None
    )

    data_folder: Path = Field(Path("var"), description="Folder for database, artifacts and work files.")
    rules_file: Path | None = Field(None, description="Rule file (TOML); none = the rules that ship with AIQA.")
    bundles_folder: Path | None = Field(None, description="Folder of MONAI bundles; none = those that ship with AIQA.")
    site_name: str = Field("", description="Name of the hospital or department, shown in reports and console.")
    archive: ArchiveSettings = Field(ArchiveSettings(), description="The PACS.")
    ehr: EhrSettings = Field(EhrSettings(), description="The FHIR server.")
    database: DatabaseSettings = Field(DatabaseSettings(), description="The ledger.")
    worker: WorkerSettings = Field(WorkerSettings(), description="The Celery worker.")
    console: ConsoleSettings = Field(ConsoleSettings(), description="The web console.")
    recommendations: RecommendationSettings = Field(RecommendationSettings(), description="The repeat rule.")
    webhook: WebhookSettings = Field(WebhookSettings(), description="The webhook.")
    mail: MailSettings = Field(MailSettings(), description="The mail server.")
    facade: FacadeSettings = Field(FacadeSettings(), description="The FHIR API for reading.")

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the ledger."""
        return self.database.url or f"sqlite:///{self.data_folder.resolve() / 'ledger.sqlite'}"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the sources, strongest first."""
        secrets = NestedSecretsSettingsSource(
            file_secret_settings, secrets_prefix="", secrets_nested_delimiter="__", secrets_dir_missing="error"
        )
        return init_settings, env_settings, secrets, TomlConfigSettingsSource(settings_cls)


def load_settings(toml_file: Path | None = None, secrets_folder: Path | None = None, **overrides: object) -> Settings:
    """Return the settings of this process.

    The TOML file is ``toml_file``, else the one that AIQA_SETTINGS names, else ``aiqa.toml`` in the working
    folder; the secrets folder is ``secrets_folder``, else the one that AIQA_SECRETS names.
    Raises ConfigurationError that names every mistake, without values (they may be secrets).
    """
    named = toml_file or (Path(os.environ[FILE_VARIABLE]) if FILE_VARIABLE in os.environ else None)
    if named is not None and not named.is_file():
        raise ConfigurationError(f"settings file not found: {named}")
    source = named or Path("aiqa.toml")
    secrets = secrets_folder or os.environ.get(SECRETS_VARIABLE)

    class Sourced(Settings):
        model_config = SettingsConfigDict(
            toml_file=source if source.is_file() else None,
            secrets_dir=str(secrets) if secrets is not None else None,
        )

    try:
        return Sourced(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        mistakes = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigurationError(f"settings: {mistakes}") from error
    except ValueError as error:
        raise ConfigurationError(f"settings: {error}") from error


def unknown_variables() -> tuple[str, ...]:
    """Return the names of AIQA_ environment variables that no setting has (misspelt ones are not refused)."""
    sections = {name: field.annotation for name, field in Settings.model_fields.items()}

    def known(path: list[str]) -> bool:
        annotation = sections.get(path[0])
        for name in path[1:]:
            if get_origin(annotation) is dict:
                return True
            fields = getattr(annotation, "model_fields", {})
            if name not in fields:
                return False
            annotation = fields[name].annotation
        return path[0] in sections

    names = [name for name in os.environ if name.startswith(PREFIX) and name not in {FILE_VARIABLE, SECRETS_VARIABLE}]
    return tuple(sorted(name for name in names if not known(name[len(PREFIX) :].lower().split("__"))))


def describe(model: type[BaseModel] = Settings, prefix: str = "") -> list[tuple[str, str, str]]:
    """Return (name, default, description) of every setting, for the docs page."""
    rows = []
    for name, field in model.model_fields.items():
        annotation = field.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            rows += describe(annotation, f"{prefix}{name}.")
        else:
            default = "" if field.default is None else str(field.default)
            rows.append((f"{prefix}{name}", default, field.description or ""))
    return rows
