"""Seconds from the last image of a series in the archive to the notice about it, in the embedded deployment.

Everything runs in this process and on this machine: polling, settling, reading, deciding, the ledger, a FHIR server.
The analysis' own time is not in it: the truth takes the network's place, so add what ``timings_s`` says of yours.

python -m benchmarks.notice_delay [--series 20] [--poll-every 2] [--quiet 8]
"""

import argparse
import json
import logging
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import structlog

from tests.notice_system import motion, ward


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=20)
    parser.add_argument("--poll-every", type=float, default=2.0)
    parser.add_argument("--quiet", type=float, default=8.0)
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    stored: dict[str, datetime] = {}
    with (
        tempfile.TemporaryDirectory(prefix="aiqa-notice-") as folder,
        ward(Path(folder), lambda _: (motion(),), poll_every_s=arguments.poll_every, quiet_s=arguments.quiet) as at,
    ):
        for number in range(arguments.series):
            ref = at.send(f"study-{number}", 1, "AX FLAIR")
            stored[ref.study_instance_uid] = datetime.now(tz=UTC)
            time.sleep(1.7)
        at.wait_for(lambda: len(at.open_notices()) == arguments.series, within_s=120.0)
        details = {notice: at.books.job_detail(notice.lines[0].job_id) for notice in at.open_notices()}
    delays = sorted(
        (notice.created_at - stored[detail.job.ref.study_instance_uid]).total_seconds()
        for notice, detail in details.items()
        if detail is not None
    )
    figures = {
        "series": len(delays),
        "poll_every_s": arguments.poll_every,
        "quiet_s": arguments.quiet,
        "median_s": round(statistics.median(delays), 2),
        "p95_s": round(float(np.quantile(delays, 0.95)), 2),
        "max_s": round(delays[-1], 2),
    }
    print(json.dumps(figures, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
