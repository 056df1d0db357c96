"""How fast the FHIR API for reading is: ``python -m benchmarks.fhir_facade [--measurements 1000000]``.

Fills a PostgreSQL with phantom runs, as years of work leave them: every resource is one that the emitters wrote, with
other ids and dates. Then prints the times of searches through the whole Flask application, and of a bulk export with
the memory that it took.
"""

import argparse
import json
import random
import resource
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
from psycopg.rows import dict_row

from aiqa_integration.fhir.codes import QA_METRIC
from aiqa_integration.fhir.identity import RESULT
from aiqa_integration.model.identity import SeriesRef, identity
from aiqa_integration.model.judgement import Judgement, Verdict
from tests.facade_samples import NOW, Api, api
from tests.fhir_reports import LENGTH, LENGTH_LIMITS, MIXED, SCANNER, judged, phantom_report
from tests.postgres_server import postgres_server

METRICS = 20
SCANNERS = 20
ROUNDS = 25
BATCH = 500
SEED = 6


def main() -> None:
    """Run the benchmark."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--measurements", type=int, default=1_000_000)
    chosen = arguments.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="aiqa-bench-")))
        url = stack.enter_context(postgres_server()).new_database()
        running = stack.enter_context(api(folder, url))
        runs = chosen.measurements // METRICS
        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            Filler(running, connection).fill(runs)
        print(f"PostgreSQL (fsync off): {runs} runs of {METRICS} metrics on {SCANNERS} scanners\n")
        searches(running, runs)
        export(running)


@dataclass(frozen=True, slots=True)
class Template:
    """A resource that the emitters wrote: its row, its values that others have too, and those that are its own."""

    row: dict[str, Any]
    shared: tuple[int, ...]
    own: tuple[tuple[str, str, str], ...]


@dataclass(slots=True)
class Filler:
    """Writes runs: each a copy of one scanner's run, with ids and date of its own."""

    running: Api
    connection: psycopg.Connection[Any]
    number: int = 0
    token_id: int = 0
    entries: int = 0

    def fill(self, runs: int) -> None:
        """Write runs, the oldest first."""
        started = time.perf_counter()
        templates = self._templates()
        for begin in range(0, runs, BATCH):
            self._write([self._run(templates[n % SCANNERS], n, runs) for n in range(begin, min(begin + BATCH, runs))])
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT setval('fhir_resource_number_seq', %s)", [self.number + 1])
            cursor.execute("SELECT setval('fhir_token_token_id_seq', %s)", [self.token_id + 1])
        self.connection.commit()
        self.connection.autocommit = True
        self.connection.execute("VACUUM ANALYZE")
        print(f"{self.number} resources, {self.entries} entries in {time.perf_counter() - started:.0f} s")

    def _templates(self) -> list[list[Template]]:
        """Keep one run of each scanner by the sink, and read it back."""
        for scanner in range(SCANNERS):
            ref = SeriesRef(study_instance_uid=f"1.2.{1000 + scanner}", series_instance_uid=f"1.2.{1000 + scanner}.1")
            device = replace(SCANNER, serial=f"S{scanner}", station=f"MR{scanner}")
            self.running.keep(phantom_report(*MIXED, *_more(), ref=ref, device=device))
        with self.connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(
                "SELECT * FROM fhir_resource WHERE resource_type <> 'Device' ORDER BY number"
            ).fetchall()
            carried = cursor.execute(
                "SELECT number, token_id, parameter, system, code, count(*) OVER (PARTITION BY token_id) AS carriers"
                " FROM fhir_posting JOIN fhir_token USING (token_id)"
            ).fetchall()
            self.number = cursor.execute("SELECT max(number) AS n FROM fhir_resource").fetchall()[0]["n"]
            self.token_id = cursor.execute("SELECT max(token_id) AS n FROM fhir_token").fetchall()[0]["n"]
        runs: list[list[Template]] = []
        for row in rows:
            mine = [token for token in carried if token["number"] == row["number"]]
            template = Template(
                row=row,
                shared=tuple(token["token_id"] for token in mine if token["carriers"] > 1),
                own=tuple((t["parameter"], t["system"], t["code"]) for t in mine if t["carriers"] == 1),
            )
            if row["resource_type"] == "ImagingStudy":
                runs.append([])
            runs[-1].append(template)
        return runs

    def _run(self, templates: list[Template], number: int, runs: int) -> list[tuple[dict[str, Any], Template]]:
        """Return the rows of a run; what is a run's own is named anew wherever it stands."""
        day = f"{datetime(2025, 12, 31, tzinfo=UTC) - timedelta(days=(runs - 1 - number) // SCANNERS):%Y-%m-%d}"
        names = {template.row["resource_id"] for template in templates}
        names |= {code for template in templates for _, _, code in template.own}
        # The longest first: the UID of a series begins with that of its study.
        renamed = [(name, _anew(name, number)) for name in sorted(names, key=len, reverse=True)]
        known = dict(renamed)
        written = []
        for template in templates:
            body = template.row["body"].replace("2026-11-20", day)
            for name, new in renamed:
                body = body.replace(name, new)
            at = NOW - timedelta(seconds=30 * (runs - number))
            dated = template.row["until_at"] is not None
            start = datetime.fromisoformat(f"{day}T00:00:00+00:00")
            row = {
                **template.row,
                "resource_id": known[template.row["resource_id"]],
                "last_updated": at,
                "from_at": start if dated else template.row["from_at"],
                "until_at": start + timedelta(days=1) if dated else None,
                "body": body,
            }
            own = tuple((parameter, system, known[code]) for parameter, system, code in template.own)
            written.append((row, replace(template, own=own)))
        return written

    def _write(self, runs: list[list[tuple[dict[str, Any], Template]]]) -> None:
        """Copy the resources of runs with their tokens and postings into the tables, and commit."""
        postings, tokens = [], []
        columns = list(runs[0][0][0])
        with self.connection.cursor() as cursor:
            with cursor.copy(f"COPY fhir_resource ({', '.join(columns)}) FROM STDIN") as copy:
                for row, template in (written for run in runs for written in run):
                    self.number += 1
                    copy.write_row([{**row, "number": self.number}[column] for column in columns])
                    postings += [(token_id, self.number) for token_id in template.shared]
                    for token in template.own:
                        self.token_id += 1
                        tokens.append((self.token_id, *token))
                        postings.append((self.token_id, self.number))
            for statement, rows in (
                ("COPY fhir_token (token_id, parameter, system, code) FROM STDIN", tokens),
                ("COPY fhir_posting (token_id, number) FROM STDIN", postings),
            ):
                with cursor.copy(statement) as copy:
                    for values in rows:
                        copy.write_row(values)
        self.connection.commit()
        self.entries += len(postings)


