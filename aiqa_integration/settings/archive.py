"""The PACS: where it is, what is stored there, how it is polled."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from aiqa_integration.settings.connections import AuthSettings, TlsSettings
from aiqa_integration.settings.section import Section

Window = Annotated[int, Field(ge=0)] | Literal["all"]
"""Days back from today, or every study, those without a date or with an impossible one included."""

ArchiveObject = Literal[
    "report_sr",
    "measurement_sr",
    "series_sr",
    "seg",
    "labelmap",
    "overlay",
    "parametric_map",
    "quality_issue",
    "pdf",
]
"""Roles of ``dicom.uids.Role`` that a site may choose; a rejection is a person's own act."""


class ArchiveSettings(Section):
    """The PACS."""

    name: str = Field("pacs", description="Name of the archive in rules, ledger and console.")
    url: str | None = Field(
        None, description="DICOMweb root, such as https://pacs/dicom-web; none = directory archive."
    )
    objects: tuple[ArchiveObject, ...] = Field(
        ("report_sr", "measurement_sr", "series_sr", "seg", "overlay"),
        description="Objects of a result that are stored (docs/dicom-conformance.md lists them).",
    )
    folder: Path | None = Field(None, description="Folder of the embedded directory archive, where no url is given.")
    profile: str = Field("generic", description="Kind of archive: generic, orthanc, dcm4chee, azure or aws.")
    auth: AuthSettings = Field(AuthSettings(), description="Authentication at the archive.")
    tls: TlsSettings = Field(TlsSettings(), description="Certificates for the archive.")
    poll_every_s: float = Field(15.0, gt=0, description="Seconds between polls.")
    look_s: float = Field(8.0, ge=0, description="Seconds without a new instance after which a series is analysed.")
    quiet_s: float = Field(90.0, ge=0, description="Seconds without a new instance after which a series is complete.")
    window_days: Window = Field(2, description="Study dates polled, back from today, or 'all' of them.")
    reconcile_window_days: Window = Field(
        7, description="Study dates polled once a day, for late arrivals, or 'all' of them."
    )
    page_size: int | None = Field(None, ge=1, le=200, description="Rows a QIDO page; none = as the profile says.")
