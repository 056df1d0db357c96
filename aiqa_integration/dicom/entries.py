"""The lines of a result's picture: every value and every finding, with its tag, its look and its places."""

from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase

from aiqa_integration.dicom.energy import finding_regions
from aiqa_integration.model.finding import EnergyMap, Finding
from aiqa_integration.model.judgement import SEVERITY, Judgement, Verdict
from aiqa_integration.model.measurement import Measured, Region
from aiqa_integration.model.report import QaReport
from aiqa_integration.model.wording import WORDS, finding_names, limits_text, value_text

LOOKS: dict[int, Verdict] = {
    0: Verdict.NOT_ASSESSED,
    1: Verdict.NOT_ASSESSED,
    2: Verdict.TOLERANCE,
    3: Verdict.ACTION,
}
"""The verdict whose colour a finding has, by its severity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line: its tag (a number for a value, a letter for a finding), its look, where it is, and its four cells.

    ``limits`` is None where ``value`` takes the room of both.
    """

    tag: str
    look: Verdict
    label: str
    value: str
    limits: str | None
    word: str
    regions: tuple[Region, ...] = ()
    energy: EnergyMap | None = None
    slices: tuple[int, ...] = ()

    @property
    def severity(self) -> int:
        """How bad it is, for the choice of what is shown."""
        return SEVERITY[self.look]

    @property
    def places(self) -> set[int]:
        """Slices on which it has something to draw; else the first of those that it is about."""
        drawn = {region.slice_index for region in self.regions} | set(self.energy.slices if self.energy else ())
        return drawn or set(self.slices[:1])

    def regions_on(self, place: int) -> list[Region]:
        """Return its regions on a slice."""
        return [region for region in self.regions if region.slice_index == place]


def entries_of(report: QaReport) -> list[Entry]:
    """Return the lines of a report: values in their order, then findings."""
    values = [_value(str(number), judgement) for number, judgement in enumerate(report.judgements, start=1)]
    return values + [_finding(_letters(number), finding) for number, finding in enumerate(report.findings)]


def worst_of(entries: Sequence[Entry], most: int) -> list[Entry]:
    """Return the lines, in their order; only the ``most`` worst ones where there are more."""
    if len(entries) <= most:
        return list(entries)
    worst = sorted(range(len(entries)), key=lambda at: -entries[at].severity)[:most]
    return [entries[at] for at in sorted(worst)]


def _value(tag: str, judgement: Judgement) -> Entry:
    measurement = judgement.measurement
    if isinstance(measurement, Measured):
        value = value_text(measurement, judgement.limits)
        limits = limits_text(judgement.limits, measurement.metric) if judgement.limits else "no limits"
    else:
        value, limits = measurement.detail, None
    return Entry(
        tag=tag,
        look=judgement.verdict,
        label=measurement.metric.label,
        value=value,
        limits=limits,
        word=WORDS[judgement.verdict],
        regions=measurement.regions,
    )


def _finding(tag: str, finding: Finding) -> Entry:
    name = finding_names([finding])
    return Entry(
        tag=tag,
        look=LOOKS[finding.severity],
        label=name[:1].upper() + name[1:],
        value=finding.explanation,
        limits=None,
        word="REMARK" if finding.state == "present" else f"POSSIBLE, {100 * finding.probability:.0f} %",
        regions=finding_regions(finding),
        energy=finding.energy,
        slices=finding.slices,
    )


def _letters(number: int) -> str:
    """Return A, B, … Z, AA, AB and so on."""
    head, last = divmod(number, len(ascii_uppercase))
    return (_letters(head - 1) if head else "") + ascii_uppercase[last]
