"""Patient and order of a series, as an EHR can be asked for them; what is taken back when it is judged anew."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from aiqa_integration.dicom.ehr_keys import order_key, patient_key
from aiqa_integration.model.identity import OrderKey, PatientKey
from aiqa_integration.model.job import JobState
from aiqa_integration.pipeline.ports import JobResult
from aiqa_integration.pipeline.withdraw import Past, with_withdrawals
from aiqa_integration.sinks.fhir_server import FhirSink
from tests.fhir_flows import as_effect
from tests.fhir_reports import loaded, patient_report
from tests.unit.test_fhir_sending import Recorder

NOW = datetime(2026, 11, 20, 6, 50, tzinfo=UTC)


def item(**elements):
    dataset = Dataset()
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    return dataset


ISO = item(UniversalEntityID="1.2.3", UniversalEntityIDType="ISO")


@pytest.mark.parametrize(
    ("dataset", "expected"),
    [
        (item(), None),
        (item(PatientID=" "), None),
        (item(PatientID="7", PatientSex="f", PatientBirthDate="19700102"),
         PatientKey(patient_id="7", birth_date="1970-01-02", sex="F")),
        (item(PatientID="7", PatientSex="x", PatientBirthDate="1970"), PatientKey(patient_id="7")),
        (item(PatientID="7", IssuerOfPatientID="A"), PatientKey(patient_id="7", issuer="A")),
        (item(PatientID="7", IssuerOfPatientID="A", IssuerOfPatientIDQualifiersSequence=Sequence([ISO])),
         PatientKey(patient_id="7", issuer="urn:oid:1.2.3")),
        (item(PatientID="7", IssuerOfPatientIDQualifiersSequence=Sequence([item(UniversalEntityID="h",
              UniversalEntityIDType="DNS")])), PatientKey(patient_id="7")),
    ],
)  # fmt: skip
def test_a_patient_is_named_by_id_and_issuer(dataset, expected):
    assert patient_key(dataset) == expected
    assert "7" not in repr(patient_key(dataset))


@pytest.mark.parametrize(
    ("dataset", "expected"),
    [
        (item(), None),
        (item(AccessionNumber="A1"), OrderKey(accession_number="A1")),
        (item(AccessionNumber="A1", IssuerOfAccessionNumberSequence=Sequence([item(LocalNamespaceEntityID="RIS")])),
         OrderKey(accession_number="A1", issuer="RIS")),
        (item(AccessionNumber="A1", IssuerOfAccessionNumberSequence=Sequence([ISO])),
         OrderKey(accession_number="A1", issuer="urn:oid:1.2.3")),
    ],
)  # fmt: skip
def test_an_order_is_named_by_accession_number_and_issuer(dataset, expected):
    assert order_key(dataset) == expected


@pytest.mark.parametrize(
    ("told", "again", "taken_back"), [(True, False, True), (True, True, False), (False, False, False)]
)
def test_what_a_series_told_is_taken_back_when_it_is_judged_anew(told, again, taken_back):
    sink, report = FhirSink(Recorder()), patient_report()
    other: Any = object()
    (planned,) = sink.plan(report, loaded(report))
    ledger: Any = SimpleNamespace(told_before=lambda ref, name: (as_effect(planned),) if told else ())
    artifacts: Any = SimpleNamespace(get=lambda sha256: planned.payload)
    result = JobResult(state=JobState.IGNORED, reason="r", rule_revision="1", effects=(planned,) if again else ())
    job: Any = SimpleNamespace(ref=report.ref)
    after = with_withdrawals(result, job, [sink, other], Past(ledger=ledger, artifacts=artifacts), now=NOW)
    assert [effect.kind for effect in after.effects[len(result.effects) :]] == (["fhir-status"] if taken_back else [])
