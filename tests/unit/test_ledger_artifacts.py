import hashlib

import pytest

from aiqa_integration.errors import LedgerError, TransientError
from aiqa_integration.ledger.artifacts import FileArtifacts
from tests.ledger_cases import in_threads


@pytest.fixture
def artifacts(tmp_path):
    return FileArtifacts(tmp_path / "artifacts")


def stored(tmp_path):
    return [path for path in (tmp_path / "artifacts").rglob("*") if path.is_file()]


@pytest.mark.parametrize("content", [b"", b"x", bytes(range(256)) * 1000])
def test_what_is_put_is_got(artifacts, content):
    sha256 = artifacts.put(content)
    assert sha256 == hashlib.sha256(content).hexdigest()
    assert artifacts.get(sha256) == content


def test_the_same_bytes_are_kept_once(artifacts, tmp_path):
    assert artifacts.put(b"x") == artifacts.put(b"x")
    (file,) = stored(tmp_path)
    assert file.name == hashlib.sha256(b"x").hexdigest()


def test_many_writers_of_the_same_bytes_leave_one_whole_file(artifacts, tmp_path):
    content = bytes(range(256)) * 4000
    assert len(set(in_threads(8, lambda _: artifacts.put(content)))) == 1
    assert len(stored(tmp_path)) == 1
    assert artifacts.get(hashlib.sha256(content).hexdigest()) == content


@pytest.mark.parametrize("damage", [b"", b"y", b"xx"])
def test_damaged_bytes_are_never_given_out_and_are_mended_by_a_new_put(artifacts, tmp_path, damage):
    sha256 = artifacts.put(b"x")
    stored(tmp_path)[0].write_bytes(damage)
    with pytest.raises(LedgerError, match="damaged"):
        artifacts.get(sha256)
    artifacts.put(b"x")
    assert artifacts.get(sha256) == b"x"


def test_missing_bytes_are_an_error(artifacts):
    with pytest.raises(LedgerError, match="is gone"):
        artifacts.get("0" * 64)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "0" * 63, "G" * 64, "0" * 62 + "/."])
def test_only_digests_are_names(artifacts, name):
    with pytest.raises(LedgerError, match="not a SHA-256"):
        artifacts.get(name)


def test_a_disk_that_refuses_leaves_nothing_behind(artifacts, tmp_path, monkeypatch):
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("aiqa_integration.ledger.artifacts.os.fsync", full)
    with pytest.raises(TransientError, match="No space"):
        artifacts.put(b"x")
    assert stored(tmp_path) == []


def test_a_disk_that_cannot_be_read_may_be_tried_again(artifacts, tmp_path):
    sha256 = artifacts.put(b"x")
    stored(tmp_path)[0].unlink()
    (tmp_path / "artifacts" / sha256[:2] / sha256).mkdir()
    with pytest.raises(TransientError, match="cannot be read"):
        artifacts.get(sha256)
