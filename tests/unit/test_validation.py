"""Validation on labelled series: statistics against published values, the accounting of labels, the report."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aiqa_integration.artifact_detection.gate import BANDS
from aiqa_integration.errors import ConfigurationError
from aiqa_integration.metrics.artifact_probability import ARTIFACT_PROBABILITIES
from aiqa_integration.metrics.uniformity import PERCENT_IMAGE_UNIFORMITY
from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.model.finding import Finding
from aiqa_integration.model.identity import Device, SeriesRef
from aiqa_integration.model.judgement import Judgement, Tolerance, Verdict
from aiqa_integration.model.measurement import Measured, NotMeasured, Reason
from aiqa_integration.model.quantity import ONE, PERCENT, Quantity
from aiqa_integration.model.report import BundleVersion, Provenance, QaReport, Refusal
from aiqa_integration.validation.agreement import Pair, agreement
from aiqa_integration.validation.document import about, cases_csv, study_document
from aiqa_integration.validation.labels import COLUMNS, ArtifactLabel, NumberLabel, read_labels
from aiqa_integration.validation.page import study_page
from aiqa_integration.validation.ranking import auc_interval, confusion, roc_auc, roc_curve, share
from aiqa_integration.validation.reliability import leave_one_site_out, reliability
from aiqa_integration.validation.study import Compared, LeftOut, Scored, study_of

HANLEY = {
    # Hanley and McNeil, Radiology 1982;143:29, table I: CT ratings 1 (definitely normal) to 5, area 0.893
    "normal": (33, 6, 6, 11, 2),
    "abnormal": (3, 2, 2, 11, 33),
}


def hanley():
    scores = np.concatenate([np.repeat(np.arange(5.0), HANLEY[kind]) for kind in ("normal", "abnormal")])
    return scores, np.repeat([False, True], [58, 51])


def test_the_area_of_a_published_example():
    assert roc_auc(*hanley()) == pytest.approx(0.893, abs=5e-4)


def test_the_area_under_the_corners_is_the_rank_formula():
    points = np.array(roc_curve(*hanley()))
    assert np.trapezoid(points[:, 1], points[:, 0]) == pytest.approx(roc_auc(*hanley()))
    assert points[0].tolist() == [0, 0]
    assert points[-1].tolist() == [1, 1]
    assert len(points) == 6


def test_perfect_reversed_and_undefined_areas():
    scores, present = np.array([0.1, 0.2, 0.8, 0.9]), np.array([False, False, True, True])
    assert (roc_auc(scores, present), roc_auc(-scores, present), roc_auc(0 * scores, present)) == (1.0, 0.0, 0.5)
    assert roc_auc(scores, present | True) is None
    assert auc_interval(scores, present & False) is None


def test_the_bootstrap_interval_is_as_wide_as_the_published_standard_error():
    found = auc_interval(*hanley())
    assert found is not None
    assert found.low < found.value < found.high
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * 0.032, rel=0.15)  # their table II: SE 0.032


def test_shares_have_wilsons_interval():
    # Newcombe, Stat Med 1998;17:857, table I, method 3: 81 of 263 is 0.2553 to 0.3662; 0 of 20 is 0 to 0.1611
    found, none = share(81, 263), share(0, 20)
    assert found is not None
    assert none is not None
    assert (found.low, found.high) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert (none.low, none.high) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert share(0, 0) is None


def test_counts_at_a_threshold():
    counts = confusion(np.array([True, True, False, False, False]), np.array([True, False, True, False, False]))
    assert (counts.true_positive, counts.false_positive, counts.false_negative, counts.true_negative) == (1, 1, 1, 2)
    assert counts.sensitivity is not None
    assert counts.sensitivity.value == 0.5
    assert counts.specificity is not None
    assert counts.specificity.value == pytest.approx(2 / 3)


def test_calibrated_probabilities_have_a_small_error_and_others_their_distance():
    rng = np.random.default_rng(1)
    probabilities = rng.random(20_000)
    present = rng.random(20_000) < probabilities
    assert reliability(probabilities, present).expected_calibration_error < 0.02
    assert reliability(probabilities, present).brier_score == pytest.approx(1 / 6, abs=0.01)
    sure = reliability(np.full(100, 0.9), np.arange(100) < 40)
    assert sure.expected_calibration_error == pytest.approx(0.5)
    assert [(b.count, b.observed.value) for b in sure.bins] == [(100, 0.4)]


def test_a_site_is_recalibrated_by_the_others_only():
    rng = np.random.default_rng(2)
    truth = rng.random(3000)
    present, sites = rng.random(3000) < truth, [f"site {k % 3}" for k in range(3000)]
    overconfident = truth**3 / (truth**3 + (1 - truth) ** 3)
    found = leave_one_site_out(overconfident, present, sites)
    assert found is not None
    assert [site.site for site in found.sites] == ["site 0", "site 1", "site 2"]
    assert found.auc == pytest.approx(roc_auc(truth, present), abs=0.01)
    assert found.before.expected_calibration_error > 0.1
    assert found.after.expected_calibration_error < 0.04
    for site in found.sites:
        assert site.slope == pytest.approx(1 / 3, abs=0.05)
        assert site.after.expected_calibration_error < 0.6 * site.before.expected_calibration_error
        assert site.after.brier_score < site.before.brier_score
    flipped = present.copy()
    flipped[::3] = ~flipped[::3]
    again = leave_one_site_out(overconfident, flipped, sites)
    assert again is not None
    assert (again.sites[0].slope, again.sites[0].intercept) == (found.sites[0].slope, found.sites[0].intercept)
    assert again.sites[1].slope != found.sites[1].slope


def test_one_site_cannot_be_left_out():
    assert leave_one_site_out(np.array([0.1, 0.9]), np.array([False, True]), ["here", "here"]) is None


def test_agreement_of_a_published_example():
    # Bland and Altman, Lancet 1986;327:307, peak flow by two meters (l/min): mean difference -2.1, SD 38.8
    large = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
    small = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]
    pairs = [
        Pair(line=2 + k, measured=a, labelled=b, uncertainty=30.0)
        for k, (a, b) in enumerate(zip(large, small, strict=True))
    ]
    found = agreement(pairs)
    assert found.bias == pytest.approx(-2.1, abs=0.05)
    assert found.limits == pytest.approx((-2.1 - 1.96 * 38.8, -2.1 + 1.96 * 38.8), abs=0.2)
    assert found.bias_interval == pytest.approx((-22.0, 17.8), abs=0.2)
    assert found.within_uncertainty == pytest.approx(11 / 17)


def test_a_single_pair_has_no_limits():
    found = agreement([Pair(line=2, measured=1.0, labelled=0.5, uncertainty=None)])
    assert (found.bias, found.limits, found.bias_interval, found.within_uncertainty) == (0.5, None, None, None)


def test_labels_of_both_kinds_are_read():
    text = (
        "\ufeffseries_instance_uid,path,artifact,severity,metric,value,site\n"
        "1.2.3,,motion,2,,,A\n"
        "1.2.3,,ghost,1,,,A\n"
        ",case one/,,,mr-percent-image-uniformity,87.5,B\n"
    )
    motion, ghost, number = read_labels(text)
    assert isinstance(motion, ArtifactLabel)
    assert isinstance(ghost, ArtifactLabel)
    assert isinstance(number, NumberLabel)
    assert (motion.present, ghost.present, number.value) == (True, False, 87.5)
    assert (motion.place.line, motion.place.site, number.place.path) == (2, "A", "case one/")
    slight = read_labels(text, positive_from=1)[1]
    assert isinstance(slight, ArtifactLabel)
    assert slight.present


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "column series_instance_uid or path is needed"),
        ("path,artifact\n", "or metric and value, are needed"),
        ("path,artifact,label\n", "no lines"),
        ("path,artifact,label,note\nx,motion,1,\n", "unknown columns note"),
        ("path,artifact,label\nx,motion,2\n", "line 2: label '2' is neither 0 nor 1"),
        ("path,artifact,severity\nx,motion,4\n", "line 2: severity '4'"),
        ("path,artifact,label\nx,motion,1\nx,motion,0\n", "line 3: motion of this series is in line 2"),
        ("path,artifact,label\nx,motion\n", "line 2: not as many fields"),
        ("path,artifact,label\nx,motion,1,1\n", "line 2: not as many fields"),
        ("path,artifact,label\n,motion,1\n", "line 2: neither series_instance_uid nor path"),
        ("path,metric,value\nx,mr-snr,high\n", "line 2: value 'high' is no number"),
        ("path,metric,value\nx,mr-snr,nan\n", "line 2: value 'nan' is not finite"),
        ("path,artifact,label,metric,value\nx,motion,1,mr-snr,3\n", "line 2: one of artifact and metric"),
    ],
)
def test_a_mistake_in_the_labels_is_named_with_its_line(text, why):
    with pytest.raises(ConfigurationError) as error:
        read_labels(text)
    assert why in str(error.value)


BUNDLE = BundleVersion(name="mri_artifact_detection", version="1.0.0", weights_sha256="ab" * 32)
PROVENANCE = Provenance(
    software_version="0.1.0",
    rule_revision="r1",
    rule_name="MR",
    limit_set="",
    limit_set_revision="",
    instances_digest="",
    source_instance_uids=(),
    created_at="2026-01-01T00:00:00+00:00",
)


def report(uid, judgements=(), findings=(), *, refused=None, model="Prisma"):
    return QaReport(
        ref=SeriesRef(study_instance_uid="1", series_instance_uid=uid),
        modality="MR",
        device=Device(manufacturer="SIEMENS", model=model),
        analysis="mri-artifact-detection",
        analysis_version="1",
        bundle=BUNDLE,
        subject="patient",
        phantom=None,
        judgements=tuple(judgements),
        findings=tuple(findings),
        refused=refused,
        provenance=PROVENANCE,
    )


def probability(value, *, artifact=ArtifactId.MOTION, limit=None):
    tolerance = None if limit is None else Tolerance(tolerance_high=limit, source="calibration", revision="1")
    measured = Measured(metric=ARTIFACT_PROBABILITIES[artifact], quantity=Quantity(value, ONE))
    return Judgement(measurement=measured, limits=tolerance, verdict=Verdict.NOT_ASSESSED)


def labels_of(rows):
    return read_labels("series_instance_uid,artifact,label,site\n" + "\n".join(rows))


def test_every_label_is_scored_or_accounted_for():
    labels = read_labels(
        "series_instance_uid,artifact,label,metric,value\n"
        "a,motion,1,,\nb,motion,0,,\nc,motion,1,,\nd,motion,0,,\ne,motion,0,,\nf,ghost,1,,\n"
        "a,setup-tilt,1,,\nb,setup-tilt,0,,\na,setup-tlit,1,,\n"
        "a,,,mr-percent-image-uniformity,90\nb,,,mr-percent-image-uniformity,90\nc,,,mr-snr,90\n"
    )
    uniformity = Measured(metric=PERCENT_IMAGE_UNIFORMITY, quantity=Quantity(91.0, PERCENT), uncertainty=0.5)
    unknown = NotMeasured(metric=PERCENT_IMAGE_UNIFORMITY, reason=Reason.SLICE_MISSING, detail="slice 7 is missing")
    no_motion = NotMeasured(
        metric=ARTIFACT_PROBABILITIES[ArtifactId.MOTION], reason=Reason.SIGNAL_TOO_LOW, detail="not applicable"
    )
    judged = [
        Judgement(measurement=found, limits=None, verdict=Verdict.NOT_ASSESSED)
        for found in (uniformity, unknown, no_motion)
    ]
    tilt = Finding(artifact="setup-tilt", probability=0.97, severity=1, explanation="tilted")
    reports = {
        2: (a := report("a", [probability(0.999), judged[0]], [tilt])),
        3: (b := report("b", [probability(0.6, limit=0.7), judged[1]])),
        4: (c := report("c", [judged[2]])),
        5: report("d", refused=Refusal(code="mixed-geometry", detail="two orientations")),
        7: report("f", [probability(0.1)]),
        8: a,
        9: b,
        10: a,
        11: a,
        12: b,
        13: c,
    }
    study = study_of(labels, reports)
    assert len(study.cases) == len(labels)
    outcomes = [case.code if isinstance(case, LeftOut) else type(case) for case in study.cases]
    assert outcomes == [
        Scored, Scored, "not-answered", "mixed-geometry", "no-series", "not-answered",
        Scored, Scored, "not-answered", Compared, "slice-missing", "not-answered",
    ]  # fmt: skip
    motion, tilted = study.artifacts
    thresholds = tuple(sorted((BANDS[ArtifactId.MOTION].high, 0.7)))
    assert (motion.artifact, motion.count, motion.present, motion.thresholds) == ("motion", 2, 1, thresholds)
    assert (motion.counts.true_positive, motion.counts.true_negative) == (1, 1)
    assert (tilted.artifact, tilted.count, tilted.curve[1]) == ("setup-tilt", 2, (0.0, 1.0))
    assert study.metrics[0].agreement.bias == pytest.approx(1.0)
    assert study_of(labels, reports, threshold=0.95).artifacts[0].thresholds == (0.95,)


@pytest.fixture
def study():
    """Return 60 series of two scanners and two sites; the network is right more often than not."""
    rng = np.random.default_rng(5)
    rows, reports = [], {}
    for k in range(60):
        present = int(rng.random() < 0.4)
        stated = float(np.clip(rng.normal(0.3 + 0.4 * present, 0.2), 0.01, 0.99))
        rows.append(f"1.2.{k},motion,{present},{'north' if k % 2 else 'south'}")
        reports[k + 2] = report(f"1.2.{k}", [probability(stated)], model=f"<Model> {k % 2}")
    rows.append("9.9,motion,1,north")
    return study_of(labels_of(rows), reports), list(reports.values())


def test_the_document_and_the_table_hold_every_label(study):
    found, reports = study
    given = about(reports, labels_sha256="00", positive_from=2, software_version="0.1.0", created_at="2026-01-01")
    document = json.loads(json.dumps(study_document(found, given), allow_nan=False))
    (motion,) = document["artifacts"]
    assert motion["count"] + len(document["left_out"]) == document["labels"] == 61
    assert motion["auc"]["low"] < motion["auc"]["value"] < motion["auc"]["high"]
    assert len(motion["scanners"]) == len(motion["sites"]["sites"]) == 2
    assert document["about"]["bundles"] == ["mri_artifact_detection 1.0.0, weights abababababab"]
    rows = list(csv.DictReader(io.StringIO(cases_csv(found.cases))))
    assert len(rows) == 61
    assert {row["outcome"] for row in rows} == {"scored", "no-series"}


def test_the_page_shows_the_figures_and_escapes_what_files_say(study):
    found, reports = study
    given = about(reports, labels_sha256="00", positive_from=2, software_version="0.1.0", created_at="2026-01-01")
    page = study_page(found, given)
    assert "&lt;Model&gt; 0" in page
    assert "<Model>" not in page
    assert f"{found.artifacts[0].auc.value:.3f}" in page
    assert page.count("<svg") == 2
    assert "no-series" in page
    assert "<script" not in page
    assert "http" not in page


def test_a_page_without_any_score_says_why():
    labels = labels_of(["1.2,motion,1,x"])
    found = study_of(labels, {2: replace(report("1.2"), refused=Refusal(code="no-rule", detail="Modality is 'CT'"))})
    given = about([], labels_sha256="00", positive_from=2, software_version="0.1.0", created_at="2026-01-01")
    page = study_page(found, given)
    assert "no-rule" in page
    assert "Modality is &#39;CT&#39;" in page


def test_the_documentation_names_every_column_and_artifact():
    page = (Path(__file__).parents[2] / "docs/validation.md").read_text()
    assert [name for name in (*COLUMNS, *ArtifactId) if f"`{name}`" not in page] == []
