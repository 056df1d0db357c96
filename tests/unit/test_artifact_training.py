"""The bundle's training script runs from nothing to weights; the graph of its networks is what it is written as."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from aiqa_integration.infer.run import run_graph

BUNDLE = Path(__file__).resolve().parents[2] / "monai_bundles" / "mri_artifact_detection"

OPTIONS = "--samples 24 --held-out 16 --series 4 --steps 3 --batch 8 --every 3 --first 9"


def trained(folder, cache):
    options = OPTIONS.split(" ")
    root = str(BUNDLE.parents[1])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([root, str(BUNDLE)]), "OMP_NUM_THREADS": "1"}
    run = subprocess.run(
        [sys.executable, "-m", "scripts.train", *options, "--cache", str(cache), "--out", str(folder / "network.pt")],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout, torch.load(folder / "network.pt", weights_only=True)


@pytest.fixture(scope="module")
def smoke(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("first"), tmp_path_factory.mktemp("cache"))


def test_a_small_training_ends_in_weights_of_every_network(smoke):
    log, weights = smoke
    assert {"trunk", "energy", "picture", "measured", "quality", "fused", "dropped", "unlike"} == set(weights)
    assert all(torch.isfinite(tensor).all() for part in weights.values() for tensor in part.values())
    assert "3 steps" in log
    assert "held out" in log


def test_networks_take_their_sources_side_by_side():
    networks = {"first": lambda x: x * 2, "second": lambda x: x.sum(dim=1, keepdim=True)}
    sources = {"first": ("image",), "second": ("first:mean", "first:max", "metrics")}
    batch = {"image": torch.arange(8.0).reshape(1, 2, 2, 2), "metrics": torch.ones(1, 3)}
    given = run_graph(networks, sources, batch)
    means, largest = (1.5 + 5.5) * 2, (3 + 7) * 2
    assert given["second"].item() == pytest.approx(means + largest + 3)
