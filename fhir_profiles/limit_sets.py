"""The limit sets that ship with AIQA as PlanDefinitions, which every phantom run names with their revision."""

from collections.abc import Iterator

from aiqa_integration.metrics import all_metrics
from aiqa_integration.model.wording import limits_text
from aiqa_integration.tolerances.limit_file import CONDITIONS, Limit, LimitSet, shipped_limit_sets

_LEVELS = (("action", "action-limit", "Action limit"), ("tolerance", "warning-limit", "Warning limit"))
_METRICS = {metric.id: metric for metric in all_metrics()}


def instances() -> Iterator[str]:
    """Yield the FSH of each shipped limit set."""
    yield from map(_instance, sorted(shipped_limit_sets(), key=lambda limits: limits.id))


def _instance(limits: LimitSet) -> str:
    source = f"{limits.source}, {limits.edition}"
    head = [
        f"Instance: {limits.id}",
        "InstanceOf: AiqaLimitSet",
        "Usage: #definition",
        f'Title: "{limits.title}"',
        f'Description: "{source}"',
        f'* url = "https://w3id.org/aiqa/fhir/PlanDefinition/{limits.id}"',
        f'* version = "{limits.revision}"',
        f'* name = "{"".join(part.capitalize() for part in limits.id.split("-"))}"',
        f'* title = "{limits.title}"',
        "* status = #active",
        f'* description = "{source}"',
        f'* effectivePeriod.start = "{limits.effective}"',
        "* relatedArtifact.type = #derived-from",
        f'* relatedArtifact.citation = "{source}"',
    ]
    return "\n".join((*head, *(line for limit in limits.limits for line in _goals(limit))))


def _goals(limit: Limit) -> Iterator[str]:
    """Yield the lines of a goal for each level that the limits of a metric have."""
    for level, code, display in _LEVELS:
        sides = {side: getattr(limit.tolerance, f"{level}_{side}") for side in ("low", "high")}
        given = {side: value for side, value in sides.items() if value is not None}
        if not given:
            continue
        metric = _METRICS[limit.metric]
        yield f'* goal[+].category = $QaRangeType#{code} "{display}"'
        yield f'* goal[=].description.text = "{metric.label}: {limits_text(limit.tolerance, metric)}{_when(limit)}"'
        yield f'* goal[=].target.measure = $QaMetric#{metric.id} "{metric.label}"'
        yield "* goal[=].documentation.type = #citation"
        yield f'* goal[=].documentation.citation = "{limit.tolerance.source}"'
        for side, value in given.items():
            place = f"* goal[=].target.detailRange.{side}"
            yield f"{place}.value = {value:g}"
            yield f'{place}.unit = "{metric.unit.display}"'
            yield f"{place}.system = $UCUM"
            yield f"{place}.code = #{metric.unit.ucum}"


def _when(limit: Limit) -> str:
    said = []
    for condition in limit.when:
        words, unit = CONDITIONS[condition.attribute]
        said.append(f"{words} from {condition.at_least:g} to below {condition.below:g} {unit}")
    return f"; {', '.join(said)}" if said else ""
