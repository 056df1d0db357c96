"""What a rule file may say: tables of DICOM keyword, operator and value; validated, never evaluated."""

import hashlib
import json
import tomllib
from enum import StrEnum
from importlib.resources import files
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from aiqa_integration.errors import ConfigurationError

Value = str | float


class Operator(StrEnum):
    """How a header value is compared; text without regard to case."""

    EQUALS = "equals"
    NOT_EQUALS = "not-equals"
    CONTAINS = "contains"
    CONTAINS_WORD = "contains-word"
    NOT_CONTAINS = "not-contains"
    STARTS_WITH = "starts-with"
    AT_LEAST = "at-least"
    AT_MOST = "at-most"
    PRESENT = "present"
    ABSENT = "absent"


WORDS: dict[Operator, str] = {
    Operator.EQUALS: "is",
    Operator.NOT_EQUALS: "is not",
    Operator.CONTAINS: "contains",
    Operator.CONTAINS_WORD: "contains the word",
    Operator.NOT_CONTAINS: "does not contain",
    Operator.STARTS_WITH: "starts with",
    Operator.AT_LEAST: "is at least",
    Operator.AT_MOST: "is at most",
    Operator.PRESENT: "is present",
    Operator.ABSENT: "is absent",
}
"""Each operator as a person says it."""

NUMERIC = frozenset({Operator.AT_LEAST, Operator.AT_MOST})
UNARY = frozenset({Operator.PRESENT, Operator.ABSENT})


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Condition(_Strict):
    """Holds if the operator holds for any of the keywords and any of the values (negations: for all of both)."""

    keywords: tuple[str, ...] = Field(min_length=1)
    operator: Operator
    value: tuple[Value, ...] = ()

    @field_validator("value", mode="before")
    @classmethod
    def _as_list(cls, value: object) -> object:
        return value if isinstance(value, list | tuple) else [value]

    @model_validator(mode="after")
    def _values_fit_operator(self) -> "Condition":
        if self.operator in UNARY and self.value:
            raise ValueError(f"'{self.operator}' takes no value")
        if self.operator not in UNARY and not self.value:
            raise ValueError(f"'{self.operator}' needs a value")
        if self.operator in NUMERIC and not all(isinstance(value, int | float) for value in self.value):
            raise ValueError(f"'{self.operator}' needs a number")
        if any(not keyword.isidentifier() for keyword in self.keywords):
            raise ValueError(f"not a DICOM keyword: {self.keywords}")
        return self

    def sentence(self) -> str:
        """Return the condition as a person says it."""
        names = " or ".join(self.keywords)
        values = " or ".join(f"'{value}'" if isinstance(value, str) else f"{value:g}" for value in self.value)
        return f"{names} {WORDS[self.operator]} {values}".rstrip()


class Rule(_Strict):
    """Which series get which analysis, limits and receivers.

    ``when_not_found``: what happens to a series in which the analysis finds nothing to measure: ``report`` delivers the
    refusal, ``ignore`` only records it (for rules that look into series which may well be a patient's), ``next`` hands
    the series to the next rule that wants it, and ignores it where there is none.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=64)
    title: str = ""
    analysis: str
    subject: Literal["phantom", "patient"]
    limit_sets: tuple[str, ...] = ()
    sinks: tuple[str, ...] = ()
    when_not_found: Literal["report", "ignore", "next"] = "report"
    enabled: bool = True
    when: tuple[Condition, ...] = Field(min_length=1)

    def sentence(self) -> str:
        """Return the whole rule as a person says it."""
        conditions = " and ".join(condition.sentence() for condition in self.when)
        silence = _SILENCE[self.when_not_found]
        limits = f", judged by {' or '.join(self.limit_sets)}" if self.limit_sets else ""
        return f"A series whose {conditions} gets {self.analysis}{limits}, sent to {', '.join(self.sinks)}{silence}."


_SILENCE = {
    "report": "",
    "ignore": "; where it finds nothing, the series is ignored",
    "next": "; where it finds nothing, the next rule that wants the series gets it",
}
"""What a rule's sentence says of ``when_not_found``."""


class RuleSet(_Strict):
    """The rules of one revision, in order of precedence."""

    rule: tuple[Rule, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_unique(self) -> "RuleSet":
        names = [rule.name for rule in self.rule]
        if len(set(names)) != len(names):
            raise ValueError("two rules have the same name")
        return self

    @property
    def canonical_text(self) -> str:
        """The rules as canonical JSON: what the revision is the digest of."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)

    @property
    def revision(self) -> str:
        """Digest of the rules' content: equal rules have equal revisions."""
        return hashlib.sha256(self.canonical_text.encode()).hexdigest()[:16]


def parse_rules(text: str) -> RuleSet:
    """Return the rules of a TOML text; raises ConfigurationError with every mistake named."""
    try:
        return RuleSet.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"rule file is not TOML: {error}") from error
    except ValidationError as error:
        mistakes = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigurationError(f"rule file: {mistakes}") from error


def default_rules() -> RuleSet:
    """Return the rules that ship with the program."""
    return parse_rules((files("aiqa_integration.rules") / "defaults.toml").read_text("utf-8"))
