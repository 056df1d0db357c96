"""How the archive and the EHR are reached, and how we prove who we are."""

from datetime import UTC, datetime
from typing import TypedDict

from aiqa_integration.dicom.directory_archive import DirectoryArchive
from aiqa_integration.dicom.profiles import profile_named
from aiqa_integration.dicom.web import ARCHIVE, DicomWebArchive
from aiqa_integration.errors import ConfigurationError
from aiqa_integration.fhir.capability import Capability
from aiqa_integration.fhir.client import EHR, FhirClient
from aiqa_integration.http.credentials import BasicCredentials, BearerToken, Credentials
from aiqa_integration.http.oidc import Client, ClientCredentials
from aiqa_integration.http.receiver import Receiver
from aiqa_integration.http.signing_keys import AllKeys, KeyFolder, OneKey, SigningKeys
from aiqa_integration.http.smart import SmartClient, SmartCredentials
from aiqa_integration.http.tls import Tls
from aiqa_integration.pipeline.ports import Archive
from aiqa_integration.settings import ArchiveSettings, AuthSettings, EhrSettings, Settings


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


def fhir_client(settings: Settings) -> FhirClient:
    """Return a client of the FHIR server that the settings name; raises ConfigurationError."""
    return FhirClient(settings.ehr.url or "", **_access(settings, settings.ehr, EHR))


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


def key_folder(settings: Settings) -> KeyFolder:
    """Return the keys that ``aiqa keys`` makes."""
    return KeyFolder(settings.data_folder / "keys")


def signing_keys(settings: Settings) -> AllKeys:
    """Return every key that others may have to verify us by."""
    own = [auth for auth in (settings.ehr.auth, settings.archive.auth) if auth.private_key is not None]
    return AllKeys([key_folder(settings), *(_keys_of(settings, auth) for auth in own)])


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
