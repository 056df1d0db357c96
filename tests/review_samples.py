"""A ledger with screened series of patients: flagged, sampled, unremarkable; findings are made up."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from flask import Flask

from aiqa_integration.console.app import create_app
from aiqa_integration.console.context import ConsoleContext
from aiqa_integration.ledger import schema
from aiqa_integration.ledger.artifacts import FileArtifacts
from aiqa_integration.ledger.queries import Books
from aiqa_integration.ledger.scanner_record import SqlScannerRecord
from aiqa_integration.ledger.sql_ledger import SqlLedger
from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.model.finding import Evidence, Finding
from aiqa_integration.model.identity import Device, device_key
from aiqa_integration.model.job import JobState
from aiqa_integration.model.quantity import PERCENT, Quantity
from aiqa_integration.model.report import BundleVersion
from aiqa_integration.model.report_json import report_bytes
from aiqa_integration.model.screening import Screening
from aiqa_integration.pipeline.ports import JobResult, SeriesListing
from tests.console_samples import NOW, SCANNER, picture, report

BUNDLE = BundleVersion(name="mri_artifact_detection", version="0.3.1", weights_sha256="ab" * 32)
OTHER = Device(manufacturer="TESTCO", model="Loud 1", serial="12", station="MR1")
FAMILY = "t2-spin-echo"
KEY = device_key(SCANNER)

GHOST = Finding(
    artifact="ghost",
    probability=0.93,
    severity=2,
    explanation="Motion/ghosting (rather ghosting), severity 2 of 3 (moderate). Background ghost 9.4 % (limit 5 %, "
    "this protocol's median 1.2 %). Worst images 11–14, phase encoding anterior to posterior. Suggest: repeat once "
    "with swapped phase direction.",
    slices=(10, 11, 12, 13),
    evidence=(
        Evidence(
            metric="mr-iqm-ghost", label="Background ghost", quantity=Quantity(9.4, PERCENT), limit=5.0, usual=1.2
        ),
    ),
    calibration="uncalibrated",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ward:
    """A ledger, its record of scanners, and the console over both."""

    ledger: SqlLedger
    record: SqlScannerRecord
    app: Flask

    def screen(
        self,
        name: str,
        description: str,
        raw: dict[ArtifactId, float],
        *,
        findings: tuple[Finding, ...] = (),
        audit: bool = False,
        device: Device = SCANNER,
        family: str = FAMILY,
        at: datetime = NOW - timedelta(hours=3),
    ) -> str:
        """Take a series through the ledger to a screening; return its job's id."""
        screening = Screening(family=family, raw=raw, metrics={"mr-iqm-sharpness": 1.0}, distance=0.5, audit=audit)
        made = report(
            name,
            analysis="mri-artifact-detection",
            subject="patient",
            phantom=None,
            device=device,
            bundle=BUNDLE,
            findings=findings,
            screening=screening,
        )
        listing = SeriesListing(
            ref=made.ref, modality="MR", instance_count=20, manufacturer=device.manufacturer, description=description
        )
        for minutes in (20, 15):
            seen = self.ledger.observe("pacs", listing, at=at - timedelta(minutes=minutes), quiet=timedelta(seconds=90))
        job = self.ledger.claim_job(seen.job_id, owner="worker/1", now=at, lease=timedelta(minutes=5))
        assert job is not None
        result = JobResult(
            state=JobState.MEASURED,
            reason="rule mri",
            rule_revision="r1",
            report=made,
            report_json=report_bytes(made),
            preview_png=picture(),
        )
        self.ledger.finish_job(job, result, now=at)
        return job.job_id


def ward(folder: Path, bundle: Callable[[], BundleVersion] | None = lambda: BUNDLE) -> Ward:
    """Return an empty one."""
    url = f"sqlite:///{folder / 'ledger.sqlite'}"
    schema.upgrade(url)
    ledger = SqlLedger(url, FileArtifacts(folder / "artifacts"))
    record = SqlScannerRecord(ledger.engine)
    app = create_app(
        ConsoleContext(
            books=Books(ledger.engine),
            artifacts=ledger.artifacts,
            site_name="General Hospital",
            now=lambda: NOW,
            answers=ledger,
            reviews=record,
            artifact_bundle=bundle,
        )
    )
    return Ward(ledger=ledger, record=record, app=app)


LOW = {
    ArtifactId.MOTION: 0.02,
    ArtifactId.WRAP: 0.01,
    ArtifactId.GIBBS: 0.2,
    ArtifactId.SPIKE: 0.01,
    ArtifactId.ZIPPER: 0.03,
    ArtifactId.BIAS: 0.12,
    ArtifactId.LOW_SNR: 0.05,
    ArtifactId.SUSCEPTIBILITY: 0.04,
    ArtifactId.CHEMICAL_SHIFT: 0.02,
    ArtifactId.SLICE_DROPOUT: 0.01,
}


def filled(at: Ward) -> dict[str, str]:
    """Screen series of each kind; return their jobs by kind."""
    return {
        "flagged": at.screen("flagged", "AX T2 TSE", {ArtifactId.GHOST: 0.93, **LOW}, findings=(GHOST,)),
        "sampled": at.screen(
            "sampled", "SAG T2", {ArtifactId.GHOST: 0.02, **LOW}, audit=True, at=NOW - timedelta(hours=2)
        ),
        "unremarkable": at.screen("fine", "COR T2", {ArtifactId.GHOST: 0.02, **LOW}, at=NOW - timedelta(hours=1)),
        "elsewhere": at.screen(
            "elsewhere",
            "<b>FLAIR</b>",
            {ArtifactId.GHOST: 0.71, **LOW},
            findings=(GHOST,),
            device=OTHER,
            family="flair",
            at=NOW - timedelta(minutes=30),
        ),
    }
