"""The keys that we sign assertions with: published before they sign, kept published after; all by the clock.

A folder holds two files a key: ``<kid>.pem``, the private key, readable by nobody else, and ``<kid>.json``, its public
part with the time from which it signs. Nothing else is stored, so any number of processes agree.
"""

import base64
import hashlib
import json
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, get_args

from aiqa_integration.errors import ConfigurationError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

Algorithm = Literal["RS384", "ES384"]
"""The two that SMART Backend Services demands of servers (SMART App Launch 2.2.0, client-confidential-asymmetric)."""

ALGORITHMS: tuple[str, ...] = get_args(Algorithm)
AHEAD = timedelta(hours=24)
"""How long a new key is published before it signs: longer than servers keep our key set."""

KEPT = timedelta(hours=24)
"""How long a key stays published after its successor signs: longer than any token that it helped to get lives."""

_RSA_BITS = 3072


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A private key that signs now."""

    kid: str
    algorithm: Algorithm
    pem: bytes = field(repr=False)


class SigningKeys(Protocol):
    """Where the keys come from."""

    def signing(self, now: datetime) -> SigningKey:
        """Return the key that signs now; raises ConfigurationError where there is none that can be used."""

    def published(self, now: datetime) -> tuple[dict[str, str], ...]:
        """Return the public keys as JSON Web Keys (RFC 7517); raises ConfigurationError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEntry:
    """A key of the folder; ``until`` is when it stops signing, None while it has no successor."""

    kid: str
    algorithm: Algorithm
    created_at: datetime
    use_from: datetime
    until: datetime | None
    public: dict[str, str]

    def state(self, now: datetime) -> Literal["next", "in use", "former", "expired"]:
        """Return what the key is at a time."""
        if now < self.use_from:
            return "next"
        if self.until is None or now < self.until:
            return "in use"
        return "former" if now < self.until + KEPT else "expired"


