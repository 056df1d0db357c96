"""What the record of scanners must do, in whatever database: run on SQLite by tests/unit, on PostgreSQL by contract."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest
from scipy.special import expit

from aiqa_integration.artifact_detection.states import CalibrationEvent
from aiqa_integration.errors import LedgerError
from aiqa_integration.ledger.scanner_record import SqlScannerRecord
from aiqa_integration.ledger.sql_ledger import SqlLedger
from aiqa_integration.ledger.views import Place
from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.model.calibration import UNCALIBRATED
from aiqa_integration.model.identity import Device, device_key
from aiqa_integration.model.report import BundleVersion
from aiqa_integration.model.screening import Screening
from aiqa_integration.pipeline.ports import ScannerRecord
from aiqa_integration.trends.drift import FALSE_DISCOVERY_RATE, share_drift
from tests.ledger_cases import at, claimed, measured_result, report_of, settle

DEVICE = Device(manufacturer="Maker", model="M", serial="7", station="MR2")
BUNDLE = BundleVersion(name="b", version="1", weights_sha256="0" * 64)
FAMILY = "t2-spin-echo"
MOTION = Place(device_key=device_key(DEVICE), family=FAMILY, artifact=ArtifactId.MOTION)


def screen(
    ledger: SqlLedger,
    number: int,
    *,
    raw: float = 0.9,
    metric: float = 1.0,
    metrics: Mapping[str, float] = MappingProxyType({}),
    audit: bool = False,
    bundle: str = "1",
) -> str:
    """Take a series through the ledger to a screening; return its UID."""
    series = f"1.2.3.{number}"
    job = claimed(ledger, settle(ledger, series=series))
    screening = Screening(
        family=FAMILY,
        raw={ArtifactId.MOTION: raw, ArtifactId.GHOST: 0.01},
        metrics={"mr-iqm-sharpness": metric, **metrics},
        distance=0.5,
        audit=audit,
    )
    report = replace(report_of(job), screening=screening, bundle=replace(BUNDLE, version=bundle))
    ledger.finish_job(job, measured_result(job, report=report), now=at(number))
    return series


class ScannerRecordCases:
    """Screenings, answers, calibrations, drift."""

    def test_it_is_a_scanner_record(self, ledger: SqlLedger) -> None:
        port: ScannerRecord = SqlScannerRecord(ledger.engine)
        assert port.calibrations(DEVICE, FAMILY, BUNDLE) == {}
        assert port.usual(DEVICE, FAMILY) == {}

    def test_an_answer_is_counted_and_the_last_one_counts(self, ledger: SqlLedger) -> None:
        record, series = SqlScannerRecord(ledger.engine), screen(ledger, 1)
        record.answer(series, {ArtifactId.MOTION: True}, who="reader", at=at(10))
        found = record.answer(series, {ArtifactId.MOTION: False}, who="reader", at=at(20))
        assert found == {ArtifactId.MOTION: replace(UNCALIBRATED, reviewed=1, positives=0)}

    def test_answers_activate_and_the_audit_says_so(self, ledger: SqlLedger) -> None:
        record, rng = SqlScannerRecord(ledger.engine), np.random.default_rng(5)
        for number in range(60):
            logit = rng.normal(0, 4)
            series = screen(ledger, number, raw=float(expit(logit)))
            record.answer(series, {ArtifactId.MOTION: bool(logit > 0)}, who="reader", at=at(number))
        found = record.calibrations(DEVICE, FAMILY, BUNDLE)[ArtifactId.MOTION]
        assert found.state == "active"
        assert found.reviewed == 60
        assert record.calibrations(DEVICE, FAMILY, replace(BUNDLE, version="2")) == {}
        assert record.calibrations(replace(DEVICE, serial="8"), FAMILY, BUNDLE) == {}
        assert ledger.audit_broken_at() is None
        suspended = record.change(MOTION, CalibrationEvent.SUSPENDED_BY_PERSON, who="physicist", why="coil", at=at(99))
        assert suspended.state == "suspended"
        assert suspended.revision == found.revision + 1
        assert [known.calibration.state for known in record.all_calibrations()] == ["suspended"]

    def test_another_bundle_starts_uncalibrated(self, ledger: SqlLedger) -> None:
        record = SqlScannerRecord(ledger.engine)
        record.answer(screen(ledger, 1), {ArtifactId.MOTION: True}, who="reader", at=at(10))
        record.answer(screen(ledger, 2, bundle="2"), {ArtifactId.MOTION: True}, who="reader", at=at(20))
        newer = replace(BUNDLE, version="2")
        assert record.calibrations(DEVICE, FAMILY, newer)[ArtifactId.MOTION].reviewed == 1
        assert record.calibrations(DEVICE, FAMILY, BUNDLE) == {}

    def test_a_person_may_adopt_a_calibration_once_and_answers_judge_it(self, ledger: SqlLedger) -> None:
        record = SqlScannerRecord(ledger.engine)
        adopted = record.adopt(MOTION, BUNDLE, who="physicist", why="twin of MR1", at=at(1))
        assert (adopted.state, adopted.revision, adopted.ppv_low) == ("active", 1, None)
        assert record.calibrations(DEVICE, FAMILY, BUNDLE)[ArtifactId.MOTION] == adopted
        with pytest.raises(LedgerError, match="does not know"):
            record.adopt(MOTION, BUNDLE, who="physicist", why="again", at=at(2))
        found = record.answer(screen(ledger, 1), {ArtifactId.MOTION: True}, who="reader", at=at(3))
        assert found[ArtifactId.MOTION] == replace(adopted, reviewed=1, positives=1)
        newer = replace(BUNDLE, version="2")
        assert record.adopt(MOTION, newer, who="physicist", why="new bundle", at=at(4)).revision == 2
        assert record.calibrations(DEVICE, FAMILY, BUNDLE) == {}

    def test_what_was_not_looked_for_cannot_be_answered(self, ledger: SqlLedger) -> None:
        record, series = SqlScannerRecord(ledger.engine), screen(ledger, 1)
        with pytest.raises(LedgerError, match="wrap"):
            record.answer(series, {ArtifactId.WRAP: True}, who="reader", at=at(10))
        with pytest.raises(LedgerError, match=r"9\.9"):
            record.answer("9.9", {ArtifactId.MOTION: True}, who="reader", at=at(10))
        with pytest.raises(LedgerError, match="no calibration"):
            record.change(MOTION, CalibrationEvent.RESUMED_BY_PERSON, who="physicist", why="", at=at(10))

    def test_flagged_and_sampled_series_wait_for_a_reviewer(self, ledger: SqlLedger) -> None:
        record = SqlScannerRecord(ledger.engine)
        flagged = screen(ledger, 1)
        screen(ledger, 2, raw=0.1)
        sampled = screen(ledger, 3, raw=0.1, audit=True)
        assert [row.series_instance_uid for row in record.to_review(10)] == [flagged, sampled]
        record.answer(flagged, {ArtifactId.MOTION: True}, who="reader", at=at(10))
        assert [row.why for row in record.to_review(10)] == [("sample",)]

    def test_usual_values_are_medians_of_enough_series(self, ledger: SqlLedger) -> None:
        record = SqlScannerRecord(ledger.engine)
        for number in range(21):
            screen(ledger, number, metric=float(number))
        assert record.usual(DEVICE, FAMILY) == {"mr-iqm-sharpness": 10.0}
        assert record.usual(DEVICE, "flair") == {}

    def test_a_change_opens_one_drift_and_changes_no_calibration(self, ledger: SqlLedger) -> None:
        record, rng = SqlScannerRecord(ledger.engine), np.random.default_rng(6)
        for number in range(200):
            screen(ledger, number, raw=0.1, metric=float(rng.normal(10, 1)))
        assert record.open_drifts() == []
        for number in range(200, 275):
            screen(ledger, number, raw=0.1, metric=float(rng.normal(12, 1)))
        (drift,) = record.open_drifts()
        assert "mr-iqm-sharpness" in drift.detail
        assert record.calibrations(DEVICE, FAMILY, BUNDLE) == {}
        record.close_drift(drift.drift_id, who="physicist", why="new coil", at=at(1000))
        assert record.open_drifts() == []
        with pytest.raises(LedgerError, match="no open drift"):
            record.close_drift(drift.drift_id, who="physicist", why="again", at=at(1001))

    def test_the_flags_are_one_of_all_that_is_watched_for_drift(self, ledger: SqlLedger) -> None:
        """The share of flagged series alone would pass at 0.001; among forty other tests that is no discovery."""
        record, rng = SqlScannerRecord(ledger.engine), np.random.default_rng(7)
        before, now = (10, 200), (14, 75)
        alone = share_drift("flagged series", before, now)
        assert alone is not None
        assert FALSE_DISCOVERY_RATE / 40 < alone.p_value < FALSE_DISCOVERY_RATE
        flagged = [number % 20 == 0 for number in range(200)] + [number % 5 == 0 for number in range(70)] + [False] * 5
        assert (sum(flagged[:200]), sum(flagged[200:])) == (before[0], now[0])
        for number, flag in enumerate(flagged):
            metrics = {f"mr-iqm-{name}": float(rng.normal()) for name in range(40)}
            screen(ledger, number, raw=0.6 if flag else 0.1, metrics=metrics)
        assert record.open_drifts() == []
