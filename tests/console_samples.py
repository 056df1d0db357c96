"""Books for console tests: one series of each kind, with made-up numbers that test display, not measuring."""

import hashlib
import io
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from PIL import Image, ImageDraw

from aiqa_integration.errors import LedgerError
from aiqa_integration.ledger.views import (
    Counts,
    Delivery,
    HistoryEntry,
    JobDetail,
    Notice,
    NoticeLine,
    Parked,
    PollStatus,
    QueueRow,
    ResultSummary,
)
from aiqa_integration.model.coding import aiqa_code
from aiqa_integration.model.finding import Finding
from aiqa_integration.model.identity import Device, SeriesRef, dicom_uid, identity, instances_digest
from aiqa_integration.model.job import EffectState, JobEvent, JobState
from aiqa_integration.model.judgement import Judgement, Tolerance, Verdict
from aiqa_integration.model.measurement import Measured, MetricDef, NotMeasured, Reason
from aiqa_integration.model.notice import NoticeKind, NoticeState
from aiqa_integration.model.quantity import MM, ONE, PERCENT, Quantity, Unit
from aiqa_integration.model.report import BundleVersion, Provenance, QaReport, Refusal
from aiqa_integration.model.report_json import report_bytes
from aiqa_integration.recommendations.learning import Repeat

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
SCANNER = Device(manufacturer="TESTCO", model="Quiet 3", serial="77-A", station="MR2")
GUIDANCE = "ACR Large and Medium Phantom Test Guidance (10/2022), section 3"
SCRIPT = "<script>alert('T1')</script> & \"quotes\""


def metric(name: str, label: str, unit: Unit) -> MetricDef:
    code = aiqa_code("test", label)
    return MetricDef(id=name, label=label, unit=unit, better="target", source="test", version="1", code=code)


def judged(
    name: str,
    label: str,
    unit: Unit,
    value: float,
    *,
    verdict: Verdict,
    uncertainty: float | None = None,
    limits: Tolerance | None = None,
    note: str | None = None,
) -> Judgement:
    measured = Measured(
        metric=metric(name, label, unit), quantity=Quantity(value, unit), uncertainty=uncertainty, slice_index=4
    )
    return Judgement(measurement=measured, limits=limits, verdict=verdict, note=note)


def missing(required: bool = True) -> Judgement:
    measurement = NotMeasured(
        metric=metric("mr-percent-signal-ghosting", "Percent signal ghosting", PERCENT),
        reason=Reason.BACKGROUND_ZEROED,
        detail="412 of 412 background pixels are 0",
        slice_index=6,
    )
    limits = Tolerance(action_high=3.0, source=GUIDANCE, revision="acr-2022-1")
    return Judgement(measurement=measurement, limits=limits, verdict=Verdict.NOT_MEASURED, required=required)


LENGTH = judged(
    "mr-length-horizontal-slice5",
    "Horizontal length, slice 5",
    MM,
    189.4321,
    uncertainty=0.42,
    verdict=Verdict.PASS,
    limits=Tolerance(action_low=187.0, action_high=193.0, source=GUIDANCE, revision="acr-2022-1"),
)
UNIFORMITY = judged(
    "mr-percent-image-uniformity",
    "Percent image uniformity",
    PERCENT,
    86.1,
    uncertainty=0.5,
    verdict=Verdict.TOLERANCE,
    limits=Tolerance(tolerance_low=87.5, action_low=85.0, source=GUIDANCE, revision="acr-2022-1"),
    note="within its uncertainty of a limit",
)
THICKNESS = judged(
    "mr-slice-thickness",
    "Slice thickness",
    MM,
    5.83,
    uncertainty=0.11,
    verdict=Verdict.ACTION,
    limits=Tolerance(action_low=4.3, action_high=5.7, source=GUIDANCE, revision="acr-2022-1"),
)
SNR = judged(
    "mr-snr", "Signal-to-noise ratio", ONE, 212.6, verdict=Verdict.NOT_ASSESSED, note="the guidance has no limit for it"
)


def report(
    name: str, *judgements: Judgement, refused: Refusal | None = None, simulated: bool = False, **changes: object
) -> QaReport:
    uids = tuple(dicom_uid(name, str(number)) for number in range(11))
    fields: dict[str, object] = {
        "ref": SeriesRef(study_instance_uid=dicom_uid(name, "study"), series_instance_uid=dicom_uid(name)),
        "modality": "MR",
        "device": SCANNER,
        "analysis": "acr-mri-phantom",
        "analysis_version": "1.0.0",
        "bundle": BundleVersion(name="mri_phantom_scoring", version="0.1.0", weights_sha256="ab" * 32),
        "subject": "phantom",
        "phantom": None if refused else "acr-mri-large",
        "judgements": judgements,
        "refused": refused,
        "simulated": simulated,
        "provenance": Provenance(
            software_version="0.1.0",
            rule_revision="5d41402abc4b",
            rule_name="acr-mri",
            limit_set="acr-large-3t",
            limit_set_revision="acr-2022-1",
            instances_digest=instances_digest(uids),
            source_instance_uids=uids,
            created_at="2026-03-04T11:59:00+00:00",
        ),
        "timings_s": {"retrieve": 0.8, "infer": 1.25, "measure": 0.31},
    }
    return QaReport(**{**fields, **changes})  # type: ignore[arg-type]


