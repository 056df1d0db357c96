"""The processes of AIQA: database, worker, console, FHIR API."""

from pydantic import Field

from aiqa_integration.settings.section import Section


class DatabaseSettings(Section):
    """The ledger."""

    url: str | None = Field(
        None, description="SQLAlchemy URL (sqlite or postgresql+psycopg); none = SQLite in the data folder."
    )


class WorkerSettings(Section):
    """The Celery worker."""

    broker_url: str = Field("memory://", description="Celery broker; memory:// = everything in one process.")
    concurrency: int = Field(2, ge=1, description="Tasks at a time in the one-process mode.")
    lease_s: float = Field(60.0, gt=1, description="Seconds after which the work of a dead worker is taken over.")
    inference_deadline_s: float = Field(120.0, gt=0, description="Seconds a bundle may take before it is stopped.")
    retry_first_s: float = Field(15.0, gt=0, description="Delay before the first retry; doubles with each.")
    retry_longest_s: float = Field(1800.0, gt=0, description="Longest delay between retries.")
    retry_give_up_after: int = Field(60, ge=1, description="Attempts after which a job or delivery is given up.")


class ConsoleSettings(Section):
    """The web console."""

    host: str = Field("127.0.0.1", description="Address that the console listens on.")
    port: int = Field(8088, ge=0, le=65535, description="Port of the console; 0 = any free one.")
    public_url: str | None = Field(None, description="Address by which people reach the console, for links in mails.")


class FacadeSettings(Section):
    """The FHIR API for reading (`/fhir` of the console)."""

    enabled: bool = Field(True, description="Whether results are kept for reading by FHIR.")
    base_url: str | None = Field(
        None, description="Address of the FHIR API as its clients see it; none = as each request names it."
    )
