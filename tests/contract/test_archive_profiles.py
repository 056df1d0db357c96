"""Each profile against an archive that insists on it, and what happens to those who come without."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta

import pytest
import stamina

from aiqa_integration import bootstrap
from aiqa_integration.dicom.profiles import GENERIC, PROFILES, Profile, profile_named
from aiqa_integration.dicom.qido import date_ranges
from aiqa_integration.dicom.uids import Role
from aiqa_integration.dicom.web import DicomWebArchive
from aiqa_integration.errors import ArchiveRefused, ConfigurationError
from aiqa_integration.settings import load_settings
from aiqa_integration.sinks.pacs import PacsSink
from tests.contract.test_pacs_sink import claimed
from tests.dicom_samples import sample, series_files
from tests.scripted_pacs import HABITS, scripted_pacs
from tests.unit.dicom_out_samples import report_over, tiny_series

DAY = date(2024, 1, 15)


@pytest.fixture(autouse=True)
def no_waiting():
    with stamina.set_testing(testing=True, attempts=3):
        yield


def client(httpserver, profile: Profile = GENERIC, **arguments) -> DicomWebArchive:
    return DicomWebArchive(httpserver.url_for("/dicom-web"), profile=profile, **arguments)


def test_every_profile_has_an_archive_that_insists_on_it():
    assert HABITS.keys() == PROFILES.keys()


def test_no_field_is_the_same_in_all_profiles():
    for field in fields(Profile):
        assert len({str(getattr(profile, field.name)) for profile in PROFILES.values()}) > 1, field.name


def test_an_unknown_profile_is_a_mistake_that_names_the_known_ones(tmp_path):
    with pytest.raises(ConfigurationError, match="no profile 'pacs'; known: generic, orthanc"):
        profile_named("pacs")
    settings = load_settings(archive={"url": "http://pacs/dicom-web", "profile": "pacs"})
    with pytest.raises(ConfigurationError, match="no profile"):
        bootstrap.make_archive(settings)


def test_every_study_of_a_window_is_listed_once(scripted):
    pacs, archive = scripted
    today = datetime.now(tz=UTC).date()
    for number in range(230):
        pacs.add_study(f"1.2.{number}", f"{today - timedelta(days=number % 8):%Y%m%d}")
    pacs.add_study("1.2.1000", f"{today + timedelta(days=1):%Y%m%d}")
    found = [study.study_instance_uid for study in archive.find_studies(today - timedelta(days=6), None)]
    wanted = [f"1.2.{number}" for number in (*range(230), 1000) if number == 1000 or number % 8 < 7]
    assert sorted(found) == sorted(wanted)
    assert len(found) == len(set(found))


def test_counts_come_whatever_the_fields_are(scripted, tmp_path):
    pacs, archive = scripted
    ref = sample("counted").ref
    archive.store([path.read_bytes() for path in series_files(tmp_path, "counted")], ref.study_instance_uid)
    assert [study.instance_count for study in archive.find_studies(DAY, DAY)] == [5]
    assert [series.instance_count for series in archive.find_series(ref.study_instance_uid)] == [5]
    queries = [request for request in pacs.requests if request.endswith(("/studies", "/series"))]
    assert len(queries) == 3, "a query was refused and asked again"


def test_series_are_never_asked_for_without_their_study(scripted, tmp_path):
    pacs, archive = scripted
    ref = sample("hierarchy").ref
    archive.store([path.read_bytes() for path in series_files(tmp_path, "hierarchy")], ref.study_instance_uid)
    for study in archive.find_studies(None, None):
        for series in archive.find_series(study.study_instance_uid):
            assert len(archive.retrieve(series.ref, tmp_path)) == 5
    assert "GET /series" not in pacs.requests


def test_delivering_twice_changes_nothing(scripted, request, tmp_path):
    pacs, archive = scripted
    cannot_hold = PROFILES[request.node.callspec.params["scripted"]].cannot_hold
    sink, series = PacsSink(archive), tiny_series(tmp_path)
    planned = [effect for effect in sink.plan(report_over(series), series) if effect.kind not in cannot_hold]
    for _ in range(2):
        for effect in planned:
            assert sink.deliver(claimed(effect), effect.payload).remote_id == effect.attributes["sop_instance_uid"]
    assert pacs.count(series.header.ref.study_instance_uid) == len(planned) > 2


def test_an_archive_is_not_sent_what_it_cannot_hold(tmp_path):
    series = tiny_series(tmp_path)

    def planned(profile: str) -> set[str]:
        settings = load_settings(archive={"url": "http://pacs/dicom-web", "profile": profile}, data_folder=tmp_path)
        sink = bootstrap.make_sinks(settings, bootstrap.make_archive(settings), bootstrap.SystemClock())["pacs"]
        return {effect.kind for effect in sink.plan(report_over(series), series)}

    assert planned("generic") - planned("aws") == {Role.SEG}


def test_microsofts_limit_is_kept_whatever_the_setting(httpserver):
    with scripted_pacs(httpserver, "azure") as (pacs, archive):
        for number in range(450):
            pacs.add_study(f"1.2.{number}", "20240115")
        assert len(list(archive.find_studies(DAY, DAY))) == 450
        assert pacs.requests.count("GET /studies") == 4
        smaller = client(httpserver, PROFILES["azure"], page_size=150)
        assert len(list(smaller.find_studies(DAY, DAY))) == 450
        smaller.close()


def test_rows_beyond_amazons_reach_are_not_asked_for(httpserver):
    with scripted_pacs(httpserver, "aws") as (pacs, _):
        pacs.habits = replace(pacs.habits, most_rows=250)
        short = client(httpserver, replace(PROFILES["aws"], most_rows=250))
        for number in range(270):
            pacs.add_study(f"1.2.{number}", "20240115")
        assert len(list(short.find_studies(DAY, DAY))) == 250
        short.close()


def test_the_generic_profile_is_not_enough_for_amazon(httpserver, tmp_path):
    with scripted_pacs(httpserver, "aws") as (_, archive):
        ref = sample("aws").ref
        objects = [path.read_bytes() for path in series_files(tmp_path, "aws")]
        archive.store(objects, ref.study_instance_uid)
        generic = client(httpserver)
        with pytest.raises(ArchiveRefused, match="400"):
            generic.retrieve(ref, tmp_path)
        with pytest.raises(ArchiveRefused, match="415"):
            generic.store([objects[0].replace(b"SIEMENS", b"Siemens")], "1.2.3")
        generic.close()


def test_the_generic_profile_is_not_enough_for_a_large_dcm4chee(httpserver):
    with scripted_pacs(httpserver, "dcm4chee") as (pacs, _):
        for number in range(80):
            pacs.add_study(f"1.2.{number}", f"{DAY - timedelta(days=number % 4):%Y%m%d}")
        generic = client(httpserver)
        with pytest.raises(ArchiveRefused, match="413"):
            list(generic.find_studies(DAY - timedelta(days=3), DAY))
        generic.close()


@pytest.mark.parametrize(
    ("since", "until", "today", "ranges"),
    [
        (None, None, None, [""]),
        (None, None, DAY, [""]),
        (DAY, DAY, None, ["20240115-20240115"]),
        (DAY, None, None, ["20240115-"]),
        (None, DAY, DAY, ["-20240115"]),
        (DAY, DAY, DAY, ["20240115"]),
        (date(2024, 1, 13), None, DAY, ["20240113", "20240114", "20240115", "20240116-"]),
        (date(2024, 1, 13), date(2024, 1, 14), DAY, ["20240113", "20240114"]),
        (date(2024, 1, 17), None, DAY, ["20240117-"]),
        (date(2020, 1, 1), None, DAY, ["20200101-"]),
    ],
)
def test_windows_become_date_filters(since, until, today, ranges):
    assert list(date_ranges(since, until, today=today)) == ranges
