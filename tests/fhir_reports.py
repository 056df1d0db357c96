"""Reports with known content, for the tests of everything that writes FHIR."""

from dataclasses import replace
from types import SimpleNamespace

from aiqa_integration.fhir.capability import Capability, TypeSupport
from aiqa_integration.model.coding import aiqa_code, dcm_code
from aiqa_integration.model.finding import Finding
from aiqa_integration.model.identity import Device, OrderKey, PatientKey, SeriesRef
from aiqa_integration.model.image import SeriesHeader
from aiqa_integration.model.judgement import Judgement, Tolerance, Verdict
from aiqa_integration.model.measurement import Measured, MetricDef, NotMeasured, Reason
from aiqa_integration.model.quantity import MM, ONE, PERCENT, Quantity
from aiqa_integration.model.recommendation import Recommendation, RecommendationKind
from aiqa_integration.model.report import BundleVersion, Provenance, QaReport, Refusal
from aiqa_integration.pipeline.ports import LoadedSeries

REF = SeriesRef(study_instance_uid="1.2.826.0.1.999.1", series_instance_uid="1.2.826.0.1.999.1.4")
SCANNER = Device(manufacturer="SIEMENS", model="Prisma", serial="66123", station="MR2", software_versions=("E11",))
SOURCE = "ACR MRI QC manual 2015, section 5"

LENGTH = MetricDef(
    id="mr-length-horizontal-slice5", label="Length, horizontal, slice 5", unit=MM, better="target", source=SOURCE,
    version="1", code=aiqa_code("AIQA-LEN-H-S5", "Phantom length, horizontal, slice 5"), decimals=1,
)  # fmt: skip
PIU = MetricDef(
    id="mr-percent-image-uniformity", label="Percent image uniformity", unit=PERCENT, better="higher", source=SOURCE,
    version="1", code=aiqa_code("AIQA-PIU", "Percent integral uniformity"), decimals=1,
)  # fmt: skip
GHOSTING = MetricDef(
    id="mr-percent-signal-ghosting", label="Percent signal ghosting", unit=PERCENT, better="lower", source=SOURCE,
    version="1", code=aiqa_code("AIQA-PSG", "Percent signal ghosting"), decimals=2,
)  # fmt: skip
SNR = MetricDef(
    id="mr-snr", label="Signal-to-noise ratio", unit=ONE, better="higher", source=SOURCE, version="1",
    code=dcm_code("111787", "Signal to Noise Ratio"), decimals=0,
)  # fmt: skip
THICKNESS = MetricDef(
    id="mr-slice-thickness", label="Slice thickness", unit=MM, better="target", source=SOURCE, version="1",
    code=dcm_code("112225", "Slice Thickness"), decimals=2,
)  # fmt: skip

LENGTH_LIMITS = Tolerance(
    action_low=187.0, action_high=193.0, tolerance_low=188.0, tolerance_high=192.0, source=SOURCE, revision="r3"
)
PIU_LIMITS = Tolerance(action_low=82.0, source=SOURCE, revision="r3")
GHOSTING_LIMITS = Tolerance(action_high=2.5, tolerance_high=2.0, source=SOURCE, revision="r3")
THICKNESS_LIMITS = Tolerance(action_low=4.3, action_high=5.7, source=SOURCE, revision="r3")


def judged(
    metric: MetricDef, value: float, limits: Tolerance | None, verdict: Verdict, uncertainty: float | None = None
) -> Judgement:
    measured = Measured(metric=metric, quantity=Quantity(value, metric.unit), uncertainty=uncertainty)
    return Judgement(measurement=measured, limits=limits, verdict=verdict)


LENGTH_OK = judged(LENGTH, 190.04, LENGTH_LIMITS, Verdict.PASS, uncertainty=0.5)
PIU_LOW = judged(PIU, 80.12, PIU_LIMITS, Verdict.ACTION)
GHOSTING_WARNS = judged(GHOSTING, 2.2, GHOSTING_LIMITS, Verdict.TOLERANCE)
SNR_FREE = judged(SNR, 151.7, None, Verdict.NOT_ASSESSED)
THICKNESS_MISSING = Judgement(
    measurement=NotMeasured(metric=THICKNESS, reason=Reason.SLICE_MISSING, detail="slice 1 is not in the series"),
    limits=THICKNESS_LIMITS,
    verdict=Verdict.NOT_MEASURED,
)
MIXED = (LENGTH_OK, PIU_LOW, GHOSTING_WARNS, SNR_FREE, THICKNESS_MISSING)


