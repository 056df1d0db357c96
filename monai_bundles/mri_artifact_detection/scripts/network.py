"""The networks of configs/inference.json, and how samples become their tensors."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.networks import blocks, nets
from numpy.typing import NDArray

from aiqa_integration.infer.run import run_graph
from aiqa_integration.infer.trees import BoostedTrees
from scripts.dataset import SCALE, Sample

Arrays = dict[str, NDArray[Any]]
CONFIG = Path(__file__).parents[1] / "configs" / "inference.json"
APART = frozenset({"quality", "fused", "unlike", "dropped"})
"""Networks that are fitted after the others, from what they need alone."""
KEYS = ("image", "metrics", "severity", "energy", "mr")


def config() -> dict[str, Any]:
    """Return the bundle's inference.json."""
    content: dict[str, Any] = json.loads(CONFIG.read_text())
    return content


def build() -> torch.nn.ModuleDict:
    """Return the untrained networks by name, in the order of the graph."""
    settings = config()
    return torch.nn.ModuleDict({name: _built(settings[name]) for name in settings["graph"]})


def _built(definition: Any) -> torch.nn.Module:  # noqa: ANN401
    if isinstance(definition, list):
        return torch.nn.Sequential(*map(_built, definition))
    given = dict(definition)
    name = given.pop("_target_")
    target = getattr(nets, name, None) or getattr(blocks, name, BoostedTrees)
    built: torch.nn.Module = target(**given)
    return built


def stacked(samples: Iterable[Sample]) -> Arrays:
    """Return arrays of samples by field, sample first."""
    rows = list(samples)
    return {key: np.array([getattr(row, key) for row in rows]) for key in KEYS}


def joined(parts: Iterable[Arrays]) -> Arrays:
    """Return arrays one behind the other."""
    given = list(parts)
    return {key: np.concatenate([part[key] for part in given]) for key in given[0]}


def to_image(packed: torch.Tensor) -> torch.Tensor:
    """Return the network's image of channels kept as bytes."""
    return packed.float() / SCALE


def answers(networks: torch.nn.ModuleDict, arrays: Arrays, device: str) -> Arrays:
    """Return what the networks say of samples: logits of the picture, energy as 0 to 1, pooled features.

    Networks that are being trained go on being trained afterwards, others do not.
    """
    graph = {name: tuple(inputs) for name, inputs in config()["graph"].items() if name not in APART}
    trained = networks.training
    networks.eval()
    parts: dict[str, list[NDArray[Any]]] = {}
    with torch.inference_mode():
        for start in range(0, len(arrays["mr"]), 256):
            image = to_image(torch.from_numpy(arrays["image"][start : start + 256]).to(device))
            given = run_graph(networks, graph, {"image": image})
            places = given["trunk"].flatten(2)
            shown = {
                "picture": given["picture"],
                "energy": torch.sigmoid(given["energy"]),
                "trunk": torch.cat([places.mean(dim=2), places.amax(dim=2)], dim=1),
            }
            for name, value in shown.items():
                parts.setdefault(name, []).append(value.float().cpu().numpy())
    networks.train(trained)
    return {name: np.concatenate(values) for name, values in parts.items()}
