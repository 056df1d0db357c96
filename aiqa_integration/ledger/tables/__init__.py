"""The ledger's tables; migrations/ makes them. Times are UTC. No table names a patient."""

from aiqa_integration.ledger.tables.base import Base
from aiqa_integration.ledger.tables.facade import (
    ApiTokenRow,
    FhirExportRow,
    FhirPostingRow,
    FhirResourceRow,
    FhirTokenRow,
)
from aiqa_integration.ledger.tables.jobs import JobEventRow, JobRow
from aiqa_integration.ledger.tables.notices import NoticeRow, NoticeSeriesRow
from aiqa_integration.ledger.tables.outbox import EffectRow, JobEffect, OwnSeries
from aiqa_integration.ledger.tables.polls import PollCursor, StudySeen
from aiqa_integration.ledger.tables.results import ArtifactRow, FindingRow, MeasurementRow, RecommendationRow, ReportRow
from aiqa_integration.ledger.tables.scanners import ArtifactAnswerRow, CalibrationRow, DriftRow, ScreeningRow
from aiqa_integration.ledger.tables.trail import AuditRow, RuleRevision

__all__ = [
    "ApiTokenRow",
    "ArtifactAnswerRow",
    "ArtifactRow",
    "AuditRow",
    "Base",
    "CalibrationRow",
    "DriftRow",
    "EffectRow",
    "FhirExportRow",
    "FhirPostingRow",
    "FhirResourceRow",
    "FhirTokenRow",
    "FindingRow",
    "JobEffect",
    "JobEventRow",
    "JobRow",
    "MeasurementRow",
    "NoticeRow",
    "NoticeSeriesRow",
    "OwnSeries",
    "PollCursor",
    "RecommendationRow",
    "ReportRow",
    "RuleRevision",
    "ScreeningRow",
    "StudySeen",
]
