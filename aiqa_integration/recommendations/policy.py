"""What a repeat and a recall cost, how long a patient stays, when the rule keeps silent: a site's choice."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType

from aiqa_integration.model.finding import Severity
from aiqa_integration.recommendations.remedies import Remedy


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The numbers of the repeat rule.

    ``non_diagnostic`` is the chance that a series with an artifact of that severity cannot be read; ``fixable``
    overrides the catalogue's chance that a repeat is better, by artifact. ``notice_budget`` and ``slowest_share``: the
    share of notices that must come within the budget after the images. ``acceptance_window`` closed notices of which
    fewer than ``acceptance_floor`` were followed suspend the rule. ``alert_budget`` is the part of the studies that may
    be told of: a series is, where fewer than that part of the last ``budget_window`` studies had one worth as much.

    Source: an hour of scanner at US$ 592 (Andre et al., JACR 2015), a repeat of 5 and a recall of 30 minutes (the
    same, rounded); the other numbers are the project's own proposals (docs/recommendations.md).
    """

    scanner_hour_cost: float = 592.0
    repeat_minutes: float = 5.0
    recall_minutes: float = 30.0
    non_diagnostic: Mapping[Severity, float] = field(default_factory=lambda: MappingProxyType({2: 0.4, 3: 0.9}))
    fixable: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    alternative_fixable: float = 0.7
    on_table: timedelta = timedelta(minutes=10)
    late_after: timedelta = timedelta(minutes=60)
    clock_ahead: timedelta = timedelta(minutes=5)
    notice_budget: timedelta = timedelta(seconds=30)
    slowest_share: float = 0.95
    fewest_delays: int = 20
    review_from: float = 0.8
    review_for: timedelta = timedelta(hours=24)
    service_after: int = 3
    service_within: timedelta = timedelta(hours=24)
    alert_budget: float = 0.1
    budget_window: int = 100
    acceptance_window: int = 50
    acceptance_floor: float = 0.3

    def repeat_cost(self, minutes: float | None) -> float:
        """Return what repeating a series of so many minutes costs; None = the site's usual ones."""
        return self.scanner_hour_cost / 60.0 * (self.repeat_minutes if minutes is None else minutes)

    @property
    def recall_cost(self) -> float:
        """What it costs to call the patient in again."""
        return self.scanner_hour_cost / 60.0 * self.recall_minutes

    def fixable_of(self, remedy: Remedy) -> float:
        """Return the chance that a repeat is better: the site's own, else the catalogue's."""
        return self.fixable.get(remedy.artifact, remedy.fixable)

    def threshold(self, *, fixable: float, minutes: float | None) -> float:
        """Return from which chance of a series that cannot be read a repeat pays.

        p* = cost(repeat) / (cost(recall) · P(fixable)); above 1 it never does.
        """
        return self.repeat_cost(minutes) / (self.recall_cost * fixable) if fixable > 0 else float("inf")

    def worth(self, *, chance: float, fixable: float, minutes: float | None) -> float:
        """Return what a repeat of a series that cannot be read with this chance spares on average, less its cost."""
        return chance * fixable * self.recall_cost - self.repeat_cost(minutes)
