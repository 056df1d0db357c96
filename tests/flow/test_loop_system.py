"""The loop, closed: images into the PACS by STOW, results out of PACS and EHR by QIDO, WADO and FHIR search."""

import time

import pytest

from aiqa_integration.model.job import JobState
from aiqa_integration.model.judgement import Verdict
from tests.outside import OBJECTS_A_SERIES, make_series, sources

pytestmark = pytest.mark.timeout(600)

PATIENCE_S = 180.0
OBJECT_CLASSES = {
    "Enhanced SR Storage",
    "Comprehensive 3D SR Storage",
    "Segmentation Storage",
    "Secondary Capture Image Storage",
}


def about(results, ref, instances):
    """Return those result objects that name a series or images of it, by SOP class."""
    names = {ref.series_instance_uid, *(str(instance.SOPInstanceUID) for instance in instances)}
    return {result.SOPClassUID.name: result for result in results if sources(result) & names}


def test_stored_series_are_reported_in_pacs_and_ehr(loop):
    scans = loop.new_series(2)
    for _, instances in scans:
        loop.pacs.store(instances)
    jobs = loop.installation.await_results([ref for ref, _ in scans], within_s=PATIENCE_S)
    assert [(job.state, job.result.verdict) for job in jobs] == [(JobState.DELIVERED, Verdict.PASS)] * 2
    results = loop.pacs.results(scans[0][0].study_instance_uid)
    assert len(results) == 2 * OBJECTS_A_SERIES
    for ref, instances in scans:
        assert set(about(results, ref, instances)) == OBJECT_CLASSES
        resources = loop.ehr.about(ref)
        assert {name: len(found) for name, found in resources.items()} == {
            "Observation": 1,
            "DiagnosticReport": 1,
            "Provenance": 1,
            "ImagingStudy": 1,
        }
        (study,) = resources["ImagingStudy"]
        assert {series["uid"] for series in study["series"]} == {ref.series_instance_uid for ref, _ in scans}
    assert loop.ehr.shared_names() == set()


def test_a_late_instance_makes_a_new_result_that_names_the_old_one(loop):
    ((ref, instances),) = loop.new_series()
    loop.pacs.store(instances[:-1])
    loop.installation.await_results([ref], within_s=PATIENCE_S)
    first = {str(result.SOPInstanceUID) for result in loop.pacs.results(ref.study_instance_uid)}
    (before,) = loop.ehr.about(ref)["Observation"]

    loop.pacs.store(instances[-1:])
    (second,) = loop.installation.await_results([ref], within_s=PATIENCE_S, revision=2)
    assert second.state is JobState.DELIVERED
    with loop.installation.books() as books:
        states = {row.revision: row.state for row in books.rows() if row.ref == ref}
    assert states == {1: JobState.SUPERSEDED, 2: JobState.DELIVERED}

    results = loop.pacs.results(ref.study_instance_uid)
    new = [result for result in results if result.SOPInstanceUID not in first]
    assert (len(first), len(new)) == (OBJECTS_A_SERIES, OBJECTS_A_SERIES)
    report = about(new, ref, instances)["Enhanced SR Storage"]
    (study,) = report.PredecessorDocumentsSequence
    predecessors = {
        item.ReferencedSOPInstanceUID for part in study.ReferencedSeriesSequence for item in part.ReferencedSOPSequence
    }
    old_report = about([result for result in results if result.SOPInstanceUID in first], ref, instances)[
        "Enhanced SR Storage"
    ]
    assert predecessors == {old_report.SOPInstanceUID}

    resources = loop.ehr.about(ref)
    assert {name: len(found) for name, found in resources.items()} == {
        "Observation": 1,
        "DiagnosticReport": 1,
        "Provenance": 2,
        "ImagingStudy": 1,
    }
    (after,) = resources["Observation"]
    assert after["id"] == before["id"]
    assert int(after["meta"]["versionId"]) > int(before["meta"]["versionId"])
    assert (before["status"], after["status"]) == ("final", "amended")


def test_own_results_are_not_analysed(loop):
    ((ref, instances),) = loop.new_series()
    loop.pacs.store(instances)
    loop.installation.await_results([ref], within_s=PATIENCE_S)
    time.sleep(loop.installation.site.pace.quiet_s + 4 * loop.installation.site.pace.poll_every_s)
    with loop.installation.books() as books:
        in_study = [row.ref for row in books.rows() if row.ref.study_instance_uid == ref.study_instance_uid]
    assert in_study == [ref]
    assert len(loop.pacs.results(ref.study_instance_uid)) == OBJECTS_A_SERIES


def test_what_no_rule_wants_is_ignored_with_the_reason(loop, tmp_path):
    ref, instances = make_series(tmp_path, f"ignored-{loop.installation.site.deployment}")
    for instance in instances:
        instance.Modality = "CT"
    loop.pacs.store(instances)
    (job,) = loop.installation.await_results([ref], within_s=PATIENCE_S)
    assert (job.state, job.reason) == (JobState.IGNORED, "no rule wants modality CT")
    assert loop.pacs.results(ref.study_instance_uid) == []
