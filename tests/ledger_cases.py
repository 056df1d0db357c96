"""What a ledger must do, in whatever database: run on SQLite by tests/unit, on PostgreSQL by tests/contract."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain
from threading import Barrier
from typing import TypeVar

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from aiqa_integration.errors import ArchiveRefused, ArchiveUnavailable, EhrUnmatched, LeaseLost, LedgerError
from aiqa_integration.ledger.queries import Books
from aiqa_integration.ledger.sql_ledger import SqlLedger
from aiqa_integration.ledger.views import JobDetail
from aiqa_integration.model.coding import Code
from aiqa_integration.model.identity import Device, SeriesRef, instances_digest
from aiqa_integration.model.job import JobEvent, JobState
from aiqa_integration.model.judgement import Judgement, Tolerance, Verdict
from aiqa_integration.model.measurement import Measured, MetricDef, NotMeasured, Reason
from aiqa_integration.model.quantity import MM, Quantity
from aiqa_integration.model.report import BundleVersion, Provenance, QaReport
from aiqa_integration.pipeline.ports import Effect, Job, JobResult, PlannedEffect, Receipt, SeriesListing, Sighting

T0 = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
QUIET = timedelta(seconds=90)
LOOK = timedelta(seconds=8)
LEASE = timedelta(seconds=60)
STUDY = "1.2.3"
T = TypeVar("T")
SERIES = "1.2.3.4"

LENGTH = MetricDef(
    id="mr-length-horizontal-slice5",
    label="Length",
    unit=MM,
    better="target",
    source="test",
    version="1",
    code=Code(value="L", scheme="99AIQA", meaning="Length"),
)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def listing(instances: int | None = 11, series: str = SERIES, study: str = STUDY) -> SeriesListing:
    return SeriesListing(
        ref=SeriesRef(study_instance_uid=study, series_instance_uid=series),
        modality="MR",
        instance_count=instances,
        manufacturer="Maker",
        description="ACR T1",
    )


def planned(key: str, subject: str = "", *, payload: bytes = b"bytes", **attributes: str) -> PlannedEffect:
    return PlannedEffect(
        sink="pacs",
        target="https://pacs.test",
        kind="report-sr",
        dedupe_key=key,
        subject_key=subject or key,
        media_type="application/dicom",
        payload=payload,
        attributes=attributes,
    )


def report_of(job: Job, *, value: float = 190.0, rule_revision: str = "rules-1") -> QaReport:
    limits = Tolerance(action_low=188.0, action_high=192.0, source="ACR", revision="limits-1")
    measured = Measured(metric=LENGTH, quantity=Quantity(value, MM), uncertainty=0.5, slice_index=4)
    missing = NotMeasured(metric=LENGTH, reason=Reason.SLICE_MISSING, detail="slice 1 is not there")
    return QaReport(
        ref=job.ref,
        modality="MR",
        device=Device(manufacturer="Maker", model="M", serial="7", station="MR2"),
        analysis="acr-mri-phantom",
        analysis_version="1",
        bundle=BundleVersion(name="b", version="1", weights_sha256="0" * 64),
        subject="phantom",
        phantom="acr-mri-large",
        judgements=(
            Judgement(measurement=measured, limits=limits, verdict=Verdict.PASS, margin=2.0),
            Judgement(measurement=missing, limits=None, verdict=Verdict.NOT_MEASURED, required=False),
        ),
        refused=None,
        provenance=Provenance(
            software_version="1",
            rule_revision=rule_revision,
            rule_name="acr",
            limit_set="acr-mri",
            limit_set_revision="limits-1",
            instances_digest=instances_digest(
                [f"{job.ref.series_instance_uid}.{n}" for n in range(job.instance_count or 0)]
            ),
            source_instance_uids=(),
            created_at="2026-03-01T12:00:00Z",
        ),
        revision=job.revision,
        predecessor=job.predecessor,
    )


def measured_result(job: Job, *effects: PlannedEffect, report: QaReport | None = None) -> JobResult:
    return JobResult(
        state=JobState.MEASURED,
        reason="rule acr",
        rule_revision="rules-1",
        report=report or report_of(job),
        report_json=b'{"schema": "aiqa-report/1"}',
        preview_png=b"png",
        effects=effects,
    )


IGNORED = JobResult(state=JobState.IGNORED, reason="no rule wants modality CT", rule_revision="rules-1")


def settle(
    ledger: SqlLedger, series: str = SERIES, *, instances: int = 11, start: float = 0, archive: str = "pacs"
) -> str:
    ledger.observe(archive, listing(instances, series), at=at(start), quiet=QUIET)
    sighting = ledger.observe(archive, listing(instances, series), at=at(start + 90), quiet=QUIET)
    assert sighting.state is JobState.SETTLED
    return sighting.job_id


def claimed(ledger: SqlLedger, job_id: str, seconds: float = 100, owner: str = "worker") -> Job:
    job = ledger.claim_job(job_id, owner=owner, now=at(seconds), lease=LEASE)
    assert job is not None
    return job


def measure(
    ledger: SqlLedger, *effects: PlannedEffect, series: str = SERIES, instances: int = 11, start: float = 0
) -> str:
    job_id = settle(ledger, series, instances=instances, start=start)
    job = claimed(ledger, job_id, start + 100)
    ledger.finish_job(job, measured_result(job, *effects), now=at(start + 101))
    return job_id


def take(ledger: SqlLedger, seconds: float, owner: str = "sender") -> Effect:
    (effect_id,) = ledger.due_effects(at(seconds), 1)
    effect = ledger.claim_effect(effect_id, owner=owner, now=at(seconds), lease=LEASE)
    assert effect is not None
    return effect


def send(ledger: SqlLedger, seconds: float) -> Effect:
    effect = take(ledger, seconds)
    ledger.effect_sent(effect, Receipt(remote_id="remote", detail="found again"), now=at(seconds))
    return effect


def detail_of(ledger: SqlLedger, job_id: str) -> JobDetail:
    detail = Books(ledger.engine).job_detail(job_id)
    assert detail is not None
    return detail


def state_of(ledger: SqlLedger, job_id: str) -> JobState:
    return detail_of(ledger, job_id).job.state


def effect_states(ledger: SqlLedger, job_id: str) -> dict[str, str]:
    return {effect.dedupe_key: effect.state.value for effect in detail_of(ledger, job_id).deliveries}


def in_threads(count: int, work: Callable[[int], T]) -> list[T]:
    together = Barrier(count)

    def start(n: int) -> T:
        together.wait()
        return work(n)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(start, range(count)))


def upgrade_in_processes(url: str, count: int) -> None:
    code = "import sys; from aiqa_integration.ledger import schema; schema.upgrade(sys.argv[1])"
    processes = [subprocess.Popen([sys.executable, "-c", code, url]) for _ in range(count)]
    assert [process.wait(60) for process in processes] == [0] * count


def call_nth(calls: Sequence[Callable[[], object]], n: int) -> None:
    calls[n]()


class ObserveCases:
    def test_a_new_series_is_discovered(self, ledger):
        sighting = ledger.observe("pacs", listing(), at=T0, quiet=QUIET)
        assert (sighting.state, sighting.revision) == (JobState.DISCOVERED, 1)
        assert ledger.due_jobs(at(1000), 10) == ()

    def test_a_stable_count_settles_after_the_quiet_time_and_not_before(self, ledger):
        ledger.observe("pacs", listing(), at=T0, quiet=QUIET)
        assert ledger.observe("pacs", listing(), at=at(89.9), quiet=QUIET).state is JobState.DISCOVERED
        settled = ledger.observe("pacs", listing(), at=at(90), quiet=QUIET)
        assert settled.state is JobState.SETTLED
        assert ledger.due_jobs(at(90), 10) == (settled.job_id,)

    def test_one_poll_never_settles_even_without_a_quiet_time(self, ledger):
        for _ in range(2):
            assert ledger.observe("pacs", listing(), at=T0, quiet=timedelta(0)).state is JobState.DISCOVERED
        assert ledger.observe("pacs", listing(), at=at(1), quiet=timedelta(0)).state is JobState.SETTLED

    def test_a_changing_count_starts_the_quiet_time_again(self, ledger):
        ledger.observe("pacs", listing(10), at=T0, quiet=QUIET)
        ledger.observe("pacs", listing(11), at=at(60), quiet=QUIET)
        assert ledger.observe("pacs", listing(11), at=at(149), quiet=QUIET).state is JobState.DISCOVERED
        assert ledger.observe("pacs", listing(11), at=at(150), quiet=QUIET).state is JobState.SETTLED

    def test_an_archive_that_does_not_count_settles_too(self, ledger):
        ledger.observe("pacs", listing(None), at=T0, quiet=QUIET)
        settled = ledger.observe("pacs", listing(None), at=at(90), quiet=QUIET)
        assert settled.state is JobState.SETTLED
        assert ledger.observe("pacs", listing(11), at=at(99), quiet=QUIET) == settled
        assert claimed(ledger, settled.job_id).instance_count == 11

    def test_a_series_is_looked_at_before_it_counts_as_complete(self, ledger):
        ledger.observe("pacs", listing(), at=T0, quiet=QUIET, look=LOOK)
        assert ledger.observe("pacs", listing(), at=at(7.9), quiet=QUIET, look=LOOK).state is JobState.DISCOVERED
        settled = ledger.observe("pacs", listing(), at=at(8), quiet=QUIET, look=LOOK)
        assert settled.state is JobState.SETTLED
        job = claimed(ledger, settled.job_id, 8)
        urgent, held = planned("urgent"), replace(planned("held"), holds=True)
        ledger.finish_job(job, measured_result(job, urgent, held), now=at(12))
        assert send(ledger, 12).dedupe_key == "urgent"
        assert ledger.due_effects(at(89), 10) == ()
        assert send(ledger, 90).dedupe_key == "held"
        assert state_of(ledger, settled.job_id) is JobState.DELIVERED

    def test_what_grows_after_a_look_is_not_sent_and_waits_the_full_time(self, ledger):
        for seconds in (0, 8):
            first = ledger.observe("pacs", listing(), at=at(seconds), quiet=QUIET, look=LOOK)
        job = claimed(ledger, first.job_id, 8)
        ledger.finish_job(job, measured_result(job, replace(planned("held"), holds=True)), now=at(12))
        grown = ledger.observe("pacs", listing(12), at=at(30), quiet=QUIET, look=LOOK)
        assert (grown.state, grown.revision) == (JobState.DISCOVERED, 2)
        assert ledger.due_effects(at(1000), 10) == ()
        assert ledger.observe("pacs", listing(12), at=at(100), quiet=QUIET, look=LOOK).state is JobState.DISCOVERED
        assert ledger.observe("pacs", listing(12), at=at(120), quiet=QUIET, look=LOOK).state is JobState.SETTLED

    def test_an_archive_that_does_not_count_is_given_the_full_time(self, ledger):
        for seconds in (0, 8, 89):
            sighting = ledger.observe("pacs", listing(None), at=at(seconds), quiet=QUIET, look=LOOK)
            assert sighting.state is JobState.DISCOVERED
        assert ledger.observe("pacs", listing(None), at=at(90), quiet=QUIET, look=LOOK).state is JobState.SETTLED

    def test_growth_after_settling_is_a_new_revision(self, ledger):
        first = settle(ledger)
        grown = ledger.observe("pacs", listing(12), at=at(200), quiet=QUIET)
        assert (grown.state, grown.revision) == (JobState.DISCOVERED, 2)
        assert grown.job_id != first
        assert state_of(ledger, first) is JobState.SUPERSEDED
        assert ledger.claim_job(first, owner="w", now=at(200), lease=LEASE) is None

    def test_shrinking_after_settling_changes_nothing(self, ledger):
        first = settle(ledger)
        assert ledger.observe("pacs", listing(5), at=at(200), quiet=QUIET) == Sighting(
            job_id=first, state=JobState.SETTLED, revision=1
        )

    def test_the_same_series_in_two_archives_is_two_jobs(self, ledger):
        first = ledger.observe("one", listing(), at=T0, quiet=QUIET)
        assert ledger.observe("two", listing(), at=T0, quiet=QUIET).job_id != first.job_id

    def test_text_that_a_database_cannot_hold_is_kept_readable(self, ledger):
        odd = replace(listing(), description="a\x00b\udcffc" + "x" * 10_000)
        ledger.observe("pacs", odd, at=T0, quiet=QUIET)
        (row,) = Books(ledger.engine).queue(10, 0)
        assert row.description.startswith("a\ufffdb?cx")

    def test_no_naive_time(self, ledger):
        with pytest.raises(Exception, match="naive"):
            ledger.observe("pacs", listing(), at=T0.replace(tzinfo=None), quiet=QUIET)


class JobCases:
    def test_announced_once_until_the_announcement_is_stale(self, ledger):
        job_id = settle(ledger)
        assert ledger.due_jobs(at(100), 10) == (job_id,)
        assert ledger.due_jobs(at(129), 10) == ()
        assert ledger.due_jobs(at(130), 10) == (job_id,)

    def test_no_more_than_the_limit_waits_in_the_queue(self, ledger):
        jobs = {settle(ledger, f"1.{n}") for n in range(5)}
        first = ledger.due_jobs(at(100), 2)
        assert len(first) == 2
        assert ledger.due_jobs(at(101), 2) == ()
        claimed(ledger, first[0], 102)
        (third,) = ledger.due_jobs(at(103), 2)
        assert {*first, third} < jobs

    def test_one_of_two_workers_gets_the_job(self, ledger):
        job_id = settle(ledger)
        job = claimed(ledger, job_id)
        assert (job.attempts, job.revision, job.instance_count, job.modality) == (1, 1, 11, "MR")
        assert ledger.claim_job(job_id, owner="other", now=at(100), lease=LEASE) is None
        assert ledger.due_jobs(at(100), 10) == ()

    def test_an_expired_lease_is_taken_over_and_the_first_worker_writes_nothing(self, ledger):
        job_id = settle(ledger)
        slow = claimed(ledger, job_id, 100, "same name")
        assert ledger.due_jobs(at(160), 10) == (job_id,)
        quick = claimed(ledger, job_id, 160, "same name")
        for write in (
            lambda: ledger.finish_job(slow, measured_result(slow, planned("k")), now=at(161)),
            lambda: ledger.extend_job(slow, now=at(161), lease=LEASE),
            lambda: ledger.postpone_job(slow, ArchiveUnavailable("x"), now=at(161), until=at(200)),
        ):
            with pytest.raises(LeaseLost):
                write()
        assert quick.attempts == 2
        ledger.finish_job(quick, measured_result(quick), now=at(162))
        assert state_of(ledger, job_id) is JobState.DELIVERED

    def test_an_extended_lease_holds(self, ledger):
        job_id = settle(ledger)
        job = claimed(ledger, job_id, 100)
        ledger.extend_job(job, now=at(150), lease=LEASE)
        assert ledger.claim_job(job_id, owner="other", now=at(209), lease=LEASE) is None
        assert ledger.due_jobs(at(209), 1) == ()
        assert ledger.due_jobs(at(210), 1) == (job_id,)

    def test_a_job_that_grew_while_in_work_is_not_written(self, ledger):
        job = claimed(ledger, settle(ledger))
        ledger.observe("pacs", listing(12), at=at(110), quiet=QUIET)
        with pytest.raises(LeaseLost):
            ledger.finish_job(job, measured_result(job, planned("k")), now=at(111))
        assert ledger.due_effects(at(111), 10) == ()

    def test_ignored_keeps_its_reason(self, ledger):
        job_id = settle(ledger)
        ledger.finish_job(claimed(ledger, job_id), IGNORED, now=at(101))
        detail = detail_of(ledger, job_id)
        assert (detail.job.state, detail.job.reason, detail.rule_revision) == (
            JobState.IGNORED,
            "no rule wants modality CT",
            "rules-1",
        )
        assert ledger.idle()

    def test_postponed_comes_back_at_its_time_with_its_error(self, ledger):
        job_id = settle(ledger)
        ledger.postpone_job(claimed(ledger, job_id), ArchiveUnavailable("503"), now=at(101), until=at(120))
        assert ledger.due_jobs(at(119), 10) == ()
        assert ledger.claim_job(job_id, owner="w", now=at(119), lease=LEASE) is None
        assert ledger.due_jobs(at(120), 10) == (job_id,)
        assert detail_of(ledger, job_id).job.last_error == "archive-unavailable: 503"
        assert claimed(ledger, job_id, 120).attempts == 2

    def test_given_up_is_failed_and_can_be_replayed(self, ledger):
        job_id = settle(ledger)
        ledger.postpone_job(claimed(ledger, job_id), ArchiveUnavailable("503"), now=at(101), until=None)
        assert state_of(ledger, job_id) is JobState.FAILED
        assert ledger.idle()
        assert ledger.replay(job_id, who="ada", why="network is back", now=at(200)) is JobState.SETTLED
        assert ledger.due_jobs(at(200), 10) == (job_id,)
        assert claimed(ledger, job_id, 200).attempts == 1

    def test_a_measured_job_without_effects_is_delivered(self, ledger):
        assert state_of(ledger, measure(ledger)) is JobState.DELIVERED

    def test_measured_without_a_report_is_a_mistake(self, ledger):
        job = claimed(ledger, settle(ledger))
        wrong = JobResult(state=JobState.MEASURED, reason="", rule_revision="r")
        with pytest.raises(LedgerError):
            ledger.finish_job(job, wrong, now=at(101))
        assert state_of(ledger, job.job_id) is JobState.SETTLED

    def test_the_predecessor_is_the_latest_earlier_result(self, ledger):
        first = claimed(ledger, settle(ledger))
        ledger.finish_job(first, measured_result(first), now=at(101))
        second = claimed(ledger, settle(ledger, instances=12, start=200), 300)
        assert second.predecessor == report_of(first).version
        third = claimed(ledger, settle(ledger, instances=13, start=400), 500)
        assert (third.revision, third.predecessor) == (3, report_of(first).version)
        assert first.predecessor is None

    def test_every_change_of_state_is_an_event(self, ledger):
        job_id = measure(ledger, planned("k"))
        send(ledger, 110)
        events = detail_of(ledger, job_id).history
        assert [(event.event, event.to_state, event.who) for event in events] == [
            (None, JobState.DISCOVERED, "poller"),
            (JobEvent.COUNT_STABLE, JobState.SETTLED, "poller"),
            (JobEvent.MEASUREMENT_STORED, JobState.MEASURED, "worker"),
            (JobEvent.EFFECTS_SENT, JobState.DELIVERED, "sender"),
        ]
        assert all(event.why for event in events)

    def test_only_failed_ignored_and_held_can_be_replayed(self, ledger):
        job_id = settle(ledger)
        with pytest.raises(LedgerError, match="SETTLED"):
            ledger.replay(job_id, who="ada", why="", now=at(100))
        with pytest.raises(LedgerError, match="no job"):
            ledger.replay("nothing", who="ada", why="", now=at(100))

    def test_idle_only_when_all_ended(self, ledger):
        assert ledger.idle()
        ledger.observe("pacs", listing(), at=T0, quiet=QUIET)
        assert not ledger.idle()
        job_id = settle(ledger)
        assert not ledger.idle()
        job = claimed(ledger, job_id)
        ledger.finish_job(job, measured_result(job, planned("k")), now=at(101))
        assert not ledger.idle()
        send(ledger, 102)
        assert ledger.idle()


class EffectCases:
    def test_the_last_delivery_makes_the_job_delivered(self, ledger):
        job_id = measure(ledger, planned("a"), planned("b"))
        send(ledger, 110)
        assert state_of(ledger, job_id) is JobState.MEASURED
        send(ledger, 111)
        assert state_of(ledger, job_id) is JobState.DELIVERED
        assert ledger.due_effects(at(1000), 10) == ()

    def test_the_payload_and_attributes_arrive_as_planned(self, ledger):
        measure(ledger, planned("a", payload=b"\x00\x01", study="1.2"))
        effect = take(ledger, 110)
        assert ledger.artifacts.get(effect.payload_sha256) == b"\x00\x01"
        assert (effect.attributes, effect.dedupe_key, effect.attempts) == ({"study": "1.2"}, "a", 1)

    def test_one_of_two_senders_gets_the_effect(self, ledger):
        measure(ledger, planned("a"))
        effect = take(ledger, 110)
        assert ledger.claim_effect(effect.effect_id, owner="other", now=at(110), lease=LEASE) is None

    def test_a_sender_that_lost_its_lease_writes_nothing(self, ledger):
        job_id = measure(ledger, planned("a"))
        slow = take(ledger, 110)
        quick = take(ledger, 170)
        for write in (
            lambda: ledger.effect_sent(slow, Receipt(remote_id="", detail=""), now=at(171)),
            lambda: ledger.effect_refused(slow, ArchiveRefused("no"), now=at(171)),
            lambda: ledger.postpone_effect(slow, ArchiveUnavailable("x"), now=at(171), until=at(180)),
        ):
            with pytest.raises(LeaseLost):
                write()
        ledger.effect_sent(quick, Receipt(remote_id="", detail=""), now=at(172))
        assert state_of(ledger, job_id) is JobState.DELIVERED

    def test_an_extended_delivery_is_not_taken_over(self, ledger):
        measure(ledger, planned("a"))
        effect = take(ledger, 110)
        ledger.extend_effect(effect, now=at(160), lease=LEASE)
        assert ledger.due_effects(at(219), 1) == ()
        assert ledger.claim_effect(effect.effect_id, owner="other", now=at(219), lease=LEASE) is None
        assert take(ledger, 220).attempts == 2
        with pytest.raises(LeaseLost):
            ledger.extend_effect(effect, now=at(221), lease=LEASE)

    def test_a_withdrawn_delivery_may_be_extended_and_blocks_on(self, ledger):
        measure(ledger, planned("a1", "a"))
        old = take(ledger, 110)
        ledger.observe("pacs", listing(12), at=at(112), quiet=QUIET)
        ledger.extend_effect(old, now=at(160), lease=timedelta(seconds=1000))
        second = claimed(ledger, ledger.observe("pacs", listing(12), at=at(300), quiet=QUIET).job_id, 301)
        ledger.finish_job(second, measured_result(second, planned("a2", "a")), now=at(302))
        assert ledger.due_effects(at(303), 10) == ()
        ledger.effect_refused(old, ArchiveRefused("no"), now=at(304))
        assert send(ledger, 304).dedupe_key == "a2"

    def test_a_refusal_holds_the_job_and_the_rest_is_still_sent(self, ledger):
        job_id = measure(ledger, planned("a"), planned("b"))
        refused = take(ledger, 110)
        ledger.effect_refused(refused, ArchiveRefused("409"), now=at(111))
        detail = detail_of(ledger, job_id)
        assert detail.job.state is JobState.HELD
        assert "archive-refused: 409" in detail.job.reason
        send(ledger, 112)
        assert state_of(ledger, job_id) is JobState.HELD
        assert sorted(effect_states(ledger, job_id).values()) == ["REFUSED", "SENT"]

    def test_two_refusals_hold_the_job_once(self, ledger):
        job_id = measure(ledger, planned("a"), planned("b"))
        for seconds in (110, 111):
            ledger.effect_refused(take(ledger, seconds), ArchiveRefused("409"), now=at(seconds))
        assert state_of(ledger, job_id) is JobState.HELD

    def test_a_held_job_replayed_sends_only_what_was_refused(self, ledger):
        job_id = measure(ledger, planned("a"), planned("b"))
        refused = take(ledger, 110)
        ledger.effect_refused(refused, ArchiveRefused("409"), now=at(110))
        send(ledger, 111)
        assert ledger.replay(job_id, who="ada", why="quota raised", now=at(200)) is JobState.MEASURED
        again = send(ledger, 201)
        assert (again.effect_id, again.attempts) == (refused.effect_id, 1)
        detail = detail_of(ledger, job_id)
        assert (detail.job.state, detail.job.reason) == (JobState.DELIVERED, "rule acr")

    def test_a_postponed_effect_comes_back_at_its_time(self, ledger):
        measure(ledger, planned("a"))
        ledger.postpone_effect(take(ledger, 110), ArchiveUnavailable("x"), now=at(111), until=at(140))
        assert ledger.due_effects(at(139), 10) == ()
        assert take(ledger, 140).attempts == 2

    def test_giving_up_fails_the_job_and_a_replay_keeps_what_was_sent(self, ledger):
        job_id = measure(ledger, planned("a", payload=b"old"), planned("b"))
        lost = take(ledger, 110)
        ledger.postpone_effect(lost, ArchiveUnavailable("x"), now=at(110), until=None)
        sent = send(ledger, 111)
        assert state_of(ledger, job_id) is JobState.FAILED
        ledger.replay(job_id, who="ada", why="", now=at(200))
        job = claimed(ledger, job_id, 200)
        ledger.finish_job(
            job, measured_result(job, planned("a", payload=b"new"), planned("b", payload=b"new")), now=at(201)
        )
        again = send(ledger, 202)
        assert again.effect_id == lost.effect_id != sent.effect_id
        assert ledger.artifacts.get(again.payload_sha256) == b"new"
        assert ledger.due_effects(at(1000), 10) == ()
        assert state_of(ledger, job_id) is JobState.DELIVERED

    def test_a_replay_drops_what_the_new_result_no_longer_wants(self, ledger):
        job_id = measure(ledger, planned("a"), planned("b"))
        ledger.postpone_effect(take(ledger, 110), ArchiveUnavailable("x"), now=at(110), until=None)
        ledger.replay(job_id, who="ada", why="", now=at(111))
        job = claimed(ledger, job_id, 112)
        ledger.finish_job(job, measured_result(job, planned("c")), now=at(113))
        send(ledger, 150)
        assert effect_states(ledger, job_id) == {"a": "WITHDRAWN", "b": "WITHDRAWN", "c": "SENT"}
        assert state_of(ledger, job_id) is JobState.DELIVERED

    def test_growth_withdraws_what_was_not_sent(self, ledger):
        first = measure(ledger, planned("a1", "a"), planned("b1", "b"))
        send(ledger, 110)
        second = measure(ledger, planned("a2", "a"), planned("b2", "b"), instances=12, start=200)
        assert sorted(effect_states(ledger, first).values()) == ["SENT", "WITHDRAWN"]
        assert {send(ledger, 400).dedupe_key, send(ledger, 401).dedupe_key} == {"a2", "b2"}
        assert state_of(ledger, second) is JobState.DELIVERED

    def test_withdrawn_in_flight_blocks_its_subject_until_it_is_done(self, ledger):
        first = measure(ledger, planned("a1", "a"))
        old = ledger.claim_effect(
            ledger.due_effects(at(110), 1)[0], owner="slow", now=at(110), lease=timedelta(seconds=1000)
        )
        second = measure(ledger, planned("a2", "a"), instances=12, start=200)
        assert effect_states(ledger, first) == {"a1": "WITHDRAWN"}
        assert ledger.due_effects(at(400), 10) == ()
        new_id = detail_of(ledger, second).deliveries[0].effect_id
        assert ledger.claim_effect(new_id, owner="quick", now=at(400), lease=LEASE) is None
        ledger.effect_sent(old, Receipt(remote_id="", detail=""), now=at(401))
        assert effect_states(ledger, first) == {"a1": "SENT"}
        assert send(ledger, 401).dedupe_key == "a2"

    def test_a_withdrawn_effect_that_failed_is_not_sent_again(self, ledger):
        first = measure(ledger, planned("a1", "a"))
        old = ledger.claim_effect(
            ledger.due_effects(at(110), 1)[0], owner="slow", now=at(110), lease=timedelta(seconds=1000)
        )
        ledger.observe("pacs", listing(12), at=at(200), quiet=QUIET)
        ledger.postpone_effect(old, ArchiveUnavailable("x"), now=at(201), until=at(202))
        assert effect_states(ledger, first) == {"a1": "WITHDRAWN"}
        assert ledger.due_effects(at(10_000), 10) == ()

    def test_the_same_result_of_a_later_revision_is_planned_again(self, ledger):
        measure(ledger, planned("same"))
        second = measure(ledger, planned("same"), instances=12, start=200)
        assert effect_states(ledger, second) == {"same": "PLANNED"}
        send(ledger, 400)
        assert state_of(ledger, second) is JobState.DELIVERED

    def test_one_delivery_for_the_same_series_in_two_archives(self, ledger):
        ids = [settle(ledger, archive=archive) for archive in ("one", "two")]
        for job_id in ids:
            job = claimed(ledger, job_id)
            ledger.finish_job(job, measured_result(job, planned("same")), now=at(101))
        send(ledger, 110)
        assert ledger.due_effects(at(1000), 10) == ()
        assert [state_of(ledger, job_id) for job_id in ids] == [JobState.DELIVERED] * 2

    def test_growth_in_one_archive_leaves_what_the_other_waits_for(self, ledger):
        ids = [settle(ledger, archive=archive) for archive in ("one", "two")]
        for job_id in ids:
            job = claimed(ledger, job_id)
            ledger.finish_job(job, measured_result(job, planned("same")), now=at(101))
        ledger.observe("one", listing(12), at=at(110), quiet=QUIET)
        send(ledger, 111)
        assert [state_of(ledger, job_id) for job_id in ids] == [JobState.SUPERSEDED, JobState.DELIVERED]

    def test_own_series_are_known_as_soon_as_they_are_planned(self, ledger):
        measure(ledger, planned("a", made_series_instance_uids="2.25.1 2.25.2", series_instance_uid=SERIES))
        assert ledger.is_own_series("2.25.1")
        assert ledger.is_own_series("2.25.2")
        assert not ledger.is_own_series(SERIES)

    def test_no_more_than_the_limit_waits_in_the_queue(self, ledger):
        measure(ledger, *(planned(str(n)) for n in range(5)))
        assert len(ledger.due_effects(at(110), 3)) == 3
        assert ledger.due_effects(at(111), 3) == ()
        assert len(ledger.due_effects(at(140), 10)) == 5


class PollCases:
    def test_a_new_archive_is_due_and_announced_once(self, ledger):
        assert ledger.due_polls(["b", "a"], T0) == ("a", "b")
        assert ledger.due_polls(["a", "b"], at(1)) == ()
        assert ledger.due_polls(["a", "b"], at(30)) == ("a", "b")

    def test_one_poller_at_a_time_and_none_before_its_time(self, ledger):
        assert ledger.next_poll("a", T0, LEASE)
        assert not ledger.next_poll("a", at(1), LEASE)
        assert ledger.due_polls(["a"], at(1)) == ()
        ledger.poll_done("a", now=at(2), next_at=at(17), error=None)
        assert not ledger.next_poll("a", at(16), LEASE)
        assert ledger.due_polls(["a"], at(17)) == ("a",)
        assert ledger.next_poll("a", at(17), LEASE)

    def test_a_poller_that_died_is_replaced(self, ledger):
        assert ledger.next_poll("a", T0, LEASE)
        assert not ledger.next_poll("a", at(59), LEASE)
        assert ledger.next_poll("a", at(60), LEASE)

    def test_what_a_broker_forgot_is_due_at_once(self, ledger):
        ledger.observe("a", listing(1), at=T0, quiet=QUIET)
        ledger.observe("a", listing(1), at=at(100), quiet=QUIET)
        assert (ledger.due_polls(["a"], at(100)), len(ledger.due_jobs(at(100), 10))) == (("a",), 1)
        assert (ledger.due_polls(["a"], at(101)), ledger.due_jobs(at(101), 10)) == ((), ())
        ledger.forget_announcements()
        assert (ledger.due_polls(["a"], at(102)), len(ledger.due_jobs(at(102), 10))) == (("a",), 1)

    def test_a_job_in_work_is_not_due_when_a_broker_forgot(self, ledger):
        ledger.observe("a", listing(1), at=T0, quiet=QUIET)
        ledger.observe("a", listing(1), at=at(100), quiet=QUIET)
        (job_id,) = ledger.due_jobs(at(100), 10)
        assert ledger.claim_job(job_id, owner="w", now=at(101), lease=LEASE)
        ledger.forget_announcements()
        assert ledger.due_jobs(at(102), 10) == ()

    def test_a_long_poll_keeps_its_archive_until_it_ends(self, ledger):
        assert ledger.next_poll("a", T0, LEASE)
        ledger.extend_poll("a", now=at(50), lease=LEASE)
        assert not ledger.next_poll("a", at(109), LEASE)
        assert ledger.next_poll("a", at(110), LEASE)
        ledger.poll_done("a", now=at(111), next_at=at(120), error=None)
        ledger.extend_poll("a", now=at(112), lease=LEASE)
        assert ledger.next_poll("a", at(120), LEASE)

    def test_the_wide_poll_runs_once_a_day(self, ledger):
        day = timedelta(days=1)
        assert ledger.next_poll("a", T0, LEASE)
        assert ledger.reconcile_due("a", T0, day)
        ledger.poll_done("a", now=at(1), next_at=at(10), error=None)
        assert not ledger.reconcile_due("a", at(86_399), day)
        assert ledger.reconcile_due("a", at(86_400), day)

    @pytest.mark.parametrize("ending", ["error", "death"])
    def test_a_wide_poll_that_failed_is_due_again(self, ledger, ending):
        assert ledger.next_poll("a", T0, LEASE)
        assert ledger.reconcile_due("a", T0, timedelta(days=1))
        if ending == "error":
            ledger.poll_done("a", now=at(1), next_at=at(60), error=ArchiveUnavailable("x"))
        assert ledger.next_poll("a", at(60), LEASE)
        assert ledger.reconcile_due("a", at(60), timedelta(days=1))

    def test_unchanged_studies(self, ledger):
        ledger.study_seen("a", "1", 5)
        ledger.study_seen("a", "2", 5)
        ledger.study_seen("b", "3", 5)
        assert ledger.unchanged_studies("a", {"1": 5, "2": 6, "3": 5, "4": 1}) == {"1"}
        ledger.study_seen("a", "2", 6)
        assert ledger.unchanged_studies("a", {"1": 5, "2": 6}) == {"1", "2"}
        assert ledger.unchanged_studies("a", {}) == frozenset()

    def test_a_study_with_a_series_that_has_not_settled_needs_a_look(self, ledger):
        ledger.observe("a", listing(), at=T0, quiet=QUIET)
        ledger.study_seen("a", STUDY, 11)
        assert ledger.unchanged_studies("a", {STUDY: 11}) == frozenset()
        assert ledger.unchanged_studies("b", {STUDY: 11}) == frozenset()
        ledger.observe("a", listing(), at=at(90), quiet=QUIET)
        assert ledger.unchanged_studies("a", {STUDY: 11}) == {STUDY}


class ParallelCases:
    """Threads against one database: each thing happens once, and no thread ends with an exception."""

    def test_each_job_is_taken_once(self, ledger):
        ids = [settle(ledger, f"1.{n}") for n in range(12)]
        taken = in_threads(6, lambda _: [i for i in ids if ledger.claim_job(i, owner="w", now=at(100), lease=LEASE)])
        assert sorted(chain.from_iterable(taken)) == sorted(ids)

    def test_each_hint_is_given_once(self, ledger):
        ids = [settle(ledger, f"1.{n}") for n in range(12)]
        given = in_threads(6, lambda _: ledger.due_jobs(at(100), 1000))
        assert sorted(chain.from_iterable(given)) == sorted(ids)

    def test_a_new_series_seen_by_all_at_once_is_one_job(self, ledger):
        sightings = in_threads(6, lambda _: ledger.observe("pacs", listing(), at=T0, quiet=QUIET))
        assert len(set(sightings)) == 1
        assert len(detail_of(ledger, sightings[0].job_id).history) == 1

    def test_growth_seen_by_all_at_once_is_one_revision(self, ledger):
        settle(ledger)
        sightings = in_threads(6, lambda _: ledger.observe("pacs", listing(12), at=at(200), quiet=QUIET))
        assert {sighting.revision for sighting in sightings} == {2}

    def test_one_subject_is_never_sent_twice_at_a_time(self, ledger):
        job_id = measure(ledger, *(planned(f"k{n}", "same subject") for n in range(6)))
        ids = [delivery.effect_id for delivery in detail_of(ledger, job_id).deliveries]
        claims = in_threads(6, lambda n: ledger.claim_effect(ids[n], owner="w", now=at(110), lease=LEASE))
        assert len([claim for claim in claims if claim]) == 1

    def test_the_last_of_many_deliveries_ends_the_job(self, ledger):
        job_id = measure(ledger, *(planned(f"k{n}") for n in range(12)))
        effects = [take(ledger, 110) for _ in range(12)]
        receipt = Receipt(remote_id="", detail="")
        in_threads(12, lambda n: ledger.effect_sent(effects[n], receipt, now=at(111)))
        assert state_of(ledger, job_id) is JobState.DELIVERED

    def test_the_same_effect_planned_by_two_jobs_at_once(self, ledger):
        jobs = [claimed(ledger, settle(ledger, archive=f"pacs {n}")) for n in range(6)]
        in_threads(
            6, lambda n: ledger.finish_job(jobs[n], measured_result(jobs[n], planned("a"), planned("b")), now=at(101))
        )
        send(ledger, 110)
        send(ledger, 110)
        assert {state_of(ledger, job.job_id) for job in jobs} == {JobState.DELIVERED}

    def test_one_poller(self, ledger):
        assert sum(in_threads(6, lambda _: ledger.next_poll("a", T0, LEASE))) == 1

    def test_growth_against_delivery(self, ledger):
        """Whichever comes first, nothing deadlocks, and the delivery is written down."""
        for n in range(10):
            series = f"9.{n}"
            job = claimed(ledger, settle(ledger, series))
            ledger.finish_job(job, measured_result(job, planned(f"a{n}")), now=at(101))
            effect = take(ledger, 110)
            acts = (
                partial(ledger.effect_sent, effect, Receipt(remote_id="", detail=""), now=at(111)),
                partial(ledger.observe, "pacs", listing(12, series), at=at(111), quiet=QUIET),
            )
            in_threads(2, partial(call_nth, acts))
            assert effect_states(ledger, job.job_id) == {f"a{n}": "SENT"}
            assert state_of(ledger, job.job_id) is JobState.SUPERSEDED


class AuditCases:
    def test_the_chain_holds_and_shows_what_was_changed(self, ledger):
        for n in range(3):
            ledger.audit(who="ada", action="login", subject="console", detail=str(n), at=at(n))
        assert ledger.audit_broken_at() is None

    def test_parallel_rows_make_one_chain(self, ledger):
        in_threads(6, lambda n: ledger.audit(who="ada", action="a", subject="s", detail=str(n), at=at(n)))
        assert ledger.audit_broken_at() is None

    @pytest.mark.parametrize("table", ["audit", "job_event"])
    @pytest.mark.parametrize("change", ["UPDATE {} SET who = 'eve'", "DELETE FROM {}"])
    def test_history_cannot_be_rewritten(self, ledger, table, change):
        settle(ledger)
        ledger.audit(who="ada", action="a", subject="s", detail="", at=T0)
        with pytest.raises(DBAPIError, match="append-only"), ledger.engine.begin() as connection:
            connection.execute(text(change.format(table)))

    def test_a_replay_is_in_the_audit_trail(self, ledger):
        job_id = settle(ledger)
        ledger.finish_job(claimed(ledger, job_id), IGNORED, now=at(101))
        ledger.replay(job_id, who="ada", why="new rules", now=at(102))
        with ledger.engine.connect() as connection:
            rows = connection.execute(text("SELECT who, action, subject, detail FROM audit")).all()
        assert rows == [("ada", "replay", job_id, "new rules")]

    def test_rules_are_kept_once(self, ledger):
        ledger.keep_rules("r1", "text", at=T0)
        ledger.keep_rules("r1", "other", at=T0)
        with ledger.engine.connect() as connection:
            assert connection.execute(text("SELECT text FROM rule_revision")).all() == [("text",)]


class BooksCases:
    def test_the_queue_tells_of_result_and_deliveries(self, ledger):
        job_id = measure(ledger, planned("a"), planned("b"))
        send(ledger, 110)
        (row,) = Books(ledger.engine).queue(10, 0)
        assert (row.job_id, row.state, row.reason) == (job_id, JobState.MEASURED, "rule acr")
        assert row.device == Device(manufacturer="Maker", model="M", serial="7", station="MR2")
        assert row.result is not None
        assert (row.result.verdict, row.result.phantom) == (Verdict.PASS, "acr-mri-large")
        assert ledger.artifacts.get(row.result.report_sha256) == b'{"schema": "aiqa-report/1"}'
        assert ledger.artifacts.get(row.result.preview_sha256) == b"png"
        assert {state.value: n for state, n in row.deliveries.items() if n} == {"SENT": 1, "PLANNED": 1}

    def test_paging_state_and_text(self, ledger):
        for n in range(5):
            settle(ledger, f"1.{n}", start=n)
        ledger.observe("pacs", listing(series="2.0"), at=at(500), quiet=QUIET)
        books = Books(ledger.engine)
        assert [row.ref.series_instance_uid for row in books.queue(2, 1)] == ["1.4", "1.3"]
        assert len(books.queue(10, 0, state=JobState.SETTLED)) == 5
        assert [row.ref.series_instance_uid for row in books.queue(10, 0, text="2.0")] == ["2.0"]
        assert len(books.queue(10, 0, text="acr t1")) == 6
        assert books.queue(10, 0, text="%") == ()
        assert books.job_detail("nothing") is None

    def test_counts(self, ledger):
        measure(ledger)
        settle(ledger, "2")
        measure(ledger, instances=12, start=200)
        counts = Books(ledger.engine).counts()
        assert {state: n for state, n in counts.states.items() if n} == {
            JobState.DELIVERED: 1,
            JobState.SETTLED: 1,
            JobState.SUPERSEDED: 1,
        }
        assert counts.verdicts[Verdict.PASS] == 1
        assert counts.refused == 0

    def test_measurements_carry_their_limits(self, ledger):
        measure(ledger)
        with ledger.engine.connect() as connection:
            rows = connection.execute(
                text(
                    "SELECT metric, value, unit, reason, action_low, limit_source, verdict FROM measurement"
                    " ORDER BY position"
                )
            ).all()
        assert rows == [
            ("mr-length-horizontal-slice5", 190.0, "mm", None, 188.0, "ACR", "PASS"),
            ("mr-length-horizontal-slice5", None, "mm", "slice-missing", None, None, "NOT_MEASURED"),
        ]

    def test_polls(self, ledger):
        ledger.next_poll("a", T0, LEASE)
        ledger.poll_done("a", now=at(1), next_at=at(16), error=ArchiveUnavailable("refused"))
        (poll,) = Books(ledger.engine).polls()
        assert (poll.archive, poll.failures, poll.last_error) == ("a", 1, "archive-unavailable: refused")

    def test_what_was_refused_is_parked_until_it_is_sent_again(self, ledger):
        job_id = measure(ledger, planned("a"), planned("b"))
        ledger.effect_refused(take(ledger, 200), EhrUnmatched("nobody"), now=at(201))
        send(ledger, 202)
        (parked,) = Books(ledger.engine).parked(10)
        assert (parked.job_id, parked.sink, parked.reason) == (job_id, "pacs", "ehr-unmatched: nobody")
        with pytest.raises(LedgerError):
            ledger.replay_effect(parked.effect_id, who="me", why="now", now=at(300))
        ledger.replay(job_id, who="me", why="now", now=at(300))
        assert Books(ledger.engine).parked(10) == ()
        send(ledger, 301)
        assert state_of(ledger, job_id) is JobState.DELIVERED

    def test_what_no_job_waits_for_holds_none_and_is_parked_until_something_newer_is_planned(self, ledger):
        job_id = measure(ledger)
        ledger.plan_summary(job_id, planned("1", "month"), now=at(200))
        ledger.effect_refused(take(ledger, 201), EhrUnmatched("nobody"), now=at(202))
        assert state_of(ledger, job_id) is JobState.DELIVERED
        (parked,) = Books(ledger.engine).parked(10)
        assert parked.job_id is None
        ledger.replay_effect(parked.effect_id, who="me", why="now", now=at(300))
        assert send(ledger, 301).dedupe_key == "1"
        ledger.plan_summary(job_id, planned("2", "month"), now=at(400))
        ledger.effect_refused(take(ledger, 401), EhrUnmatched("nobody"), now=at(402))
        ledger.plan_summary(job_id, planned("3", "month"), now=at(500))
        assert Books(ledger.engine).parked(10) == ()
        with pytest.raises(LedgerError):
            ledger.replay_effect(parked.effect_id, who="me", why="now", now=at(501))
        assert [effect.dedupe_key for effect in ledger.told_of("month")] == ["1", "2", "3"]