class KeyFolder:
    """Keys in a folder that ``aiqa keys`` fills; see the module for how."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def signing(self, now: datetime) -> SigningKey:
        """Return the key that signs now."""
        for entry in self.entries():
            if entry.state(now) == "in use":
                return SigningKey(kid=entry.kid, algorithm=entry.algorithm, pem=_private(self._pem(entry.kid)))
        raise ConfigurationError(f"there is no key to sign with in {self._folder}: run 'aiqa keys rotate'")

    def published(self, now: datetime) -> tuple[dict[str, str], ...]:
        """Return the public keys that sign now, are about to, or did not long ago."""
        return tuple(entry.public for entry in self.entries() if entry.state(now) != "expired")

    def entries(self) -> tuple[KeyEntry, ...]:
        """Return all keys in the order in which they sign."""
        found = sorted((_read(path) for path in self._folder.glob("*.json")), key=lambda entry: entry.use_from)
        ends = [entry.use_from for entry in found[1:]]
        return tuple(replace(entry, until=end) for entry, end in zip_longest(found, ends))

    def rotate(self, algorithm: Algorithm, now: datetime, *, ahead: timedelta = AHEAD) -> KeyEntry:
        """Make a key that signs after ``ahead``, at once where there is none yet; take away those that are expired."""
        for entry in self.entries():
            if entry.state(now) == "expired":
                self._pem(entry.kid).unlink(missing_ok=True)
                (self._folder / f"{entry.kid}.json").unlink(missing_ok=True)
        use_from = now + ahead if self.entries() else now
        pem, public = make_key(algorithm)
        entry = KeyEntry(
            kid=public["kid"], algorithm=algorithm, created_at=now, use_from=use_from, until=None, public=public
        )
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._write(entry, pem)
        return entry

    def _write(self, entry: KeyEntry, pem: bytes) -> None:
        """Write the private key, then what makes it known."""
        descriptor = os.open(self._pem(entry.kid), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        known = {
            "created_at": entry.created_at.isoformat(),
            "use_from": entry.use_from.isoformat(),
            "public": entry.public,
        }
        new = self._folder / f".{entry.kid}.new"
        new.write_text(json.dumps(known, indent=1), "utf-8")
        new.replace(self._folder / f"{entry.kid}.json")

    def _pem(self, kid: str) -> Path:
        return self._folder / f"{kid}.pem"


class OneKey:
    """One key that the site keeps itself, in its secrets; RSA signs with RS384, an elliptic curve P-384 with ES384."""

    def __init__(self, pem: bytes) -> None:
        self._pem = pem

    def signing(self, now: datetime) -> SigningKey:  # noqa: ARG002 - it always signs
        """Return the key."""
        public = public_key(self._pem)
        return SigningKey(kid=public["kid"], algorithm="ES384" if public["kty"] == "EC" else "RS384", pem=self._pem)

    def published(self, now: datetime) -> tuple[dict[str, str], ...]:  # noqa: ARG002
        """Return its public part."""
        return (public_key(self._pem),)


class AllKeys:
    """The public keys of several places."""

    def __init__(self, places: Sequence[SigningKeys]) -> None:
        self._places = places

    def published(self, now: datetime) -> tuple[dict[str, str], ...]:
        """Return the public keys of all places; raises ConfigurationError."""
        return tuple(key for place in self._places for key in place.published(now))


def make_key(algorithm: Algorithm) -> tuple[bytes, dict[str, str]]:
    """Return a new private key (PKCS #8, PEM) and its public JSON Web Key."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - only where keys are made
    from cryptography.hazmat.primitives.asymmetric import ec, rsa  # noqa: PLC0415

    key: PrivateKeyTypes = (
        ec.generate_private_key(ec.SECP384R1())
        if algorithm == "ES384"
        else rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return pem, public_key(pem)


def public_key(pem: bytes) -> dict[str, str]:
    """Return the public JSON Web Key of a private key; its id is its thumbprint (RFC 7638).

    Raises ConfigurationError for anything but RSA of 2048 bits or more and P-384.
    """
    from cryptography.hazmat.primitives.asymmetric import ec, rsa  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415
    from jwt.algorithms import ECAlgorithm, RSAAlgorithm  # noqa: PLC0415

    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError) as error:
        raise ConfigurationError("the private key is not PEM without a password") from error
    match key:
        case rsa.RSAPrivateKey() if key.key_size >= 2048:
            full, algorithm = dict(RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)), "RS384"
        case ec.EllipticCurvePrivateKey() if isinstance(key.curve, ec.SECP384R1):
            full, algorithm = dict(ECAlgorithm.to_jwk(key.public_key(), as_dict=True)), "ES384"
        case _:
            raise ConfigurationError("the private key is neither RSA of 2048 bits or more nor P-384")
    named: dict[str, str] = {name: str(full[name]) for name in ("crv", "e", "kty", "n", "x", "y") if name in full}
    digest = hashlib.sha256(json.dumps(named, separators=(",", ":"), sort_keys=True).encode()).digest()
    kid = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    return {**named, "kid": kid, "use": "sig", "alg": algorithm}


def _private(path: Path) -> bytes:
    """Return a private key; raises ConfigurationError where others may read it."""
    try:
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise ConfigurationError(f"others may read the private key {path.name}: chmod 600")
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"the private key {path.name} cannot be read: {error.strerror}") from error


def _read(path: Path) -> KeyEntry:
    try:
        known = json.loads(path.read_text("utf-8"))
        public: dict[str, str] = known["public"]
        return KeyEntry(
            kid=public["kid"],
            algorithm="ES384" if public["alg"] == "ES384" else "RS384",
            created_at=datetime.fromisoformat(known["created_at"]),
            use_from=datetime.fromisoformat(known["use_from"]),
            until=None,
            public=public,
        )
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ConfigurationError(f"the key {path.name} cannot be read") from error
