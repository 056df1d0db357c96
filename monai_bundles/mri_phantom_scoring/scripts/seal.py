"""Joins both networks' weights, writes golden input and output from a fixed seed, and the manifest.

``python -m scripts.seal LANDMARKS.pt CLASSES.pt``, last of all; without arguments models/model.pt stays as it is.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from aiqa_integration.infer.bundle import WEIGHTS, Bundle
from aiqa_integration.infer.run import seal
from scripts.dataset import random_sample

GOLDEN_SEED = 4711


def main() -> None:
    """Join, draw four samples, run them, save both, seal all files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path, nargs="*", help="landmarks.pt and classes.pt")
    options = parser.parse_args()
    folder = Path(__file__).resolve().parents[1]
    if options.weights:
        parts = zip(("network_def", "classifier_def"), options.weights, strict=True)
        joined = {name: torch.load(path, weights_only=True) for name, path in parts}
        torch.save(joined, folder / WEIGHTS)
    rng = np.random.default_rng(GOLDEN_SEED)
    image = np.stack([random_sample(rng).image[None] for _ in range(4)])
    seal(Bundle(name=folder.name, folder=folder), {"image": image})


if __name__ == "__main__":
    main()
