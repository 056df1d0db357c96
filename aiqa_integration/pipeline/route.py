"""Decide which analysis a series gets."""

from aiqa_integration.errors import ConfigurationError
from aiqa_integration.model.image import SeriesHeader
from aiqa_integration.rules.match import Match, match
from aiqa_integration.rules.schema import Rule, RuleSet


def route(header: SeriesHeader, rules: RuleSet) -> Match:
    """Return the rule that wants the series, or the reason why none does."""
    return match(rules, header.keywords)


def forced_route(analysis: str, rules: RuleSet) -> Match:
    """Return the first rule with an analysis, whatever the series' header says; refusals are always reported.

    Raises ConfigurationError where no rule has the analysis.
    """
    rule: Rule | None = next((rule for rule in rules.rule if rule.analysis == analysis), None)
    if rule is None:
        known = ", ".join(sorted({rule.analysis for rule in rules.rule}))
        raise ConfigurationError(f"no rule has the analysis '{analysis}'; known: {known}")
    return Match(rule.model_copy(update={"when_not_found": "report"}), f"asked for: {analysis}")
