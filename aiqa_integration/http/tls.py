"""Whom to trust, and the certificate that we show (mutual TLS)."""

import ssl
from dataclasses import dataclass
from pathlib import Path

from aiqa_integration.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """Files in PEM: ``ca_file`` replaces the public authorities; certificate and key are shown where asked for.

    The key has no password; it may stand in the certificate's file.
    """

    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None

    def check(self, section: str) -> None:
        """Raise ConfigurationError where a file cannot be used."""
        context = ssl.create_default_context()
        if self.ca_file is not None:
            try:
                context.load_verify_locations(self.ca_file)
            except OSError as error:
                raise ConfigurationError(f"{section}.tls.ca_file: {_reason(error)}") from error
        if self.certificate_file is not None:
            try:
                context.load_cert_chain(self.certificate_file, self.key_file, password=_no_password)
            except OSError as error:
                raise ConfigurationError(f"{section}.tls.certificate_file and key_file: {_reason(error)}") from error

    @property
    def pair(self) -> str | tuple[str, str] | None:
        """The client certificate as requests takes it."""
        if self.certificate_file is None:
            return None
        return (str(self.certificate_file), str(self.key_file)) if self.key_file else str(self.certificate_file)


def _no_password() -> str:
    """Return no password, where OpenSSL would ask the terminal for one."""
    return ""


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return "they do not belong together" if error.reason == "KEY_VALUES_MISMATCH" else "not usable PEM"
    return (error.strerror or "cannot be read").lower()