def picture() -> bytes:
    """Return a PNG that looks a little like measured slices."""
    image = Image.new("RGB", (900, 420))
    pen = ImageDraw.Draw(image)
    for left in (15, 310, 605):
        pen.ellipse((left, 60, left + 280, 340), fill=(150, 150, 150))
        pen.line((left, 200, left + 280, 200), fill=(0, 230, 120), width=2)
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()


class MemoryArtifacts:
    """Bytes in a dictionary."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def put(self, content: bytes) -> str:
        sha256 = hashlib.sha256(content).hexdigest()
        self.kept[sha256] = content
        return sha256

    def get(self, sha256: str) -> bytes:
        if sha256 not in self.kept:
            raise LedgerError(f"artifact {sha256} cannot be read")
        return self.kept[sha256]


class MemoryBooks:
    """The read models over a list."""

    def __init__(self) -> None:
        self.artifacts = MemoryArtifacts()
        self.details: list[JobDetail] = []
        self.poll_statuses: tuple[PollStatus, ...] = ()
        self.notices: list[Notice] = []
        self.seen_repeats: tuple[Repeat, ...] = ()
        self.waiting: list[Parked] = []
        self.replayed: list[tuple[str, str]] = []

    def queue(self, limit: int, offset: int, *, state: JobState | None = None, text: str = "") -> tuple[QueueRow, ...]:
        rows = sorted((detail.job for detail in self.details), key=lambda row: row.updated_at, reverse=True)
        chosen = [row for row in rows if state in {None, row.state} and text.casefold() in row.description.casefold()]
        return tuple(chosen[offset : offset + limit])

    def job_detail(self, job_id: str) -> JobDetail | None:
        return next((detail for detail in self.details if detail.job.job_id == job_id), None)

    def counts(self) -> Counts:
        results = [detail.job.result for detail in self.details if detail.job.result]
        return Counts(
            states=Counter(detail.job.state for detail in self.details),
            verdicts=Counter(result.verdict for result in results),
            refused=sum(1 for result in results if result.refused_code),
        )

    def polls(self) -> tuple[PollStatus, ...]:
        return self.poll_statuses

    def open_notices(self, now: datetime) -> tuple[Notice, ...]:
        return tuple(notice for notice in self.notices if notice.state is NoticeState.PROPOSED)

    def ended_notices(self, now: datetime, limit: int) -> tuple[Notice, ...]:
        return tuple(notice for notice in self.notices if notice.state is not NoticeState.PROPOSED)[:limit]

    def open_notice_count(self, now: datetime) -> int:
        return len(self.open_notices(now))

    def parked(self, limit: int) -> tuple[Parked, ...]:
        return tuple(self.waiting[:limit])

    def replay(self, job_id: str, *, who: str, why: str, now: datetime) -> JobState:
        self.replayed.append((job_id, who))
        return JobState.MEASURED

    def replay_effect(self, effect_id: str, *, who: str, why: str, now: datetime) -> None:
        self.replayed.append((effect_id, who))

    def repeats(self) -> tuple[Repeat, ...]:
        return self.seen_repeats

    def answer_notice(self, notice_id: str, *, accepted: bool, who: str, now: datetime) -> NoticeState:
        state = NoticeState.ACCEPTED if accepted else NoticeState.DECLINED
        for place, notice in enumerate(self.notices):
            if notice.notice_id == notice_id and notice.state is NoticeState.PROPOSED:
                self.notices[place] = replace(notice, state=state, ended_by=who, ended_at=now)
                return state
        raise LedgerError(f"there is no notice {notice_id}")

    def add(
        self,
        name: str,
        state: JobState,
        made: QaReport | None = None,
        *,
        description: str = "ACR axial T1",
        deliveries: tuple[Delivery, ...] = (),
        png: bytes | None = None,
        **changes: object,
    ) -> str:
        """Add a series and return its job's id."""
        at = NOW - timedelta(minutes=7 * len(self.details))
        job_id = str(identity("job", name))
        fields: dict[str, object] = {
            "job_id": job_id,
            "archive": "pacs",
            "ref": SeriesRef(study_instance_uid=dicom_uid(name, "study"), series_instance_uid=dicom_uid(name)),
            "revision": 1,
            "modality": "MR",
            "description": description,
            "instance_count": 11,
            "device": made.device if made else Device(manufacturer="TESTCO"),
            "state": state,
            "reason": "",
            "attempts": 1,
            "last_error": "",
            "next_at": None,
            "created_at": at - timedelta(minutes=2),
            "updated_at": at,
            "result": self._result(made, png) if made else None,
            "deliveries": Counter(delivery.state for delivery in deliveries),
        }
        row = QueueRow(**{**fields, **changes})  # type: ignore[arg-type]
        history = (
            HistoryEntry(
                at=at - timedelta(minutes=2),
                event=None,
                to_state=JobState.DISCOVERED,
                who="poller",
                why="11 instances listed",
            ),
            HistoryEntry(
                at=at,
                event=JobEvent.COUNT_STABLE,
                to_state=JobState.SETTLED,
                who="poller",
                why="11 instances, unchanged for 90 s",
            ),
        )
        rules = "5d41402abc4b" if made or state is JobState.IGNORED else ""
        self.details.append(JobDetail(job=row, rule_revision=rules, deliveries=deliveries, history=history))
        return job_id

    def _result(self, made: QaReport, png: bytes | None) -> ResultSummary:
        refused = made.refused
        return ResultSummary(
            verdict=made.verdict,
            analysis=made.analysis,
            phantom=made.phantom,
            refused_code=refused.code if refused else None,
            refused_detail=refused.detail if refused else None,
            simulated=made.simulated,
            report_sha256=self.artifacts.put(report_bytes(made)),
            preview_sha256=self.artifacts.put(png) if png else None,
        )


