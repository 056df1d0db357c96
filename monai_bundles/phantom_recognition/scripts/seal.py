"""Sets temperature and energy of a trained network, then writes golden files and manifest: ``python -m scripts.seal``.

``python -m scripts.seal network.pt``, last of all; without an argument models/model.pt stays as it is. The calibration
images are simulated and of a seed of their own. The last layer is divided by the temperature and its bias moved, which
leaves the probabilities alone, so that the energy of one calibration image in a thousand is below 0.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from aiqa_integration.infer.bundle import WEIGHTS, Bundle
from aiqa_integration.infer.run import seal
from scripts.dataset import unpack
from scripts.train import every_class, network

CALIBRATION_SEED, CALIBRATION_IMAGES = 80_000_001, 3600
UNUSUAL = 0.001
GOLDEN_SEED, GOLDEN_IMAGES = 4711, 3


def calibrated(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the weights with temperature and energy as described above; prints both."""
    model = network()
    model.load_state_dict(weights)
    model.eval()
    samples = every_class(CALIBRATION_SEED, CALIBRATION_IMAGES)
    labels = torch.from_numpy(samples["classes"])
    with torch.inference_mode():
        parts = [
            model(torch.from_numpy(unpack(samples["pixels"][k : k + 64], samples["constants"][k : k + 64])))
            for k in range(0, len(labels), 64)
        ]
    logits = torch.cat(parts)
    losses = {t: float(torch.nn.functional.cross_entropy(logits / t, labels)) for t in np.geomspace(0.2, 5, 120)}
    temperature = min(losses, key=losses.__getitem__)
    energy = torch.logsumexp(logits / temperature, 1)
    shift = float(torch.quantile(energy, UNUSUAL))
    right = float((logits.argmax(1) == labels).float().mean())
    print(f"temperature {temperature:.3f}, energy shift {shift:.3f}, loss {losses[temperature]:.4f}, right {right:.4f}")
    moved = {"fc.weight": weights["fc.weight"] / temperature, "fc.bias": weights["fc.bias"] / temperature - shift}
    return weights | moved


def main() -> None:
    """Calibrate, draw golden samples, seal all files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path, nargs="?", help="what scripts.train saved")
    options = parser.parse_args()
    torch.set_num_threads(1)
    folder = Path(__file__).resolve().parents[1]
    if options.weights is not None:
        trained = torch.load(options.weights, weights_only=True)
        torch.save({"network_def": calibrated(trained)}, folder / WEIGHTS)
    samples = every_class(GOLDEN_SEED, GOLDEN_IMAGES)
    image = unpack(samples["pixels"], samples["constants"])
    seal(Bundle(name=folder.name, folder=folder), {"image": image})


if __name__ == "__main__":
    main()
