"""What every analysis needs beside the images, and what it gives back."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiqa_integration.model.finding import Finding
from aiqa_integration.model.judgement import Judgement
from aiqa_integration.model.report import BundleVersion
from aiqa_integration.pipeline.ports import Clock, Inferencer, NoScannerRecord, ScannerRecord
from aiqa_integration.rules.schema import RuleSet
from aiqa_integration.tolerances.limits import LimitSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Analyst:
    """What an analysis needs beside the images: bundles, rules, limits, the time and the software's own version.

    ``record`` is what is known of the scanners.
    """

    inferencer: Inferencer
    rules: RuleSet
    limit_sets: tuple[LimitSet, ...]
    clock: Clock
    software_version: str
    record: ScannerRecord = field(default_factory=NoScannerRecord)


@dataclass(slots=True)
class Stopwatch:
    """Seconds of each step, by name."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Add the time of the block to ``name``."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = round(self.seconds.get(name, 0.0) + time.perf_counter() - start, 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysed:
    """What an analysis found in one series; ``phantom`` is None where it shows a patient."""

    analysis_version: str
    phantom: str | None
    bundle: BundleVersion
    limits: LimitSet | None
    judgements: tuple[Judgement, ...]
    findings: tuple[Finding, ...]