def delivery(sink: str, kind: str, state: EffectState, **changes: object) -> Delivery:
    fields: dict[str, object] = {
        "sink": sink,
        "target": "https://pacs.example.org/dicom-web",
        "kind": kind,
        "state": state,
        "attempts": 1,
        "remote_id": dicom_uid(sink, kind) if state is EffectState.SENT else "",
        "receipt": "found again by QIDO" if state is EffectState.SENT else "",
        "last_error": "",
        "next_at": NOW + timedelta(minutes=1) if state is EffectState.PLANNED else None,
        "updated_at": NOW,
        "media_type": "application/dicom",
    }
    return Delivery(**{**fields, **changes})  # type: ignore[arg-type]


NO_RULE = (
    "no rule wants this series (acr-mri-named: not so that StudyDescription, SeriesDescription or ProtocolName "
    "contains 'ACR' or 'phantom' (absent); acr-mri-by-shape: not so that at least 11 images)"
)
REFUSAL = Refusal(
    code="phantom-not-found", detail="no known phantom in the images: the best match has 0.04 of 0.5 needed"
)
BUBBLE = Finding(
    artifact="setup-air-bubble",
    probability=0.9,
    severity=1,
    explanation="An air bubble 2.4 mm deep lies at 12 o'clock in the image.",
    slices=(0, 1),
)
ARCHIVE_SAYS = "archive-refused: 409, failure reason A900: Data Set does not match SOP Class"


def sample_books(png: bytes | None = None) -> tuple[MemoryBooks, dict[str, str]]:
    """Return books with one series of each kind, newest first, and the job ids by kind."""
    books, png = MemoryBooks(), png or picture()
    sent = (delivery("pacs", "report-sr", EffectState.SENT), delivery("ehr", "transaction", EffectState.SENT))
    part = (*sent[:1], delivery("pacs", "seg", EffectState.PLANNED))
    held = (*sent[:1], delivery("pacs", "seg", EffectState.REFUSED, last_error=ARCHIVE_SAYS))
    action = report("action", LENGTH, UNIFORMITY, THICKNESS, SNR, missing(), findings=(BUBBLE,))
    settled: dict[str, Any] = {
        "last_error": "archive-unavailable: no answer in 15 s",
        "attempts": 3,
        "next_at": NOW + timedelta(minutes=2),
    }
    ids = {
        "arriving": books.add("arriving", JobState.DISCOVERED, instance_count=4),
        "retrying": books.add("retrying", JobState.SETTLED, None, **settled),
        "action": books.add("action", JobState.MEASURED, action, deliveries=part, png=png),
        "tolerance": books.add(
            "tolerance", JobState.DELIVERED, report("t", LENGTH, UNIFORMITY), deliveries=sent, png=png
        ),
        "pass": books.add("pass", JobState.DELIVERED, report("pass", LENGTH), deliveries=sent, png=png, revision=2),
        "missing": books.add("missing", JobState.DELIVERED, report("m", LENGTH, missing()), deliveries=sent, png=png),
        "open": books.add("open", JobState.DELIVERED, report("open", SNR), deliveries=sent),
        "refused": books.add(
            "refused", JobState.DELIVERED, report("r", refused=REFUSAL), deliveries=sent, description="Localizer"
        ),
        "ignored": books.add("ignored", JobState.IGNORED, reason=NO_RULE, description="T2 FLAIR", modality="MR"),
        "held": books.add(
            "held", JobState.HELD, report("h", LENGTH), deliveries=held, reason=f"pacs seg: {ARCHIVE_SAYS}"
        ),
        "failed": books.add(
            "failed", JobState.FAILED, reason="hash-mismatch: models/model.pt differs from its manifest"
        ),
        "hostile": books.add(
            "hostile",
            JobState.DELIVERED,
            report(
                "x", THICKNESS, simulated=True, device=Device(manufacturer="<b>Bold</b>", station="'\"><img src=x>")
            ),
            description=SCRIPT,
            deliveries=sent,
            png=png,
        ),
        "replaced": books.add(
            "replaced", JobState.SUPERSEDED, reason="the series grew from 5 instances to 11 instances"
        ),
    }
    return books, ids


