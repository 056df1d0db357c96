"""Everything that a site sets, the sources in their order, and every setting in words."""

from pathlib import Path

from pydantic import BaseModel, Field
from pydantic_settings import (
    BaseSettings,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from aiqa_integration.settings.archive import ArchiveSettings
from aiqa_integration.settings.ehr import EhrSettings
from aiqa_integration.settings.messages import MailSettings, WebhookSettings
from aiqa_integration.settings.recommendations import RecommendationSettings
from aiqa_integration.settings.serving import ConsoleSettings, DatabaseSettings, FacadeSettings, WorkerSettings

PREFIX = "AIQA_"


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
