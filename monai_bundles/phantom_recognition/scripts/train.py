"""Trains the network: ``python -m scripts.train --samples 10000 --steps 4000``, in the bundle's folder.

Images are simulated; real ones that show no phantom are added where packages that hold some are installed. Needs no GPU
and no network.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.networks import nets
from numpy.typing import NDArray

from scripts.dataset import PIXEL_CHANNELS, Sample, confused_sample, random_sample, to_sample, unpack
from scripts.package_images import random_picture, sources

Arrays = dict[str, NDArray[Any]]
CONFIG = Path(__file__).parents[1] / "configs" / "inference.json"
SMOOTHING = 0.02
"""Share of a label that is spread over all classes: keeps doubt where two objects look alike."""


def network() -> torch.nn.Module:
    """Return the untrained network of configs/inference.json."""
    config = json.loads(CONFIG.read_text())["network_def"]
    built: torch.nn.Module = getattr(nets, config.pop("_target_"))(**config)
    return built


def simulated(seed: int, count: int) -> Iterator[Sample]:
    """Yield samples of the training mix."""
    rng = np.random.default_rng(seed)
    return (random_sample(rng) for _ in range(count))


def confused(seed: int, count: int) -> Iterator[Sample]:
    """Yield samples of what is easily confused."""
    rng = np.random.default_rng(seed)
    return (confused_sample(rng) for _ in range(count))


def real(seed: int, count: int, *, held_out: bool) -> Iterator[Sample]:
    """Yield samples of real pictures without a phantom, every source as often; none where none is installed."""
    rng, found = np.random.default_rng(seed), sources(held_out=held_out)
    for place in range(count if found else 0):
        source = found[place % len(found)]
        yield to_sample(random_picture(source, rng), (source.kind, "any"))


def stacked(samples: Iterator[Sample]) -> Arrays:
    """Return pixels ``[n, 3, row, column]``, constants ``[n, 4]`` and classes ``[n]`` of samples."""
    rows = [(sample.pixels, sample.constants, sample.class_) for sample in samples]
    pixels, constants, classes = zip(*rows, strict=True) if rows else ((), (), ())
    return {"pixels": np.array(pixels), "constants": np.array(constants), "classes": np.array(classes, np.int64)}


def kept(folder: Path, name: str, make: Iterator[Sample]) -> Arrays:
    """Return samples from the cache folder, drawn first where they are not there."""
    path, started = folder / f"{name}.npz", time.monotonic()
    if not path.exists():
        np.savez(path, **stacked(make))
        print(f"drew {name} in {time.monotonic() - started:.0f} s", flush=True)
    with np.load(path) as arrays:
        return {key: arrays[key] for key in arrays.files}


@cache
def _grains() -> torch.Tensor:
    return torch.randn(3_000_000)


def grain(shape: torch.Size, rng: np.random.Generator) -> torch.Tensor:
    """Return normal noise, cut at a random place from a store that is drawn once."""
    start = int(rng.integers(len(_grains()) - shape.numel()))
    return _grains()[start : start + shape.numel()].view(shape)


def augment(images: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Return the batch shifted, turned by quarters, flipped, with other contrast, noise and holes in its pixels."""
    constants, pixels = images[:, PIXEL_CHANNELS:], images[:, :PIXEL_CHANNELS]
    pixels = torch.rot90(pixels, int(rng.integers(4)), (2, 3))
    pixels = pixels.flip(3) if rng.random() < 0.5 else pixels
    shift = rng.integers(-images.shape[2] // 20, images.shape[2] // 20 + 1, 2)
    pixels = torch.roll(pixels, (int(shift[0]), int(shift[1])), (2, 3))
    shape = (len(pixels), PIXEL_CHANNELS, 1, 1)
    bend, gain, noise = (
        torch.as_tensor(rng.uniform(low, high, shape), dtype=torch.float32)
        for low, high in ((-0.5, 0.5), (0.85, 1.15), (0, 0.05))
    )
    pixels = gain * (pixels + bend * pixels * (1 - pixels)) + noise * grain(pixels.shape, rng)
    dropped = torch.as_tensor(rng.random(shape) > 0.08, dtype=torch.float32)
    return torch.cat([pixels * dropped, constants], dim=1)


def train(model: torch.nn.Module, samples: Arrays, options: argparse.Namespace) -> None:
    """Train the network in place; prints a line every 100 steps."""
    rng, labels = np.random.default_rng(options.seed), torch.from_numpy(samples["classes"])
    model = model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), lr=options.rate, weight_decay=5e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, options.rate, total_steps=options.steps, pct_start=0.15)
    started, lost, right = time.monotonic(), 0.0, 0
    order = np.concatenate(
        [rng.permutation(len(labels)) for _ in range(1 + options.steps * options.batch // len(labels))]
    )
    for step in range(options.steps):
        chosen = np.sort(order[step * options.batch : (step + 1) * options.batch])
        images = torch.from_numpy(unpack(samples["pixels"][chosen], samples["constants"][chosen]))
        images = augment(images, rng).contiguous(memory_format=torch.channels_last)
        output = model(images)
        loss = torch.nn.functional.cross_entropy(output, labels[chosen], label_smoothing=SMOOTHING)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        lost, right = lost + float(loss.detach()), right + int((output.argmax(1) == labels[chosen]).sum())
        if (step + 1) % 100 == 0:
            share, seconds = right / 100 / options.batch, time.monotonic() - started
            print(f"step {step + 1} loss {lost / 100:.4f} right {share:.4f} {seconds:.0f} s", flush=True)
            lost, right = 0.0, 0
            torch.save(model.state_dict(), options.out)


def main() -> None:
    """Draw, train, save the state dictionary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=10_000, help="simulated samples per sample seed")
    parser.add_argument("--real", type=int, default=600, help="samples of real pictures without a phantom")
    parser.add_argument("--confused", type=int, default=0, help="further simulated samples of what is easily confused")
    parser.add_argument("--sample-seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--seed", type=int, default=20261)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--start", type=Path, default=None, help="weights to start from")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--out", type=Path, default=Path("network.pt"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    shown = {key: str(value) for key, value in vars(options).items() if key not in {"cache", "out", "start"}}
    print(f"settings {json.dumps(shown)}, torch {torch.__version__}, numpy {np.__version__}", flush=True)
    parts = [
        kept(options.cache, f"simulated-{seed}-{options.samples}", simulated(seed, options.samples))
        for seed in options.sample_seeds
    ]
    if options.real:
        parts.append(kept(options.cache, f"real-{options.real}", real(7, options.real, held_out=False)))
    if options.confused:
        parts.append(kept(options.cache, f"confused-{options.confused}", confused(11, options.confused)))
    counts = [len(part["classes"]) for part in parts]
    samples = {key: np.concatenate([part[key] for part in parts if len(part["classes"])]) for key in parts[0]}
    print(f"{counts} samples", flush=True)
    model = network()
    if options.start is not None:
        model.load_state_dict(torch.load(options.start, weights_only=True))
    if options.steps:
        train(model, samples, options)
        torch.save(model.state_dict(), options.out)
        print(f"saved {sum(p.numel() for p in model.parameters())} parameters", flush=True)


if __name__ == "__main__":
    main()
