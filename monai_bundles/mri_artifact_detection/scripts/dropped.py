"""Trains what tells dropped slices: a small network on the metrics of whole series."""

from __future__ import annotations

import multiprocessing
from functools import partial
from pathlib import Path

import numpy as np
import torch

from aiqa_integration.artifact_detection.pool import LEVELS
from scripts.dataset import draw_series
from scripts.scores import auc

SERIES_SEED = 60_000_000


def series_chunk(seed: int, *, maps: Path) -> list[tuple[np.ndarray, int]]:
    """Return series metrics and severity of dropped slices of the stacks of one object."""
    return list(draw_series(np.random.default_rng(seed), maps))


def drawn_series(count: int, workers: int, maps: Path) -> list[list[tuple[np.ndarray, int]]]:
    """Return what ``series_chunk`` gives for some objects, in the order of their seeds."""
    seeds = range(SERIES_SEED, SERIES_SEED + count)
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        return list(pool.imap(partial(series_chunk, maps=maps), seeds))


def train_dropped(networks: torch.nn.ModuleDict, found: list[list[tuple[np.ndarray, int]]], device: str) -> None:
    """Train what tells dropped slices from a series' metrics; a quarter of the objects is held out."""
    known = [row for place, part in enumerate(found) for row in part if place % 4]
    unseen = [row for part in found[::4] for row in part]
    x, y = (torch.from_numpy(np.array([row[k] for row in known])).to(device) for k in (0, 1))
    network = networks["dropped"]
    layer = next(module for module in network.modules() if isinstance(module, torch.nn.Linear))
    spread = (x.quantile(0.9, dim=0) - x.quantile(0.1, dim=0)).clamp_min(1e-3)
    with torch.no_grad():
        layer.weight.div_(spread)
        layer.bias.sub_(layer.weight @ x.median(dim=0).values)
    wanted = torch.stack([y > step for step in range(LEVELS)], dim=1).float()
    optimizer = torch.optim.Adam(network.parameters(), lr=5e-3, weight_decay=1e-4)
    for _ in range(1500):
        loss = torch.nn.functional.binary_cross_entropy_with_logits(network(x), wanted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.inference_mode():
        said = network(torch.from_numpy(np.array([row[0] for row in unseen])).to(device)).cpu().numpy()[:, 1]
    level = np.array([row[1] for row in unseen])
    area = auc(level[level != 1] >= 2, said[level != 1])
    print(f"dropped slices: {len(known)} stacks, loss {float(loss.detach()):.4f}, held-out area {area:.4f}", flush=True)
