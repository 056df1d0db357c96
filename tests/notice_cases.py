"""What the ledger must do with notices, in whatever database: run on SQLite (unit) and PostgreSQL (contract)."""

from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest

from aiqa_integration.errors import LeaseLost, LedgerError
from aiqa_integration.ledger.queries import Books
from aiqa_integration.ledger.sql_ledger import SqlLedger
from aiqa_integration.ledger.views import Notice
from aiqa_integration.model.finding import Finding
from aiqa_integration.model.identity import Device, SeriesRef
from aiqa_integration.model.image import SeriesHeader
from aiqa_integration.model.notice import NoticeKind, NoticeState
from aiqa_integration.model.recommendation import RecommendationKind
from aiqa_integration.model.report import QaReport
from aiqa_integration.pipeline.ports import Job, JobResult
from aiqa_integration.pipeline.recommend import Adviser, recommend
from aiqa_integration.recommendations.policy import Policy
from tests.ledger_cases import (
    IGNORED,
    LEASE,
    QUIET,
    STUDY,
    T0,
    at,
    claimed,
    in_threads,
    listing,
    measured_result,
    report_of,
    settle,
)

ADVISER = Adviser(policy=Policy(notice_budget=timedelta(seconds=200)))
SCANNER = Device(manufacturer="Maker", model="M", serial="7", station="MR2")


def motion(severity=3, artifact="motion", probability=0.96):
    return Finding(
        artifact=artifact, probability=probability, severity=severity, explanation="seen", calibration="active"
    )


def patient_report(job: Job, *findings: Finding) -> QaReport:
    return replace(report_of(job), subject="patient", phantom=None, judgements=(), findings=findings, device=SCANNER)


def header_of(job: Job, acquired: float, description: str) -> SeriesHeader:
    return SeriesHeader(
        ref=job.ref,
        modality="MR",
        device=SCANNER,
        instance_count=11,
        acquired_at=at(acquired).isoformat(),
        series_description=description,
        keywords={"SeriesDescription": description},
    )


def result_of(
    ledger: SqlLedger,
    job: Job,
    *findings: Finding,
    now: float,
    acquired: float,
    description: str = "flair",
    adviser: Adviser = ADVISER,
) -> JobResult:
    advised = recommend(
        patient_report(job, *findings),
        header_of(job, acquired, description),
        adviser,
        history=ledger,
        arrived_at=job.arrived_at or T0,
        now=at(now),
    )
    return replace(measured_result(job, report=advised.report), assessed=advised.assessed, notices=advised.notices)


def assess(
    ledger: SqlLedger,
    *findings: Finding,
    series: str = "1.1",
    start: float = 0,
    acquired: float | None = None,
    description: str = "flair",
    instances: int = 11,
    study: str = STUDY,
    adviser: Adviser = ADVISER,
) -> str:
    """Bring a patient's series through the ledger; it is decided 101 s after its first sighting."""
    ledger.observe("pacs", listing(instances, series, study), at=at(start), quiet=QUIET)
    job_id = ledger.observe("pacs", listing(instances, series, study), at=at(start + 90), quiet=QUIET).job_id
    job = claimed(ledger, job_id, start + 100)
    shot = start - 60 if acquired is None else acquired
    ledger.finish_job(
        job,
        result_of(ledger, job, *findings, now=start + 101, acquired=shot, description=description, adviser=adviser),
        now=at(start + 101),
    )
    return job_id


def board(ledger: SqlLedger, seconds: float) -> tuple[Notice, ...]:
    return Books(ledger.engine).open_notices(at(seconds))


def ended(ledger: SqlLedger, seconds: float) -> tuple[Notice, ...]:
    return Books(ledger.engine).ended_notices(at(seconds), 20)


