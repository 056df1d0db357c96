"""Polling records what is new, passes over its own and what did not change, and survives a study that is refused."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest

from aiqa_integration.errors import ArchiveRefused, ArchiveUnavailable, SeriesIncomplete
from aiqa_integration.model.identity import SeriesRef
from aiqa_integration.model.job import JobState
from aiqa_integration.pipeline.poll import NOT_IMAGES, PollOutcome, poll, poll_when_due
from aiqa_integration.pipeline.ports import Job, SeriesListing, Sighting, StudyListing
from aiqa_integration.pipeline.retrieve import retrieve
from aiqa_integration.pipeline.schedule import ArchiveSchedule

NOW = datetime(2024, 1, 15, 12, tzinfo=UTC)


class FixedClock:
    def now(self):
        return NOW


@dataclass
class ScriptedArchive:
    """Studies of series, as a mapping; an exception in a series' place is raised."""

    studies: dict[str, list[SeriesListing | Exception]]
    counts: dict[str, int | None] = field(default_factory=dict)
    name: str = "pacs"
    windows: list[tuple[date | None, date | None]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def find_studies(self, since, until):
        self.windows.append((since, until))
        for uid, series in self.studies.items():
            count = self.counts.get(uid, len(series))
            yield StudyListing(study_instance_uid=uid, instance_count=count, modalities=())

    def find_series(self, study_instance_uid):
        self.asked.append(study_instance_uid)
        for listing in self.studies[study_instance_uid]:
            if isinstance(listing, Exception):
                raise listing
            yield listing


@dataclass
class RememberingLedger:
    """The ledger methods that polling uses, on sets."""

    own: frozenset[str] = frozenset()
    waiting: set[str] = field(default_factory=set)
    seen: dict[tuple[str, str], int] = field(default_factory=dict)
    observed: list[str] = field(default_factory=list)
    arriving: frozenset[str] = frozenset()
    batches: list[int] = field(default_factory=list)

    def observe(self, archive, listing, *, at, quiet, look):
        assert (archive, at, quiet, look) == ("pacs", NOW, timedelta(seconds=90), timedelta(seconds=8))
        self.observed.append(listing.ref.series_instance_uid)
        state = JobState.DISCOVERED if listing.ref.series_instance_uid in self.arriving else JobState.DELIVERED
        return Sighting(job_id="1", state=state, revision=1)

    def is_own_series(self, series_instance_uid):
        return series_instance_uid in self.own

    def unchanged_studies(self, archive, counts: Mapping[str, int]):
        self.batches.append(len(counts))
        return frozenset(
            uid for uid, count in counts.items() if self.seen.get((archive, uid)) == count and uid not in self.waiting
        )

    def study_seen(self, archive, study_instance_uid, instance_count):
        self.seen[archive, study_instance_uid] = instance_count


def series(study: str, number: int, **changes) -> SeriesListing:
    ref = SeriesRef(study_instance_uid=study, series_instance_uid=f"{study}.{number}")
    return SeriesListing(**{"ref": ref, "modality": "MR", "instance_count": 11, "manufacturer": "GE", **changes})


def schedule_of(archive, window_days: int | None = 2) -> ArchiveSchedule:
    return ArchiveSchedule(
        archive=archive,
        every=timedelta(seconds=15),
        quiet=timedelta(seconds=90),
        look=timedelta(seconds=8),
        window_days=window_days,
    )


def run(archive, ledger, *, wide=False, window_days: int | None = 2) -> PollOutcome:
    return poll(schedule_of(archive, window_days), ledger, FixedClock(), wide=wide)


@pytest.fixture
def archive():
    return ScriptedArchive({"1": [series("1", 1), series("1", 2)], "2": [series("2", 1)]})


def test_every_series_is_observed(archive):
    ledger = RememberingLedger()
    outcome = run(archive, ledger)
    assert ledger.observed == ["1.1", "1.2", "2.1"]
    assert outcome == PollOutcome(studies_listed=2, studies_queried=2, series_seen=3)


@pytest.mark.parametrize(
    ("wide", "window_days", "since"),
    [(False, 2, date(2024, 1, 13)), (False, None, None), (False, 0, date(2024, 1, 15)), (True, 2, date(2024, 1, 8))],
)
def test_the_window_reaches_back_and_is_open_ahead(archive, wide, window_days, since):
    run(archive, RememberingLedger(), wide=wide, window_days=window_days)
    assert archive.windows == [(since, None)]


def test_a_study_that_did_not_change_costs_no_query(archive):
    ledger = RememberingLedger()
    run(archive, ledger)
    archive.asked.clear()
    outcome = run(archive, ledger)
    assert archive.asked == []
    assert (outcome.studies_listed, outcome.studies_queried) == (2, 0)


@pytest.mark.parametrize("why", ["count", "waiting", "count-unknown"])
def test_a_study_that_may_have_changed_is_looked_into(archive, why):
    ledger = RememberingLedger()
    run(archive, ledger)
    archive.asked.clear()
    if why == "count":
        archive.counts["2"] = 99
    elif why == "waiting":
        ledger.waiting.add("2")
    else:
        archive.counts["2"] = None
    run(archive, ledger)
    assert archive.asked == ["2"]


def test_a_wide_poll_looks_into_everything(archive):
    ledger = RememberingLedger()
    run(archive, ledger)
    archive.asked.clear()
    run(archive, ledger, wide=True)
    assert archive.asked == ["1", "2"]


@pytest.mark.parametrize("modality", sorted(NOT_IMAGES))
def test_what_is_no_image_is_passed_over(modality):
    ledger = RememberingLedger()
    outcome = run(ScriptedArchive({"1": [series("1", 1, modality=modality), series("1", 2)]}), ledger)
    assert ledger.observed == ["1.2"]
    assert outcome.series_skipped == 1


def test_own_series_are_passed_over_by_manufacturer_and_by_uid():
    ledger = RememberingLedger(own=frozenset({"1.2"}))
    rows: list[SeriesListing | Exception] = [
        series("1", 1, manufacturer="AIQA"),
        series("1", 2, manufacturer=""),
        series("1", 3),
    ]
    run(ScriptedArchive({"1": rows}), ledger)
    assert ledger.observed == ["1.3"]


def test_a_refused_study_stops_nothing_and_is_asked_again():
    archive = ScriptedArchive({"1": [series("1", 1), ArchiveRefused("no", status=403)], "2": [series("2", 1)]})
    ledger = RememberingLedger()
    outcome = run(archive, ledger)
    assert (outcome.studies_refused, ledger.observed) == (1, ["1.1", "2.1"])
    assert run(archive, ledger).studies_refused == 1


def test_an_archive_that_goes_away_ends_the_poll_and_forgets_the_study():
    archive = ScriptedArchive({"1": [series("1", 1), ArchiveUnavailable("gone")], "2": [series("2", 1)]})
    ledger = RememberingLedger()
    with pytest.raises(ArchiveUnavailable):
        run(archive, ledger)
    assert ledger.seen == {}


def test_ten_thousand_series_ask_the_ledger_in_batches():
    archive = ScriptedArchive({str(n): [series(str(n), k) for k in range(4)] for n in range(2500)})
    ledger = RememberingLedger()
    assert run(archive, ledger).series_seen == 10_000
    ledger.batches.clear()
    archive.asked.clear()
    assert run(archive, ledger) == PollOutcome(studies_listed=2500)
    assert ledger.batches == [200] * 12 + [100]


@dataclass
class Turn(RememberingLedger):
    """A ledger whose turn to poll it is; ``next_at`` is when the next one comes."""

    next_at: datetime | None = None

    def next_poll(self, archive, now, lease):
        return True

    def reconcile_due(self, archive, now, every):
        return False

    def extend_poll(self, archive, *, now, lease):
        pass

    def poll_done(self, archive, *, now, next_at, error):
        self.next_at = next_at


@pytest.mark.parametrize(("arriving", "after_s"), [(frozenset(), 15), (frozenset({"1.2"}), 4)])
def test_while_a_series_arrives_the_archive_is_polled_more_often(archive, arriving, after_s):
    ledger = Turn(arriving=arriving)
    outcome = poll_when_due(schedule_of(archive), ledger, FixedClock())  # type: ignore[arg-type]
    assert outcome is not None
    assert outcome.series_arriving == len(arriving)
    assert ledger.next_at == NOW + timedelta(seconds=after_s)


class FewFiles(ScriptedArchive):
    def __init__(self, count):
        super().__init__({})
        self._count = count

    def find_instances(self, ref):
        raise NotImplementedError

    def store(self, objects, study_instance_uid):
        raise NotImplementedError

    def retrieve(self, ref, into):
        return tuple(into / str(number) for number in range(self._count))


@pytest.mark.parametrize(
    ("received", "expected", "complete"),
    [(11, 11, True), (12, 11, True), (10, 11, False), (0, 11, False), (1, None, True), (0, None, False), (0, 0, False)],
)
def test_retrieval_is_complete_or_tried_again(tmp_path, received, expected, complete):
    job = Job(
        job_id="1",
        archive="pacs",
        ref=SeriesRef(study_instance_uid="1", series_instance_uid="1.1"),
        revision=1,
        modality="MR",
        instance_count=expected,
        state=JobState.SETTLED,
        attempts=0,
        lease_owner="me",
    )
    if complete:
        assert len(retrieve(FewFiles(received), job, tmp_path)) == received
    else:
        with pytest.raises(SeriesIncomplete):
            retrieve(FewFiles(received), job, tmp_path)
