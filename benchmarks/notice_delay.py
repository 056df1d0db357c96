"""Seconds from the last image of a series in the archive to the notice about it, in the embedded deployment.

Everything runs in this process and on this machine: polling, settling, reading, deciding, the ledger, a FHIR server.
The analysis' own time is not in it: the truth takes the network's place, so add what ``timings_s`` says of yours.

python -m benchmarks.notice_delay [--series 20] [--poll-every 15] [--look 8] [--quiet 90]
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
    """Print as JSON the median, 95th percentile and largest delay from image to notice, in seconds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=20)
    parser.add_argument("--every", type=float, default=1.7, help="seconds from one series to the next")
    parser.add_argument("--poll-every", type=float, default=15.0)
    parser.add_argument("--look", type=float, default=8.0)
    parser.add_argument("--quiet", type=float, default=90.0)
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    stored: dict[str, datetime] = {}
    with (
        tempfile.TemporaryDirectory(prefix="aiqa-notice-") as folder,
        ward(
            Path(folder),
            lambda _: (motion(),),
            poll_every_s=arguments.poll_every,
            quiet_s=arguments.quiet,
            look_s=arguments.look,
            changes={"recommendations": {"alert_budget": 1.0}},  # every study is to be told of here
        ) as at,
    ):
        for number in range(arguments.series):
            ref = at.send(f"study-{number}", 1, "AX FLAIR")
            stored[ref.study_instance_uid] = datetime.now(tz=UTC)
            time.sleep(arguments.every)
        at.wait_for(lambda: len(at.open_notices()) == arguments.series, within_s=300.0)
        details = {notice: at.books.job_detail(notice.lines[0].job_id) for notice in at.open_notices()}
    delays = sorted(
        (notice.created_at - stored[detail.job.ref.study_instance_uid]).total_seconds()
        for notice, detail in details.items()
        if detail is not None
    )
    figures = {
        "series": len(delays),
        "poll_every_s": arguments.poll_every,
        "look_s": arguments.look,
        "quiet_s": arguments.quiet,
        "median_s": round(statistics.median(delays), 2),
        "p95_s": round(float(np.quantile(delays, 0.95)), 2),
        "max_s": round(delays[-1], 2),
    }
    print(json.dumps(figures, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
