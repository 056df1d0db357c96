import json

import pytest

from benchmarks.peers.answers import HAZEN, OFFERED, result
from benchmarks.peers.judge import (
    Share,
    against_truth,
    analysed,
    endings,
    offered,
    one_setup,
    pairs,
    shares,
    unscaled,
    whole,
)
from benchmarks.peers.outcome import Kind, Outcome, Result, measured
from benchmarks.peers.runs import Run
from benchmarks.peers.table import Column, checks_of, markdown, write_details
from benchmarks.peers.truth import Truth, document_truths, either_truths, nominal_truths, sheet_truths, spoke_truths

THICKNESS, LENGTH, SPOKES = "mr-slice-thickness", "mr-length-vertical-slice5", "mr-low-contrast-spokes"
NO_REGION = "ValueError('Unable to find the Low Contrast region.')"
DELIBERATE = {"error": NO_REGION, "deliberate": True, "where": "f:1"}
MESSAGE = {"error": "Could not match acquisition type", "deliberate": False, "where": ""}
ACCIDENT = {"error": "UnboundLocalError('min_params')", "deliberate": False, "where": "f:1"}


def _result(series="s/a_T1", *, tool="aiqa", factor=1, failure=None, **values):
    outcomes = {name: value if isinstance(value, Outcome) else measured(value) for name, value in values.items()}
    return Result(
        tool=tool,
        series=series,
        phantom="acr-mri-large",
        factor=factor,
        outcomes=outcomes,
        failure=failure,
        seconds=1.0,
        cpu_s=0.5,
        cold_s=9.0,
    )


def _truth(value, tolerance, *, series="s/a_T1", metric=THICKNESS):
    return Truth(group="large: g", series=series, metric=metric, value=value, tolerance=tolerance, source="hand")


def _run(tool, answer, failure=None):
    return Run(
        tool=tool,
        version="1",
        series="s",
        phantom="acr-mri-large",
        factor=1,
        answer=answer,
        failure=failure,
        seconds=1.0,
        cpu_s=1.0,
        cold_s=1.0,
        measured_on="2026-01-01",
    )


def _hazen_tests(**changed):
    silent = {"raised": None, "logged": (), "measurements": (), "seconds": 0.1}
    return {"tests": {name: silent | changed.get(name, {}) for name in HAZEN}}


def _hazen_value(subtype, value, description=""):
    return {"subtype": subtype, "type": "measured", "description": description, "value": value, "unit": ""}


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (5.0, Kind.MEASURED),
        (0, Kind.MEASURED),
        (float("nan"), Kind.NOT_A_NUMBER),
        (float("inf"), Kind.NOT_A_NUMBER),
        (None, Kind.NOTHING),
        ("N/A", Kind.NOTHING),
        (True, Kind.NOTHING),
    ],
)
def test_only_a_finite_number_is_a_value(value, kind):
    assert measured(value).kind is kind


def test_a_value_at_the_tolerance_keeps_it_and_one_beyond_does_not():
    truths = [_truth(5.0, 0.7), _truth(5.0, 0.69)]
    checks = list(against_truth([_result(**{THICKNESS: 5.7})], truths, frozenset({THICKNESS})))
    assert [check.within for check in checks] == [True, False]
    assert shares(checks) == {"large: g": Share(1, 2, 0)}


def test_what_was_not_measured_counts_against_a_tool_that_offers_it_and_is_absent_where_it_does_not():
    fallen = _result(failure=Outcome(kind=Kind.CRASHED, detail="boom"))
    nan = _result(**{THICKNESS: float("nan")})
    for result_ in (fallen, nan):
        assert shares(against_truth([result_], [_truth(5.0, 0.7)], frozenset({THICKNESS}))) == {
            "large: g": Share(0, 1, 1)
        }
    assert list(against_truth([fallen], [_truth(5.0, 0.7)], frozenset({LENGTH}))) == []


def test_pairs_are_t1_and_t2_of_one_name():
    assert list(pairs(["b_AxT1", "b_AxT2", "a_T1", "c_T2", "d"])) == [("b_AxT1", "b_AxT2")]


