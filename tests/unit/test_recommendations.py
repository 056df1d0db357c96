"""Every rule of the recommendation engine, and what it may never propose whatever it is told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.model.finding import Finding
from aiqa_integration.model.judgement import Verdict
from aiqa_integration.model.notice import Flag, NoticeKind, NoticeState
from aiqa_integration.model.recommendation import RecommendationKind
from aiqa_integration.model.report import Refusal
from aiqa_integration.model.wording import recommendation_text
from aiqa_integration.recommendations import decide
from aiqa_integration.recommendations.case import flags_of, worth_of
from aiqa_integration.recommendations.context import AssessedSeries, Fault, Offer, ScannerContext, StudyContext
from aiqa_integration.recommendations.learning import PRIOR_STRENGTH, Repeat, learnt
from aiqa_integration.recommendations.policy import Policy
from aiqa_integration.recommendations.remedies import REMEDIES, remedy_of
from tests.fhir_reports import LENGTH_OK, PIU_LOW, phantom_report

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
POLICY = Policy()


def finding(artifact="motion", probability=0.96, severity=3, calibration="active"):
    return Finding(
        artifact=artifact, probability=probability, severity=severity, explanation="seen", calibration=calibration
    )


def patient(*findings, **changes):
    return replace(phantom_report(), subject="patient", phantom=None, judgements=(), findings=findings, **changes)


def series(uid="1.4", *, seconds_ago=40, findings=(), **changes):
    fields = {
        "series_instance_uid": uid,
        "protocol": "flair",
        "likeness": "axial-flair",
        "acquired_at": NOW - timedelta(seconds=seconds_ago + 120),
        "arrived_at": NOW - timedelta(seconds=seconds_ago),
        "severities": {found.artifact: found.severity for found in findings},
        "flags": flags_of(patient(*findings), POLICY),
    }
    return AssessedSeries(**{**fields, **changes})


def decided(report, *, at_hand=None, others=(), notices=(), scanner=None, policy=POLICY, now=NOW):
    study = StudyContext(series=at_hand or series(findings=report.findings), others=others, notices=notices)
    return decide(report, study, scanner or ScannerContext(), now=now, policy=policy)


def reason_of(decision):
    return decision.recommendation.kind, decision.recommendation.reason


def test_severe_motion_on_the_table_is_to_be_repeated_and_told_once():
    decision = decided(patient(finding()))
    recommendation = decision.recommendation
    assert reason_of(decision) == (RecommendationKind.REPEAT_NOW, "worth-a-repeat")
    assert recommendation.urgency == "now"
    assert "Motion, severe (probability 96 %)" in recommendation.text
    assert "86 %" in recommendation.text
    assert "24 %" in recommendation.text
    assert recommendation.change == remedy_of("motion").next_step
    (notice,) = decision.notices
    assert (notice.scope, notice.kind) == ("study", NoticeKind.REPEAT_NOW)
    assert notice.until == NOW - timedelta(seconds=40) + POLICY.on_table
    assert recommendation.until == notice.until.isoformat(timespec="seconds")


def test_the_threshold_is_that_of_the_published_costs():
    """research: a 5 min repeat against a 30 min recall at P(fixable) .8 pays from .21, a 10 min one from .42."""
    assert POLICY.repeat_cost(None) == pytest.approx(49.3, abs=0.1)
    assert POLICY.recall_cost == pytest.approx(296)
    assert POLICY.threshold(fixable=0.8, minutes=None) == pytest.approx(0.208, abs=0.001)
    assert POLICY.threshold(fixable=0.8, minutes=10) == pytest.approx(0.417, abs=0.001)
    assert POLICY.threshold(fixable=0.3, minutes=5) == pytest.approx(0.556, abs=0.001)
    assert POLICY.threshold(fixable=0.1, minutes=5) > 1
    assert POLICY.threshold(fixable=0.0, minutes=5) == float("inf")


def test_a_long_series_is_not_worth_what_a_short_one_is():
    report = patient(finding(probability=0.9, severity=2))
    short = decided(report, at_hand=series(findings=report.findings, minutes=4))
    long = decided(report, at_hand=series(findings=report.findings, minutes=12))
    assert reason_of(short)[0] is RecommendationKind.REPEAT_NOW
    assert reason_of(long) == (RecommendationKind.REVIEW, "not-worth-a-repeat")
    assert long.notices == ()


def test_a_site_may_know_better_what_a_repeat_mends():
    report = patient(finding(probability=0.9, severity=2))
    stubborn = replace(POLICY, fixable={"motion": 0.1})
    assert reason_of(decided(report, policy=stubborn)) == (RecommendationKind.REVIEW, "not-worth-a-repeat")


@pytest.mark.parametrize("findings", [(), (finding(severity=1),), (finding(severity=0, probability=1.0),)])
def test_nothing_clear_is_accepted(findings):
    assert reason_of(decided(patient(*findings))) == (RecommendationKind.ACCEPT, "nothing-clear")


@pytest.mark.parametrize(("calibration", "words"), [("uncalibrated", "not been confirmed"), ("suspended", "suspended")])
def test_a_detector_in_the_shadow_alerts_nobody(calibration, words):
    decision = decided(patient(finding(calibration=calibration)))
    assert reason_of(decision) == (RecommendationKind.REVIEW, "not-calibrated")
    assert words in decision.recommendation.text
    assert (decision.recommendation.urgency, decision.notices) == ("none", ())


def test_a_refused_series_gets_no_recommendation():
    refused = patient(refused=Refusal(code="no-rule", detail=""))
    assert decided(refused).recommendation is None


@pytest.mark.parametrize(
    ("at_hand", "reason"),
    [
        (series(acquired_at=NOW - timedelta(minutes=62), findings=(finding(),)), "late"),
        (series(acquired_at=None, findings=(finding(),)), "clock-unknown"),
        (series(acquired_at=NOW + timedelta(minutes=30), findings=(finding(),)), "clock-unknown"),
    ],
)
def test_images_that_come_late_or_cannot_tell_their_time_notify_nobody(at_hand, reason):
    decision = decided(patient(finding()), at_hand=at_hand)
    assert reason_of(decision) == (RecommendationKind.REVIEW, reason)
    assert decision.notices == ()


@pytest.mark.parametrize(("probability", "urgency"), [(0.99, "today"), (0.7, "none")])
def test_when_the_patient_has_left_a_radiologist_decides_or_nobody_is_bothered(probability, urgency):
    report = patient(finding(probability=probability))
    decision = decided(report, at_hand=series(seconds_ago=11 * 60, findings=report.findings))
    assert reason_of(decision) == (RecommendationKind.REVIEW, "off-table")
    assert decision.recommendation.urgency == urgency
    assert [notice.kind for notice in decision.notices] == ([NoticeKind.REVIEW] if urgency == "today" else [])


def test_a_later_series_of_the_study_shows_that_the_patient_is_still_there():
    report = patient(finding())
    at_hand = series(seconds_ago=11 * 60, findings=report.findings)
    decision = decided(report, at_hand=at_hand, others=(series("1.5", seconds_ago=30, likeness="other"),))
    assert reason_of(decision)[0] is RecommendationKind.REPEAT_NOW


def test_a_good_series_of_the_same_plane_and_contrast_spares_the_repeat():
    decision = decided(patient(finding()), others=(series("1.5", protocol="other"),))
    assert reason_of(decision) == (RecommendationKind.ACCEPT, "redundant")
    bad = series("1.5", protocol="other", findings=(finding(),))
    assert reason_of(decided(patient(finding()), others=(bad,)))[0] is RecommendationKind.REPEAT_NOW


def test_after_contrast_another_sequence_is_proposed():
    decision = decided(patient(finding()), others=(series("1.2", likeness="t1", contrast_given=True),))
    assert reason_of(decision) == (RecommendationKind.CHANGE_PROTOCOL, "contrast-given")
    assert "another sequence" in decision.recommendation.change
    assert decision.notices[0].kind is NoticeKind.CHANGE_PROTOCOL


def test_metal_asks_for_another_protocol_even_beside_motion():
    decision = decided(patient(finding("susceptibility"), finding("motion")))
    assert reason_of(decision) == (RecommendationKind.CHANGE_PROTOCOL, "metal")
    assert "metal-artifact protocol" in decision.recommendation.change


def test_a_slight_chance_of_metal_is_no_notice():
    decision = decided(patient(finding("susceptibility", probability=0.3, severity=2)))
    assert reason_of(decision) == (RecommendationKind.REVIEW, "metal")
    assert decision.notices == ()


@pytest.mark.parametrize("state", ["ACCEPTED", "DECLINED", "EXPIRED", "REPEATED"])
def test_one_automatic_repeat_a_study(state):
    decision = decided(patient(finding()), notices=(NoticeState(state),))
    assert reason_of(decision) == (RecommendationKind.REVIEW, "repeated-once")
    assert decision.notices == ()


@pytest.mark.parametrize("state", ["PROPOSED", "WITHDRAWN"])
def test_a_notice_that_is_open_or_was_withdrawn_does_not_count_as_a_repeat(state):
    assert decided(patient(finding()), notices=(NoticeState(state),)).notices


def test_a_repeat_that_is_bad_again_is_not_repeated_again():
    first = series("1.3", seconds_ago=400, findings=(finding(),))
    assert reason_of(decided(patient(finding()), others=(first,))) == (RecommendationKind.REVIEW, "repeated-once")


def faults(artifact, studies, hours_ago=2.0):
    at = NOW - timedelta(hours=hours_ago)
    return tuple(Fault(artifact=artifact, study_instance_uid=f"9.{n}", at=at) for n in range(studies))


def test_the_third_study_with_a_zipper_calls_service_instead_of_a_repeat():
    report = patient(finding("zipper"))
    assert reason_of(decided(report, scanner=ScannerContext(faults=faults("zipper", 1))))[0] is (
        RecommendationKind.REPEAT_NOW
    )
    decision = decided(report, scanner=ScannerContext(faults=faults("zipper", 2)))
    assert reason_of(decision) == (RecommendationKind.SERVICE, "same-fault-again")
    assert [(notice.scope, notice.kind) for notice in decision.notices] == [("scanner", NoticeKind.SERVICE)]
    again = decided(patient(finding("zipper")), scanner=ScannerContext(faults=faults("zipper", 4)))
    assert again.notices[0].subject == decision.notices[0].subject


def test_one_study_with_many_bad_series_is_one_study():
    same = tuple(replace(fault, study_instance_uid="9.0") for fault in faults("zipper", 5))
    assert reason_of(decided(patient(finding("zipper")), scanner=ScannerContext(faults=same)))[0] is (
        RecommendationKind.REPEAT_NOW
    )


def test_old_faults_and_what_patients_cause_call_no_service():
    old = ScannerContext(faults=faults("zipper", 9, hours_ago=25))
    assert reason_of(decided(patient(finding("zipper")), scanner=old))[0] is RecommendationKind.REPEAT_NOW
    moving = ScannerContext(faults=faults("motion", 9))
    assert reason_of(decided(patient(finding("motion")), scanner=moving))[0] is RecommendationKind.REPEAT_NOW


@pytest.mark.parametrize(
    ("followed", "suspended"), [((True,) * 14 + (False,) * 36, True), ((True,) * 15 + (False,) * 35, False),
                                ((False,) * 49, False), ((True,) * 50 + (False,) * 50, False)],
)  # fmt: skip
def test_a_rule_that_nobody_follows_suspends_itself_and_asks_an_administrator(followed, suspended):
    decision = decided(patient(finding()), scanner=ScannerContext(followed=followed))
    if suspended:
        assert reason_of(decision) == (RecommendationKind.REVIEW, "suspended")
        assert [notice.kind for notice in decision.notices] == [NoticeKind.ADMIN]
        assert decision.notices[0].scope == "site"
        assert decision.recommendation.urgency == "none"
    else:
        assert reason_of(decision)[0] is RecommendationKind.REPEAT_NOW


@pytest.mark.parametrize(("delays", "slow"), [((10.0,) * 47 + (31.0,) * 3, True), ((10.0,) * 48 + (31.0,) * 2, False),
                                              ((90.0,) * 19, False)])  # fmt: skip
def test_where_results_come_too_slowly_a_reviewer_looks(delays, slow):
    decision = decided(patient(finding()), scanner=ScannerContext(delays_s=delays))
    assert (reason_of(decision) == (RecommendationKind.REVIEW, "too-slow")) is slow
    assert bool(decision.notices) is not slow


def offer(probability=0.96, severity=3, artifact="motion", minutes=None):
    return (Offer(flags=(Flag(artifact=artifact, severity=severity, probability=probability),), minutes=minutes),)


@pytest.mark.parametrize(
    ("offers", "spent"),
    [
        ((offer(0.99),) * 10 + ((),) * 90, True),
        ((offer(0.96),) * 10 + ((),) * 90, True),
        ((offer(0.99),) * 9 + ((),) * 91, False),
        ((offer(0.5),) * 90 + ((),) * 10, False),
        ((offer(0.99, minutes=20.0),) * 90 + ((),) * 10, False),
        ((offer(0.99, artifact="moire"),) * 90 + ((),) * 10, False),
        ((offer(0.99),) * 9, False),
        (((),) * 100 + (offer(0.99),) * 50, False),
    ],
    ids=["ten better", "ten as good", "nine better", "less sure", "longer", "never mended", "the first", "long ago"],
)
def test_the_alert_budget_goes_to_the_series_that_are_worth_most(offers, spent):
    decision = decided(patient(finding()), scanner=ScannerContext(offers=offers))
    assert (reason_of(decision) == (RecommendationKind.REVIEW, "over-budget")) is spent
    assert bool(decision.notices) is not spent


def test_a_study_that_has_a_notice_already_costs_the_budget_nothing():
    scanner = ScannerContext(offers=(offer(0.99),) * 100)
    study = {"notices": (NoticeState.PROPOSED,)}
    assert reason_of(decided(patient(finding()), scanner=scanner))[1] == "over-budget"
    assert reason_of(decided(patient(finding()), scanner=scanner, **study))[0] is RecommendationKind.REPEAT_NOW


def test_what_no_repeat_mends_is_offered_by_what_another_sequence_mends():
    metal = Flag(artifact="susceptibility", severity=3, probability=1.0)
    motion = Flag(artifact="motion", severity=3, probability=1.0)
    assert worth_of((metal,), 5.0, POLICY) == pytest.approx(0.9 * 0.7 * POLICY.recall_cost - POLICY.repeat_cost(5.0))
    assert worth_of((motion,), 5.0, POLICY) > worth_of((motion,), 6.0, POLICY)


def test_in_the_long_run_no_more_studies_are_told_of_than_the_budget_allows():
    """Half of 3 000 studies have a series worth a notice, of a chance that is drawn: a tenth is told of, the best."""
    rng = np.random.default_rng(3)
    offers: list[tuple[Offer, ...]] = []
    told: list[float] = []
    for _ in range(3000):
        probability = float(rng.uniform(0.5, 1.0))
        flagged = rng.random() < 0.5
        if flagged:
            found = decided(patient(finding(probability=probability)), scanner=ScannerContext(offers=tuple(offers)))
            told += [probability] if found.notices else []
        offers.insert(0, offer(probability) if flagged else ())
        del offers[200:]
    assert 0.09 < len(told) / 3000 < 0.11
    assert np.median(told) > 0.85


def test_every_artifact_of_the_catalogue_has_a_remedy_and_an_unknown_one_is_never_repeated():
    assert REMEDIES.keys() == {artifact.value for artifact in ArtifactId}
    assert reason_of(decided(patient(finding("moire"))))[0] is RecommendationKind.REVIEW


SETUP = Finding(artifact="setup-air-bubble", probability=0.9, severity=1, explanation="a bubble")


def test_a_phantom_run_within_limits_is_accepted():
    assert reason_of(decided(phantom_report(LENGTH_OK))) == (RecommendationKind.ACCEPT, "within-limits")


def test_a_bubble_explains_low_uniformity_so_the_set_up_is_repeated():
    decision = decided(phantom_report(PIU_LOW, findings=(SETUP,)))
    assert reason_of(decision) == (RecommendationKind.REVIEW, "set-up")
    assert "air bubble" in decision.recommendation.text
    assert decision.recommendation.change.startswith("lay the test object anew")
    assert decision.notices[0].kind is NoticeKind.REVIEW


def test_a_bubble_does_not_explain_everything():
    ghost = replace(PIU_LOW, measurement=replace(PIU_LOW.measurement, metric=replace(
        PIU_LOW.measurement.metric, id="mr-slice-thickness")))  # fmt: skip
    for failed in ((ghost,), (ghost, PIU_LOW)):
        decision = decided(phantom_report(*failed, findings=(SETUP,)))
        assert reason_of(decision) == (RecommendationKind.REVIEW, "outside-limits")
    assert "air bubble" in decision.recommendation.text
    assert decision.recommendation.change.startswith("lay the test object anew")
    scanner = ScannerContext(failed_before=frozenset({"mr-percent-image-uniformity"}))
    explained = decided(phantom_report(ghost, PIU_LOW, findings=(SETUP,)), scanner=scanner)
    assert reason_of(explained) == (RecommendationKind.REVIEW, "outside-limits")


@pytest.mark.parametrize("setup", [(), (SETUP,)], ids=["as it lay", "with a bubble"])
@pytest.mark.parametrize("metric", ["mr-percent-image-uniformity", "mr-slice-thickness"])
def test_what_to_do_with_a_test_object_is_said_once(setup, metric):
    named = replace(PIU_LOW.measurement.metric, id=metric)
    failed = replace(PIU_LOW, measurement=replace(PIU_LOW.measurement, metric=named))
    said = recommendation_text(decided(phantom_report(failed, findings=setup)).recommendation)
    assert said.count("once more") == 1
    assert said.count("anew") == (1 if setup and metric == "mr-percent-image-uniformity" else 0)
    assert said.count("air bubble") <= 1


def test_the_same_failure_twice_in_a_row_calls_service():
    scanner = ScannerContext(failed_before=frozenset({"mr-percent-image-uniformity"}))
    decision = decided(phantom_report(PIU_LOW), scanner=scanner)
    assert reason_of(decision) == (RecommendationKind.SERVICE, "outside-limits-again")
    assert decision.notices[0].kind is NoticeKind.SERVICE
    assert decision.notices[0].until is None


def test_an_old_phantom_run_is_read_but_not_told():
    old = series(acquired_at=NOW - timedelta(days=3))
    decision = decided(phantom_report(PIU_LOW), at_hand=old)
    assert decision.recommendation.urgency == "none"
    assert decision.notices == ()


@pytest.mark.parametrize("verdict", [verdict for verdict in Verdict if verdict is not Verdict.ACTION])
def test_only_values_outside_action_limits_are_told(verdict):
    decision = decided(phantom_report(replace(LENGTH_OK, verdict=verdict)))
    assert decision.recommendation.urgency == "none"
    assert (decision.recommendation.kind is RecommendationKind.ACCEPT) is (verdict is Verdict.PASS)


def test_what_repeats_taught_is_the_textbook_update():
    repeats = [Repeat(artifact="motion", severity_before=3, severity_after=after) for after in (0, 1, 3, 2)]
    (found,) = learnt(repeats, POLICY)
    assert (found.repeats, found.better, found.assumed) == (4, 3, 0.7)
    assert found.chance == pytest.approx((PRIOR_STRENGTH * 0.7 + 3) / (PRIOR_STRENGTH + 4))
    assert 0 < found.standard_deviation < 0.15
    assert learnt([], POLICY) == ()


findings_drawn = st.lists(
    st.builds(
        finding,
        artifact=st.sampled_from([artifact.value for artifact in ArtifactId] + ["unheard-of"]),
        probability=st.floats(0, 1),
        severity=st.sampled_from([0, 1, 2, 3]),
        calibration=st.sampled_from(["active", "uncalibrated", "suspended", None]),
    ),
    max_size=4,
)
series_drawn = st.builds(
    series,
    uid=st.sampled_from(["1.5", "1.6", "1.7"]),
    seconds_ago=st.floats(0, 9000),
    findings=findings_drawn,
    protocol=st.sampled_from(["flair", "t1"]),
    likeness=st.sampled_from(["axial-flair", "axial-t1"]),
    contrast_given=st.booleans(),
)
scanner_drawn = st.builds(
    ScannerContext,
    faults=st.lists(
        st.builds(
            Fault,
            artifact=st.sampled_from(["zipper", "motion"]),
            study_instance_uid=st.sampled_from(["9.1", "9.2", "9.3"]),
            at=st.datetimes(datetime(2026, 3, 2), datetime(2026, 3, 4)).map(lambda at: at.replace(tzinfo=UTC)),  # noqa: DTZ001
        ),
        max_size=5,
    ).map(tuple),
    followed=st.lists(st.booleans(), max_size=60).map(tuple),
    offers=st.sampled_from([((),) * 100, (offer(0.99),) * 100]),
    delays_s=st.lists(st.floats(0, 60), max_size=30).map(tuple),
)


@given(findings_drawn, series_drawn, st.lists(series_drawn, max_size=3).map(tuple), scanner_drawn,
       st.lists(st.sampled_from(list(NoticeState)), max_size=3).map(tuple), st.floats(0.5, 30) | st.none())  # fmt: skip
def test_whatever_happens_no_rule_is_broken(findings, at_hand, others, scanner, notices, minutes):
    report = patient(*findings)
    at_hand = replace(at_hand, minutes=minutes, flags=flags_of(report, POLICY))
    decision = decided(report, at_hand=at_hand, others=others, scanner=scanner, notices=notices)
    kind = decision.recommendation.kind
    told = [notice for notice in decision.notices if notice.scope == "study"]
    assert len(told) <= 1
    if kind is RecommendationKind.REPEAT_NOW:
        assert any(found.alerts for found in findings)
        assert not any(one.contrast_given for one in (at_hand, *others))
        assert not any(found.alerts and found.artifact == "susceptibility" for found in findings)
        assert at_hand.arrived_at - at_hand.acquired_at <= POLICY.late_after
        assert not set(notices) & {NoticeState.ACCEPTED, NoticeState.REPEATED, NoticeState.DECLINED}
        assert told
        assert told[0].until > NOW
    if told:
        assert any(found.alerts for found in findings)
        assert kind is not RecommendationKind.SERVICE
    if not any(found.alerts for found in findings):
        assert decision.notices == ()
    assert bool(decision.recommendation.notifies) == any(notice.scope != "site" for notice in decision.notices)