class NoticeCases:
    def test_a_bad_series_is_told_with_its_scanner_and_what_to_change(self, ledger):
        job_id = assess(ledger, motion())
        (notice,) = board(ledger, 102)
        assert (notice.kind, notice.state, notice.scope) == (NoticeKind.REPEAT_NOW, NoticeState.PROPOSED, "study")
        assert notice.device.station == "MR2"
        assert notice.created_at == at(101)
        (line,) = notice.lines
        assert (line.job_id, line.artifact, line.severity) == (job_id, "motion", 3)
        assert line.change
        assert Books(ledger.engine).open_notice_count(at(102)) == 1

    def test_a_good_series_tells_nobody(self, ledger):
        assess(ledger, motion(severity=1))
        assert board(ledger, 102) == ended(ledger, 102) == ()

    def test_two_bad_series_of_a_study_are_one_notice(self, ledger):
        assess(ledger, motion())
        assess(ledger, motion(), series="1.2", start=200, description="t2")
        (notice,) = board(ledger, 302)
        assert [line.artifact for line in notice.lines] == ["motion", "motion"]
        assert notice.until == at(200) + ADVISER.policy.on_table

    def test_another_study_has_a_notice_of_its_own(self, ledger):
        assess(ledger, motion())
        assess(ledger, motion(), series="2.1", start=10, study="2")
        assert len(board(ledger, 112)) == 2

    def test_bad_series_finished_at_the_same_moment_are_one_notice(self, ledger):
        jobs = []
        for number in range(3):
            job_id = settle(ledger, f"1.{number}")
            jobs.append(claimed(ledger, job_id))
        results = [
            result_of(ledger, job, motion(), now=101, acquired=-60 + number, description=f"s{number}")
            for number, job in enumerate(jobs)
        ]
        together = Barrier(3)

        def finish(number):
            together.wait()
            ledger.finish_job(jobs[number], results[number], now=at(101))

        in_threads(3, finish)
        (notice,) = board(ledger, 102)
        assert len(notice.lines) == 3

    def test_a_worker_that_lost_its_lease_tells_nobody(self, ledger):
        job_id = settle(ledger)
        slow = claimed(ledger, job_id, 100)
        result = result_of(ledger, slow, motion(), now=101, acquired=-60)
        fast = ledger.claim_job(job_id, owner="other", now=at(170), lease=LEASE)
        with pytest.raises(LeaseLost):
            ledger.finish_job(slow, result, now=at(171))
        assert board(ledger, 172) == ()
        ledger.finish_job(fast, result, now=at(172))
        assert len(board(ledger, 173)) == 1

    def test_an_answer_ends_a_notice_and_says_who(self, ledger):
        assess(ledger, motion())
        (notice,) = board(ledger, 102)
        state = ledger.answer_notice(notice.notice_id, accepted=True, who="AB", now=at(110))
        assert state is NoticeState.ACCEPTED
        assert board(ledger, 111) == ()
        (over,) = ended(ledger, 111)
        assert (over.ended_by, over.ended_at) == ("AB", at(110))
        assert ledger.audit_broken_at() is None

    def test_the_first_answer_counts(self, ledger):
        assess(ledger, motion())
        (notice,) = board(ledger, 102)
        ledger.answer_notice(notice.notice_id, accepted=False, who="AB", now=at(110))
        assert ledger.answer_notice(notice.notice_id, accepted=True, who="CD", now=at(111)) is NoticeState.DECLINED
        assert ended(ledger, 112)[0].ended_by == "AB"

    def test_an_answer_after_the_time_is_over_changes_nothing(self, ledger):
        assess(ledger, motion())
        (notice,) = board(ledger, 102)
        assert board(ledger, 700) == ()
        assert ended(ledger, 700)[0].state is NoticeState.EXPIRED
        assert ledger.answer_notice(notice.notice_id, accepted=True, who="AB", now=at(700)) is NoticeState.EXPIRED

    def test_a_notice_that_is_not_there(self, ledger):
        with pytest.raises(LedgerError):
            ledger.answer_notice("x", accepted=True, who="AB", now=T0)

    @pytest.mark.parametrize("accepted", [True, False])
    def test_after_an_answer_the_study_is_told_of_no_second_repeat(self, ledger, accepted):
        assess(ledger, motion())
        (notice,) = board(ledger, 102)
        ledger.answer_notice(notice.notice_id, accepted=accepted, who="AB", now=at(110))
        assess(ledger, motion(), series="1.2", start=200, description="t2")
        assert board(ledger, 302) == ()

    def test_an_answer_between_decision_and_commit_is_no_gap_for_a_second_notice(self, ledger):
        assess(ledger, motion())
        (notice,) = board(ledger, 102)
        job = claimed(ledger, settle(ledger, "1.2", start=20), 120)
        result = result_of(ledger, job, motion(), now=121, acquired=-10, description="t2")
        assert result.notices
        ledger.answer_notice(notice.notice_id, accepted=False, who="AB", now=at(122))
        ledger.finish_job(job, result, now=at(123))
        assert board(ledger, 124) == ()

    def test_a_repeat_is_found_and_its_result_kept(self, ledger):
        assess(ledger, motion())
        (notice,) = board(ledger, 102)
        ledger.answer_notice(notice.notice_id, accepted=True, who="AB", now=at(110))
        assess(ledger, motion(severity=1), series="1.2", start=300)
        (over,) = ended(ledger, 402)
        assert over.state is NoticeState.REPEATED
        assert over.ended_by == "AB"
        assert (over.lines[0].severity, over.lines[0].severity_after) == (3, 1)
        (repeat,) = Books(ledger.engine).repeats()
        assert (repeat.artifact, repeat.better) == ("motion", True)

    def test_a_repeat_that_nobody_announced_ends_the_notice_too(self, ledger):
        assess(ledger, motion())
        assess(ledger, motion(), series="1.2", start=300)
        (over,) = ended(ledger, 402)
        assert over.state is NoticeState.REPEATED
        assert over.lines[0].severity_after == 3
        assert board(ledger, 402) == ()

    def test_another_protocol_or_an_earlier_series_is_no_repeat(self, ledger):
        assess(ledger, motion(), start=0)
        assess(ledger, start=200, series="1.2", description="t2", acquired=150)
        assess(ledger, start=201, series="1.3", acquired=-500)
        (notice,) = board(ledger, 303)
        assert notice.lines[0].repeated_at is None

    def test_a_notice_about_two_series_waits_for_both_repeats(self, ledger):
        assess(ledger, motion())
        assess(ledger, motion(), series="1.2", start=100, description="t2")
        assess(ledger, series="1.3", start=200)
        (notice,) = board(ledger, 302)
        assert [line.severity_after for line in notice.lines] == [0, None]
        assess(ledger, series="1.4", start=300, description="t2")
        assert board(ledger, 402) == ()

    def test_growth_withdraws_the_notice_and_the_new_revision_may_tell_again(self, ledger):
        assess(ledger, motion())
        assess(ledger, motion(), start=120, instances=12)
        (notice,) = board(ledger, 222)
        assert len(notice.lines) == 1
        assert [over.state for over in ended(ledger, 222)] == [NoticeState.WITHDRAWN]

    def test_growth_to_a_good_series_leaves_no_notice(self, ledger):
        assess(ledger, motion())
        assess(ledger, start=120, instances=12)
        assert board(ledger, 222) == ()

    def test_growth_of_one_of_two_leaves_the_other(self, ledger):
        assess(ledger, motion())
        assess(ledger, motion(), series="1.2", start=100, description="t2")
        ledger.observe("pacs", listing(12, "1.1"), at=at(210), quiet=QUIET)
        (notice,) = board(ledger, 211)
        assert len(notice.lines) == 1

    def test_a_replay_that_ignores_the_series_takes_the_notice_back(self, ledger):
        job = claimed(ledger, settle(ledger))
        ledger.finish_job(job, IGNORED, now=at(101))
        assert board(ledger, 102) == ()

    def test_three_studies_with_a_zipper_are_one_call_for_service(self, ledger):
        for number in range(2):
            assess(ledger, motion(artifact="zipper"), series=f"{number}.1", start=200 * number, study=str(number))
        assert {notice.kind for notice in board(ledger, 302)} == {NoticeKind.REPEAT_NOW}
        for number in (2, 3):
            assess(ledger, motion(artifact="zipper"), series=f"{number}.1", start=200 * number, study=str(number))
        calls = [notice for notice in board(ledger, 702) if notice.kind is NoticeKind.SERVICE]
        (call,) = calls
        assert len(call.lines) == 2
        ledger.answer_notice(call.notice_id, accepted=True, who="AB", now=at(750))
        assess(ledger, motion(artifact="zipper"), series="4.1", start=800, study="4")
        assert not [notice for notice in board(ledger, 902) if notice.scope == "scanner"]

    def test_a_rule_that_nobody_follows_is_suspended_until_an_administrator_says_so(self, ledger):
        step, told_of_all = 700, Adviser(policy=replace(ADVISER.policy, alert_budget=1.0))
        for number in range(50):
            start = step * number
            assess(ledger, motion(), series=f"{number}.1", start=start, study=str(number), adviser=told_of_all)
        last = step * 50
        assess(ledger, motion(), series="50.1", start=last, study="50", adviser=told_of_all)
        (asked,) = board(ledger, last + 102)
        assert (asked.kind, asked.scope) == (NoticeKind.ADMIN, "site")
        ledger.answer_notice(asked.notice_id, accepted=True, who="Boss", now=at(last + 200))
        assess(ledger, motion(), series="51.1", start=last + step, study="51", adviser=told_of_all)
        assert [notice.kind for notice in board(ledger, last + step + 102)] == [NoticeKind.REPEAT_NOW]

    def test_the_history_of_a_study_and_of_a_scanner(self, ledger):
        assess(ledger, motion(), motion(artifact="zipper", severity=2))
        past = ledger.study_history(SeriesRef(study_instance_uid=STUDY, series_instance_uid="1.9"), now=at(102))
        (series,) = past.series
        assert dict(series.severities) == {"motion": 3, "zipper": 2}
        assert {flag.artifact for flag in series.flags} == {"motion", "zipper"}
        assert series.arrived_at == T0
        assert past.notices == (NoticeState.PROPOSED,)
        assert ledger.study_history(SeriesRef(study_instance_uid=STUDY, series_instance_uid="1.1"), now=T0).series == ()
        known = ledger.scanner_history(SCANNER, "acr-mri-phantom", since=T0 - timedelta(hours=1), now=at(102))
        assert {fault.artifact for fault in known.faults} == {"motion", "zipper"}
        assert known.delays_s == (101.0,)
        ((offered,),) = known.offers
        assert [flag.artifact for flag in offered.flags] == ["motion", "zipper"]
        other = ledger.scanner_history(Device(serial="8"), "acr-mri-phantom", since=T0 - timedelta(hours=1), now=T0)
        assert other.faults == ()
        assert ledger.scanner_history(SCANNER, "x", since=at(102), now=at(102)).faults == ()

    def test_the_report_says_what_was_proposed(self, ledger):
        job = claimed(ledger, settle(ledger))
        result = result_of(ledger, job, motion(), now=101, acquired=-60)
        assert result.report is not None
        assert result.report.recommendation is not None
        assert result.report.recommendation.kind is RecommendationKind.REPEAT_NOW
