"""A series' job as the ledger hands it out, what it ends with, and what a person says to its result."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from aiqa_integration.model.identity import Person, SeriesRef
from aiqa_integration.model.job import JobState
from aiqa_integration.model.notice import PlannedNotice
from aiqa_integration.model.report import QaReport, Version
from aiqa_integration.pipeline.ports.effect import PlannedEffect
from aiqa_integration.recommendations.context import AssessedSeries


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job row, as claimed for work; ``predecessor`` is the result of the latest earlier revision that had one.

    ``arrived_at`` is when the last image of the series was first seen in the archive.
    """

    job_id: str
    archive: str
    ref: SeriesRef
    revision: int
    modality: str
    instance_count: int | None
    state: JobState
    attempts: int
    lease_owner: str
    arrived_at: datetime | None = None
    predecessor: Version | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobResult:
    """What a job ends with: the report and its effects, or the reason why no rule wanted the series.

    ``assessed`` is the series as the repeat rule needs it when later ones of the study come; ``notices`` are what
    persons are told now.
    """

    state: Literal[JobState.MEASURED, JobState.IGNORED]
    reason: str
    rule_revision: str
    report: QaReport | None = None
    report_json: bytes = b""
    preview_png: bytes = b""
    effects: tuple[PlannedEffect, ...] = ()
    assessed: AssessedSeries | None = None
    notices: tuple[PlannedNotice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What a person said to a result: ``action`` is a word for the audit trail, ``subject`` the UID of the result."""

    person: Person
    action: Literal["verify", "reject"]
    subject: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What became of a series that a poll saw."""

    job_id: str
    state: JobState
    revision: int