def test_one_setup_must_give_one_geometry_and_a_missing_half_is_no_agreement():
    first = _result("s/a_T1", **{THICKNESS: 5.0, LENGTH: 190.0, SPOKES: 40.0})
    second = _result("s/a_T2", **{THICKNESS: 5.3, LENGTH: 190.9})
    metrics = frozenset({THICKNESS, LENGTH, SPOKES})
    assert [(c.metric, c.within) for c in one_setup([first, second], metrics)] == [(LENGTH, True), (THICKNESS, False)]
    kept = shares(one_setup([_result("s/a_T1"), second], frozenset({LENGTH})))
    assert list(kept.values()) == [Share(0, 1, 1)]


def test_scaled_values_must_not_move_more_than_a_thousandth():
    before = _result(**{THICKNESS: 5.0, LENGTH: 190.0, SPOKES: 36.0})
    after = _result(factor=4, **{THICKNESS: 5.004, LENGTH: 190.3, SPOKES: 28.0})
    found = {c.metric: c.within for c in unscaled([before, after], frozenset({THICKNESS, LENGTH, SPOKES}))}
    assert found == {THICKNESS: True, LENGTH: False, SPOKES: False}


def test_refusing_both_times_is_no_change_and_refusing_once_is_one():
    refused = Outcome(kind=Kind.REFUSED, detail="background zeroed")
    both = [_result(**{LENGTH: refused}), _result(factor=4, **{LENGTH: refused})]
    assert list(unscaled(both, frozenset({LENGTH}))) == []
    once = [_result(**{LENGTH: 190.0}), _result(factor=4, **{LENGTH: refused})]
    assert [c.within for c in unscaled(once, frozenset({LENGTH}))] == [False]


def test_a_series_is_whole_with_values_and_reasons_only():
    metrics = frozenset({THICKNESS, LENGTH})
    refused = Outcome(kind=Kind.REFUSED, detail="why")
    assert whole(_result(**{THICKNESS: 5.0, LENGTH: refused}), metrics)
    for outcome in (measured(None), measured(float("nan")), Outcome(kind=Kind.CRASHED)):
        partly = _result(**{THICKNESS: 5.0, LENGTH: outcome})
        assert analysed(partly, metrics)
        assert not whole(partly, metrics)
    turned_away = _result(failure=refused)
    assert not analysed(turned_away, metrics)
    assert endings([turned_away], metrics) == {Kind.REFUSED: 2}


def test_what_is_offered_is_known_of_peers_and_seen_of_aiqa():
    results = [_result(**{THICKNESS: 5.0}), _result("s/b", **{LENGTH: 190.0}), _result(tool="hazen")]
    assert offered(results, OFFERED) == {"aiqa": frozenset({THICKNESS, LENGTH}), "hazen": OFFERED["hazen"]}


def test_what_a_report_does_not_list_is_no_test_of_that_phantom():
    both = frozenset({THICKNESS, LENGTH})
    assert _result(**{THICKNESS: 5.0}).tests(both) == {THICKNESS}
    assert _result(tool="hazen", **{THICKNESS: 5.0}).tests(both) == both
    assert _result().tests(both) == both


def test_hazen_answers_become_outcomes():
    tests = _hazen_tests(
        slice_position={"measurements": [_hazen_value("length difference", -2.3, "Slice 11 ACR_6_11")]},
        ghosting={"measurements": [_hazen_value("signal ghosting", float("nan"))]},
        spatial_resolution={"measurements": [_hazen_value("Upper Left", 1.0), _hazen_value("Lower Right", 99)]},
        snr={"logged": [MESSAGE, ACCIDENT]},
        slice_thickness={"logged": [MESSAGE]},
        low_contrast_object_detectability={"raised": ACCIDENT},
    )
    found = result(_run("hazen", tests))
    assert found.of("mr-slice-position-error-slice11").value == -2.3
    expected = {
        "mr-percent-signal-ghosting": Kind.NOT_A_NUMBER,
        "mr-high-contrast-resolution-ul": Kind.MEASURED,
        "mr-high-contrast-resolution-lr": Kind.REFUSED,
        "mr-snr": Kind.CRASHED,
        THICKNESS: Kind.NOTHING,
        "mr-low-contrast-spokes": Kind.CRASHED,
        "mr-low-contrast-spokes-slice8": Kind.CRASHED,
        "mr-slice-position-error-slice1": Kind.NOTHING,
    }
    assert {metric: found.of(metric).kind for metric in expected} == expected


