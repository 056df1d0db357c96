"""What follows training: calibrated probabilities, the measure of being unlike the training, tables."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from aiqa_integration.artifact_detection.pool import CLASSES, LEVELS
from scripts.dataset import UNKNOWN
from scripts.network import Arrays, answers
from scripts.scores import auc, likeness

USUAL = 0.99
"""Share of the training images that are no more unlike than 1."""


def fit_unlike(networks: torch.nn.ModuleDict, features: NDArray[np.floating]) -> None:
    """Set the layer whose output has a norm of 1 for features as unlike as one training image in a hundred.

    The norm is the Mahalanobis distance with a covariance shrunk towards the identity, over its 99th percentile.
    Source: Ledoit and Wolf, J Multivariate Anal 2004;88:365.
    """
    x = features.astype(np.float64)
    middle, scale = x.mean(axis=0), x.std(axis=0) + 1e-6
    z = (x - middle) / scale
    count, size = z.shape
    covariance = z.T @ z / count
    mean = np.trace(covariance) / size
    spread = ((covariance - mean * np.eye(size)) ** 2).sum() / size
    error = (((z**2).T @ (z**2)) / count - covariance**2).sum() / size / count
    share = min(error / max(spread, 1e-12), 1.0)
    shrunk = (1 - share) * covariance + share * mean * np.eye(size)
    whitening = np.linalg.inv(np.linalg.cholesky(shrunk))
    limit = float(np.quantile(np.linalg.norm(z @ whitening.T, axis=1), USUAL))
    weight = whitening / scale / limit
    layer = next(module for module in networks["unlike"].modules() if isinstance(module, torch.nn.Linear))
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weight))
        layer.bias.copy_(torch.from_numpy(-weight @ middle))
    print(f"unlike: shrinkage {share:.4f}, limit {limit:.2f} of {size} features", flush=True)


def calibrate(networks: torch.nn.ModuleDict, outputs: Arrays, arrays: Arrays) -> None:
    """Scale and shift each output of the fused layer so that it is a probability on held-out samples (Platt)."""
    logits = torch.from_numpy(outputs["fused"]).double()
    level, mr = torch.from_numpy(arrays["severity"]).long(), torch.from_numpy(arrays["mr"])
    wanted = torch.stack([level > step for step in range(LEVELS)], dim=2).flatten(1).double()
    known = ((level != UNKNOWN) & mr[:, None]).double()[:, :, None].expand(-1, -1, LEVELS).flatten(1)
    wanted, known = torch.cat([wanted, mr[:, None].double()], dim=1), torch.cat([known, torch.ones(len(mr), 1)], dim=1)
    slope, shift = (
        torch.full((logits.shape[1],), start, dtype=torch.double, requires_grad=True) for start in (0.0, 0.0)
    )
    optimizer = torch.optim.LBFGS([slope, shift], max_iter=100)

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        said = logits * slope.exp() + shift
        entropy = torch.nn.functional.binary_cross_entropy_with_logits(said, wanted, reduction="none")
        total = (entropy * known).sum() / known.sum() * logits.shape[1] + 1e-2 * (slope**2 + shift**2).sum() / len(
            mr
        ) ** 0.5
        total.backward()
        return total

    optimizer.step(loss)
    layer = next(module for module in networks["fused"].modules() if isinstance(module, torch.nn.Linear))
    with torch.no_grad():
        gain = slope.exp().float().to(layer.weight.device)
        layer.weight.mul_(gain[:, None])
        layer.bias.copy_(layer.bias * gain + shift.float().to(layer.bias.device))
    print(f"calibration: slopes {slope.exp().min():.2f} to {slope.exp().max():.2f}", flush=True)


def table_of(networks: torch.nn.ModuleDict, arrays: Arrays, device: str) -> dict[str, dict[str, float]]:
    """Return by class: area under the curve of severity 2 and 3 against none, of each part; likeness of the maps."""
    outputs, level, mr = answers(networks, arrays, device), arrays["severity"], arrays["mr"]
    table = {}
    for place, artifact in enumerate(CLASSES):
        usable = mr & ((level[:, place] >= 2) | (level[:, place] == 0))
        truth, column = level[usable, place] >= 2, 3 * place + 1
        if not truth.any():
            continue
        row = {name: auc(truth, outputs[name][usable, column]) for name in ("picture", "quality", "fused")}
        present = np.flatnonzero(mr & (level[:, place] >= 2))
        maps = [likeness(outputs["energy"][k, place], arrays["energy"][k, place]) for k in present]
        table[str(artifact)] = {key: round(value, 4) for key, value in row.items()} | {
            "map": round(float(np.median(maps)), 3),
            "positives": float(len(present)),
        }
    means = {key: float(np.mean([row[key] for row in table.values()])) for key in ("picture", "quality", "fused")}
    table["mean"] = {key: round(value, 4) for key, value in means.items()}
    table["mr"] = {"fused": round(auc(mr, outputs["fused"][:, -1]), 4)}
    return table
