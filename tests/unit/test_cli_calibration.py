"""``aiqa review`` and ``aiqa calibration``: answers reach the ledger, wrong ones are refused with a sentence."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from aiqa_integration.cli import aiqa
from aiqa_integration.ledger import schema
from aiqa_integration.ledger.artifacts import FileArtifacts
from aiqa_integration.ledger.sql_ledger import SqlLedger
from aiqa_integration.model.artifact import ArtifactId
from tests.scanner_record_cases import FAMILY, MOTION, screen


@pytest.fixture
def series(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a screened series in a ledger that the settings name."""
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    monkeypatch.setenv("AIQA_DATABASE_URL", url)
    monkeypatch.setenv("AIQA_DATA_FOLDER", str(tmp_path))
    schema.upgrade(url)
    ledger = SqlLedger(url, FileArtifacts(tmp_path / "artifacts"))
    uid = screen(ledger, 1)
    ledger.close()
    return uid


def _aiqa(*arguments: str) -> Result:
    return CliRunner().invoke(aiqa, arguments)


def test_an_answer_takes_a_series_off_the_list(series: str) -> None:
    listed = [json.loads(line) for line in _aiqa("review", "list", "--json").output.splitlines()]
    assert [(row["series"], row["raw"]["motion"]) for row in listed] == [(series, 0.9)]
    answered = _aiqa("review", "answer", series, "--present", "motion", "--absent", "ghost", "--by", "reader")
    assert answered.exit_code == 0, answered.output
    assert answered.output.splitlines() == [
        "motion: uncalibrated, 1 reviewed, 1 present",
        "ghost: uncalibrated, 1 reviewed, 0 present",
    ]
    assert _aiqa("review", "list").output == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "name artifacts"),
        (("--present", "motion", "--absent", "motion"), "either present or absent"),
        (("--present", "rust"), "rust"),
        (("--severity", "motion", "2", "--absent", "motion"), "named once"),
        (("--severity", "motion", "4"), "4"),
    ],
)
def test_an_answer_without_sense_is_refused(series: str, arguments: tuple[str, ...], words: str) -> None:
    refused = _aiqa("review", "answer", series, *arguments)
    assert refused.exit_code == 2
    assert words in refused.output


def test_an_answer_may_tell_the_severity(series: str) -> None:
    graded = _aiqa(
        "review", "answer", series, "--severity", "motion", "3", "--severity", "ghost", "1", "--comment", "x"
    )
    assert graded.output.splitlines() == [
        "motion: uncalibrated, 1 reviewed, 1 present",
        "ghost: uncalibrated, 1 reviewed, 0 present",
    ]


def test_calibrations_are_listed_suspended_and_resumed(series: str) -> None:
    _aiqa("review", "answer", series, "--present", "motion")
    (row,) = [json.loads(line) for line in _aiqa("calibration", "list", "--json").output.splitlines()]
    assert (row["artifact"], row["family"], row["state"]) == (ArtifactId.MOTION, FAMILY, "uncalibrated")
    place = (MOTION.device_key, MOTION.family, MOTION.artifact.value)
    assert _aiqa("calibration", "set", "suspend", *place, "--why", "new coil").output == "motion: suspended\n"
    assert "suspended" in _aiqa("calibration", "list").output
    assert _aiqa("calibration", "set", "resume", *place, "--why", "checked").output == "motion: uncalibrated\n"
