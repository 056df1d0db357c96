"""Delivers results one after the other, to be killed: ``python -m tests.contract.delivering URL COUNT``.

The first is about a patient, of whom the EHR must know, and asks a person.
"""

import sys

from aiqa_integration.fhir.client import FhirClient
from aiqa_integration.model.identity import PatientKey
from aiqa_integration.sinks.fhir_server import FhirSink
from tests.fhir_flows import DIRECTORY, FULL, deliver, named
from tests.fhir_reports import LENGTH_OK, loaded, patient_report, phantom_report

PATIENT = PatientKey(patient_id="P-killed", birth_date="1970-01-02", sex="F")
ASKING = named(patient_report(), "killed patient")


def main() -> None:
    """Deliver every report, as a worker does that takes over another's."""
    url, count = sys.argv[1], int(sys.argv[2])
    sink = FhirSink(FhirClient(url), style=FULL, directory=DIRECTORY)
    sys.stdout.write("begins\n")
    sys.stdout.flush()
    (planned,) = sink.plan(ASKING, loaded(ASKING, PATIENT))
    deliver(sink, planned, attempts=2)
    for number in range(count):
        report = named(phantom_report(LENGTH_OK), f"killed {number}")
        (planned,) = sink.plan(report, loaded(report))
        deliver(sink, planned, attempts=2)


if __name__ == "__main__":
    main()
