"""``kill -9`` of everything at random moments while series pass: what is there in the end, what twice, what not.

python -m benchmarks.kill_everything [--deployment L] [--series 30] [--kills 20] [--seed 1] [--truth]
"""

import argparse
import json
import signal
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.killing import Plan, kill_while_series_pass
from tests.postgres_server import postgres_server
from tests.rabbitmq_server import RabbitmqServer
from tests.system import Pace, running_loop


def main() -> int:
    """Print as JSON what was doubled, lost or not delivered (counts); 1 where anything was."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that servers are stopped
    arguments = _parser().parse_args()
    plan = Plan(
        series=arguments.series,
        kills=arguments.kills,
        seed=arguments.seed,
        settle_within_s=1200.0,
    )
    with ExitStack() as stack:
        site: dict[str, Any] = {"deployment": arguments.deployment, "stand_in": arguments.truth, "pace": Pace()}
        if arguments.deployment == "L":
            site["broker_url"] = stack.enter_context(RabbitmqServer()).url
            site["database_url"] = stack.enter_context(postgres_server()).new_database()
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aiqa-kill-")))
        loop = stack.enter_context(running_loop(folder, **site))
        outcome = kill_while_series_pass(loop, plan, lambda line: print(line, file=sys.stderr, flush=True))
    inference = "truth in the network's place" if arguments.truth else "mri_phantom_scoring"
    print(json.dumps({"deployment": arguments.deployment, "inference": inference, **asdict(outcome)}, indent=1))
    right = not (outcome.duplicate_objects or outcome.missing_objects or outcome.foreign_instances)
    right = right and not (outcome.duplicate_resources or outcome.missing_resources or outcome.not_delivered)
    return 0 if right and outcome.reports == outcome.series else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deployment", choices=("S", "L"), default="S")
    parser.add_argument("--series", type=int, default=30)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--truth", action="store_true", help="the truth in the network's place: starts in a second")
    return parser


if __name__ == "__main__":
    sys.exit(main())
