"""How many results of phantom runs a minute reach a FHIR server, the server itself not counted.

The server is a process of its own that answers from a dictionary. Every delivery goes through the ledger: claimed, sent
as a transaction, read back by its identifier, its study looked up, written down. Printed: deliveries a minute by the
clock, and by the CPU time of this process alone (what one core could do if the server took no time).

python -m benchmarks.fhir_delivery [--results N] [--threads N]
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from aiqa_integration.bootstrap import SystemClock
from aiqa_integration.cli.table import print_table
from aiqa_integration.fhir.client import FhirClient
from aiqa_integration.fhir.codes import Element
from aiqa_integration.ledger import schema
from aiqa_integration.ledger.artifacts import FileArtifacts
from aiqa_integration.ledger.sql_ledger import SqlLedger
from aiqa_integration.model.identity import SeriesRef
from aiqa_integration.pipeline.deliver import Dispatch, deliver
from aiqa_integration.pipeline.retries import RetryPolicy
from aiqa_integration.sinks.fhir_server import FhirSink
from tests.fhir_flows import FULL
from tests.fhir_reports import EVERYTHING, loaded, phantom_report
from tests.ledger_cases import claimed, measured_result, settle

LEASE = timedelta(minutes=5)
FEWEST_A_MINUTE = 200


def main() -> int:
    """Print results delivered a minute, by the clock and by CPU time; 1 where one is too small."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=int, default=300)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        serve()
        return 0
    command = [sys.executable, "-m", "benchmarks.fhir_delivery", "--serve"]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server,
        tempfile.TemporaryDirectory() as folder,
    ):
        try:
            url = server.stdout.readline().strip() if server.stdout else ""
            rate, per_core = measured(url, Path(folder), chosen.results, chosen.threads)
        finally:
            server.terminate()
    return 0 if rate >= FEWEST_A_MINUTE and per_core >= FEWEST_A_MINUTE else 1


def measured(url: str, folder: Path, results: int, threads: int) -> tuple[float, float]:
    """Return deliveries a minute by the clock and by this process's CPU time."""
    database = f"sqlite:///{folder / 'ledger.sqlite'}"
    schema.upgrade(database)
    artifacts = FileArtifacts(folder / "artifacts")
    ledger = SqlLedger(database, artifacts)
    sink = FhirSink(FhirClient(url), style=replace(FULL, observations="panel"))
    begun = time.process_time()
    for number in range(results):
        _plan(ledger, sink, number)
    planned_s = time.process_time() - begun
    clock = SystemClock()
    dispatch = Dispatch(
        sinks={sink.name: sink}, artifacts=artifacts, ledger=ledger, clock=clock, retry=RetryPolicy(), lease=LEASE
    )
    effects = ledger.due_effects(clock.now(), results)
    begun, cpu = time.monotonic(), time.process_time()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda effect_id: deliver(effect_id, dispatch, owner="benchmark"), effects))
    wall_s, cpu_s = time.monotonic() - begun, time.process_time() - cpu
    if not ledger.idle():
        raise SystemExit("not everything was delivered")
    rate, per_core = 60 * results / wall_s, 60 * results / (cpu_s + planned_s)
    print_table(
        (
            "results",
            "threads",
            "a minute, clock",
            "a minute and core, CPU",
            "CPU ms to send",
            "CPU ms to encode and plan",
        ),
        [
            tuple(
                f"{x:.0f}" for x in (results, threads, rate, per_core, 1e3 * cpu_s / results, 1e3 * planned_s / results)
            )
        ],
    )
    ledger.close()
    return rate, per_core


def _plan(ledger: SqlLedger, sink: FhirSink, number: int) -> None:
    study = f"1.2.826.0.1.999.{number}"
    job_id = settle(ledger, f"{study}.1")
    job = claimed(ledger, job_id)
    report = phantom_report(ref=SeriesRef(study_instance_uid=study, series_instance_uid=f"{study}.1"))
    effects = sink.plan(report, loaded(report))
    ledger.finish_job(job, measured_result(job, *effects, report=report), now=datetime.now(tz=UTC))


def serve() -> None:
    """Answer as a FHIR server that has a dictionary; print the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Stub)
    sys.stdout.write(f"http://127.0.0.1:{server.server_address[1]}/fhir\n")
    sys.stdout.flush()
    server.serve_forever()


class _Stub(BaseHTTPRequestHandler):
    """A FHIR server out of a dictionary: what is posted is found by its first identifier."""

    protocol_version = "HTTP/1.1"
    kept: dict[tuple[str, str], Element] = {}  # noqa: RUF012 - one store for all requests

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        kind = parts.path.rpartition("/")[2]
        if kind == "metadata":
            self._send(_statement())
            return
        token = parse_qs(parts.query).get("identifier", [""])[0]
        found = self.kept.get((kind, token))
        self._send({"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": found}] if found else []})

    def do_POST(self) -> None:
        bundle = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answers = []
        for number, entry in enumerate(bundle["entry"]):
            resource = entry["resource"]
            place = f"{resource['resourceType']}/{len(self.kept)}-{number}"
            if resource.get("identifier"):
                first = resource["identifier"][0]
                stored = {**resource, "id": place.partition("/")[2]}
                self.kept[resource["resourceType"], f"{first['system']}|{first['value']}"] = stored
            answers.append({"response": {"status": "201", "location": f"{place}/_history/1"}})
        self._send({"resourceType": "Bundle", "type": "transaction-response", "entry": answers})

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Stay silent."""

    def _send(self, resource: Element) -> None:
        body = json.dumps(resource).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/fhir+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _statement() -> Element:
    """Return what the server says that it can do: all that AIQA asks for."""
    rows = [
        {
            "type": kind,
            "conditionalCreate": True,
            "conditionalUpdate": True,
            "interaction": [{"code": code} for code in support.interactions],
            "searchParam": [{"name": name} for name in support.parameters],
        }
        for kind, support in EVERYTHING.types.items()
    ]
    server = {"mode": "server", "interaction": [{"code": "transaction"}], "resource": rows}
    return {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "rest": [server]}


if __name__ == "__main__":
    raise SystemExit(main())
