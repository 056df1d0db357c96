"""Who is spoken to, and what became of it."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from aiqa_integration.errors import ConfigurationError, Refused, TransientError


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """A kind of server: its name in messages, its section of the settings, the errors that its failures become."""

    name: str
    section: str
    unavailable: type[TransientError]
    refused: type[Refused]

    def usable_url(self, url: str, setting: str = "url") -> str:
        """Return a URL without trailing slash; raises ConfigurationError, naming the setting, for others.

        A URL with a password in it would end up in messages.
        """
        named = f"{self.section}.{setting}"
        try:
            parts = urlsplit(url)
        except ValueError as error:
            raise ConfigurationError(f"{named} is no URL") from error
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ConfigurationError(f"{named} is not http(s)://host/path")
        if parts.username is not None or parts.password is not None:
            raise ConfigurationError(f"{named} names a user: that belongs into {self.section}.auth")
        return url.rstrip("/")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, as the end of a sentence, and what a person can do about it."""

    what: str
    fix: str
