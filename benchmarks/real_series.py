"""A folder of real series through a whole installation; afterwards PACS and EHR are asked what they have.

Orthanc and the FHIR server answer over HTTP; deployment L is RabbitMQ, PostgreSQL, two workers and beat.

python -m benchmarks.real_series FOLDER [--deployment L]
"""

import argparse
import signal
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from aiqa_integration.cli.table import print_table
from aiqa_integration.ledger.views import QueueRow
from aiqa_integration.model.identity import SeriesRef
from aiqa_integration.model.job import JobState
from tests.outside import sources
from tests.postgres_server import postgres_server
from tests.rabbitmq_server import RabbitmqServer
from tests.system import Loop, running_loop


def main() -> int:
    """Print each series with its result, its objects in PACS and Observations in the EHR; 1 where any is amiss."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that servers are stopped
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--deployment", choices=["S", "L"], default="L")
    arguments = parser.parse_args()
    scans = _series_in(arguments.folder)
    with ExitStack() as stack:
        site: dict[str, Any] = {"deployment": arguments.deployment, "stand_in": False}
        if arguments.deployment == "L":
            site["broker_url"] = stack.enter_context(RabbitmqServer()).url
            site["database_url"] = stack.enter_context(postgres_server()).new_database()
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aiqa-real-")))
        loop = stack.enter_context(running_loop(folder, **site))
        began = time.monotonic()
        for instances in scans.values():
            loop.pacs.store(instances)
        jobs = loop.installation.await_results(scans.keys(), within_s=1200.0)
        seconds = time.monotonic() - began
        rows = [_row(number, loop, job, scans[job.ref]) for number, job in enumerate(jobs, start=1)]
        shared = loop.ehr.shared_names()
        print_table(("", "series", "scanner", "result", "state", "objects in PACS", "Observations in EHR"), rows)
        for number, job in enumerate(jobs, start=1):
            if job.result is None or job.result.refused_code:
                print(f"{number}: {job.reason}")
    print(f"{len(jobs)} series, {seconds:.0f} s from first STOW to the last end; resources doubled: {len(shared)}")
    ended = {JobState.DELIVERED, JobState.IGNORED}
    return 0 if not shared and all(job.state in ended for job in jobs) else 1


def _series_in(folder: Path) -> dict[SeriesRef, list[Dataset]]:
    scans: dict[SeriesRef, list[Dataset]] = defaultdict(list)
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        try:
            instance = pydicom.dcmread(file)
        except InvalidDicomError:
            continue
        scans[_ref(instance)].append(instance)
    return dict(scans)


def _ref(instance: Dataset) -> SeriesRef:
    return SeriesRef(
        study_instance_uid=str(instance.StudyInstanceUID), series_instance_uid=str(instance.SeriesInstanceUID)
    )


def _row(number: int, loop: Loop, job: QueueRow, instances: list[Dataset]) -> tuple[str, ...]:
    """Return a series as the table shows it: result and state, how many objects and Observations were found."""
    names = {job.ref.series_instance_uid, *(str(instance.SOPInstanceUID) for instance in instances)}
    objects = [found for found in loop.pacs.results(job.ref.study_instance_uid) if sources(found) & names]
    refused = job.result is None or job.result.refused_code
    return (
        str(number),
        job.description or "(no description)",
        f"{job.device.manufacturer} {job.device.model}".strip(),
        "refused" if refused or job.result is None else job.result.verdict.value,
        job.state.value,
        str(len(objects)),
        str(len(loop.ehr.about(job.ref)["Observation"])),
    )


if __name__ == "__main__":
    sys.exit(main())