def test_pylinac_refuses_a_series_on_purpose_or_answers_with_its_own_signs():
    refused = result(_run("pylinac", {"tests": {"analyze": {"raised": DELIBERATE}}}))
    assert refused.of(THICKNESS) == Outcome(kind=Kind.REFUSED, detail=NO_REGION)
    values = dict.fromkeys(
        ("row_mtf50", "column_mtf50", "piu_percent", "psg_percent", "horizontal", "vertical", "spokes")
    ) | {"slice1_bar_difference_mm": 1.5, "slice11_bar_difference_mm": -0.0, "thickness_mm": 5.1}
    values |= dict.fromkeys(("negative diagonal", "positive diagonal", *(f"spokes_slice{n}" for n in (8, 9, 10, 11))))
    answer = {"raised": None, "errors": {}, "values": values}
    found = result(_run("pylinac", {"tests": {"analyze": answer}}))
    assert (found.of("mr-slice-position-error-slice1").value, found.of(THICKNESS).value) == (-1.5, 5.1)
    assert found.of("pylinac-row-mtf50").kind is Kind.NOTHING


def test_aiqa_reports_and_refusals_become_outcomes():
    rows = [
        {"metric": THICKNESS, "status": "measured", "value": 5.1, "uncertainty": 0.1, "reason": None, "detail": None},
        {"metric": LENGTH, "status": "not-measured", "value": None, "uncertainty": None, "reason": "r", "detail": "d"},
    ]
    answer = {"raised": None, "refused": None, "report": {"measurements": rows}}
    found = result(_run("aiqa", {"tests": {"analyze": answer}}))
    assert found.of(THICKNESS) == Outcome(kind=Kind.MEASURED, value=5.1, uncertainty=0.1)
    assert found.of(LENGTH) == Outcome(kind=Kind.REFUSED, detail="r: d")
    refused = {"raised": None, "refused": {"code": "phantom-not-found", "detail": "no"}, "report": None}
    assert result(_run("aiqa", {"tests": {"analyze": refused}})).of(THICKNESS).kind is Kind.REFUSED
    assert result(_run("aiqa", None, "the process died")).of(THICKNESS).kind is Kind.CRASHED


def test_truths_of_the_reference_files():
    nominal = {(t.metric, t.tolerance): t.value for t in nominal_truths("s", "acr-mri-medium")}
    assert nominal[LENGTH, 2.0] == nominal[LENGTH, 1.0] == 165.0
    assert nominal[THICKNESS, 0.7] == 5.0
    scores = [{"index": number, "score": 10 - (number == 8)} for number in (8, 9, 10, 11)]
    known = {"SCORES": scores, "SLICE_TOLERANCE": 1, "TOTAL_TOLERANCE": 2}
    spokes = {t.metric: (t.value, t.tolerance) for t in spoke_truths({"x": _published(known), "y": {}})}
    assert (spokes[SPOKES], spokes[f"{SPOKES}-slice8"]) == ((39.0, 2.0), (9.0, 1.0))


def _published(known):
    return {"published_by_hazen_tests": {"low_contrast_object_detectability": known}}


@pytest.mark.parametrize(
    ("test", "measurement", "manual", "tolerance", "expected"),
    [
        ("Uniformity", "Integral Uniformity", 0.96, 0.02, ("mr-percent-image-uniformity", 96.0, 2.0)),
        ("SNR", "SNR", 330, 0.03, ("mr-snr", 330.0, 9.9)),
        ("Slice Position", "Distance Slice 11(mm)", -1.09, 0.6, ("mr-slice-position-error-slice11", -1.09, 0.6)),
        ("Slice Width", "Distance (mm)", 5.16, 0.6, (THICKNESS, 5.16, 0.6)),
        ("Geometric Accuracy MagNet Method", "Col Top (mm)", 80.4, 0.6, ("mr-rod-distance-col-top", 80.4, 0.6)),
        (
            "Spatial Resoloution Contrast Response Manual",
            "1.1mm Horizontal",
            0.37,
            0.08,
            ("mr-contrast-response-1.1-horizontal", 0.37, 0.08),
        ),
    ],
)
def test_a_row_of_a_test_document(test, measurement, manual, tolerance, expected):
    row = {"test": test, "measurement": measurement, "manual": manual, "tolerance_vs_manual": tolerance}
    (truth,) = document_truths("s", [row])
    assert (truth.metric, truth.value, truth.tolerance) == (expected[0], *map(pytest.approx, expected[1:]))


