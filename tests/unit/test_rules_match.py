import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiqa_integration.errors import ConfigurationError
from aiqa_integration.model.identity import Device, SeriesRef
from aiqa_integration.model.image import SeriesHeader
from aiqa_integration.pipeline.route import forced_route, route
from aiqa_integration.rules.match import holds, match, wants_modality
from aiqa_integration.rules.schema import Condition, Operator, default_rules, parse_rules

ONE_RULE = """
[[rule]]
name = "large"
analysis = "acr-mri-phantom"
subject = "phantom"
sinks = ["pacs"]
[[rule.when]]
keywords = ["Modality"]
operator = "equals"
value = "MR"
[[rule.when]]
keywords = ["StationName"]
operator = "equals"
value = ["MR1", "MR2"]
"""


def condition(operator, value=(), keywords=("SeriesDescription",)):
    return Condition(keywords=keywords, operator=operator, value=value)


def header(**keywords):
    return SeriesHeader(
        ref=SeriesRef(study_instance_uid="1.2", series_instance_uid="1.2.3"),
        modality=keywords.get("Modality", "MR"),
        device=Device(),
        instance_count=11,
        keywords=keywords,
    )


@pytest.mark.parametrize(
    ("operator", "value", "found", "expected"),
    [
        ("equals", "acr t1", "ACR T1", True),
        ("equals", 3, "3.0", True),
        ("equals", 3, "many", False),
        ("not-equals", "ACR", "ACR", False),
        ("not-equals", "ACR", "other", True),
        ("contains", "acr", "SACRUM", True),
        ("contains-word", "acr", "MR SACRUM", False),
        ("contains-word", "acr", "Ax_T1_ACR_Lothian", True),
        ("contains-word", "acr", "HandN-ACR", True),
        ("contains-word", "QC", "qc2", False),
        ("not-contains", "acr", "ACR", False),
        ("starts-with", "loc", "Localizer", True),
        ("at-least", 1.5, 3, True),
        ("at-least", 3.5, 3, False),
        ("at-most", 64, 64, True),
        ("at-most", 64, "65", False),
        ("contains-word", "PRIMARY", ("ORIGINAL", "PRIMARY"), True),
    ],
)
def test_operator(operator, value, found, expected):
    assert holds(condition(operator, value), {"SeriesDescription": found}) is expected


@pytest.mark.parametrize("empty", [{}, {"SeriesDescription": ""}, {"SeriesDescription": ()}])
def test_missing_value_is_absent_and_matches_nothing(empty):
    assert holds(condition("absent"), empty)
    assert not holds(condition("present"), empty)
    assert not holds(condition("equals", "x"), empty)
    assert holds(condition("not-equals", "x"), empty)


@given(value=st.text(max_size=20), found=st.text(max_size=20))
def test_negations_are_the_opposite_of_their_operators(value, found):
    keywords = {"SeriesDescription": found}
    if found:
        assert holds(condition("equals", value), keywords) is not holds(condition("not-equals", value), keywords)
        assert holds(condition("contains", value), keywords) is not holds(condition("not-contains", value), keywords)


def test_first_matching_rule_wins_and_explains_itself():
    rules = parse_rules(ONE_RULE + ONE_RULE.replace('"large"', '"second"'))
    found = match(rules, {"Modality": "MR", "StationName": "mr2"})
    assert found.rule is not None
    assert found.rule.name == "large"
    assert found.reason == "rule large: Modality is 'MR' and StationName is 'MR1' or 'MR2'"


def test_no_rule_says_what_failed():
    found = match(parse_rules(ONE_RULE), {"Modality": "MR", "StationName": "CT9"})
    assert found.rule is None
    assert "large: not so that StationName is 'MR1' or 'MR2' (StationName is 'CT9')" in found.reason


def test_disabled_rule_wants_nothing():
    rules = parse_rules(ONE_RULE.replace('name = "large"', 'name = "large"\nenabled = false'))
    assert match(rules, {"Modality": "MR", "StationName": "MR1"}).rule is None
    assert not wants_modality(rules, "MR")


def test_modality_alone_decides_whether_images_are_fetched():
    assert wants_modality(parse_rules(ONE_RULE), "MR")
    assert not wants_modality(parse_rules(ONE_RULE), "CT")
    assert wants_modality(default_rules(), "MR")
    assert not wants_modality(default_rules(), "US")


