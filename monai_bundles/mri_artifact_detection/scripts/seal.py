"""Writes weights, golden files and manifest of a trained bundle: ``python -m scripts.seal network.pt``, last of all.

Without an argument models/model.pt stays as it is. Calibration and the measure of being unlike the training are part of
what ``scripts.train`` saves.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from aiqa_integration.infer.bundle import WEIGHTS, Bundle
from aiqa_integration.infer.run import seal
from scripts.dataset import draw_samples, draw_series
from scripts.network import to_image

GOLDEN_SEED, GOLDEN_IMAGES = 4712, 4


def main() -> None:
    """Draw golden samples, seal all files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path, nargs="?", help="what scripts.train saved")
    options = parser.parse_args()
    torch.set_num_threads(1)
    folder = Path(__file__).resolve().parents[1]
    if options.weights is not None:
        (folder / WEIGHTS).parent.mkdir(exist_ok=True)
        torch.save(torch.load(options.weights, weights_only=True), folder / WEIGHTS)
    rng = np.random.default_rng(GOLDEN_SEED)
    samples = [next(iter(draw_samples(rng, None))) for _ in range(GOLDEN_IMAGES)]
    series = next(iter(draw_series(rng, None)))[0]
    inputs = {
        "image": to_image(torch.from_numpy(np.stack([sample.image for sample in samples]))).numpy(),
        "metrics": np.stack([sample.metrics for sample in samples]),
        "series": np.repeat(series[None], GOLDEN_IMAGES, axis=0),
    }
    seal(Bundle(name=folder.name, folder=folder), inputs)


if __name__ == "__main__":
    main()
