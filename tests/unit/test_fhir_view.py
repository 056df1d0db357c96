"""The flat table of metrics: what the view makes of Observations, and that the dashboard asks for what it has."""

import json
import re
import threading
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from aiqa_integration.fhir.bundle import report_bundle_bytes
from tests.facade_samples import api
from tests.fhir_reports import MIXED, phantom_report, refused_report
from tests.sql_on_fhir import rows

ROOT = Path(__file__).parents[2]
VIEW = json.loads((ROOT / "fhir_profiles/ViewDefinition/qa-metric.json").read_text())
DASHBOARDS = ROOT / "docs/dashboards"
COLUMNS = [column["name"] for select in VIEW["select"] for column in select["column"]]


def exported(folder, *reports):
    """Return the resources of the façade's bulk export, as its NDJSON files have them."""
    with api(folder) as running:
        for report in reports:
            running.keep(report)
        running.moment += timedelta(minutes=1)
        client: Any = running.client
        place = client.get("/fhir/$export", headers={"Prefer": "respond-async"}).headers["Content-Location"]
        for thread in [thread for thread in threading.enumerate() if thread.name == "fhir-export"]:
            thread.join(60)
        lines = []
        for output in client.get(place).json["output"]:
            with client.get(output["url"]) as file:
                lines += file.text.splitlines()
    return [json.loads(line, parse_float=Decimal) for line in lines]


def table(folder, *reports):
    return [row for resource in exported(folder, *reports) for row in rows(VIEW, resource)]


@pytest.fixture(scope="module")
def metrics(tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    return {str(row["metric"]): row for row in table(folder, phantom_report(simulated=True))}


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
    assert row["series_uid"] == phantom_report().ref.series_instance_uid


def test_a_refused_series_has_no_metrics_and_so_no_rows(tmp_path):
    assert table(tmp_path, refused_report()) == []


def test_only_phantom_runs_are_rows():
    (run,) = [
        entry["resource"]
        for entry in json.loads(report_bundle_bytes(phantom_report()))["entry"]
        if entry["resource"]["resourceType"] == "Observation"
    ]
    assert len(list(rows(VIEW, run))) == len(MIXED)
    assert list(rows(VIEW, {**run, "category": []})) == []


def named(value, keys):
    """Yield every text under one of some keys."""
    if isinstance(value, list):
        for item in value:
            yield from named(item, keys)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key in keys:
                yield from item if isinstance(item, list) else [item]
            yield from named(item, keys)


def test_the_dashboard_reads_only_what_the_view_has():
    charts = [yaml.safe_load(path.read_text()) for path in (DASHBOARDS / "superset/charts").glob("*.yaml")]
    (board,) = (yaml.safe_load(path.read_text()) for path in (DASHBOARDS / "superset/dashboards").glob("*.yaml"))
    dataset = yaml.safe_load((DASHBOARDS / "superset/datasets/AIQA/qa_metric.yaml").read_text())
    assert {column["column_name"] for column in dataset["columns"]} == set(COLUMNS)
    asked = set(named(charts, {"subject", "column_name", "x_axis", "groupby", "groupby_b", "all_columns"}))
    asked |= {
        target["column"]["name"]
        for item in board["metadata"]["native_filter_configuration"]
        for target in item["targets"]
    }
    assert len(charts) == 4
    assert len(asked) > 12
    assert asked <= set(COLUMNS)
    assert {chart["dataset_uuid"] for chart in charts} == {dataset["uuid"]}


def test_the_table_has_the_columns_of_the_view():
    statement = (DASHBOARDS / "qa-metric-table.sql").read_text()
    written = re.findall(r"^  (\w+) (\w+)", statement, flags=re.MULTILINE)
    kinds = {"decimal": "numeric", "boolean": "boolean", "instant": "timestamptz", "dateTime": "timestamp"}
    typed = [
        (column["name"], kinds.get(column["type"], "text")) for select in VIEW["select"] for column in select["column"]
    ]
    assert written == typed
