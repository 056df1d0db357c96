from dataclasses import replace

import pytest

from aiqa_integration.errors import ConfigurationError
from aiqa_integration.metrics import all_metrics
from aiqa_integration.metrics.geometric_accuracy import METRICS as LENGTHS
from aiqa_integration.metrics.low_contrast import SPOKES_OF_SLICE, SPOKES_TOTAL
from aiqa_integration.metrics.slice_position import POSITION_ERRORS
from aiqa_integration.metrics.slice_thickness import SLICE_THICKNESS
from aiqa_integration.metrics.snr import SIGNAL_TO_NOISE
from aiqa_integration.metrics.uniformity import PERCENT_IMAGE_UNIFORMITY
from aiqa_integration.model.judgement import Verdict
from aiqa_integration.model.measurement import Measured, NotMeasured, Reason
from aiqa_integration.model.quantity import Quantity
from aiqa_integration.tolerances.limit_file import parse_limit_set
from aiqa_integration.tolerances.limits import check_limit_set, judge, limit_set_for, shipped_limit_sets
from tests.drawn_phantom import header

SETS = {limit_set.id: limit_set for limit_set in shipped_limit_sets()}
LARGE = SETS["acr-mri-large-2022"]

TEXT = """
id = "site-1"
title = "Site limits"
phantom = "acr-mri-large"
source = "Site QA manual"
edition = "3"
effective = 2025-01-01
[[limit]]
metrics = ["mr-percent-image-uniformity"]
unit = "%"
action_low = 80.0
tolerance_low = 85.0
section = "4.2"
required = false
"""


def _judge(measurement, limit_set, header_):
    return judge(measurement, limit_set, header_)


def _value(metric, value, uncertainty=0.1):
    return Measured(metric=metric, quantity=Quantity(value, metric.unit), uncertainty=uncertainty)


@pytest.mark.parametrize("limit_set", SETS.values(), ids=SETS)
def test_shipped_sets_name_known_metrics_in_their_units(limit_set):
    check_limit_set(limit_set, all_metrics())
    assert all(limit.tolerance.source.startswith("ACR MRI") for limit in limit_set.limits)


@pytest.mark.parametrize(
    ("phantom", "value", "verdict", "margin"),
    [
        ("large", 187.0, Verdict.PASS, 0.0),
        ("large", 186.99, Verdict.ACTION, -0.01),
        ("large", 193.01, Verdict.ACTION, -0.01),
        ("large", 190.5, Verdict.PASS, 2.5),
        ("medium", 163.0, Verdict.PASS, 0.0),
        ("medium", 167.4, Verdict.ACTION, -0.4),
    ],
)
def test_lengths(phantom, value, verdict, margin):
    found = _judge(_value(LENGTHS[0], value), SETS[f"acr-mri-{phantom}-2022"], header())
    assert found.verdict is verdict
    assert found.margin == pytest.approx(margin)
    assert found.limits.revision.startswith(f"acr-mri-{phantom}-2022@")


@pytest.mark.parametrize(
    ("field_strength", "value", "verdict"),
    [
        (1.5, 84.9, Verdict.ACTION),
        (1.5, 85.0, Verdict.PASS),
        (3.0, 80.0, Verdict.PASS),
        (3.0, 79.9, Verdict.ACTION),
        (2.8936, 82.0, Verdict.PASS),
        (0.55, 84.0, Verdict.ACTION),
    ],
)
def test_uniformity_depends_on_field_strength(field_strength, value, verdict):
    found = _judge(_value(PERCENT_IMAGE_UNIFORMITY, value), LARGE, header(field_strength=field_strength))
    assert found.verdict is verdict


@pytest.mark.parametrize(
    ("field_strength", "words"), [(None, "don't state the field strength"), (7.0, "field strength of 7 T")]
)
def test_unknown_or_uncovered_field_strength_is_not_assessed(field_strength, words):
    found = _judge(_value(PERCENT_IMAGE_UNIFORMITY, 95.0), LARGE, header(field_strength=field_strength))
    assert found.verdict is Verdict.NOT_ASSESSED
    assert found.limits is None
    assert found.margin is None
    assert words in found.note


