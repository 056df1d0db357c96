"""Whether the EHR's Patients can be found is said before a result waits, with the setting that mends it."""

import json

import pytest
from click.testing import CliRunner

from aiqa_integration import bootstrap
from aiqa_integration.bootstrap import connections
from aiqa_integration.cli import aiqa
from aiqa_integration.errors import EhrUnmatched
from aiqa_integration.fhir.matching import Directory, check_patients
from aiqa_integration.pipeline.chore import EHR_PATIENTS, EHR_SUBSCRIPTION, EHR_TASKS
from aiqa_integration.settings import load_settings
from aiqa_integration.sinks.fhir_server import FhirSink
from tests.fhir_flows import deliver
from tests.fhir_reports import MRN, loaded, patient_report
from tests.unit.test_fhir_sending import Recorder, without

OTHER = "http://hospital.invalid/mrn"


class Ehr(Recorder):
    """Shows Patients, whatever is searched for."""

    def __init__(self, *systems, **options):
        super().__init__(**options)
        self.patients = [{"resourceType": "Patient", "identifier": [{"system": of, "value": "1"}]} for of in systems]

    def search(self, resource_type, parameters):
        return self.patients if resource_type == "Patient" else []

    def search_all(self, resource_type, parameters):
        return []

    def capability(self):
        return {"fhirVersion": "4.0.1", "software": {"name": "Ehr"}, "rest": []}


def test_without_a_system_it_says_which_setting_and_what_the_ehr_has():
    with pytest.raises(EhrUnmatched) as raised:
        check_patients(Ehr(MRN, OTHER), Directory())
    assert "ehr.patient_system is not set" in str(raised.value)
    assert f"{OTHER}, {MRN}" in str(raised.value)
    assert "set ehr.patient_system" in raised.value.fix


def test_a_system_that_no_patient_there_has_is_told_and_one_that_some_have_is_right():
    with pytest.raises(EhrUnmatched, match="none carries an identifier of urn:wrong"):
        check_patients(Ehr(MRN), Directory(patient_system="urn:wrong"))
    assert MRN in check_patients(Ehr(MRN, OTHER), Directory(patient_system=MRN))
    assert MRN in check_patients(Ehr(MRN), Directory(systems={"A": MRN}))
    assert "no Patient is shown" in check_patients(Ehr(), Directory(patient_system=MRN))
    with pytest.raises(EhrUnmatched, match="does not search Patient"):
        check_patients(Ehr(capability=without("Patient")), Directory(patient_system=MRN))


def test_a_result_that_waits_names_the_setting_and_no_patient():
    sink = FhirSink(Ehr(MRN))
    (planned,) = sink.plan(patient_report(), loaded(patient_report()))
    with pytest.raises(EhrUnmatched) as raised:
        deliver(sink, planned)
    assert "ehr.patient_system is not set" in str(raised.value)
    assert "P-1" not in str(raised.value)


@pytest.fixture
def site(tmp_path, monkeypatch):
    values = {"DATA_FOLDER": tmp_path, "ARCHIVE__FOLDER": tmp_path / "archive", "EHR__URL": "http://ehr.invalid/fhir",
              "BUNDLES_FOLDER": tmp_path}  # fmt: skip
    for name, value in values.items():
        monkeypatch.setenv(f"AIQA_{name}", str(value))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(connections, "FhirClient", lambda *_, **__: Ehr(MRN))
    return monkeypatch


def trials():
    lines = CliRunner().invoke(aiqa, ["check", "--json"]).output.splitlines()
    return {line["name"]: line for line in map(json.loads, lines)}


def test_check_says_it_with_the_fix(site):
    wrong = trials()["EHR, patients"]
    assert (wrong["passed"], "HELD" in wrong["detail"]) == (False, True)
    assert "set ehr.patient_system" in wrong["fix"]
    site.setenv("AIQA_EHR__PATIENT_SYSTEM", MRN)
    assert trials()["EHR, patients"]["passed"]
    assert "EHR, hints of changed Tasks" not in trials()
    site.setenv("AIQA_EHR__HOOK_URL", "https://aiqa.invalid/ehr-hook")
    site.setenv("AIQA_EHR__HOOK_SECRET", "s")
    assert trials()["EHR, hints of changed Tasks"]["passed"]


def test_a_site_without_rules_for_patients_is_not_bothered(site, tmp_path):
    rules = (bootstrap.active_rules(load_settings()).rule)[0]
    assert rules.subject == "phantom"
    assert bootstrap.sends_patients(load_settings())
    only = tmp_path / "rules.toml"
    only.write_text(
        '[[rule]]\nname = "a"\nanalysis = "acr-mri-phantom"\nsubject = "phantom"\nsinks = ["ehr"]\n'
        '[[rule.when]]\nkeywords = ["Modality"]\noperator = "equals"\nvalue = "MR"\n'
    )
    site.setenv("AIQA_RULES_FILE", str(only))
    assert not bootstrap.sends_patients(load_settings())
    assert "EHR, patients" not in trials()


def test_the_work_at_the_ehr_is_done_by_itself_and_a_failure_of_one_stops_no_other(site):
    with bootstrap.services(load_settings()) as tools:
        assert {EHR_TASKS, EHR_PATIENTS} <= set(tools.archive_names)
        assert EHR_SUBSCRIPTION not in tools.archive_names
        for name in (EHR_PATIENTS, EHR_TASKS):
            tools.poll(name)
        failures = {poll.archive: poll.last_error for poll in bootstrap.books_of(tools.ledger).polls()}
    assert failures[EHR_TASKS] == ""
    assert failures[EHR_PATIENTS].startswith("ehr-unmatched: ehr.patient_system is not set")
