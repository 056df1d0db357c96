"""Delivers results one after the other, to be killed: ``python -m tests.contract.delivering URL COUNT``."""

import sys

from aiqa_integration.fhir.client import FhirClient
from aiqa_integration.sinks.fhir_server import FhirSink
from tests.fhir_flows import DIRECTORY, FULL, deliver, named
from tests.fhir_reports import LENGTH_OK, loaded, phantom_report


def main() -> None:
    """Deliver every report, as a worker does that takes over another's."""
    url, count = sys.argv[1], int(sys.argv[2])
    sink = FhirSink(FhirClient(url), style=FULL, directory=DIRECTORY)
    sys.stdout.write("begins\n")
    sys.stdout.flush()
    for number in range(count):
        report = named(phantom_report(LENGTH_OK), f"killed {number}")
        (planned,) = sink.plan(report, loaded(report))
        deliver(sink, planned, attempts=2)


if __name__ == "__main__":
    main()
