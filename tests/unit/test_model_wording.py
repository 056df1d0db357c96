"""How values, limits and verdicts read."""

from dataclasses import replace
from pathlib import Path

import pytest

from aiqa_integration.model.judgement import Tolerance, Verdict
from aiqa_integration.model.measurement import Measured
from aiqa_integration.model.quantity import DEGREE, MM, Quantity
from aiqa_integration.model.wording import headline, limits_text, number_text, summary_text, value_text, with_unit
from tests.unit.dicom_out_samples import LENGTH, SNR, THICKNESS, judgements, metric, report_over, tiny_series


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (187.0, 193.0, "limit 187–193 mm"),
        (None, 0.025, "limit ≤ 0.025 mm"),
        (87.5, None, "limit ≥ 87.5 mm"),
        (-5.0, 5.0, "limit -5 to 5 mm"),
        (None, None, "no limits"),
    ],
)
def test_limits_are_written_as_they_were_set(low: float | None, high: float | None, text: str) -> None:
    assert limits_text(Tolerance(action_low=low, action_high=high, source="s", revision="1"), LENGTH) == text


def test_one_level_or_two() -> None:
    both = Tolerance(tolerance_high=2.0, action_high=3.0, source="s", revision="1")
    assert limits_text(both, LENGTH) == "tolerance ≤ 2 mm, action ≤ 3 mm"
    assert limits_text(replace(both, action_high=2.0), LENGTH) == "limit ≤ 2 mm"
    assert limits_text(replace(both, action_high=None), LENGTH) == "limit ≤ 2 mm"


@pytest.mark.parametrize(("value", "text"), [(-0.001, "0.00"), (0.0, "0.00"), (-1.005, "-1.00"), (5.678, "5.68")])
def test_numbers_have_the_digits_of_their_metric_and_no_negative_zero(value: float, text: str) -> None:
    assert number_text(value, THICKNESS) == text


def test_value_with_uncertainty_and_unit() -> None:
    assert value_text(Measured(metric=LENGTH, quantity=Quantity(189.44, MM), uncertainty=0.38)) == "189.4 ± 0.4 mm"
    small = Measured(metric=LENGTH, quantity=Quantity(189.44, MM), uncertainty=0.0312)
    assert value_text(small) == "189.4 ± 0.03 mm"
    assert value_text(replace(small, uncertainty=0.0)) == "189.4 ± 0.0 mm"
    assert with_unit("3", metric("tilt", "Tilt", DEGREE)) == "3°"
    assert with_unit("3", SNR) == "3"


def test_headline_and_summary(tmp_path: Path) -> None:
    series = tiny_series(tmp_path)
    found = judgements(64, 2)
    incomplete = report_over(series, judgements=(found[0], found[5]))
    assert incomplete.verdict is Verdict.NOT_MEASURED
    assert summary_text(incomplete) == "INCOMPLETE: 2 metrics: 1 NOT MEASURED, 1 PASS"
    assert headline(report_over(series, judgements=(found[5],))) == "NOT MEASURED"
    assert summary_text(report_over(series, judgements=(found[0],))) == "PASS: 1 metric: 1 PASS"
    assert headline(report_over(series, refused=True)) == "REFUSED"
