"""The shipped artifact bundle: whole, and joined to what prepares its inputs and reads its outputs."""

import shutil

import numpy as np
import pytest
import torch

from aiqa_integration.artifact_detection.gate import likeness
from aiqa_integration.artifact_detection.inputs import CHANNELS, GRID, series_metrics, slice_channels, slice_metrics
from aiqa_integration.artifact_detection.pool import CLASSES, LEVELS, pool
from aiqa_integration.infer.bundle import WEIGHTS, Bundle, find_bundles, read_metadata, verify, write_manifest
from aiqa_integration.infer.run import BundleRunner
from aiqa_integration.metrics.image_quality import IMAGE_QUALITY, SERIES_QUALITY
from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.simulate.label_maps import draw_anatomy
from aiqa_integration.simulate.mri_artifacts.disturbance import clean, corrupt
from aiqa_integration.simulate.mri_artifacts.draw import draw_artifact

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


def asked(runner, voxels):
    pixel = (1.0, 1.0)
    return runner.run(
        NAME,
        {
            "image": np.stack([slice_channels(image) for image in voxels]),
            "metrics": np.stack([slice_metrics(image, pixel_mm=pixel, phase_axis=None) for image in voxels]),
            "series": np.repeat(series_metrics(voxels, pixel, None)[None], len(voxels), axis=0),
        },
    )


@pytest.fixture(scope="module")
def voids(bundle):
    """Four slices, each with and without a void, and what the bundle says of them."""
    runner, place = BundleRunner({NAME: bundle}), CLASSES.index(ArtifactId.SUSCEPTIBILITY)
    with_void, without = [], []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        anatomy = draw_anatomy(rng, shape=(1, 192, 192))
        void = draw_artifact(ArtifactId.SUSCEPTIBILITY, rng, 3, shape=anatomy.signal.shape)
        with_void.append(corrupt(anatomy, [void])[0][0])
        without.append(clean(anatomy)[0])
    voxels, intact = np.stack(with_void), np.stack(without)
    return runner, place, voxels, intact, asked(runner, voxels)


def limiting(outputs, place):
    return outputs["severity"][:, LEVELS * place + 1]


def test_where_the_map_is_high_deletion_lowers_the_score(voids):
    runner, place, voxels, intact, outputs = voids
    maps = outputs["energy"][:, place]
    high = np.array([layer >= np.quantile(layer, 0.9) for layer in maps])
    low = np.array([layer <= np.quantile(layer, 0.1) for layer in maps])

    def deleted(cells):
        return limiting(asked(runner, np.where(np.kron(cells, np.ones((8, 8))) > 0, intact, voxels)), place)

    before = limiting(outputs, place)
    assert before.mean() > 0.7
    assert deleted(high).mean() < before.mean() - 0.2
    assert deleted(high).mean() < deleted(low).mean() - 0.2


def test_other_weights_give_another_map(voids, bundle, tmp_path):
    _, place, voxels, _, outputs = voids
    folder = tmp_path / NAME
    shutil.copytree(bundle.folder, folder, ignore=shutil.ignore_patterns("__pycache__"))
    weights = torch.load(folder / WEIGHTS, weights_only=True)
    generator = torch.Generator().manual_seed(1)
    for key, tensor in weights["trunk"].items():
        if key.endswith("weight"):
            tensor.copy_(tensor.flatten()[torch.randperm(tensor.numel(), generator=generator)].view_as(tensor))
    torch.save(weights, folder / WEIGHTS)
    other = Bundle(name=NAME, folder=folder)
    write_manifest(other)
    changed = asked(BundleRunner({NAME: other}), voxels)["energy"][:, place]
    likeness_of_maps = [
        np.corrcoef(one.ravel(), two.ravel())[0, 1]
        for one, two in zip(changed, outputs["energy"][:, place], strict=True)
    ]
    assert np.median(np.abs(likeness_of_maps)) < 0.5
