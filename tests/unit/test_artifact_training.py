"""The bundle's scripts run from nothing to finished weights; the graph of its networks is what it is written as."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from aiqa_integration.artifact_detection.pool import CLASSES, LEVELS
from aiqa_integration.infer.run import run_graph
from aiqa_integration.infer.trees import BoostedTrees
from aiqa_integration.model.artifact import ArtifactId

BUNDLE = Path(__file__).resolve().parents[2] / "monai_bundles" / "mri_artifact_detection"

FAILURE_OUTPUTS = [LEVELS * CLASSES.index(ArtifactId.FAT_SAT_FAILURE) + level for level in range(LEVELS)]

TRAIN = "scripts.train --samples 24 --held-out 16 --series 4 --steps 3 --batch 8 --every 3 --first 9 --out network.pt"
AGAIN = (
    "scripts.train --start network.pt --half --heads . --samples 24 --held-out 16 --series 0 --steps 2 --batch 8"
    " --every 2 --first 9 --out again.pt"
)
FEW = "--suppressed 48 --suppressed-stacks 6 --suppressed-real-stacks 8"
FINISH = f"scripts.finish network.pt --learned 24 --first 9 --samples 60 --stacks 6 {FEW} --out finished.pt"
SUPPRESSED = f"scripts.finish finished.pt --suppressed-only --first 9 {FEW} --out refitted.pt"
FINISH_REAL = (
    "scripts.finish again.pt --heads . --learned 24 --first 9 --samples 16 --stacks 6 --real-stacks 8"
    f" {FEW} --out real.pt"
)


def log_of(script, folder):
    root = str(BUNDLE.parents[1])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([root, str(BUNDLE)]), "OMP_NUM_THREADS": "1"}
    run = subprocess.run(
        [sys.executable, "-m", *script.split(" "), "--cache", str(folder)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.fixture(scope="module")
def smoke(tmp_path_factory):
    folder = tmp_path_factory.mktemp("training")
    logs = log_of(TRAIN, folder), log_of(FINISH, folder)
    return logs, *(torch.load(folder / name, weights_only=True) for name in ("network.pt", "finished.pt"))


def test_a_small_training_ends_in_weights_of_every_network(smoke):
    (trained, finished), before, after = smoke
    assert {"trunk", "energy", "picture", "quality", "fused", "dropped", "unlike"} == set(after)
    assert all(not torch.isnan(tensor).any() for part in after.values() for tensor in part.values())
    changed = before["picture"]["output.weight"] != after["picture"]["output.weight"]
    assert changed.any(dim=1).nonzero().flatten().tolist() == FAILURE_OUTPUTS
    assert torch.equal(before["picture"]["hidden_0.0.weight"], after["picture"]["hidden_0.0.weight"])
    assert after["quality"]["leaf"].abs().max() > 0
    assert after["fused"].keys() == before["fused"].keys()
    assert (after["unlike"][next(iter(after["unlike"]))] != 0).any()
    assert "3 steps" in trained
    assert "part of the picture" in finished
    assert "6 stacks" in finished


def test_failed_suppression_is_refitted_and_nothing_else(smoke, tmp_path):
    _, _, before = smoke
    spoilt = {name: {key: value.clone() for key, value in part.items()} for name, part in before.items()}
    spoilt["quality"]["leaf"][FAILURE_OUTPUTS] = 9.0
    spoilt["picture"]["output.bias"][FAILURE_OUTPUTS] = 9.0
    spoilt["fused"]["output.bias"][FAILURE_OUTPUTS] = 9.0
    torch.save(spoilt, tmp_path / "finished.pt")
    log_of(SUPPRESSED, tmp_path)
    after = torch.load(tmp_path / "refitted.pt", weights_only=True)
    assert all(torch.equal(after[name][key], value) for name, part in before.items() for key, value in part.items())


def head_like(path, side, seed):
    """Write an ellipsoid with a bright shell, as a volume of a package that real heads are read from."""
    nibabel = pytest.importorskip("nibabel")
    z, y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j, -1 : 1 : side * 1j]
    radius = np.sqrt((z / 0.9) ** 2 + (y / 0.85) ** 2 + (x / 0.7) ** 2)
    signal = 60.0 * (radius < 0.8) + 150.0 * ((radius > 0.85) & (radius < 1.0))
    voxels = signal + np.random.default_rng(seed).normal(0, 2, signal.shape)
    path.parent.mkdir(parents=True)
    nibabel.save(nibabel.Nifti1Image(np.maximum(voxels, 0).astype(np.float32), np.diag([2.0, 2.0, 2.0, 1.0])), path)


def test_training_goes_on_and_points_are_set_by_heads_of_packages(smoke, tmp_path):
    pytest.importorskip("nilearn")
    torch.save(smoke[1], tmp_path / "network.pt")
    head_like(tmp_path / "mricron" / "templates" / "ch2.nii.gz", 80, 1)
    head_like(tmp_path / "S1" / "anatomicals" / "raw.nii.gz", 80, 2)
    trained, finished = log_of(AGAIN, tmp_path), log_of(FINISH_REAL, tmp_path)
    assert "heads to train on: ['mricron/templates/ch2.nii.gz']" in trained
    before, after = smoke[1], torch.load(tmp_path / "again.pt", weights_only=True)
    assert all(torch.equal(before["dropped"][key], tensor) for key, tensor in after["dropped"].items())
    assert any(not torch.equal(before["trunk"][key], tensor) for key, tensor in after["trunk"].items())
    assert "real heads: 8 stacks" in finished


def test_trees_go_right_above_their_limit():
    trees = BoostedTrees(2, 1, trees=1, depth=2)
    trees.place[0, 0] = torch.tensor([0, 1, 1])
    trees.limit[0, 0] = torch.tensor([0.5, 0.2, 0.8])
    trees.leaf[0, 0] = torch.tensor([1.0, 2.0, 4.0, 8.0])
    trees.start[0] = 100.0
    given = torch.tensor([[0.5, 0.2], [0.5, 0.3], [0.6, 0.8], [0.6, 0.9]])
    assert trees(given)[:, 0].tolist() == [101.0, 102.0, 104.0, 108.0]


def test_networks_take_their_sources_side_by_side():
    networks = {"first": lambda x: x * 2, "second": lambda x: x.sum(dim=1, keepdim=True)}
    sources = {"first": ("image",), "second": ("first:mean", "first:max", "metrics")}
    batch = {"image": torch.arange(8.0).reshape(1, 2, 2, 2), "metrics": torch.ones(1, 3)}
    given = run_graph(networks, sources, batch)
    means, largest = (1.5 + 5.5) * 2, (3 + 7) * 2
    assert given["second"].item() == pytest.approx(means + largest + 3)
