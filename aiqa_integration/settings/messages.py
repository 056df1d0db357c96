"""Messages to persons: webhook and mail."""

from typing import Literal

from pydantic import Field, SecretStr, model_validator

from aiqa_integration.settings.section import Section


class WebhookSettings(Section):
    """A receiver of recommendations that cannot wait."""

    url: str | None = Field(None, description="Address that recommendations are posted to; none = no webhook.")
    secret: SecretStr | None = Field(None, description="Secret that signs each request (HMAC-SHA256); none = unsigned.")


class MailSettings(Section):
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
