"""Workers are killed while an archive takes their objects, before and after one is kept: each is there once."""

import os
import signal
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from pathlib import Path

import pytest

from aiqa_integration.dicom.profiles import PROFILES
from aiqa_integration.dicom.uids import DEFAULT_OBJECTS
from aiqa_integration.dicom.web import DicomWebArchive
from aiqa_integration.pipeline.ports import LoadedSeries, PlannedEffect
from aiqa_integration.sinks.pacs import PacsSink
from tests.contract.test_pacs_sink import claimed
from tests.scripted_pacs import ROOT, ScriptedPacs, scripted_pacs
from tests.unit.dicom_out_samples import report_over, tiny_series

pytestmark = [pytest.mark.kill, pytest.mark.timeout(120)]


def deliver(url: str, profile: str, planned: Sequence[PlannedEffect]) -> None:
    """Deliver effects, as a worker does."""
    archive = DicomWebArchive(url, profile=PROFILES[profile])
    sink = PacsSink(archive)
    for effect in planned:
        sink.deliver(claimed(effect), effect.payload)
    archive.close()


class Workers:
    """Workers one after the other; ``kill`` ends the one that is at work as a power cut would."""

    def __init__(self, *arguments: object) -> None:
        self._arguments = arguments
        self._context = get_context("forkserver")
        self._context.set_forkserver_preload([__name__])
        self._pid = 0

    def run(self) -> int | None:
        """Let a worker deliver everything; return its exit code, negative where it was killed."""
        process = self._context.Process(target=deliver, args=self._arguments)
        process.start()
        self._pid = process.pid or 0
        process.join()
        return process.exitcode

    def kill(self) -> None:
        os.kill(self._pid, signal.SIGKILL)


@pytest.mark.parametrize("profile", list(PROFILES))
def test_each_object_is_there_once(httpserver, tmp_path: Path, profile: str) -> None:
    with scripted_pacs(httpserver, profile) as (pacs, archive):
        check(pacs, archive, profile, url=httpserver.url_for(ROOT), series=tiny_series(tmp_path))


def check(pacs: ScriptedPacs, archive: DicomWebArchive, profile: str, *, url: str, series: LoadedSeries) -> None:
    """Kill a worker at every store, then let two finish; count what is there."""
    objects = PacsSink(archive).plan(report_over(series), series)
    planned = [effect for effect in objects if effect.kind not in PROFILES[profile].cannot_hold]
    assert {effect.kind for effect in objects} == set(DEFAULT_OBJECTS)
    workers = Workers(url, profile, planned)
    exit_codes = []
    for stores_before in range(len(planned)):
        pacs.takes = countdown(stores_before, workers.kill)
        exit_codes.append(workers.run())
        pacs.takes, pacs.after_store = (lambda: True), countdown(stores_before, workers.kill)
        exit_codes.append(workers.run())
        pacs.after_store = lambda: None
    assert exit_codes[:2] == [-signal.SIGKILL, -signal.SIGKILL]
    assert set(exit_codes) <= {0, -signal.SIGKILL}
    assert [workers.run(), workers.run()] == [0, 0]
    assert pacs.count(series.header.ref.study_instance_uid) == len(planned)
    assert sum(request.startswith("POST") for request in pacs.requests) > len(planned)


def countdown(count: int, then: Callable[[], None]) -> Callable[[], bool]:
    """Return a function that returns True ``count`` times, then calls ``then`` once and returns False."""
    left = count

    def call() -> bool:
        nonlocal left
        left -= 1
        if left != -1:
            return True
        then()
        return False

    return call