def test_a_value_read_in_two_ways_keeps_the_row_of_either_reading():
    rows = [
        {
            "test": f"Spatial Resoloution Contrast Response {kind}",
            "measurement": "1.1mm Vertical",
            "manual": value,
            "tolerance_vs_manual": 0.08,
        }
        for kind, value in (("Manual", 0.25), ("Automatic", 0.5))
    ]
    read = list(document_truths("s/a_T1", rows))
    (either,) = either_truths(read)
    assert either.group == "medium: hand values, contrast response, either reading"
    name = "mr-contrast-response-1.1-vertical"
    for value, kept in ((0.2, "10 1"), (0.33, "10 1"), (0.4, "00 0"), (0.58, "01 1")):
        ours = Column(heading="AIQA", results=(_result(**{name: value}),), metrics=frozenset({name}))
        checks = checks_of(ours, [*read, either])
        assert "{:d}{:d} {:d}".format(*(check.within for check in checks)) == kept
        text = markdown((ours,), {"AIQA": checks}, "one series")
        assert f"| all known values together, without ±1 mm | {kept[:2].count('1')}/2 |" in text
    unmeasured = list(against_truth([_result()], [either], frozenset({name})))
    assert [(check.found, check.within) for check in unmeasured] == [(None, False)]


def test_the_verification_sheet_is_read_by_its_hand_columns():
    def row(label, *hand):
        return [None, label, 166.02, 165.05, "N/A", "N/A", None, label, *hand, None, 0.09]

    sheets = {
        "Geo Dist": [
            [None, "Automated Processing", None, None, None, None, None, "Manual Processing"],
            ["AxT1", None, "Hor ", "Vert", None, None, None, None, "Hor ", "Vert", "Diag SW", "Diag SE"],
            row("Slice 1", 165.93, 164.81, "N/A", "N/A"),
            row("Slice 5", 165.36, 165.1, 165.26, 165.68),
        ],
        "Slice Thickness": [["AxT2", None], [None, None, 5.07, None, None, None, None, None, 5.21]],
    }
    found = {(t.series.rpartition("_")[2], t.metric): (t.value, t.tolerance) for t in sheet_truths(sheets)}
    assert found == {
        ("AxT1", "mr-length-horizontal-slice1"): (165.93, 2.0),
        ("AxT1", "mr-length-vertical-slice1"): (164.81, 2.0),
        ("AxT1", "mr-length-horizontal-slice5"): (165.36, 2.0),
        ("AxT1", "mr-length-vertical-slice5"): (165.1, 2.0),
        ("AxT1", "mr-length-diagonal-135-slice5"): (165.26, 2.0),
        ("AxT1", "mr-length-diagonal-45-slice5"): (165.68, 2.0),
        ("AxT2", THICKNESS): (5.21, 0.6),
    }


def test_the_table_has_a_column_a_tool_and_the_details_are_json_without_nan(tmp_path):
    ours = Column(heading="AIQA", results=(_result(**{THICKNESS: 5.1}),), metrics=frozenset({THICKNESS}))
    theirs = Column(heading="peer", results=(_result(**{LENGTH: float("nan")}),), metrics=frozenset({LENGTH}))
    truths = [_truth(5.0, 0.7), _truth(190.0, 3.0, metric=LENGTH)]
    columns = (ours, theirs)
    checks = {column.heading: checks_of(column, truths) for column in columns}
    text = markdown(columns, checks, "one series")
    assert "|  | AIQA | peer |" in text
    assert "| large: series analysed | 1/1 | 0/1 |" in text
    assert "| large: g | 1/1 | 0/1 (1 without a value) |" in text
    assert (
        "| large: tests that ended with a value · a reasoned refusal · NaN or nothing · a crash | 1 · 0 · 0 · 0 |"
        in text
    )
    write_details(tmp_path, columns, checks, text)
    assert [value["kind"] for value in json.loads((tmp_path / "peers.json").read_text())["values"]] == [
        "value",
        "not a number",
    ]