def phantom_report(*judgements: Judgement, series: str = "4", **changes: object) -> QaReport:
    """Return a report of an ACR MRI phantom; without judgements, of one that has every verdict."""
    ref = replace(REF, series_instance_uid=f"{REF.study_instance_uid}.{series}")
    report = QaReport(
        ref=ref,
        modality="MR",
        device=SCANNER,
        analysis="acr-mri-phantom",
        analysis_version="1.0.0",
        bundle=BundleVersion(name="mri_phantom_scoring", version="0.3.0", weights_sha256="ab" * 32),
        subject="phantom",
        phantom="acr-mri-large",
        judgements=judgements or MIXED,
        refused=None,
        provenance=Provenance(
            software_version="0.1.0",
            rule_revision="7",
            rule_name="declared-mri-phantom",
            limit_set="acr-mri-large-2022",
            limit_set_revision="r3",
            instances_digest="cd" * 32,
            source_instance_uids=tuple(f"{ref.series_instance_uid}.{number}" for number in range(1, 12)),
            created_at="2026-11-20T06:47:02.250000+00:00",
        ),
    )
    return replace(report, **changes)  # type: ignore[arg-type]


def refused_report(**changes: object) -> QaReport:
    """Return a report of a series in which nothing was recognised."""
    refused = Refusal(code="phantom-not-found", detail="no slice looks like the ACR phantom")
    return replace(phantom_report(), **{"judgements": (), "phantom": None, "refused": refused, **changes})  # type: ignore[arg-type]


def header(
    report: QaReport,
    acquired_at: str | None = "2026-11-20T06:41:10",
    patient: PatientKey | None = None,
    order: OrderKey | None = None,
) -> SeriesHeader:
    """Return the header of a report's series."""
    return SeriesHeader(
        ref=report.ref, modality="MR", device=report.device, instance_count=11, acquired_at=acquired_at,
        patient=patient, order=order,
    )  # fmt: skip


PATIENT = PatientKey(patient_id="P-1", birth_date="1970-01-02", sex="F")
ORDER = OrderKey(accession_number="A-1")
MRN = "urn:oid:2.16.840.1.113883.19.5.99.2"
UNTIL = "2026-11-20T06:57:00+00:00"
MOTION = Finding(
    artifact="motion", probability=0.96, severity=3, explanation="Blurred.", calibration="active", slices=(1, 2, 3)
)
GHOST = Finding(artifact="ghost", probability=0.97, severity=2, explanation="Ghosts.", calibration="active")


def repeat_proposal(kind: RecommendationKind = RecommendationKind.REPEAT_NOW) -> Recommendation:
    """Return a proposal that cannot wait."""
    return Recommendation(
        kind=kind, reason="worth-a-repeat", text="Motion, severe.", urgency="now", change="coach the patient",
        artifacts=("motion",), until=UNTIL,
    )  # fmt: skip


def patient_report(*findings: Finding, **changes: object) -> QaReport:
    """Return a report of a patient's series with severe motion, of which somebody is told."""
    told = {
        "subject": "patient", "phantom": None, "judgements": (), "findings": findings or (MOTION,),
        "analysis": "mri-artifact-detection", "recommendation": repeat_proposal(),
    }  # fmt: skip
    return replace(phantom_report(), **{**told, **changes})  # type: ignore[arg-type]


def loaded(report: QaReport, patient: PatientKey | None = PATIENT, order: OrderKey | None = ORDER) -> LoadedSeries:
    """Return the series of a report, of which only the header is looked at."""
    return SimpleNamespace(header=header(report, patient=patient, order=order))  # type: ignore[return-value]


EVERYTHING = Capability(
    transactions=True,
    types={
        name: TypeSupport(
            interactions=frozenset({"read", "create", "update", "search-type"}),
            conditional_create=True,
            conditional_update=True,
            parameters=frozenset({"identifier", "_tag", "status", "url"}),
        )
        for name in (
            "Patient", "ImagingStudy", "ServiceRequest", "Task", "Observation", "DiagnosticReport", "Device",
            "Provenance", "DocumentReference", "Endpoint", "AuditEvent", "MeasureReport", "Subscription",
        )
    },
)  # fmt: skip
"""What a server that can do all says of itself."""
