"""What every archive does: the port's promises, against a real Orthanc and the directory archive."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime

import numpy as np
import pytest

from aiqa_integration.dicom.volume import DicomSeriesReader
from aiqa_integration.errors import ArchiveRefused
from aiqa_integration.model.identity import SeriesRef
from tests.dicom_samples import sample, series_files, stack

UNKNOWN = SeriesRef(study_instance_uid="2.25.1", series_instance_uid="2.25.2")


@pytest.fixture
def key(request) -> str:
    """A study of the test's own."""
    return str(request.node.name)[:48]


def stored_series(archive, folder, key, **changes) -> SeriesRef:
    files = series_files(folder, key, **changes)
    ref = sample(key, **{k: v for k, v in changes.items() if k not in {"slices", "enhanced"}}).ref
    outcome = archive.store([path.read_bytes() for path in files], ref.study_instance_uid)
    assert not outcome.refused
    assert len(outcome.stored) == len(files)
    return ref


def test_lists_what_was_stored(archive, tmp_path, key):
    ref = stored_series(archive, tmp_path, key, slices=5)
    stored_series(archive, tmp_path, key, slices=3, series_number=2, description="second")

    [study] = [s for s in archive.find_studies(None, None) if s.study_instance_uid == ref.study_instance_uid]
    series = {listing.ref: listing for listing in archive.find_series(ref.study_instance_uid)}

    assert study.instance_count == 8
    assert study.modalities in {("MR",), ()}  # Microsoft's has none
    assert sorted(listing.instance_count for listing in series.values()) == [3, 5]
    assert series[ref].modality == "MR"
    assert series[ref].manufacturer in {"SIEMENS", ""}  # likewise
    assert series[ref].description == "SIMULATED ACR T1 axial"


@pytest.mark.parametrize(
    ("since", "until", "listed"),
    [
        (date(2024, 1, 15), date(2024, 1, 15), True),
        (date(2024, 1, 15), None, True),
        (None, date(2024, 1, 15), True),
        (date(2024, 1, 16), None, False),
        (None, date(2024, 1, 14), False),
    ],
)
def test_window_includes_both_ends(archive, tmp_path, key, since, until, listed):
    ref = stored_series(archive, tmp_path, key, slices=1, acquired_at=datetime(2024, 1, 15, 23, 59))  # noqa: DTZ001
    found = {study.study_instance_uid for study in archive.find_studies(since, until)}
    assert (ref.study_instance_uid in found) is listed


def test_lists_instances(archive, tmp_path, key):
    ref = stored_series(archive, tmp_path, key)
    expected = {sample(key).instance_uid(number) for number in range(1, 6)}
    assert set(archive.find_instances(ref)) == expected


def test_unknown_series_have_no_rows(archive):
    assert archive.find_instances(UNKNOWN) == ()
    assert list(archive.find_series(UNKNOWN.study_instance_uid)) == []


def test_retrieving_an_unknown_series_is_refused(archive, tmp_path):
    with pytest.raises(ArchiveRefused) as caught:
        archive.retrieve(UNKNOWN, tmp_path)
    assert caught.value.status == 404


@pytest.mark.parametrize("enhanced", [False, True])
def test_retrieves_what_was_stored(archive, tmp_path, key, enhanced):
    ref = stored_series(archive, tmp_path, key, enhanced=enhanced)
    into = tmp_path / "into"
    into.mkdir()

    files = archive.retrieve(ref, into)
    loaded = DicomSeriesReader().load(files)

    assert sorted(files) == sorted(into.iterdir())
    assert len(files) == (1 if enhanced else 5)
    assert np.array_equal(loaded.stack.voxels, stack(5).voxels)
    assert loaded.header.ref == ref


def test_storing_again_changes_nothing(archive, tmp_path, key):
    ref = stored_series(archive, tmp_path, key)
    stored_series(archive, tmp_path, key)
    assert len(archive.find_instances(ref)) == 5


def test_a_series_that_grows_is_listed_so(archive, tmp_path, key):
    files = series_files(tmp_path, key)
    ref = sample(key).ref
    counts: list[int | None] = []
    for path in files[:3]:
        archive.store([path.read_bytes()], ref.study_instance_uid)
        counts.extend(listing.instance_count for listing in archive.find_series(ref.study_instance_uid))
    assert counts == [1, 2, 3]


def test_accounts_for_every_object(archive, tmp_path, key):
    good, bad = series_files(tmp_path, key, slices=2)
    study = sample(key).ref.study_instance_uid
    outcome = archive.store([b"not DICOM", good.read_bytes(), bad.read_bytes()[:200]], study)
    assert outcome.stored == (sample(key).instance_uid(1),)
    assert [refused.sop_instance_uid for refused in outcome.refused] == ["", ""]


def test_refuses_an_object_of_another_study(archive, tmp_path, key):
    [path] = series_files(tmp_path, key, slices=1)
    outcome = archive.store([path.read_bytes()], "2.25.3")
    [refused] = outcome.refused
    assert outcome.stored == ()
    assert refused.sop_instance_uid == sample(key).instance_uid(1)
    assert refused.reason in {0x0110, 0xA900, 43265}


def test_serves_threads(archive, tmp_path, key):
    ref = stored_series(archive, tmp_path, key)
    folders = [tmp_path / f"thread{number}" for number in range(8)]
    for folder in folders:
        folder.mkdir()
    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(lambda folder: len(archive.retrieve(ref, folder)), folders))
    assert counts == [5] * 8
