"""The shipped artifact bundle: whole, and joined to what prepares its inputs and reads its outputs."""

import numpy as np
import pytest

from aiqa_integration.artifact_detection.gate import likeness
from aiqa_integration.artifact_detection.inputs import CHANNELS, GRID
from aiqa_integration.artifact_detection.pool import CLASSES, LEVELS, pool
from aiqa_integration.infer.bundle import find_bundles, read_metadata, verify
from aiqa_integration.infer.run import BundleRunner
from aiqa_integration.metrics.image_quality import IMAGE_QUALITY, SERIES_QUALITY

NAME = "mri_artifact_detection"


@pytest.fixture(scope="module")
def bundle():
    return find_bundles()[NAME]


@pytest.fixture(scope="module")
def golden(bundle):
    with np.load(bundle.folder / "golden/input.npz") as arrays:
        return {name: arrays[name] for name in arrays.files}


@pytest.fixture(scope="module")
def outputs(bundle, golden):
    return BundleRunner({NAME: bundle}).run(NAME, golden)


def test_the_shipped_bundle_is_right(bundle):
    checks = verify(bundle)
    assert [check.name for check in checks if not check.passed] == []


def test_it_declares_what_it_is_given(bundle):
    declared = read_metadata(bundle)["network_data_format"]
    inputs = {name: (spec["num_channels"], *spec["spatial_shape"]) for name, spec in declared["inputs"].items()}
    assert inputs == {
        "image": (CHANNELS, GRID, GRID),
        "metrics": (len(IMAGE_QUALITY),),
        "series": (len(SERIES_QUALITY),),
    }
    named = declared["inputs"]["metrics"]["channel_def"]
    assert [named[str(k)] for k in range(len(IMAGE_QUALITY))] == [metric.id for metric in IMAGE_QUALITY]
    assert declared["outputs"]["severity"]["num_channels"] == len(CLASSES) * LEVELS


def test_its_answers_become_assessments(outputs):
    assert [found.artifact for found in pool(outputs)] == list(CLASSES)
    assert 0.0 <= likeness(outputs).assessable <= 1.0
