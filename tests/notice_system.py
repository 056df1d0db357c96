"""Deployment S in this process, with a patient's series in the archive and the truth in the place of the network."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from aiqa_integration.bootstrap import Services, books_of, services
from aiqa_integration.cli.serving import console_server
from aiqa_integration.dicom.directory_archive import DirectoryArchive
from aiqa_integration.dicom.sample_study import SampleSeries, write_series
from aiqa_integration.fhir.client import FhirClient
from aiqa_integration.fhir.demo_ehr import PATIENT_SYSTEM, register
from aiqa_integration.fhir.embedded_store import EmbeddedFhirStore
from aiqa_integration.ledger.queries import Books
from aiqa_integration.ledger.views import Notice
from aiqa_integration.model.finding import Finding
from aiqa_integration.model.identity import Device, PatientKey, SeriesRef, instances_digest
from aiqa_integration.model.image import ImageStack, SliceRef
from aiqa_integration.model.report import QaReport
from aiqa_integration.pipeline import analyse
from aiqa_integration.pipeline.analyse import Lineage
from aiqa_integration.pipeline.analyst import Analyst, Stopwatch
from aiqa_integration.pipeline.ports import LoadedSeries
from aiqa_integration.rules.match import Match
from aiqa_integration.settings import Settings, load_settings
from celery_worker.embedded import EmbeddedWorker
from tests.fhir_reports import phantom_report

SCANNER = Device(manufacturer="TESTCO", model="Quiet 3", serial="77-A", station="MR2")

RULES = """
[[rule]]
name = "patients"
analysis = "mri-artifact-detection"
subject = "patient"
sinks = ["ehr", "webhook"]
[[rule.when]]
keywords = ["Modality"]
operator = "equals"
value = "MR"
"""

Truth = Callable[[str], tuple[Finding, ...]]
"""Series description -> what is found in it."""


def motion(severity: int = 3) -> Finding:
    return Finding(
        artifact="motion",
        probability=0.96,
        severity=severity,  # type: ignore[arg-type]
        explanation="Blurred.",
        calibration="active",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ward:
    """A running installation with its archive."""

    tools: Services
    settings: Settings
    books: Books
    archive: DirectoryArchive
    fhir: FhirClient
    console: str
    folder: Path

    def send(self, study: str, number: int, description: str, *, taken_s_ago: float = 30.0) -> SeriesRef:
        """Store a small series that the scanner took so many seconds ago."""
        sample = SampleSeries(
            study_key=study,
            description=description,
            device=SCANNER,
            field_strength_t=1.5,
            thickness_mm=5.0,
            phase_encoding="ROW",
            series_number=number,
            acquired_at=(datetime.now(tz=UTC) - timedelta(seconds=taken_s_ago)).astimezone().replace(tzinfo=None),
        )
        place = self.folder / f"{study}-{number}"
        ref = write_series(_stack(), place, sample)
        register(self.fhir, [PatientKey(patient_id=f"SIMULATED-{study}", sex="O")])
        self.archive.store([file.read_bytes() for file in sorted(place.glob("*.dcm"))], ref.study_instance_uid)
        return ref

    def open_notices(self) -> tuple[Notice, ...]:
        return self.books.open_notices(self.tools.clock.now())

    def ended_notices(self) -> tuple[Notice, ...]:
        return self.books.ended_notices(self.tools.clock.now(), 50)

    def wait_for(self, condition: Callable[[], bool], within_s: float = 60.0) -> None:
        deadline = time.monotonic() + within_s
        while not condition():
            rows = [(row.state, row.reason, row.last_error) for row in self.books.queue(20, 0)]
            assert time.monotonic() < deadline, rows
            time.sleep(0.05)


@contextmanager
def ward(
    folder: Path,
    truth: Truth,
    *,
    poll_every_s: float,
    quiet_s: float,
    look_s: float = 8.0,
    changes: Mapping[str, Any] | None = None,
) -> Iterator[Ward]:
    """Run the installation; what ``truth`` finds takes the place of the analysis while the block runs."""
    (folder / "archive").mkdir(parents=True)
    (folder / "rules.toml").write_text(RULES)
    with ExitStack() as stack:
        store = stack.enter_context(EmbeddedFhirStore(folder / "fhir"))
        settings = load_settings(
            data_folder=folder / "data",
            rules_file=folder / "rules.toml",
            archive={
                "folder": folder / "archive",
                "poll_every_s": poll_every_s,
                "quiet_s": quiet_s,
                "look_s": look_s,
                "window_days": "all",
                "reconcile_window_days": "all",
            },
            ehr={"url": store.base_url, "patient_system": PATIENT_SYSTEM, "follow_every_s": 0.5},
            console={"port": 0},
            **(changes or {}),
        )
        stack.enter_context(patch.object(analyse, "analyse", _finding(truth)))
        tools = stack.enter_context(services(settings))
        address = stack.enter_context(console_server(tools, settings))
        stack.enter_context(EmbeddedWorker(tools, concurrency=2))
        yield Ward(
            tools=tools,
            settings=settings,
            books=books_of(tools.ledger),
            archive=DirectoryArchive(folder / "archive"),
            fhir=FhirClient(store.base_url),
            console=address,
            folder=folder / "scans",
        )


def _finding(truth: Truth) -> Callable[..., QaReport]:
    def stand_in(
        series: LoadedSeries, route: Match, analyst: Analyst, *, lineage: Lineage, watch: Stopwatch
    ) -> QaReport:
        header = series.header
        made = replace(
            phantom_report().provenance,
            rule_revision=analyst.rules.revision,
            rule_name=route.rule.name if route.rule else "",
            instances_digest=instances_digest(header.instance_uids),
            source_instance_uids=header.instance_uids,
            created_at=analyst.clock.now().isoformat(timespec="seconds"),
        )
        return phantom_report(
            ref=header.ref,
            device=header.device,
            analysis="mri-artifact-detection",
            subject="patient",
            phantom=None,
            judgements=(),
            findings=truth(header.series_description),
            provenance=made,
            revision=lineage.revision,
            predecessor=lineage.predecessor,
            simulated=header.simulated,
            timings_s=watch.seconds,
        )

    return stand_in


def _stack() -> ImageStack:
    rng = np.random.default_rng(1)
    slices = tuple(
        SliceRef(
            sop_instance_uid="", sop_class_uid="", frame_number=None, instance_number=place, position_mm=5.0 * place
        )
        for place in range(4)
    )
    affine = np.diag([1.0, 1.0, 5.0, 1.0])
    return ImageStack(
        voxels=rng.uniform(0, 1000, (4, 64, 64)).astype(np.float32),
        spacing_mm=(5.0, 1.0, 1.0),
        affine_mm=affine,
        value_unit="1",
        slices=slices,
    )
