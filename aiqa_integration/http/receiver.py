"""Who is spoken to, and what became of it."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from aiqa_integration.errors import ConfigurationError, Refused, TransientError


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, as the end of a sentence, and what a person can do; ``fix`` may name {section} and {address}."""

    what: str
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """A kind of server: its name in messages, the errors that its failures become, and where its settings are."""

    name: str
    unavailable: type[TransientError]
    refused: type[Refused]
    section: str
    address: str = "url"

    def fix(self, fault: Fault) -> str:
        """Return a fault's fix with the names of this receiver's settings."""
        return fault.fix.format(section=self.section, address=f"{self.section}.{self.address}")

    def usable_url(self, url: str) -> str:
        """Return the receiver's URL without trailing slash; raises ConfigurationError for one that is none.

        A URL with a password in it would end up in messages.
        """
        setting = f"{self.section}.{self.address}"
        try:
            parts = urlsplit(url)
        except ValueError as error:
            raise ConfigurationError(f"{setting} is no URL") from error
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ConfigurationError(f"{setting} is not http(s)://host/path")
        if parts.username is not None or parts.password is not None:
            raise ConfigurationError(f"{setting} names a user: that belongs into {self.section}.auth")
        return url.rstrip("/")
