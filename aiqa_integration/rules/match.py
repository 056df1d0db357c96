"""Does a rule want a series? Header values in, yes or no with the reason out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from aiqa_integration.model.image import HeaderValue
from aiqa_integration.rules.schema import Condition, Operator, Rule, RuleSet, Value

IDENTIFYING = frozenset({"PatientID", "PatientName", "InstitutionName"})
"""Keywords that a rule may ask for, but whose values never stand in a reason (reasons are logged)."""


@dataclass(frozen=True, slots=True)
class Match:
    """The rule that wants a series (None: none does) and why, as a sentence.

    ``following`` are the rules after it that want the series too, for a rule that finds nothing and passes it on.
    """

    rule: Rule | None
    reason: str
    following: tuple["Match", ...] = ()


def match(rules: RuleSet, keywords: Mapping[str, HeaderValue]) -> Match:
    """Return the first enabled rule whose conditions all hold, or why each rule does not want the series."""
    misses, wanting = [], []
    for rule in rules.rule:
        if not rule.enabled:
            continue
        failed = next((condition for condition in rule.when if not holds(condition, keywords)), None)
        if failed is None:
            wanting.append(Match(rule, f"rule {rule.name}: {' and '.join(c.sentence() for c in rule.when)}"))
        else:
            misses.append(f"{rule.name}: not so that {failed.sentence()}{_found(failed, keywords)}")
    if wanting:
        return replace(wanting[0], following=tuple(wanting[1:]))
    return Match(None, "no rule wants this series (" + "; ".join(misses or ["no rule is enabled"]) + ")")


def wants_modality(rules: RuleSet, modality: str) -> bool:
    """Return whether any enabled rule could want a series of this modality: its images need not be fetched if not."""
    known = {"Modality": modality}
    return any(
        rule.enabled and all(holds(c, known) for c in rule.when if c.keywords == ("Modality",)) for rule in rules.rule
    )


def holds(condition: Condition, keywords: Mapping[str, HeaderValue]) -> bool:
    """Return whether a condition holds for a series' header values."""
    present = [keywords[name] for name in condition.keywords if keywords.get(name, "") not in ("", ())]
    match condition.operator:
        case Operator.PRESENT:
            return bool(present)
        case Operator.ABSENT:
            return not present
        case Operator.NOT_EQUALS | Operator.NOT_CONTAINS:
            positive = Operator.EQUALS if condition.operator is Operator.NOT_EQUALS else Operator.CONTAINS
            return not any(_compare(positive, value, wanted) for value in present for wanted in condition.value)
        case operator:
            return any(_compare(operator, value, wanted) for value in present for wanted in condition.value)


def _found(condition: Condition, keywords: Mapping[str, HeaderValue]) -> str:
    present = [name for name in condition.keywords if keywords.get(name, "") not in ("", ())]
    values = [f"{name} is '{keywords[name]}'" for name in present if name not in IDENTIFYING]
    return f" ({', '.join(values)})" if values else "" if present else " (absent)"


def _compare(operator: Operator, value: HeaderValue, wanted: Value) -> bool:
    if isinstance(value, tuple):
        return any(_compare(operator, single, wanted) for single in value)
    if operator in {Operator.AT_LEAST, Operator.AT_MOST} or isinstance(wanted, int | float):
        return _compare_number(operator, value, wanted)
    text, pattern = str(value).strip().casefold(), wanted.strip().casefold()
    if operator is Operator.EQUALS:
        return text == pattern
    if operator is Operator.STARTS_WITH:
        return text.startswith(pattern)
    if operator is Operator.CONTAINS_WORD:
        return re.search(rf"(?<![^\W_]){re.escape(pattern)}(?![^\W_])", text) is not None
    return pattern in text


def _compare_number(operator: Operator, value: str | float, wanted: Value) -> bool:
    try:
        number, limit = float(value), float(wanted)
    except ValueError:
        return False
    if operator is Operator.AT_LEAST:
        return number >= limit
    if operator is Operator.AT_MOST:
        return number <= limit
    return number == limit
