"""The repeat rule over a month of an MRI department, against "never", "always review" and alerts on all that is found.

Every policy meets the same exams. Assumptions: benchmarks/department/*.py, named in docs/recommendations.md.

python -m benchmarks.repeat_rule [--months 12] [--seed 1] [--recalled 1.0] [--inpatients 0.3] [--settle 0]
                                [--policy rule ...]
"""

import argparse
import json
import sys
from collections.abc import Callable
from datetime import timedelta
from math import isnan

import numpy as np

from aiqa_integration.recommendations.policy import Policy
from benchmarks.department.detector import Detector
from benchmarks.department.exams import INPATIENTS, Department
from benchmarks.department.policies import AlertAll, Look, Month, Rule, always_review, never

HOUR_COST = Policy().scanner_hour_cost


def fast(rng: np.random.Generator) -> float:
    """Return seconds from image to notice where the archive is polled each 2 s."""
    return float(8.0 + rng.uniform(0.0, 2.0) + rng.uniform(1.0, 6.0))


def shipped(rng: np.random.Generator) -> float:
    """Return seconds from image to notice with the default settings: poll 15 s, then each 4 s until 8 s of quiet."""
    return float(rng.uniform(0.0, 15.0) + 8.0 + rng.uniform(0.0, 4.0) + rng.uniform(1.0, 6.0))


def slow(rng: np.random.Generator) -> float:
    """Return seconds from image to notice where series are looked at after 90 s of quiet."""
    return float(90.0 + rng.uniform(0.0, 15.0) + rng.uniform(1.0, 6.0))


POLICIES: dict[str, Callable[[], Look]] = {
    "never": lambda: never,
    "always review": lambda: always_review,
    "alert on all that is found": lambda: AlertAll(Detector()),
    "rule": lambda: Rule(Detector(), fast),
    "rule, default poll": lambda: Rule(Detector(), shipped),
    "rule, no alert budget": lambda: Rule(Detector(), fast, policy=Policy(alert_budget=1.0)),
    "rule, alert budget 5 %": lambda: Rule(Detector(), fast, policy=Policy(alert_budget=0.05)),
    "rule, recall_minutes 9": lambda: Rule(Detector(), fast, policy=Policy(recall_minutes=9.0)),
    "rule, detector too sure (odds x 3)": lambda: Rule(Detector(odds=3.0), fast),
    "rule, weaker detector": lambda: Rule(Detector(shifts=(0.0, 0.8, 2.0, 3.0)), fast),
    "rule, looks after 90 s": lambda: Rule(Detector(), slow),
    "rule, looks after 90 s, notice budget 120 s": lambda: Rule(
        Detector(), slow, policy=Policy(notice_budget=timedelta(seconds=120))
    ),
}


def main() -> int:
    """Print each policy's figures, per exam, per 100 exams or per month, as a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--recalled", type=float, default=1.0, help="share of unreadable exams that is called in again")
    parser.add_argument("--inpatients", type=float, default=INPATIENTS, help="share of the exams")
    parser.add_argument("--settle", type=int, default=0, help="exams of each month that are not counted")
    parser.add_argument("--policy", action="append", choices=list(POLICIES), help="only these, beside never")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    met = {
        name: [
            _month(make(), arguments.seed + number, arguments.inpatients, settle=arguments.settle)
            for number in range(arguments.months)
        ]
        for name, make in POLICIES.items()
        if name in {"never", *(arguments.policy or POLICIES)}
    }
    rows = {name: _row(months, arguments.recalled) for name, months in met.items()}
    base = rows["never"]["cost_per_exam"]
    for row in rows.values():
        row["saved_per_exam"] = round(base - row["cost_per_exam"], 2)
    if arguments.json:
        print(json.dumps(rows, indent=1))
        return 0
    columns = list(next(iter(rows.values())))
    print("| policy | " + " | ".join(columns) + " |")
    print("|---" * (len(columns) + 1) + "|")
    for name, row in rows.items():
        print(f"| {name} | " + " | ".join("" if isnan(value) else f"{value:g}" for value in row.values()) + " |")
    return 0


def _row(met: list[Month], recalled: float) -> dict[str, float]:
    """Return what a policy came to; the delay is in minutes, the cost in the currency of the scanner's hour."""
    exams, alerts = sum(month.exams for month in met), sum(month.alerts for month in met)
    delays = [delay for month in met for delay in month.delays_s]
    unreadable = sum(month.unreadable for month in met)
    per_100, recalls = 100.0 / exams, recalled * sum(month.recalls for month in met)
    minutes = sum(month.minutes for month in met) + recalls * Policy().recall_minutes
    return {
        "alerts_per_exam": round(alerts / exams, 3),
        "ppv": round(sum(month.right for month in met) / alerts, 2) if alerts else float("nan"),
        "minutes_to_notice_p95": round(float(np.quantile(delays, 0.95)) / 60.0, 2) if delays else float("nan"),
        "unreadable_mended": round(sum(month.mended_unreadable for month in met) / unreadable, 2),
        "repeats_per_100_exams": round(sum(month.repeats for month in met) * per_100, 1),
        "recalls_per_100_exams": round(recalls * per_100, 1),
        "service_calls_a_month": round(sum(month.service for month in met) / len(met), 1),
        "cost_per_exam": round(minutes * HOUR_COST / 60.0 / exams, 2),
    }


def _month(look: Look, seed: int, inpatients: float, *, settle: int) -> Month:
    """Return what came of a month; of its first exams a policy learns, and they are not counted."""
    month, before, rng = Month(), Month(), np.random.default_rng(seed + 10_000)
    for number, exam in enumerate(Department(np.random.default_rng(seed), inpatients=inpatients).draw()):
        look(exam, before if number < settle else month, rng)
    return month


if __name__ == "__main__":
    sys.exit(main())
