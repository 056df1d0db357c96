"""Ask an archive what is new: studies of the window, then the series of those that changed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice

import structlog

from aiqa_integration.errors import AiqaError, ArchiveRefused, ArchiveUnavailable
from aiqa_integration.model.identity import AIQA_MANUFACTURER
from aiqa_integration.model.job import JobState
from aiqa_integration.pipeline.lease import kept
from aiqa_integration.pipeline.ports import Clock, Ledger, SeriesListing, StudyListing
from aiqa_integration.pipeline.schedule import ArchiveSchedule

log = structlog.get_logger()

NOT_IMAGES = frozenset(
    {"ANN", "AU", "DOC", "ECG", "HD", "KO", "PLAN", "PR", "REG", "RTDOSE", "RTPLAN", "RTRECORD", "RTSTRUCT", "RWV"}
    | {"SEG", "SMR", "SR", "STAIN"}
)
"""Modalities (PS3.3 C.7.3.1.1.1) whose objects are no images to assess: reports, plans, overlays, waveforms."""

STUDIES_AT_A_TIME = 200

RECONCILE_EVERY = timedelta(days=1)
"""How often the wide window is polled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PollOutcome:
    """What a poll did: studies listed, studies whose series were asked for, series recorded, passed over, refused.

    ``series_arriving`` of the recorded ones have not settled yet.
    """

    studies_listed: int = 0
    studies_queried: int = 0
    series_seen: int = 0
    series_arriving: int = 0
    series_skipped: int = 0
    studies_refused: int = 0


def poll_when_due(
    schedule: ArchiveSchedule, ledger: Ledger, clock: Clock, *, reconcile_every: timedelta = RECONCILE_EVERY
) -> PollOutcome | None:
    """Poll an archive if its time has come and nobody else polls it; write down how it went.

    An archive that is down is no error here: it is polled again at the next turn. While series arrive it is polled more
    often, for what they show may concern a patient who is still on the table.
    """
    name = schedule.archive.name
    if not ledger.next_poll(name, clock.now(), schedule.lease):
        return None
    outcome: PollOutcome | None = None
    failure: AiqaError | None = None
    try:
        with kept(lambda: ledger.extend_poll(name, now=clock.now(), lease=schedule.lease), schedule.lease):
            wide = ledger.reconcile_due(name, clock.now(), reconcile_every)
            outcome = poll(schedule, ledger, clock, wide=wide)
    except (ArchiveUnavailable, ArchiveRefused) as error:
        failure = error
        log.warning("poll.failed", archive=name, code=error.code)
    every = schedule.while_arriving if outcome is not None and outcome.series_arriving else schedule.every
    ledger.poll_done(name, now=clock.now(), next_at=clock.now() + every, error=failure)
    return outcome


def poll(schedule: ArchiveSchedule, ledger: Ledger, clock: Clock, *, wide: bool) -> PollOutcome:
    """Record every image series of the studies in the archive's window that is not AIQA's own.

    A study whose instance count is as it was when its series were last recorded, with none of them waiting to settle,
    costs no query. A ``wide`` poll takes the reconcile window and looks into every study of it.
    Raises ArchiveUnavailable, and ArchiveRefused where the study query itself is refused.
    """
    days = schedule.reconcile_window_days if wide else schedule.window_days
    since = None if days is None else clock.now().date() - timedelta(days=days)
    outcome = PollOutcome()
    for studies in _batches(schedule.archive.find_studies(since, None)):
        counts = {study.study_instance_uid: study.instance_count for study in studies}
        known = {uid: count for uid, count in counts.items() if count is not None}
        unchanged = frozenset() if wide else ledger.unchanged_studies(schedule.archive.name, known)
        outcome = replace(outcome, studies_listed=outcome.studies_listed + len(studies))
        for uid, count in counts.items():
            if uid not in unchanged:
                outcome = _look_into(uid, count, outcome, schedule=schedule, ledger=ledger, clock=clock)
    return outcome


def _look_into(
    study_instance_uid: str,
    count: int | None,
    outcome: PollOutcome,
    *,
    schedule: ArchiveSchedule,
    ledger: Ledger,
    clock: Clock,
) -> PollOutcome:
    """Record the series of one study; a study that the archive refuses does not stop the poll."""
    archive = schedule.archive
    seen = arriving = skipped = 0
    try:
        for listing in archive.find_series(study_instance_uid):
            if is_own_or_no_image(listing, ledger):
                skipped += 1
                continue
            sighting = ledger.observe(archive.name, listing, at=clock.now(), quiet=schedule.quiet, look=schedule.look)
            seen += 1
            arriving += sighting.state is JobState.DISCOVERED
    except ArchiveRefused as error:
        log.warning("poll.study-refused", archive=archive.name, code=error.code, status=error.status)
        return replace(outcome, studies_refused=outcome.studies_refused + 1)
    if count is not None:
        ledger.study_seen(archive.name, study_instance_uid, count)
    return replace(
        outcome,
        studies_queried=outcome.studies_queried + 1,
        series_seen=outcome.series_seen + seen,
        series_arriving=outcome.series_arriving + arriving,
        series_skipped=outcome.series_skipped + skipped,
    )


def is_own_or_no_image(listing: SeriesListing, ledger: Ledger) -> bool:
    """Return whether a series is nothing to assess: no images, or made by AIQA itself."""
    return (
        listing.modality in NOT_IMAGES
        or listing.manufacturer == AIQA_MANUFACTURER
        or ledger.is_own_series(listing.ref.series_instance_uid)
    )


def _batches(studies: Iterable[StudyListing]) -> Iterator[list[StudyListing]]:
    rows = iter(studies)
    while batch := list(islice(rows, STUDIES_AT_A_TIME)):
        yield batch
