"""Whether the EHR's Patients can be found is said before a result waits, with the setting that mends it."""

import json
import re
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from aiqa_integration import bootstrap
from aiqa_integration.bootstrap import connections
from aiqa_integration.cli import aiqa
from aiqa_integration.console.app import create_app
from aiqa_integration.console.context import ConsoleContext
from aiqa_integration.errors import EhrRefused, EhrUnmatched
from aiqa_integration.fhir.matching import Directory, check_patients
from aiqa_integration.ledger import schema
from aiqa_integration.ledger.artifacts import FileArtifacts
from aiqa_integration.ledger.queries import Books
from aiqa_integration.ledger.sql_ledger import SqlLedger
from aiqa_integration.model.job import JobState
from aiqa_integration.pipeline.chore import EHR_PATIENTS, EHR_SUBSCRIPTION, EHR_TASKS
from aiqa_integration.pipeline.deliver import Dispatch
from aiqa_integration.pipeline.deliver import deliver as deliver_effect
from aiqa_integration.pipeline.retries import RetryPolicy
from aiqa_integration.settings import load_settings
from aiqa_integration.sinks.fhir_server import FhirSink
from tests.fhir_flows import deliver, order_resource, patient_resource, study_resource
from tests.fhir_reports import MRN, ORDER, PATIENT, loaded, patient_report
from tests.ledger_cases import LEASE, measure, state_of
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


def test_an_ehr_that_shows_no_patients_unasked_is_taken_at_the_site_s_word():
    class Guarded(Ehr):
        def search(self, resource_type, parameters):
            raise EhrRefused("name one", status=403)

    assert "no Patient is shown" in check_patients(Guarded(), Directory(patient_system=MRN))
    with pytest.raises(EhrUnmatched, match="is not set"):
        check_patients(Guarded(), Directory())


def test_a_result_that_waits_names_the_setting_and_no_patient():
    sink = FhirSink(Ehr(MRN))
    (planned,) = sink.plan(patient_report(), loaded(patient_report()))
    with pytest.raises(EhrUnmatched) as raised:
        deliver(sink, planned)
    assert "ehr.patient_system is not set" in str(raised.value)
    assert "P-1" not in str(raised.value)


class Hospital(Recorder):
    """An EHR that holds what it was given, found by identifier."""

    def __init__(self, *resources, **options):
        super().__init__(**options)
        for number, resource in enumerate(resources):
            self.take({**resource, "id": str(number)})

    def take(self, resource):
        self.stored.setdefault(resource["resourceType"], []).append(resource)

    def transact(self, bundle):
        for entry in json.loads(bundle)["entry"]:
            self.take({**entry["resource"], "id": "new", "meta": {"versionId": "1"}})
        return super().transact(bundle)

    def search(self, resource_type, parameters):
        return [found for found in self.stored.get(resource_type, [])
                if any(one["value"] in str(parameters) for one in found.get("identifier", []))]  # fmt: skip


JANE = patient_resource(PATIENT)
REPORT = patient_report()


def sent(ehr, **options):
    sink = FhirSink(ehr, directory=Directory(patient_system=MRN, **options))
    (planned,) = sink.plan(REPORT, loaded(REPORT))
    deliver(sink, planned)
    return next(found for found in ehr.stored["Observation"] if "partOf" in found)


def study(patient="Patient/0"):
    return study_resource(REPORT, patient)


def test_a_study_that_the_ehr_lacks_is_named_by_its_uid_unless_the_site_wants_to_wait():
    assert sent(Hospital(JANE))["partOf"][0]["identifier"]["value"].endswith(REPORT.ref.study_instance_uid)
    assert sent(Hospital(JANE, study()), study_required=True)["partOf"] == [{"reference": "ImagingStudy/1"}]
    with pytest.raises(EhrUnmatched, match="no ImagingStudy of the images"):
        sent(Hospital(JANE), study_required=True)


@pytest.mark.parametrize(
    ("others", "why"),
    [
        ([study(), study()], "2 ImagingStudies"),
        ([study("Patient/9")], "about another patient"),
        ([order_resource("Patient/9", ORDER.accession_number)], "order with this accession number is about another"),
    ],
)
def test_a_study_or_an_order_that_is_ambiguous_or_another_s_is_parked(others, why):
    with pytest.raises(EhrUnmatched, match=why):
        sent(Hospital(JANE, *others), order_system="urn:oid:2.16.840.1.113883.19.5.99.3")


def test_every_order_of_the_patient_with_the_accession_number_is_named():
    orders = [order_resource("Patient/0", ORDER.accession_number) for _ in range(2)]
    assert sent(Hospital(JANE, *orders))["basedOn"] == [
        {"reference": "ServiceRequest/1"}, {"reference": "ServiceRequest/2"}
    ]  # fmt: skip


class Parked:
    """A ledger whose one series waits because the EHR does not know the patient."""

    def __init__(self, folder):
        url = f"sqlite:///{folder / 'ledger.sqlite'}"
        schema.upgrade(url)
        self.artifacts = FileArtifacts(folder / "artifacts")
        self.ledger = SqlLedger(url, self.artifacts)
        self.ehr = Hospital()
        self.sink = FhirSink(self.ehr, directory=Directory(patient_system=MRN))
        self.job_id = measure(self.ledger, *self.sink.plan(REPORT, loaded(REPORT)))
        self.send()

    def now(self):
        return datetime.now(tz=UTC)

    def send(self):
        dispatch = Dispatch(sinks={"ehr": self.sink}, artifacts=self.artifacts, ledger=self.ledger, clock=self,
                            retry=RetryPolicy(), lease=LEASE)  # fmt: skip
        for effect_id in self.ledger.due_effects(self.now(), 10):
            deliver_effect(effect_id, dispatch, owner="sender")

    def state(self):
        return state_of(self.ledger, self.job_id)


@pytest.mark.parametrize("way", ["console", "aiqa replay JOB", "aiqa replay --state HELD"])
def test_a_parked_result_goes_when_its_cause_is_mended_and_somebody_replays_it(site, tmp_path, way):
    parked = Parked(tmp_path)
    client = create_app(
        ConsoleContext(books=Books(parked.ledger.engine), artifacts=parked.artifacts, answers=parked.ledger)
    ).test_client()
    page = client.get("/parked/").text
    assert parked.state() is JobState.HELD
    assert "the EHR has no Patient with the Patient ID of the images" in page
    assert "P-1" not in page
    parked.ehr.take({**JANE, "id": "7"})
    if way == "console":
        token = re.search(r'name="form_token" value="([^"]+)"', page)
        effects = re.search(r'name="effects" value="([^"]+)"', page)
        assert token is not None
        assert effects is not None
        form = {"form_token": token[1], "who": "AB", "effects": effects[1]}
        assert client.post("/parked/replay", data=form).status_code == 303
    else:
        arguments = [parked.job_id] if "JOB" in way else ["--state", "HELD"]
        assert parked.job_id in CliRunner().invoke(aiqa, ["replay", *arguments], catch_exceptions=False).output
    parked.send()
    assert parked.state() is JobState.DELIVERED
    assert "Nothing is held" in client.get("/parked/").text
    assert parked.ehr.stored["Observation"][0]["subject"] == {"reference": "Patient/7"}


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