@pytest.mark.parametrize(
    ("nominal", "value", "verdict"),
    [(5.0, 5.7, Verdict.PASS), (5.0, 5.8, Verdict.ACTION), (4.0, 4.1, Verdict.NOT_ASSESSED)],
)
def test_thickness_is_judged_for_a_nominal_5_mm_only(nominal, value, verdict):
    assert _judge(_value(SLICE_THICKNESS, value), LARGE, header(thickness=nominal)).verdict is verdict


T1, T2 = (500.0, 20.0), (2000.0, 80.0)


@pytest.mark.parametrize("phantom", ["large", "medium"])
@pytest.mark.parametrize(
    ("field_strength", "times", "lowest"),
    [(3.0, T1, 37), (3.0, T2, 37), (2.8936, T1, 37), (1.5, T1, 30), (1.494, T2, 25), (1.5, T2, 25)],
)
def test_spokes_depend_on_field_strength_and_contrast(phantom, field_strength, times, lowest):
    header_ = header(field_strength=field_strength, times=times)
    for value, verdict in ((lowest, Verdict.PASS), (lowest - 1, Verdict.ACTION)):
        assert _judge(_value(SPOKES_TOTAL, value), SETS[f"acr-mri-{phantom}-2022"], header_).verdict is verdict


@pytest.mark.parametrize(
    ("field_strength", "times", "words"),
    [
        (3.0, (1000.0, 30.0), "repetition time of 1000 ms"),
        (3.0, (500.0, 80.0), "no limit for these conditions"),
        (1.5, (500.0, 12.0), "echo time of 12 ms"),
        (1.5, (None, 20.0), "don't state the repetition time"),
        (0.55, T1, "field strength of 0.55 T"),
    ],
)
def test_spokes_of_other_series_are_not_assessed(field_strength, times, words):
    found = _judge(_value(SPOKES_TOTAL, 12.0), LARGE, header(field_strength=field_strength, times=times))
    assert found.verdict is Verdict.NOT_ASSESSED
    assert words in found.note


def test_spokes_of_one_slice_have_no_limit():
    assert _judge(_value(SPOKES_OF_SLICE[8], 1.0), LARGE, header()).verdict is Verdict.NOT_ASSESSED


def test_a_value_within_its_uncertainty_of_a_limit_says_so():
    assert "uncertainty" in _judge(_value(LENGTHS[0], 187.3, 0.5), LARGE, header()).note
    assert _judge(_value(LENGTHS[0], 190.0, 0.5), LARGE, header()).note is None


def test_not_measured_stays_not_measured_and_required():
    missing = NotMeasured(metric=LENGTHS[0], reason=Reason.SLICE_MISSING, detail="slice 5")
    found = _judge(missing, LARGE, header())
    assert found.verdict is Verdict.NOT_MEASURED
    assert found.required
    assert found.limits is not None


def test_tolerance_level_and_required():
    site = parse_limit_set(TEXT)
    assert _judge(_value(PERCENT_IMAGE_UNIFORMITY, 84.0), site, header()).verdict is Verdict.TOLERANCE
    assert _judge(_value(PERCENT_IMAGE_UNIFORMITY, 79.0), site, header()).verdict is Verdict.ACTION
    assert _judge(_value(PERCENT_IMAGE_UNIFORMITY, 90.0), site, header()).verdict is Verdict.PASS
    assert not _judge(_value(PERCENT_IMAGE_UNIFORMITY, 90.0), site, header()).required


def test_no_limit_set_and_no_limit():
    assert _judge(_value(LENGTHS[0], 190.0), None, header()).verdict is Verdict.NOT_ASSESSED
    found = _judge(_value(LENGTHS[0], 190.0), parse_limit_set(TEXT), header())
    assert found.verdict is Verdict.NOT_ASSESSED
    assert found.note == "Site limits has no limit for this metric"


