"""Fourth step: verdicts, by the limits that hold for the series."""

from collections.abc import Sequence
from functools import lru_cache

from aiqa_integration.metrics import all_metrics
from aiqa_integration.model.image import SeriesHeader
from aiqa_integration.model.judgement import Judgement
from aiqa_integration.model.measurement import Measurement
from aiqa_integration.tolerances.limits import LimitSet, check_limit_set, judge


def judge_all(
    measurements: Sequence[Measurement], limit_set: LimitSet | None, header: SeriesHeader
) -> tuple[Judgement, ...]:
    """Return one judgement per measurement, in order; ``limit_set`` None: nothing is assessed, and the notes say so.

    Raises ConfigurationError where the limit set names unknown metrics or other units.
    """
    if limit_set is not None:
        _check(limit_set)
    return tuple(judge(measurement, limit_set, header) for measurement in measurements)


@lru_cache(maxsize=16)
def _check(limit_set: LimitSet) -> None:
    check_limit_set(limit_set, all_metrics())
