"""How archives differ, as data: what may be asked of each, how results are handed over, how it is seen that they stay.

Sources: Orthanc 1.10 and dicomweb-client measured (docs/decisions/0003); dcm4chee-arc's conformance statement and the
issues named below; Microsoft's DICOM service, conformance statement v2; AWS HealthImaging, developer guide.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from aiqa_integration.dicom.uids import Role
from aiqa_integration.errors import ConfigurationError

AS_STORED = 'multipart/related; type="application/dicom"; transfer-syntax=*'
UNCOMPRESSED = 'multipart/related; type="application/dicom"; transfer-syntax=1.2.840.10008.1.2.1'
AS_SERVED = 'multipart/related; type="application/dicom"'
"""Accept headers of a retrieval: as stored, uncompressed, as the server likes (PS3.18 8.7.3.5.2)."""

ONE_AS_STORED = "application/dicom; transfer-syntax=*"
ONE_UNCOMPRESSED = "application/dicom; transfer-syntax=1.2.840.10008.1.2.1"
"""The same for a single instance that is not wrapped (PS3.18 8.7.3.1)."""

JSON = "application/dicom+json"
XML = "application/dicom+xml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a kind of archive wants.

    - ``page_size``: rows of a page, at most what the server takes; ``most_rows``: rows of a query that can be reached.
    - ``day_by_day``: windows are asked one day at a time, where broad queries are refused or pages shuffled.
    - ``study_fields``, ``series_fields``: what to ask for beyond the default.
    - ``instances_by``: where the instances of a series are listed, and thereby how a store is verified.
    - ``retrieves_series``: a series comes in one answer, else instance by instance.
    - ``accepted``: Accept headers of a retrieval in order of preference.
    - ``store_wrapped``: an object goes as multipart/related, else bare.
    - ``store_accepted``: Accept headers of a store in order of preference.
    - ``look_before_storing``: what is listed already is not sent again, where sending twice does harm.
    - ``cannot_hold``: objects that the archive has no place for.
    """

    page_size: int = 100
    most_rows: int | None = None
    day_by_day: bool = False
    study_fields: tuple[str, ...] = ("ModalitiesInStudy", "NumberOfStudyRelatedInstances")
    series_fields: tuple[str, ...] = ("NumberOfSeriesRelatedInstances", "SeriesDescription", "Manufacturer")
    instances_by: Literal["search", "metadata"] = "search"
    retrieves_series: bool = True
    accepted: tuple[str, ...] = (AS_STORED, UNCOMPRESSED, AS_SERVED)
    store_wrapped: bool = True
    store_accepted: tuple[str, ...] = (JSON, XML)
    look_before_storing: bool = True
    cannot_hold: frozenset[Role] = field(default_factory=frozenset)


GENERIC = Profile()
"""What suits a server that nothing is known of."""

PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        "generic": GENERIC,
        # Takes any limit; a second store is answered as a success and changes nothing (OverwriteInstances false).
        "orthanc": Profile(page_size=200, look_before_storing=False, store_accepted=(JSON,)),
        # Pages have no stable order (#4796), broad queries may be refused with 413 (#4487, #4488); an instance received
        # twice has lost its file (#4754, #4969).
        "dcm4chee": Profile(day_by_day=True, instances_by="metadata"),
        # Refuses a limit above 200 and fields that the level does not have; answers a second store with 45070.
        "azure": Profile(
            page_size=200,
            study_fields=("NumberOfStudyRelatedInstances",),
            series_fields=("NumberOfSeriesRelatedInstances", "SeriesDescription"),
            look_before_storing=False,
            store_accepted=(JSON,),
        ),
        # Reaches 10 000 rows a query, has no whole series to retrieve and no place for binary segmentations; a second
        # store may begin another image set.
        "aws": Profile(
            most_rows=10_000,
            day_by_day=True,
            instances_by="metadata",
            retrieves_series=False,
            accepted=(ONE_AS_STORED, ONE_UNCOMPRESSED),
            store_wrapped=False,
            store_accepted=(JSON,),
            cannot_hold=frozenset({Role.SEG}),
        ),
    }
)
"""Profiles by the name that the setting ``archive.profile`` has."""


def profile_named(name: str) -> Profile:
    """Return a profile; raises ConfigurationError where there is none of that name."""
    if name not in PROFILES:
        raise ConfigurationError(f"archive.profile: no profile '{name}'; known: {', '.join(PROFILES)}")
    return PROFILES[name]
