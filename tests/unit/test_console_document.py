import json
import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiqa_integration.console.charts import WIDTH, gauge
from aiqa_integration.console.document import LimitsDocument, MeasurementDocument, decimals, judgement, read_document
from aiqa_integration.errors import LedgerError
from aiqa_integration.model.judgement import Tolerance, Verdict
from aiqa_integration.model.measurement import Measured, NotMeasured
from aiqa_integration.model.quantity import MM, Quantity
from aiqa_integration.model.report_json import report_bytes
from aiqa_integration.model.wording import number_text, value_text
from aiqa_integration.phantoms import all_phantoms
from tests.console_samples import LENGTH, REFUSAL, SNR, THICKNESS, UNIFORMITY, metric, missing, report

NUMBERS = st.floats(-1e4, 1e4, allow_nan=False)


def row(value, *, uncertainty=None, **limits):
    sides = {"tolerance_low": None, "tolerance_high": None, "action_low": None, "action_high": None}
    return MeasurementDocument(
        metric="m",
        label="M",
        value=value,
        unit="mm",
        uncertainty=uncertainty,
        reason=None,
        detail=None,
        limits=LimitsDocument(**{**sides, **limits}, source="s", revision="1") if limits else None,
        verdict=Verdict.PASS,
        required=True,
        slice=None,
    )


def test_document_gives_back_what_was_judged():
    made = report("all", LENGTH, replace(UNIFORMITY, note="near"), THICKNESS, SNR, missing(required=False))
    document = read_document(report_bytes(made))
    read = [judgement(entry) for entry in document.measurements]
    assert document.report_uid == made.report_uid
    assert document.verdict is Verdict.ACTION
    for before, after in zip(made.judgements, read, strict=True):
        assert (after.verdict, after.limits, after.required) == (before.verdict, before.limits, before.required)
        assert after.note == before.note
        assert after.measurement.slice_index == before.measurement.slice_index
        match before.measurement, after.measurement:
            case Measured() as measured, Measured() as shown:
                assert (shown.quantity, shown.uncertainty) == (measured.quantity, measured.uncertainty)
            case NotMeasured() as absent, NotMeasured() as shown_absent:
                assert (shown_absent.reason, shown_absent.detail) == (absent.reason, absent.detail)
            case kinds:
                pytest.fail(f"kinds differ: {kinds}")


def test_refused_document_has_its_reason_and_no_values():
    document = read_document(report_bytes(report("refused", refused=REFUSAL)))
    assert document.refused is not None
    assert (document.refused.code, document.refused.detail) == (REFUSAL.code, REFUSAL.detail)
    assert document.measurements == ()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"schema": "aiqa-report/1"}'])
def test_what_is_no_document_is_an_error(content):
    with pytest.raises(LedgerError):
        read_document(content)


def test_value_that_is_no_number_is_an_error():
    document = json.loads(report_bytes(report("text", LENGTH)))
    document["measurements"][0]["value"] = "about 189"
    with pytest.raises(LedgerError):
        read_document(json.dumps(document).encode())


def test_unit_that_is_not_in_the_table_is_shown_as_it_is():
    assert value_text(measured_of(row(1.0).model_copy(update={"unit": "/cm"}))) == "1.00 /cm"


@pytest.mark.parametrize(
    ("value", "uncertainty", "shown"),
    [
        (189.4321, 0.42, "189.43 ± 0.42 mm"),
        (189.4321, 4.2, "189.4 ± 4.2 mm"),
        (189.4321, 42.0, "189 ± 42 mm"),
        (189.4321, 0.0042, "189.4321 ± 0.0042 mm"),
        (189.4321, None, "189.43 mm"),
        (189.4321, 0.0, "189.43 ± 0.00 mm"),
    ],
)
def test_digits_follow_the_uncertainty(value, uncertainty, shown):
    assert value_text(measured_of(row(value, uncertainty=uncertainty))) == shown


def test_known_metric_has_the_digits_of_its_definition():
    definitions = {m.id: m for phantom in all_phantoms() for test in phantom.tests for m in test.metrics}
    assert definitions
    for name, definition in definitions.items():
        assert decimals(row(1.23456789, uncertainty=1e-4).model_copy(update={"metric": name})) == definition.decimals


def test_rounding_never_moves_a_value_inside_its_limit():
    entry = row(193.0004, uncertainty=3.0, action_high=193.0)
    assert value_text(measured_of(entry), judgement(entry).limits) == "193.0004 ± 3.0000 mm"


@settings(deadline=None)
@given(value=NUMBERS, limit=NUMBERS, uncertainty=st.none() | st.floats(1e-3, 1e3))
def test_a_shown_value_stands_on_its_own_side_of_the_limit(value, limit, uncertainty):
    entry = judgement(row(value, uncertainty=uncertainty, action_high=limit))
    shown = float(number_text(value, entry.measurement.metric, entry.limits))
    assert (shown > limit) == (value > limit) or math.isclose(value, limit, abs_tol=1e-6)


def measured_of(entry):
    measurement = judgement(entry).measurement
    assert isinstance(measurement, Measured)
    return measurement


def measured(value, uncertainty=None):
    return Measured(metric=metric("m", "M", MM), quantity=Quantity(value, MM), uncertainty=uncertainty)


def tolerance(**sides):
    return Tolerance(**sides, source="s", revision="1")


def test_gauge_of_a_centred_value_is_centred():
    drawn = gauge(measured(5.0, 0.1), tolerance(action_low=4.0, action_high=6.0))
    assert drawn is not None
    assert drawn.value == WIDTH / 2
    assert sum(drawn.action) == pytest.approx(WIDTH)
    assert drawn.tolerance == drawn.action


def test_gauge_has_no_end_where_a_limit_is_open():
    drawn = gauge(measured(92.0), tolerance(tolerance_low=87.5, action_low=85.0))
    assert drawn is not None
    assert drawn.action[1] == drawn.tolerance[1] == WIDTH
    assert drawn.action[0] < drawn.tolerance[0] < drawn.value


@pytest.mark.parametrize("limits", [None, tolerance()])
def test_no_gauge_without_limits(limits):
    assert gauge(measured(5.0), limits) is None


@settings(deadline=None)
@given(value=NUMBERS, low=NUMBERS, width=st.floats(0.01, 1e3), uncertainty=st.floats(0, 1e3))
def test_gauge_puts_a_value_where_its_verdict_says(value, low, width, uncertainty):
    high = low + width
    drawn = gauge(measured(value, uncertainty), tolerance(action_low=low, action_high=high))
    assert drawn is not None
    assert 0 <= drawn.whisker[0] <= drawn.value <= drawn.whisker[1] <= WIDTH
    assert (drawn.value >= drawn.action[0]) or value <= low
    assert (drawn.value <= drawn.action[1]) or value >= high
