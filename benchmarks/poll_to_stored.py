"""Seconds from the last instance stored in the PACS to the report that QIDO finds there, less the quiet time.

Orthanc runs on loopback; one process (deployment S), warm.

python -m benchmarks.poll_to_stored [--series 5] [--truth]
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.outside import OBJECTS_A_SERIES
from tests.system import Loop, Pace, running_loop

REPORT_CLASS = "1.2.840.10008.5.1.4.1.1.88.22"
"""Enhanced SR: the readable report."""


def main() -> int:
    """Print as JSON the seconds from the last instance to the report, quiet time left out: first and warm."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=5)
    parser.add_argument("--poll-every", type=float, default=1.0, help="seconds between polls")
    parser.add_argument("--truth", action="store_true", help="the truth in the network's place")
    arguments = parser.parse_args()
    pace = Pace(poll_every_s=arguments.poll_every, quiet_s=2.0)
    with (
        tempfile.TemporaryDirectory(prefix="aiqa-latency-") as folder,
        running_loop(Path(folder), pace=pace, stand_in=arguments.truth) as loop,
    ):
        first = _seconds(loop)
        warm = [_seconds(loop) for _ in range(arguments.series)]
    inference = "truth in the network's place" if arguments.truth else "mri_phantom_scoring"
    figures = {
        "inference": inference,
        "poll_every_s": pace.poll_every_s,
        "quiet_s": pace.quiet_s,
        "first_after_start_s": first,
        "warm_s": warm,
        "median_s": statistics.median(warm),
        "max_s": max(warm),
    }
    print(json.dumps(figures, indent=1))
    return 0


def _seconds(loop: Loop) -> float:
    """Store a series and return the seconds to its report, less the quiet time."""
    ((ref, instances),) = loop.new_series()
    loop.pacs.store(instances)
    stored = time.monotonic()
    while not loop.pacs.is_listed(ref.study_instance_uid, REPORT_CLASS):
        time.sleep(0.05)
    seconds = time.monotonic() - stored - loop.installation.site.pace.quiet_s
    loop.installation.await_results([ref], within_s=120.0)
    if len(loop.pacs.results(ref.study_instance_uid)) != OBJECTS_A_SERIES:
        raise RuntimeError("the result is not complete")
    return round(seconds, 2)


if __name__ == "__main__":
    sys.exit(main())
