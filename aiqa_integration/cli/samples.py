"""The demo's own sample studies: simulated scans, labelled as such wherever a person may look."""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from aiqa_integration.artifact_detection.families import Family
from aiqa_integration.dicom.sample_study import SampleSeries, write_series
from aiqa_integration.ledger.scanner_record import SqlScannerRecord
from aiqa_integration.ledger.views import Place
from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.model.identity import Device, device_key
from aiqa_integration.model.image import ImageStack
from aiqa_integration.model.report import BundleVersion
from aiqa_integration.simulate.acr_mri import Pose, Scan, simulate_localizer, simulate_series
from aiqa_integration.simulate.patient_mri import SimulatedPatient, simulate_patient
from aiqa_integration.simulate.scanner import Shading

SEED = 464
SCANNER = Device(manufacturer="AIQA simulator", model="Simulated MR", serial="SIM-1", station="SIMMR1")


def write_sample_studies(folder: Path) -> int:
    """Write the demo's series into a folder as DICOM files and return how many: good, faulty, nothing to measure."""
    rng = np.random.default_rng(SEED)
    good = simulate_series("acr-mri-large", rng=rng, pose=Pose(offset_mm=(4.0, -3.0), rotation_deg=1.0))
    _write(folder, good.stack, study_key="demo-large", number=1, description="ACR axial T1")
    localizer = simulate_localizer("acr-mri-large", rng=rng)
    _write(folder, localizer, study_key="demo-large", number=2, description="ACR sagittal localizer")
    faults = Scan(thickness_mm=6.4, scale=(1.025, 1.0), ghost=0.06, shading=Shading(linear_y=0.25, bowl=-0.2), snr=60.0)
    pose = Pose(offset_mm=(-8.0, 5.0), rotation_deg=-6.0)
    faulty = simulate_series("acr-mri-large", rng=rng, pose=pose, scan=faults)
    _write(folder, faulty.stack, study_key="demo-faulty", number=1, description="ACR axial T1", field_strength_t=3.0)
    medium = simulate_series("acr-mri-medium", rng=rng, pose=Pose(rotation_deg=0.5))
    _write(folder, medium.stack, study_key="demo-medium", number=1, description="ACR medium axial T1", enhanced=True)
    _write_patient(folder, simulate_patient(rng), study_key="demo-head")
    _write_patient(folder, simulate_patient(rng, ArtifactId.WRAP, 3), study_key="demo-head-wrapped")
    return 6


def trust_sample_scanner(record: SqlScannerRecord, bundle: BundleVersion, *, at: datetime) -> None:
    """Set alerts going for the simulated scanner, so that the demo shows one; no reviewer has answered for it."""
    for artifact in ArtifactId:
        place = Place(device_key=device_key(SCANNER), family=Family.T2_SPIN_ECHO, artifact=artifact)
        record.adopt(place, bundle, who="aiqa demo", why="simulated scanner, for show", at=at)


def _write_patient(folder: Path, patient: SimulatedPatient, *, study_key: str) -> None:
    """Write a head series as if it had been scanned two minutes ago: the patient may still be on the table."""
    sample = SampleSeries(
        study_key=study_key,
        description="T2 TSE axial",
        device=SCANNER,
        field_strength_t=1.5,
        thickness_mm=patient.stack.spacing_mm[0],
        phase_encoding="COLUMN" if patient.phase_axis == 0 else "ROW",
        quality_control=False,
        repetition_time_ms=4000.0,
        echo_time_ms=90.0,
        acquired_at=datetime.now() - timedelta(minutes=2),  # noqa: DTZ005 - DICOM times carry no zone
    )
    write_series(patient.stack, folder / study_key, sample)


def _write(
    folder: Path,
    stack: ImageStack,
    *,
    study_key: str,
    number: int,
    description: str,
    field_strength_t: float = 1.5,
    enhanced: bool = False,
) -> None:
    sample = SampleSeries(
        study_key=study_key,
        description=description,
        device=SCANNER,
        field_strength_t=field_strength_t,
        thickness_mm=5.0,
        phase_encoding="COLUMN",
        series_number=number,
    )
    write_series(stack, folder / f"{study_key}-{number}", sample, enhanced=enhanced)