def _anew(name: str, number: int) -> str:
    """Return another name of the same kind: UUID or UID."""
    if name.startswith(("urn:oid:", "1.", "2.")):
        return f"{name}.{number}"
    return str(identity("benchmark", name, str(number)))


def _more() -> tuple[Judgement, ...]:
    """Return further metrics, as many as METRICS needs."""
    metrics = [replace(LENGTH, id=f"mr-metric-{n}", label=f"Metric {n}") for n in range(METRICS - len(MIXED))]
    return tuple(judged(metric, 190.0, LENGTH_LIMITS, Verdict.PASS, uncertainty=0.5) for metric in metrics)


def searches(running: Api, runs: int) -> None:
    """Print the times of searches, each drawn ROUNDS times with other values, in random order."""
    drawn = random.Random(SEED)  # noqa: S311 - not for secrets
    scanners = [d["id"] for d in _resources(running, "Device?type=MR&_count=200")]
    first = datetime(2025, 12, 31, tzinfo=UTC) - timedelta(days=runs // SCANNERS)

    def scanner() -> str:
        return f"Device/{drawn.choice(scanners)}"

    def day() -> str:
        return f"{first + timedelta(days=drawn.randrange(max(runs // SCANNERS, 1))):%Y-%m-%d}"

    def metric() -> str:
        return f"{QA_METRIC}|mr-metric-{drawn.randrange(METRICS - len(MIXED))}"

    kinds: dict[str, Callable[[], str]] = {
        "newest 50": lambda: "Observation",
        "one by identifier": lambda: f"Observation?identifier={RESULT}|{drawn.choice(results)}",
        "a scanner's newest 50": lambda: f"Observation?subject={scanner()}&_sort=-date",
        "a scanner's day": lambda: f"Observation?subject={scanner()}&date={day()}",
        "a scanner's year of a metric, 200": lambda: (
            f"Observation?subject={scanner()}&component-code={metric()}"
            f"&date=ge2025-01-01&date=lt2026-01-01&_sort=date&_count=200"
        ),
        "a metric before a day": lambda: f"Observation?component-code={metric()}&date=lt{day()}&_sort=-date",
        "combo-code, category, status": lambda: (
            f"Observation?combo-code={metric()}&category=phantom-qa&status=final&date=ge{day()}"
        ),
        "nothing of two common values": lambda: f"Observation?subject={scanner()}&component-code=mr-none",
        "amended (none)": lambda: f"Observation?subject={scanner()}&status=amended",
        "changed since": lambda: "Observation?_lastUpdated=gt2026-11-26T06:00:00Z&_sort=_lastUpdated",
        "with scanner and algorithm": lambda: (
            f"Observation?date=ge{day()}&_sort=date&_include=Observation:subject&_include=Observation:device"
        ),
        "reports of a scanner": lambda: f"DiagnosticReport?subject={scanner()}&date=ge{day()}&_sort=-date",
        "studies of a day": lambda: f"ImagingStudy?started={day()}&modality=MR",
        "provenance of a result": lambda: f"Provenance?target={drawn.choice(targets)}",
        "scanners": lambda: "Device?type=MR",
        "count of a scanner's": lambda: f"Observation?subject={scanner()}&_summary=count",
    }
    some = list(_resources(running, "Observation?_count=200"))
    results = [observation["identifier"][0]["value"] for observation in some]
    targets = [f"Observation/{observation['id']}" for observation in some]
    asked = [(kind, make()) for kind, make in kinds.items() for _ in range(ROUNDS)]
    drawn.shuffle(asked)
    took: dict[str, list[float]] = {kind: [] for kind in kinds}
    client = running.client
    for kind, address in asked:
        begun = time.perf_counter()
        answer = client.get(f"/fhir/{address}")
        took[kind].append(1000 * (time.perf_counter() - begun))
        assert answer.status_code == 200, answer.text[:300]  # noqa: S101
    for kind, times in took.items():
        print(f"{kind:36s} median {statistics.median(times):6.1f} ms, slowest {max(times):6.1f} ms")
    every = sorted(time_ms for times in took.values() for time_ms in times)
    print(f"{'all':36s} median {statistics.median(every):6.1f} ms, p95 {every[int(0.95 * len(every))]:6.1f} ms\n")


def export(running: Api) -> None:
    """Print how long an export of everything takes, and how much the process grows by it."""
    before, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    running.moment = NOW + timedelta(hours=1)
    kicked = running.client.get("/fhir/$export", headers={"Prefer": "respond-async"})
    place = kicked.headers["Content-Location"].removeprefix("http://localhost")
    while (answer := running.client.get(place)).status_code == 202:
        time.sleep(0.5)
    count = sum(output["count"] for output in answer.json["output"]) if answer.json else 0
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"export of {count} resources in {time.perf_counter() - begun:.1f} s; peak memory grew by {grown:.0f} MiB")


def _resources(running: Api, address: str) -> Iterator[dict[str, Any]]:
    answer = running.client.get(f"/fhir/{address}")
    return (entry["resource"] for entry in json.loads(answer.text)["entry"])


if __name__ == "__main__":
    main()