def test_the_revision_is_that_of_the_text():
    assert parse_limit_set(TEXT).revision != parse_limit_set(TEXT.replace("80.0", "81.0")).revision
    assert parse_limit_set(TEXT).revision == parse_limit_set(TEXT).revision


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("tolerance_low = 85.0", "tolerance_low = 75.0", "rise"),
        ("action_low = 80.0\ntolerance_low = 85.0", "", "given"),
        ('section = "4.2"', "", "section"),
        ("80.0", '"80"', "number"),
        ("required = false", "requird = false", "requird"),
        ("required = false", "when.station = { at_least = 1.0, below = 2.0 }", "when"),
        ("required = false", "when.magnetic_field_strength_t = { at_least = 2.0, below = 1.0 }", "at_least"),
        ("effective = 2025-01-01", 'effective = "soon"', "date"),
        ('id = "site-1"', "id = ", "Invalid"),
        ('metrics = ["mr-percent-image-uniformity"]', "metrics = []", "metrics"),
    ],
)
def test_a_bad_file_is_refused_with_the_place(old, new, words):
    assert old in TEXT
    with pytest.raises(ConfigurationError, match=words):
        parse_limit_set(TEXT.replace(old, new))


def test_unknown_metric_and_wrong_unit_are_refused():
    with pytest.raises(ConfigurationError, match="mr-percent-uniformity"):
        check_limit_set(parse_limit_set(TEXT.replace("mr-percent-image", "mr-percent")), all_metrics())
    in_mm = parse_limit_set(TEXT.replace('unit = "%"', 'unit = "mm"'))
    with pytest.raises(ConfigurationError, match="is in %, not mm"):
        check_limit_set(in_mm, all_metrics())
    with pytest.raises(ConfigurationError, match="value in %"):
        _judge(_value(PERCENT_IMAGE_UNIFORMITY, 90.0), in_mm, header())


@pytest.mark.parametrize(
    ("metric", "value", "verdict"),
    [
        (LENGTHS[0], 192.0, Verdict.PASS),
        (LENGTHS[0], 192.5, Verdict.TOLERANCE),
        (LENGTHS[0], 193.5, Verdict.ACTION),
        (PERCENT_IMAGE_UNIFORMITY, 86.0, Verdict.TOLERANCE),
        (PERCENT_IMAGE_UNIFORMITY, 84.0, Verdict.ACTION),
    ],
)
def test_the_strict_set_adds_a_tolerance_level_and_is_used_only_by_name(metric, value, verdict):
    strict = SETS["acr-mri-large-strict"]
    assert _judge(_value(metric, value), strict, header(field_strength=1.5)).verdict is verdict
    assert limit_set_for("acr-mri-large", ["acr-mri-large-strict", "acr-mri-medium-2022"], SETS.values()) is strict
    assert limit_set_for("acr-mri-large", [], SETS.values()) is LARGE


def test_the_set_of_a_phantom():
    sets = tuple(SETS.values())
    named = ["acr-mri-medium-2022", "acr-mri-large-2022"]
    assert limit_set_for("acr-mri-large", named, sets) is LARGE
    assert limit_set_for("acr-mri-large", ["acr-mri-medium-2022"], sets) is None
    newer = replace(LARGE, id="acr-mri-large-2030", effective=LARGE.effective.replace(year=2030))
    assert limit_set_for("acr-mri-large", [], (*sets, newer)) is newer
    assert limit_set_for("catphan-504", [], sets) is None
    with pytest.raises(ConfigurationError, match="acr-mri-huge"):
        limit_set_for("acr-mri-large", ["acr-mri-huge"], sets)


@pytest.mark.parametrize("phantom", ["large", "medium"])
@pytest.mark.parametrize(
    ("value", "verdict"), [(5.0, Verdict.PASS), (-5.0, Verdict.PASS), (5.1, Verdict.ACTION), (-5.1, Verdict.ACTION)]
)
def test_a_slice_may_lie_off_either_way(phantom, value, verdict):
    limit_set = SETS[f"acr-mri-{phantom}-2022"]
    for metric in POSITION_ERRORS.values():
        assert _judge(_value(metric, value), limit_set, header()).verdict is verdict


def test_a_metric_without_limit_is_not_required():
    judged = _judge(_value(SIGNAL_TO_NOISE, 100.0), LARGE, header())
    assert judged.verdict is Verdict.NOT_ASSESSED
    assert not judged.required