def line(job_id: str, artifact: str | None = "motion", **changes: object) -> NoticeLine:
    fields: dict[str, object] = {
        "job_id": job_id,
        "modality": "MR",
        "description": "AX T2 FLAIR",
        "kind": NoticeKind.REPEAT_NOW,
        "text": "Motion, severe (probability 96 %): repeat the series while the patient is on the table. The chance "
        "that it cannot be read is 86 %; a repeat pays from 24 %.",
        "change": "coach or immobilise the patient and repeat; the second time with a faster or motion-robust sequence",
        "artifact": artifact,
        "severity": 3,
        "acquired_at": NOW - timedelta(minutes=3),
        "arrived_at": NOW - timedelta(seconds=50),
        "repeated_at": None,
        "severity_after": None,
    }
    return NoticeLine(**{**fields, **changes})  # type: ignore[arg-type]


def notice(name: str, *lines: NoticeLine, **changes: object) -> Notice:
    fields: dict[str, object] = {
        "notice_id": str(identity("notice", name)),
        "scope": "study",
        "kind": NoticeKind.REPEAT_NOW,
        "state": NoticeState.PROPOSED,
        "device": SCANNER,
        "simulated": False,
        "created_at": NOW - timedelta(seconds=25),
        "until": NOW + timedelta(minutes=8, seconds=30),
        "ended_at": None,
        "ended_by": "",
        "lines": lines,
    }
    return Notice(**{**fields, **changes})  # type: ignore[arg-type]


def sample_board() -> tuple[MemoryBooks, dict[str, str]]:
    """Return books with a notice of each kind, open and ended, and the ids of the open ones."""
    books, ids = sample_books()
    job_id = ids["tolerance"]
    zipper = line(
        job_id,
        "zipper",
        kind=NoticeKind.SERVICE,
        text="Zipper (radio-frequency interference) in 3 studies of this scanner within 24 hours: call service before "
        "more patients are scanned.",
        change="close the door, remove electrical devices, repeat; where it comes back, call service (shielding)",
    )
    metal = line(
        job_id,
        "susceptibility",
        description=SCRIPT,
        kind=NoticeKind.CHANGE_PROTOCOL,
        text="Susceptibility or metal, severe (probability 98 %). The same series again would look the same.",
        change="remove the object; else a spin-echo sequence with high bandwidth or a metal-artifact protocol",
    )
    admin = line(job_id, None, text="Of the last 50 notices 24 % were followed, fewer than 30 %.", change="look why")
    done = line(job_id, repeated_at=NOW - timedelta(minutes=20), severity_after=1)
    books.notices = [
        notice("repeat", line(job_id), line(job_id, description="SAG T1")),
        notice("metal", metal, kind=NoticeKind.CHANGE_PROTOCOL, device=Device(manufacturer="TESTCO", station="MR1")),
        notice("service", zipper, scope="scanner", kind=NoticeKind.SERVICE, until=None),
        notice("admin", admin, scope="site", kind=NoticeKind.ADMIN, until=None),
        notice("done", done, state=NoticeState.REPEATED, ended_by="AB", ended_at=NOW - timedelta(minutes=30)),
        notice("missed", line(job_id), state=NoticeState.EXPIRED, ended_at=NOW - timedelta(hours=1)),
    ]
    books.seen_repeats = (Repeat(artifact="motion", severity_before=3, severity_after=1),)
    return books, {name: str(identity("notice", name)) for name in ("repeat", "metal", "service", "admin")}
