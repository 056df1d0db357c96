"""A person's word about a result, from the command line to the archive."""

from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pydicom
import pytest
from click.testing import CliRunner

from aiqa_integration.cli import aiqa
from aiqa_integration.dicom.directory_archive import DirectoryArchive
from aiqa_integration.errors import LedgerError
from aiqa_integration.ledger import schema
from aiqa_integration.ledger.artifacts import FileArtifacts
from aiqa_integration.ledger.queries import Books
from aiqa_integration.ledger.sql_ledger import SqlLedger
from aiqa_integration.model.identity import Person
from aiqa_integration.model.job import EffectState
from aiqa_integration.pipeline import sign
from aiqa_integration.pipeline.deliver import Dispatch, deliver
from aiqa_integration.pipeline.ports import Signature
from aiqa_integration.pipeline.retries import RetryPolicy
from aiqa_integration.pipeline.sign import Desk
from aiqa_integration.sinks.pacs import PacsSink
from tests.ledger_cases import at, claimed, listing, measured_result, settle
from tests.unit.dicom_out_samples import SERIES, STUDY, report_over, tiny_series

PHYSICIST = Person(name="Curie^Marie", organization="General Hospital")


class FixedClock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self):
        self.seconds += 1.0
        return at(self.seconds)


class Installation:
    """A ledger with one delivered result of a small series in a directory archive."""

    def __init__(self, folder: Path) -> None:
        (folder / "images").mkdir(parents=True)
        (folder / "archive").mkdir()
        self.series = tiny_series(folder / "images")
        self.archive = DirectoryArchive(folder / "archive", "pacs")
        self.archive.store([file.read_bytes() for file in self.series.files], STUDY)
        schema.upgrade(f"sqlite:///{folder / 'ledger.sqlite'}")
        self.artifacts = FileArtifacts(folder / "artifacts")
        self.ledger = SqlLedger(f"sqlite:///{folder / 'ledger.sqlite'}", self.artifacts)
        self.sinks = {"pacs": PacsSink(self.archive)}
        self.clock = FixedClock()
        self.desk = Desk(sinks=self.sinks, artifacts=self.artifacts, ledger=self.ledger, clock=self.clock)
        self.ledger.observe("pacs", listing(3, SERIES, STUDY), at=at(0), quiet=timedelta(0))
        self.job_id = self.ledger.observe("pacs", listing(3, SERIES, STUDY), at=at(90), quiet=timedelta(0)).job_id
        self.report = report_over(self.series)
        job = claimed(self.ledger, self.job_id)
        effects = self.sinks["pacs"].plan(self.report, self.series)
        self.ledger.finish_job(job, measured_result(job, *effects, report=self.report), now=at(101))

    def deliver_all(self) -> None:
        dispatch = Dispatch(
            sinks=self.sinks,
            artifacts=self.artifacts,
            ledger=self.ledger,
            clock=self.clock,
            retry=RetryPolicy(),
            lease=timedelta(minutes=1),
        )
        while due := self.ledger.due_effects(self.clock.now(), 10):
            for effect_id in due:
                deliver(effect_id, dispatch, owner="sender")

    @property
    def detail(self):
        found = Books(self.ledger.engine).job_detail(self.job_id)
        assert found is not None
        return found

    @property
    def state(self) -> str:
        return str(self.detail.job.state)

    def stored(self, uid: str) -> pydicom.Dataset:
        found = [effect for effect in self.detail.deliveries if effect.remote_id == uid]
        return pydicom.dcmread(BytesIO(self.artifacts.get(found[0].payload_sha256)))


@pytest.fixture
def site(tmp_path: Path):
    installation = Installation(tmp_path)
    yield installation
    installation.ledger.close()


def kinds(installation: Installation, state: EffectState) -> list[str]:
    return sorted(effect.kind for effect in installation.detail.deliveries if effect.state is state)


def test_confirmed_documents_are_stored_as_new_versions(site: Installation) -> None:
    site.deliver_all()
    assert site.state == "DELIVERED"
    sent = kinds(site, EffectState.SENT)
    planned = sign.verify(site.report.report_uid, PHYSICIST, site.desk)
    assert sorted(effect.kind for effect in planned) == [
        "measurement_sr-verified",
        "report_sr-verified",
        "series_sr-verified",
    ]
    assert site.state == "MEASURED"
    site.deliver_all()
    assert site.state == "DELIVERED"
    assert kinds(site, EffectState.SENT) == sorted([*sent, *(effect.kind for effect in planned)])
    for effect in planned:
        document = site.stored(effect.attributes["sop_instance_uid"])
        assert document.VerificationFlag == "VERIFIED"
        assert site.ledger.is_own_series(str(document.SeriesInstanceUID))