def test_revision_is_a_digest_of_the_content():
    rules = parse_rules(ONE_RULE)
    assert rules.revision == parse_rules("# comment\n" + ONE_RULE).revision
    assert rules.revision != parse_rules(ONE_RULE.replace("MR2", "MR3")).revision


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('operator = "equals"', 'operator = "like"', "operator"),
        ('value = "MR"', "", "needs a value"),
        ('operator = "equals"\nvalue = "MR"', 'operator = "at-least"\nvalue = "MR"', "needs a number"),
        ('subject = "phantom"', 'subjekt = "phantom"', "subjekt"),
        ('keywords = ["Modality"]', "keywords = []", "keywords"),
        ('keywords = ["Modality"]', 'keywords = ["__import__(1)"]', "not a DICOM keyword"),
        ('name = "large"', 'name = "A B"', "name"),
        ("[[rule]]", "[[rule", "not TOML"),
    ],
)
def test_mistakes_are_named(old, new, complaint):
    with pytest.raises(ConfigurationError, match=complaint):
        parse_rules(ONE_RULE.replace(old, new, 1))


def test_two_rules_of_one_name_are_refused():
    with pytest.raises(ConfigurationError, match="same name"):
        parse_rules(ONE_RULE + ONE_RULE)


def test_shipped_rules_take_declared_phantoms_first_and_keep_silent_on_patients():
    declared = route(header(Modality="MR", SeriesDescription="ACR Axial T1"), default_rules())
    patient = route(
        header(Modality="MR", SeriesDescription="t1 sacrum", NumberOfSeriesRelatedInstances=20), default_rules()
    )
    long_series = route(header(Modality="MR", NumberOfSeriesRelatedInstances=500), default_rules())
    assert declared.rule is not None
    assert declared.rule.when_not_found == "report"
    assert patient.rule is not None
    assert patient.rule.when_not_found == "ignore"
    assert long_series.rule is None
    assert route(header(Modality="CT"), default_rules()).rule is None


def test_a_rule_that_passes_on_is_followed_by_the_others_that_want_the_series():
    second = ONE_RULE.replace('name = "large"', 'name = "other"')
    third = ONE_RULE.replace('name = "large"', 'name = "computed"').replace('"MR"', '"CT"')
    found = route(header(Modality="MR", StationName="MR1"), parse_rules(ONE_RULE + third + second))
    assert found.rule is not None
    assert found.rule.name == "large"
    assert [match.rule.name for match in found.following if match.rule] == ["other"]


def test_a_rule_says_what_happens_where_it_finds_nothing():
    rule = default_rules().rule[0]
    sentences = {
        way: rule.model_copy(update={"when_not_found": way}).sentence() for way in ("report", "ignore", "next")
    }
    assert sentences["ignore"].endswith("the series is ignored.")
    assert sentences["next"].endswith("the next rule that wants the series gets it.")
    assert len(sentences["report"]) < len(sentences["ignore"])


def test_forced_route_reports_refusals_and_knows_only_real_analyses():
    forced = forced_route("acr-mri-phantom", default_rules())
    assert forced.rule is not None
    assert forced.rule.when_not_found == "report"
    with pytest.raises(ConfigurationError, match="acr-mri-phantom"):
        forced_route("no-such-analysis", default_rules())


def test_rule_explains_itself_in_a_sentence():
    sentence = default_rules().rule[0].sentence()
    assert sentence.startswith("A series whose Modality is 'MR' and SeriesDescription or ")
    assert sentence.endswith("sent to pacs, ehr.")


def test_every_operator_has_words():
    for operator in Operator:
        unary = operator in {Operator.PRESENT, Operator.ABSENT}
        value = () if unary else (1,) if operator in {Operator.AT_LEAST, Operator.AT_MOST} else ("x",)
        assert condition(operator, value).sentence().startswith("SeriesDescription ")


def test_a_reason_never_holds_a_patient_id():
    rules = parse_rules(ONE_RULE.replace("StationName", "PatientID"))
    found = match(rules, {"Modality": "MR", "PatientID": "1234567"})
    assert found.rule is None
    assert "1234567" not in found.reason
