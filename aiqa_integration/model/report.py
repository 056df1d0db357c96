"""The result of one analysis of one series."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from aiqa_integration.model.finding import Finding
from aiqa_integration.model.identity import Device, SeriesRef, dicom_uid
from aiqa_integration.model.judgement import SEVERITY, Judgement, Verdict
from aiqa_integration.model.recommendation import Recommendation
from aiqa_integration.model.screening import Screening


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a series has no values: the stable code of the error class and a sentence for a person."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleVersion:
    """Which bundle found what was measured."""

    name: str
    version: str
    weights_sha256: str

    @property
    def key(self) -> str:
        """One word for all three, for the ledger."""
        return f"{self.name} {self.version} {self.weights_sha256}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What made the result: software, rules, limits, source instances (digest of the sorted SOP UIDs), time."""

    software_version: str
    rule_revision: str
    rule_name: str
    limit_set: str
    limit_set_revision: str
    instances_digest: str
    source_instance_uids: tuple[str, ...]
    created_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What, beside the series, the identity of a result hangs on (DESIGN 2.5)."""

    instances_digest: str
    analysis: str
    analysis_version: str
    rule_revision: str
    revision: int

    def object_uid(self, ref: SeriesRef, role: str) -> str:
        """Return the SOP or series UID of the object that plays ``role`` for this result of a series."""
        return dicom_uid(
            ref.study_instance_uid,
            ref.series_instance_uid,
            self.instances_digest,
            f"{self.analysis}/{self.analysis_version}",
            self.rule_revision,
            role,
            str(self.revision),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class QaReport:
    """All that is known of one series after one analysis; ``refused`` is set where nothing could be measured.

    ``findings`` say what is remarkable besides the values; they have no part in the verdict.
    ``revision`` counts results of the same series, from 1; ``predecessor`` names the one before it.
    """

    ref: SeriesRef
    modality: str
    device: Device
    analysis: str
    analysis_version: str
    bundle: BundleVersion | None
    subject: Literal["phantom", "patient"]
    phantom: str | None
    judgements: tuple[Judgement, ...]
    refused: Refusal | None
    provenance: Provenance
    findings: tuple[Finding, ...] = ()
    recommendation: Recommendation | None = None
    screening: Screening | None = None
    revision: int = 1
    predecessor: Version | None = None
    simulated: bool = False
    timings_s: Mapping[str, float] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """Worst verdict of all; PASS only if everything required was measured, NOT_MEASURED if refused or empty."""
        if self.refused is not None or not self.judgements:
            return Verdict.NOT_MEASURED
        counted = [j.verdict for j in self.judgements if j.required or j.verdict is not Verdict.NOT_MEASURED]
        worst = max(counted, key=SEVERITY.__getitem__, default=Verdict.NOT_ASSESSED)
        if SEVERITY[worst] > 0:
            return worst
        return Verdict.PASS if Verdict.PASS in counted else Verdict.NOT_ASSESSED

    @property
    def report_uid(self) -> str:
        """Identity of this result (DESIGN 2.5): changes with the images, the analysis, the rules or the revision."""
        return self.object_uid("report")

    @property
    def version(self) -> Version:
        """What this result's identity hangs on."""
        return Version(
            instances_digest=self.provenance.instances_digest,
            analysis=self.analysis,
            analysis_version=self.analysis_version,
            rule_revision=self.provenance.rule_revision,
            revision=self.revision,
        )

    def object_uid(self, role: str) -> str:
        """Return the SOP or series UID of the object that plays ``role`` for this result."""
        return self.version.object_uid(self.ref, role)
