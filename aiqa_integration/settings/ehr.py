"""The FHIR server: what it gets and how things are called there."""

from typing import Literal

from pydantic import Field, SecretStr, model_validator

from aiqa_integration.settings.connections import AuthSettings, TlsSettings
from aiqa_integration.settings.section import Section


class EhrSettings(Section):
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
