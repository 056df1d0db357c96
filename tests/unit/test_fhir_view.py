"""The flat table of metrics: what the view makes of Observations, and that the dashboard asks for what it has."""

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from aiqa_integration.fhir.bundle import report_bundle_bytes
from aiqa_integration.fhir.local import local_resources
from tests.fhir_reports import MIXED, header, phantom_report, refused_report
from tests.sql_on_fhir import rows

ROOT = Path(__file__).parents[2]
VIEW = json.loads((ROOT / "aiqa_integration/fhir/views/qa_metric.json").read_text())
DASHBOARD = json.loads((ROOT / "docs/dashboards/grafana-qa-metric.json").read_text())
COLUMNS = [column["name"] for select in VIEW["select"] for column in select["column"]]


def table(report):
    found = local_resources(report_bundle_bytes(report, header(report)))
    plain = [json.loads(resource.written(1, _moment()), parse_float=Decimal) for resource in found]
    return [row for resource in plain for row in rows(VIEW, resource)]


def _moment():
    from tests.facade_samples import NOW

    return NOW


@pytest.fixture(scope="module")
def metrics():
    return {str(row["metric"]): row for row in table(phantom_report(simulated=True))}


def test_each_metric_is_a_row_with_every_column(metrics):
    assert metrics.keys() == {judgement.measurement.metric.id for judgement in MIXED}
    assert all(list(row) == COLUMNS for row in metrics.values())


def test_a_measured_metric_has_its_value_uncertainty_limits_and_verdict(metrics):
    length = metrics["mr-length-horizontal-slice5"]
    assert (length["value"], length["unit"]) == (Decimal("190.0"), "mm")
    assert length["expanded_uncertainty"] == Decimal("0.5")
    limits = [length[name] for name in ("action_low", "tolerance_low", "tolerance_high", "action_high")]
    assert limits == [187, 188, 192, 193]
    assert (length["interpretation"], length["not_measured"]) == ("N", None)
    assert metrics["mr-percent-image-uniformity"]["action_high"] is None
    assert metrics["mr-percent-image-uniformity"]["interpretation"] == "LL"


def test_a_metric_without_a_value_says_why(metrics):
    missing = metrics["mr-slice-thickness"]
    assert (missing["value"], missing["not_measured"]) == (None, "slice-missing")


def test_each_row_names_scanner_run_time_and_outcome(metrics):
    row = metrics["mr-snr"]
    assert row["scanner"] == "SIEMENS Prisma (MR2)"
    assert re.fullmatch(r"[0-9a-f-]{36}", str(row["scanner_id"]))
    assert (row["run"], row["outcome"], row["status"]) == ("acr-mri-run", "fail", "final")
    assert (row["performed_on"], row["simulated"]) == ("2026-11-20", True)


def test_a_refused_series_has_no_metrics_and_so_no_rows():
    assert table(refused_report()) == []


def test_the_dashboard_reads_only_what_the_view_has():
    asked = [target["rawSql"] for panel in DASHBOARD["panels"] for target in panel.get("targets", [])]
    asked += [found["query"] for found in DASHBOARD["templating"]["list"] if found["type"] == "query"]
    assert len(asked) > 4
    for sql in asked:
        assert re.search(r"\bFROM qa_metric\b", sql), sql
        words = set(re.findall(r"\b[a-z]+(?:_[a-z]+)*\b", re.sub(r"'[^']*'|\"[^\"]*\"|\$\w+|\$\{[^}]*\}", "", sql)))
        assert words - {"qa_metric", "count", "avg", "sum", "date_trunc", "month", "timestamptz", "numeric"} <= set(
            COLUMNS
        ), sql
