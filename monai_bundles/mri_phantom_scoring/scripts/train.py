"""Trains the network on simulated slices only: ``python -m scripts.train --steps 3000``.

Run in the bundle's folder with the AIQA package installed; needs no data, no GPU and no network.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.networks.nets import Classifier, UNet
from numpy.typing import NDArray

from scripts.dataset import Sample, random_sample

SLICE_CLASSES = 13
Arrays = dict[str, NDArray[Any]]
SIGMA = 1.3


def network(part: str) -> torch.nn.Module:
    """Return the network of configs/inference.json that finds landmarks, or the one that names slice and kind."""
    name = "network_def" if part == "landmarks" else "classifier_def"
    config = json.loads((Path(__file__).parents[1] / "configs" / "inference.json").read_text())[name]
    target = UNet if part == "landmarks" else Classifier
    return target(**{key: value for key, value in config.items() if not key.startswith("_")})


def draw(seed: int, count: int) -> list[Sample]:
    """Return ``count`` samples of the training mix."""
    rng = np.random.default_rng(seed)
    return [random_sample(rng) for _ in range(count)]


def generate(seed: int, count: int, workers: int) -> list[Sample]:
    """Return samples in chunks of 100 with their own seeds, so that the number of workers changes nothing."""
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        chunks = pool.starmap(draw, [(seed * 100_000 + k, 100) for k in range(count // 100)])
    return [sample for chunk in chunks for sample in chunk]


def heat_maps(landmarks: torch.Tensor, size: int) -> torch.Tensor:
    """Return Gaussians at ``[b, k, (column, row)]``; those far outside vanish."""
    axis = torch.arange(size, dtype=torch.float32)
    across = torch.exp(-((axis - landmarks[..., 0:1]) ** 2) / (2 * SIGMA**2))
    down = torch.exp(-((axis - landmarks[..., 1:2]) ** 2) / (2 * SIGMA**2))
    return down[..., :, None] * across[..., None, :]


def augment(images: torch.Tensor, marks: torch.Tensor, rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a batch transposed and flipped at random, with other gains, gammas and noise."""
    last = images.shape[-1] - 1
    if rng.random() < 0.5:
        images, marks = images.transpose(-1, -2), marks.flip(-1)
    for axis in (0, 1):
        if rng.random() < 0.5:
            images = images.flip(-1 - axis)
            marks = marks.clone()
            marks[..., axis] = last - marks[..., axis]
    gamma = torch.as_tensor(rng.uniform(0.75, 1.3, (len(images), 1, 1, 1)), dtype=torch.float32)
    gain = torch.as_tensor(rng.uniform(0.85, 1.15, (len(images), 1, 1, 1)), dtype=torch.float32)
    noise = torch.as_tensor(rng.normal(0, 1, images.shape) * rng.uniform(0, 0.04), dtype=torch.float32)
    return (gain * images.clamp(min=0) ** gamma + noise).contiguous(), marks


def losses(output: torch.Tensor, marks: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Return the losses of landmark maps, slice class and kind; those that the network does not give are 0."""
    cross, zero = torch.nn.functional.cross_entropy, torch.zeros(())
    if output.ndim == 2:
        return zero, cross(output[:, :SLICE_CLASSES], labels[:, 1]), cross(output[:, SLICE_CLASSES:], labels[:, 0])
    target = heat_maps(marks, output.shape[-1])
    return ((output - target) ** 2 * (1 + 60 * target)).mean(), zero, zero


def stacked(samples: list[Sample]) -> Arrays:
    """Return images ``[n, 1, row, column]``, landmarks and (kind, slice class) of samples as arrays."""
    return {
        "images": np.stack([sample.image for sample in samples])[:, None],
        "landmarks": np.stack([sample.landmarks for sample in samples]),
        "labels": np.array([(sample.kind, sample.slice_class) for sample in samples]),
    }


def train(model: torch.nn.Module, samples: Arrays, options: argparse.Namespace) -> None:
    """Train the network in place; prints one line every 100 steps."""
    rng, steps, batch = np.random.default_rng(options.seed), options.steps, options.batch
    model = model.to(memory_format=torch.channels_last)
    images, marks = torch.from_numpy(samples["images"]), torch.from_numpy(samples["landmarks"])
    labels = torch.from_numpy(samples["labels"])
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=options.rate, total_steps=steps, pct_start=0.1)
    started, order = time.monotonic(), np.zeros(0, int)
    recent: list[NDArray[np.float64]] = []
    for step in range(steps):
        if len(order) < batch:
            order = rng.permutation(len(images))
        chosen, order = order[:batch], order[batch:]
        x, y = augment(images[chosen], marks[chosen], rng)
        parts = losses(model(x.contiguous(memory_format=torch.channels_last)), y, labels[chosen])
        optimizer.zero_grad()
        (100 * parts[0] + parts[1] + parts[2]).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        recent.append(np.array([float(part.detach()) for part in parts]))
        if (step + 1) % 100 == 0:
            heat, slices, kind = np.mean(recent, axis=0)
            seconds = time.monotonic() - started
            print(f"step {step + 1} heat {heat:.5f} slice {slices:.4f} kind {kind:.4f} {seconds:.0f} s", flush=True)
            recent.clear()


def obtain(options: argparse.Namespace) -> Arrays:
    """Return the samples of all seeds, from the cache folder where they have been drawn before."""
    parts: list[Arrays] = []
    for seed in options.sample_seeds:
        kept = options.cache / f"samples-{seed}-{options.samples}.npz"
        started = time.monotonic()
        if not kept.exists():
            np.savez(kept, **stacked(generate(seed, options.samples, options.workers)))
            print(f"drew {options.samples} samples of seed {seed} in {time.monotonic() - started:.0f} s", flush=True)
        with np.load(kept) as arrays:
            parts.append({name: arrays[name] for name in arrays.files})
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def main() -> None:
    """Generate, train, save the state dictionary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("landmarks", "classes"), required=True)
    parser.add_argument("--samples", type=int, default=3000, help="samples per sample seed")
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--seed", type=int, default=20260)
    parser.add_argument("--rate", type=float, default=4e-3)
    parser.add_argument("--sample-seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--start", type=Path, default=None, help="weights to start from")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("models/model.pt"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    settings = {key: str(value) for key, value in vars(options).items()}
    print(f"settings {json.dumps(settings)}, torch {torch.__version__}, numpy {np.__version__}", flush=True)
    samples = obtain(options)
    torch.manual_seed(options.seed)
    model = network(options.part)
    if options.start is not None:
        model.load_state_dict(torch.load(options.start, weights_only=True))
    if options.steps:
        train(model, samples, options)
        torch.save(model.state_dict(), options.out)
        print(f"saved {sum(p.numel() for p in model.parameters())} parameters", flush=True)


if __name__ == "__main__":
    main()