def test_who_confirmed_stands_in_history_and_audit(site: Installation) -> None:
    site.deliver_all()
    sign.verify(site.report.report_uid, PHYSICIST, site.desk)
    entry = site.detail.history[-1]
    assert (entry.event, entry.who, entry.why) == ("signed", "Curie^Marie", "verify: Curie^Marie, General Hospital")
    assert site.ledger.audit_broken_at() is None


def test_confirming_again_sends_nothing_twice(site: Installation) -> None:
    site.deliver_all()
    sign.verify(site.report.report_uid, PHYSICIST, site.desk)
    site.deliver_all()
    before = len(site.detail.deliveries)
    with pytest.raises(LedgerError, match="done before"):
        sign.verify(site.report.report_uid, PHYSICIST, site.desk)
    assert len(site.detail.deliveries) == before
    second = sign.verify(site.report.report_uid, replace(PHYSICIST, name="Franklin^Rosalind"), site.desk)
    site.deliver_all()
    document = site.stored(next(e for e in second if e.kind == "report_sr-verified").attributes["sop_instance_uid"])
    assert len(document.VerifyingObserverSequence) == 2


def test_confirmed_before_it_was_sent_it_follows_its_predecessor(site: Installation) -> None:
    planned = sign.verify(site.report.report_uid, PHYSICIST, site.desk)
    assert site.state == "MEASURED"
    site.deliver_all()
    times = {effect.kind: effect.updated_at for effect in site.detail.deliveries}
    assert all(times[e.kind.removesuffix("-verified")] < times[e.kind] for e in planned)
    assert site.state == "DELIVERED"


def test_rejection_is_one_note_about_all_images(site: Installation) -> None:
    site.deliver_all()
    (note,) = sign.reject(site.report.report_uid, PHYSICIST, site.desk)
    site.deliver_all()
    assert site.stored(note.attributes["sop_instance_uid"]).ConceptNameCodeSequence[0].CodeValue == "113001"
    assert note.kind == "rejection"
    sign.verify(site.report.report_uid, PHYSICIST, site.desk)
    site.deliver_all()
    with pytest.raises(LedgerError, match="rejected"):
        sign.reject(site.report.report_uid, PHYSICIST, site.desk)
    assert len(kinds(site, EffectState.SENT)) == 5 + 1 + 3


def test_result_that_nobody_knows_or_that_was_replaced_cannot_be_signed(site: Installation) -> None:
    with pytest.raises(LedgerError, match="no series has the result"):
        sign.verify("2.25.1", PHYSICIST, site.desk)
    site.deliver_all()
    site.ledger.observe("pacs", listing(4, SERIES, STUDY), at=at(5000), quiet=timedelta(0))
    with pytest.raises(LedgerError, match="newer one"):
        sign.verify(site.report.report_uid, PHYSICIST, site.desk)


def test_job_without_a_result_takes_no_signature(site: Installation) -> None:
    job_id = settle(site.ledger, "1.2.3.99", start=200)
    signature = Signature(person=PHYSICIST, action="verify", subject="x", at=at(2000))
    with pytest.raises(LedgerError, match="cannot take signed"):
        site.ledger.add_effects(job_id, (), signature)
    with pytest.raises(LedgerError, match="no job"):
        site.ledger.add_effects("nobody", (), signature)


def test_command_line_confirms(site: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site.deliver_all()
    monkeypatch.setenv("AIQA_DATA_FOLDER", str(tmp_path))
    monkeypatch.setenv("AIQA_ARCHIVE__FOLDER", str(tmp_path / "archive"))
    words = ["verify", site.report.report_uid, "--by", "Curie^Marie", "--organization", "General Hospital"]
    ran = CliRunner().invoke(aiqa, words)
    assert ran.exit_code == 0, ran.output
    assert "report_sr-verified" in ran.output
    assert kinds(site, EffectState.PLANNED) == ["measurement_sr-verified", "report_sr-verified", "series_sr-verified"]
    bad = CliRunner().invoke(aiqa, ["verify", "2.25.1", "--by", "back\\slash", "--organization", "x"])
    assert bad.exit_code == 2
