"""Series pass while everything is killed at random moments; afterwards PACS and EHR are counted, not the ledger."""

import contextlib
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pydicom.dataset import Dataset
from sqlalchemy import func, select

from aiqa_integration.ledger.tables import EffectRow, JobRow, PollCursor
from aiqa_integration.model.identity import SeriesRef
from aiqa_integration.model.job import JobState
from tests.outside import OBJECTS_A_SERIES, SLICES, sources
from tests.system import Installation, Loop, await_true

SERIES_A_STUDY = 2

LEASES = {"jobs": JobRow.lease_until, "deliveries": EffectRow.lease_until, "polls": PollCursor.lease_until}
"""Until when what can be in work is kept from others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How many series and kills, and when.

    One more series passes before the first kill, undisturbed and from a cold start: its time is the scale. A kill
    comes, at random, during the start of the programs (``starting``), within half a second of a delivery's begin
    (``delivering``), or up to 1.5 times the scale after the first poll since the start. With each kill of AIQA, Orthanc
    and the FHIR server are killed too, each with the probability ``servers_too``.
    """

    series: int
    kills: int
    seed: int
    starting: float = 0.15
    delivering: float = 0.35
    servers_too: float = 0.3
    settle_within_s: float = 300.0


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What is there in the end, and what the kills met: leases that were alive at each kill, by kind."""

    series: int
    kills: int = 0
    orthanc_kills: int = 0
    fhir_kills: int = 0
    interrupted: dict[str, int] = field(default_factory=lambda: dict.fromkeys(LEASES, 0))
    reports: int = 0
    objects: int = 0
    objects_expected: int = 0
    duplicate_objects: int = 0
    missing_objects: int = 0
    foreign_instances: int = 0
    resources: dict[str, int] = field(default_factory=dict)
    duplicate_resources: int = 0
    missing_resources: int = 0
    deliveries_begun: int = 0
    deliveries: int = 0
    not_delivered: list[str] = field(default_factory=list)
    seconds: float = 0.0
    seconds_after_last_kill: float = 0.0


def kill_while_series_pass(loop: Loop, plan: Plan, say: Callable[[str], None] = lambda _line: None) -> Outcome:
    """Let series pass while everything is killed; return what came of it."""
    rng = random.Random(plan.seed)
    scans = [scan for _ in range(0, plan.series + 1, SERIES_A_STUDY) for scan in loop.new_series(SERIES_A_STUDY)]
    del scans[plan.series + 1 :]
    store_before = [-1, *sorted(rng.randrange(plan.kills) for _ in scans[1:])]
    outcome = Outcome(series=len(scans), objects_expected=len(scans) * OBJECTS_A_SERIES)
    scale_s = _pass_undisturbed(loop, scans[0])
    say(f"a series takes {scale_s:.1f} s from a cold start")
    began = time.monotonic()
    for kill in range(plan.kills):
        for (_, instances), when in zip(scans, store_before, strict=True):
            if when == kill:
                loop.pacs.store(instances)
        _await_moment(loop.installation, plan, rng, scale_s)
        _kill(loop, plan, rng, outcome)
        say(f"kill {outcome.kills} at {time.monotonic() - began:.0f} s, interrupted so far {outcome.interrupted}")
    last_kill = time.monotonic()
    refs = [ref for ref, _ in scans]
    jobs = loop.installation.await_results(refs, within_s=plan.settle_within_s)
    outcome.not_delivered = [f"{job.state}: {job.reason}" for job in jobs if job.state is not JobState.DELIVERED]
    outcome.seconds = round(time.monotonic() - began, 1)
    outcome.seconds_after_last_kill = round(time.monotonic() - last_kill, 1)
    _count_objects(loop, scans_by_study(refs), {ref: _names(ref, instances) for ref, instances in scans}, outcome)
    _count_resources(loop, refs, outcome)
    return outcome


def scans_by_study(refs: Sequence[SeriesRef]) -> dict[str, list[SeriesRef]]:
    """Return the series of each study."""
    studies: dict[str, list[SeriesRef]] = {}
    for ref in refs:
        studies.setdefault(ref.study_instance_uid, []).append(ref)
    return studies


def _pass_undisturbed(loop: Loop, scan: tuple[SeriesRef, Sequence[Dataset]]) -> float:
    ref, instances = scan
    loop.pacs.store(instances)
    began = time.monotonic()
    loop.installation.await_results([ref], within_s=180.0)
    return time.monotonic() - began


def _await_moment(installation: Installation, plan: Plan, rng: random.Random, scale_s: float) -> None:
    """Return when it is time to kill."""
    stratum, longest_s = rng.random(), 1.5 * scale_s
    if stratum < plan.starting:
        time.sleep(rng.uniform(0.0, scale_s))
        return
    began = select(func.count(PollCursor.started_at)).where(PollCursor.started_at > installation.started_at)
    with installation.books() as books:
        await_true(lambda: books.scalar(began) > 0, within_s=180.0, what="no poll since the start")
    if stratum > 1 - plan.delivering:
        with contextlib.suppress(AssertionError):  # nothing to be delivered so soon: kill whatever goes on
            await_true(lambda: _in_work(installation, "deliveries") > 0, within_s=longest_s, what="a delivery")
        time.sleep(rng.uniform(0.0, 0.5))
    else:
        time.sleep(rng.uniform(0.0, longest_s))


def _kill(loop: Loop, plan: Plan, rng: random.Random, outcome: Outcome) -> None:
    orthanc_too, fhir_too = (rng.random() < plan.servers_too for _ in range(2))
    loop.installation.kill()
    if orthanc_too:
        loop.orthanc.kill()
    if fhir_too:
        loop.fhir.kill()
    outcome.kills += 1
    outcome.orthanc_kills += orthanc_too
    outcome.fhir_kills += fhir_too
    for kind in LEASES:
        outcome.interrupted[kind] += _in_work(loop.installation, kind)
    if orthanc_too:
        loop.orthanc.start()
    if fhir_too:
        loop.fhir.start()
    loop.installation.start()


def _in_work(installation: Installation, kind: str) -> int:
    """Return how many rows of a kind have a lease that is alive."""
    lease_until = LEASES[kind]
    alive = select(func.count(lease_until)).where(lease_until > datetime.now(tz=UTC))
    with installation.books() as books:
        return books.scalar(alive)


def _names(ref: SeriesRef, instances: Sequence[Dataset]) -> frozenset[str]:
    return frozenset({ref.series_instance_uid, *(str(found.SOPInstanceUID) for found in instances)})


def _count_objects(
    loop: Loop, studies: dict[str, list[SeriesRef]], names: dict[SeriesRef, frozenset[str]], outcome: Outcome
) -> None:
    for study, refs in studies.items():
        results = loop.pacs.results(study)
        outcome.objects += len(results)
        for ref in refs:
            own = [result for result in results if sources(result) & names[ref]]
            kinds = Counter((str(result.SOPClassUID), str(result.SeriesDescription)) for result in own)
            outcome.reports += len(kinds) == OBJECTS_A_SERIES
            outcome.duplicate_objects += sum(times - 1 for times in kinds.values())
            outcome.missing_objects += OBJECTS_A_SERIES - len(kinds)
    outcome.foreign_instances = loop.pacs.instance_count() - outcome.objects - outcome.series * SLICES


def _count_resources(loop: Loop, refs: Sequence[SeriesRef], outcome: Outcome) -> None:
    outcome.resources = loop.ehr.counts()
    outcome.duplicate_resources = len(loop.ehr.shared_names())
    expected = dict.fromkeys(("Observation", "DiagnosticReport", "Provenance"), len(refs))
    expected |= {"ImagingStudy": len(scans_by_study(refs)), "Device": 3}
    outcome.missing_resources = sum(max(0, times - outcome.resources[kind]) for kind, times in expected.items())
    outcome.duplicate_resources += sum(max(0, outcome.resources[kind] - times) for kind, times in expected.items())
    with loop.installation.books() as books:
        deliveries = books.deliveries()
    outcome.deliveries = len(deliveries)
    outcome.deliveries_begun = sum(delivery.attempts for delivery in deliveries)
