"""Trains the networks: ``python -m scripts.train --samples 6000 --steps 3000``, in the bundle's folder.

Everything is simulated while training. With ``--seconds`` samples are drawn by all cores as long as that allows, and
the networks learn from what has been drawn so far; without it ``--samples`` are drawn first and kept in the cache
folder, and ``--steps`` steps follow, which gives the same weights again on the same machine.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import tempfile
import time
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import torch

from aiqa_integration.artifact_detection.pool import CLASSES, LEVELS
from aiqa_integration.infer.run import run_graph
from aiqa_integration.model.artifact import ArtifactId
from scripts.brain_maps import keep_maps
from scripts.dataset import UNKNOWN, draw_samples, draw_series
from scripts.network import APART, KEYS, Arrays, build, config, joined, stacked, to_image
from scripts.photographs import photograph_samples
from scripts.scores import auc

CHUNK = 6
"""Stacks that a worker draws at a time."""
HELD_OUT_SEED, SERIES_SEED = 70_000_000, 60_000_000
_FAT_FAILURE = CLASSES.index(ArtifactId.FAT_SAT_FAILURE)


def drawn_chunk(seed: int, *, maps: Path) -> Arrays:
    """Return the samples of some stacks; what is drawn depends on the seed alone."""
    rng = np.random.default_rng(seed)
    return stacked(sample for _ in range(CHUNK) for sample in draw_samples(rng, maps))


def kept(cache: Path, seed: int, count: int, workers: int, maps: Path, keys: tuple[str, ...] = KEYS) -> Arrays:
    """Return at least ``count`` samples from a seed on, from the cache or drawn, in the order of their seeds.

    ``keys`` are the fields that are asked for.
    """
    path = cache / f"{seed}-{count}.npz"
    if not path.exists():
        started, parts, total = time.monotonic(), [], 0
        draw, seeds = partial(drawn_chunk, maps=maps), range(seed, seed + count)
        with multiprocessing.get_context("fork").Pool(workers) as pool:
            for part in pool.imap(draw, seeds):
                parts.append(part)
                total += len(part["mr"])
                if total >= count:
                    break
        np.savez(path, **joined(parts))
        print(f"drew {total} samples in {time.monotonic() - started:.0f} s", flush=True)
    with np.load(path) as arrays:
        return {key: arrays[key] for key in keys}


def learned(
    given: Iterable[tuple[int, int]],
    cache: Path,
    workers: int,
    maps: Path,
    heads: Path | None,
    keys: tuple[str, ...] = KEYS,
) -> Arrays:
    """Return what networks and trees learn from: samples drawn (first seed and count), photographs of packages."""
    drawn = [kept(cache, seed, count, workers, maps, keys) for seed, count in given]
    return joined([*drawn, *({key: part[key] for key in keys} for part in photographs(heads))])


def photographs(heads: Path | None) -> list[Arrays]:
    """Return the photographs to learn from in a folder of packages, if there are some."""
    found = [] if heads is None else list(photograph_samples(heads, "training"))
    return [stacked(found)] if found else []


def draws(first: int, count: int, more: Iterable[str]) -> list[tuple[int, int]]:
    """Return seeds and counts of all draws; further ones are told as ``SEED:SAMPLES``."""
    return [(first, count), *((int(seed), int(samples)) for seed, samples in (one.split(":") for one in more))]


class Store:
    """Samples on the device that trains, in the order in which they come."""

    def __init__(self, capacity: int, device: str) -> None:
        self.capacity, self.device, self.count = capacity, device, 0
        self.arrays: dict[str, torch.Tensor] = {}

    def add(self, part: Arrays) -> None:
        """Add samples; what does not fit is left out."""
        room = min(len(part["mr"]), self.capacity - self.count)
        for key in KEYS:
            tensor = torch.from_numpy(part[key][:room]).to(self.device)
            if key not in self.arrays:
                self.arrays[key] = torch.empty(
                    (self.capacity, *tensor.shape[1:]), dtype=tensor.dtype, device=self.device
                )
            self.arrays[key][self.count : self.count + room] = tensor
        self.count += room

    def batch(self, size: int, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Return random samples, each mirrored and with rows and columns exchanged at random."""
        chosen = torch.randint(self.count, (size,), generator=generator).to(self.device)
        found = {key: tensor[chosen] for key, tensor in self.arrays.items()}
        turns = (torch.rand((3, size, 1, 1, 1), generator=generator) < 0.5).to(self.device)
        for key in ("image", "energy"):
            value = torch.where(turns[0], found[key].flip(2), found[key])
            value = torch.where(turns[1], value.flip(3), value)
            found[key] = torch.where(turns[2], value.transpose(2, 3), value)
        return found


def losses(
    networks: torch.nn.ModuleDict, batch: dict[str, torch.Tensor], sources: dict[str, tuple[str, ...]]
) -> dict[str, torch.Tensor]:
    """Return the losses: what is said of severity, and where the change lies."""
    image = to_image(batch["image"]).contiguous(memory_format=torch.channels_last)
    given = run_graph(networks, sources, {"image": image})
    level = batch["severity"].long()
    asked = torch.ones_like(level, dtype=torch.bool)
    shown = batch["energy"][:, _FAT_FAILURE].flatten(1).amax(dim=1) > 0
    asked[:, _FAT_FAILURE] = shown | (level[:, _FAT_FAILURE] != UNKNOWN)
    known = ((level != UNKNOWN) & batch["mr"][:, None]).float()
    wanted = torch.stack([level > step for step in range(LEVELS)], dim=2).float()
    return {
        "picture": _said(given["picture"], wanted, known, batch["mr"]),
        "energy": _energy_loss(given["energy"].float(), batch["energy"].float(), asked & batch["mr"][:, None]),
    }


def _said(output: torch.Tensor, wanted: torch.Tensor, known: torch.Tensor, mr: torch.Tensor) -> torch.Tensor:
    """Return the cross entropy of the severities of known classes, and of being an MR scan at all."""
    logits = output.float()
    severity = logits[:, : len(CLASSES) * LEVELS].view(len(logits), len(CLASSES), LEVELS)
    entropy = torch.nn.functional.binary_cross_entropy_with_logits(severity, wanted, reduction="none")
    whole = (entropy * known[:, :, None]).sum() / known.sum().clamp_min(1) / LEVELS
    return whole + 0.1 * torch.nn.functional.binary_cross_entropy_with_logits(logits[:, -1], mr.float())


def _energy_loss(logits: torch.Tensor, wanted: torch.Tensor, asked: torch.Tensor) -> torch.Tensor:
    """Return one less the correlation where there is a change, and what is shown where there is none.

    ``asked[sample, class]`` says of which maps: of MR scans, of failed fat suppression only where fat was suppressed.
    """
    shown, there = torch.sigmoid(logits).flatten(2), wanted.flatten(2)
    present = (there.amax(dim=2) > 0) & asked
    one, other = shown - shown.mean(dim=2, keepdim=True), there - there.mean(dim=2, keepdim=True)
    norm = (one.square().sum(dim=2) * other.square().sum(dim=2)).clamp_min(1e-8).sqrt()
    unlike = 1 - (one * other).sum(dim=2) / norm
    square = (shown - there).square().mean(dim=2)
    absent = ((~present) & asked).float()
    loss = (present * (unlike + 2 * square)).sum() / present.sum().clamp_min(1)
    return loss + (absent * square).sum() / absent.sum().clamp_min(1)


def train(
    networks: torch.nn.ModuleDict, store: Store, held_out: Arrays, options: argparse.Namespace, drawing: Drawing | None
) -> None:
    """Train in place until the steps are done or the seconds spent; the best state by held-out loss stays."""
    graph = {name: tuple(inputs) for name, inputs in config()["graph"].items() if name not in APART}
    trained = [p for name, network in networks.items() if name not in APART for p in network.parameters()]
    optimizer = torch.optim.AdamW(trained, lr=options.rate, weight_decay=options.decay)
    generator = torch.Generator().manual_seed(options.seed)
    best, state, step, begun = np.inf, {}, 0, _spent(options, 0)
    while (spent := _spent(options, step)) < 1.0:
        if drawing is not None:
            for part in drawing.ready():
                store.add(part)
        share = max((spent - begun) / (1 - begun), 0)
        for group in optimizer.param_groups:
            group["lr"] = options.rate * min(1.0, (step + 1) / 100) * max(0.5 * (1 + np.cos(np.pi * share)), 1e-3)
        batch = store.batch(options.batch, generator)
        with torch.autocast(options.device, dtype=torch.bfloat16, enabled=options.device == "cuda" or options.half):
            found = losses(networks, batch, graph)
        loss = 4 * found["picture"] + found["energy"]
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 2.0)
        optimizer.step()
        step += 1
        if step % options.every == 0 or (options.steps == step and not options.seconds):
            unseen = _held_out_losses(networks, held_out, graph, options.device)
            _print(step, store.count, found, unseen, time.monotonic() - options.started)
            if unseen["picture"] + 0.1 * unseen["energy"] < best:
                best = unseen["picture"] + 0.1 * unseen["energy"]
                state = {name: tensor.detach().clone() for name, tensor in networks.state_dict().items()}
                _save(networks, options.out)
    if state:
        networks.load_state_dict(state)
    print(f"{step} steps, {store.count} samples, best held-out loss {best:.4f}", flush=True)


def _spent(options: argparse.Namespace, step: int) -> float:
    """Return the part of the training that is over."""
    if options.seconds:
        return float((time.monotonic() - options.started) / options.seconds)
    return float(step / options.steps)


def _held_out_losses(
    networks: torch.nn.ModuleDict, arrays: Arrays, graph: dict[str, tuple[str, ...]], device: str
) -> dict[str, float]:
    networks.eval()
    total: dict[str, float] = {}
    count = len(arrays["mr"])
    with torch.inference_mode():
        for start in range(0, count, 256):
            batch = {key: torch.from_numpy(arrays[key][start : start + 256]).to(device) for key in KEYS}
            for name, value in losses(networks, batch, graph).items():
                total[name] = total.get(name, 0.0) + float(value) * len(batch["mr"]) / count
    networks.train()
    return total


def _print(step: int, samples: int, found: dict[str, torch.Tensor], unseen: dict[str, float], seconds: float) -> None:
    parts = " ".join(f"{name} {float(value.detach()):.4f}/{unseen[name]:.4f}" for name, value in found.items())
    print(f"step {step} samples {samples} {parts} (batch/held out) {seconds:.0f} s", flush=True)


class Drawing:
    """Chunks drawn by other processes for as long as they are let."""

    def __init__(self, first_seed: int, workers: int, maps: Path) -> None:
        context = multiprocessing.get_context("fork")
        self._queue: multiprocessing.Queue[Arrays] = context.Queue(maxsize=4 * workers)
        self._processes = [
            context.Process(target=_draw_on, args=(self._queue, first_seed + k, workers, maps), daemon=True)
            for k in range(workers)
        ]
        for process in self._processes:
            process.start()

    def ready(self) -> Iterator[Arrays]:
        """Yield what is there."""
        while not self._queue.empty():
            yield self._queue.get()

    def wait(self) -> Arrays:
        """Return the next chunk."""
        return self._queue.get()

    def stop(self) -> None:
        """End the processes."""
        for process in self._processes:
            process.terminate()


def _draw_on(queue: multiprocessing.Queue[Arrays], seed: int, step: int, maps: Path) -> None:
    while True:
        queue.put(drawn_chunk(seed, maps=maps))
        seed += step


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


def drawn_for(drawing: Drawing, count: int) -> Arrays:
    """Return at least ``count`` samples of a drawing that is then stopped."""
    parts, total = [], 0
    while total < count:
        parts.append(drawing.wait())
        total += len(parts[-1]["mr"])
    drawing.stop()
    return joined(parts)


def main() -> None:
    """Draw, train, save the state dictionaries of all networks; ``scripts.finish`` fits what follows."""
    options = _options()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    maps = options.cache / "maps.npz"
    keep_maps(maps, options.heads)
    shown = {key: str(value) for key, value in vars(options).items() if key not in {"cache", "out", "started"}}
    print(f"settings {json.dumps(shown)}, torch {torch.__version__}, numpy {np.__version__}", flush=True)
    print("template installed" if maps.exists() else "template not installed: label maps only", flush=True)
    stacks = drawn_series(options.series, options.workers, maps)
    print(f"{len(stacks)} objects in stacks, {time.monotonic() - options.started:.0f} s", flush=True)
    drawing = None
    if options.seconds:
        held_out = drawn_for(Drawing(HELD_OUT_SEED, options.workers, maps), options.held_out)
        drawing = Drawing(options.first, options.workers, maps)
        first = [*(drawing.wait() for _ in range(options.workers)), *photographs(options.heads)]
    else:
        held_out = kept(options.cache, HELD_OUT_SEED, options.held_out, options.workers, maps)
        given = draws(options.first, options.samples, options.more)
        first = [learned(given, options.cache, options.workers, maps, options.heads)]
    print(f"{len(held_out['mr'])} held out, {time.monotonic() - options.started:.0f} s", flush=True)
    store = Store(options.capacity if options.seconds else len(first[0]["mr"]), options.device)
    for part in first:
        store.add(part)
    networks = build().to(options.device, memory_format=torch.channels_last)
    if options.start is not None:
        weights = torch.load(options.start, weights_only=True)
        for name in ("trunk", "energy", "picture", "dropped"):
            networks[name].load_state_dict(weights[name])
    train(networks, store, held_out, options, drawing)
    if drawing is not None:
        drawing.stop()
    _save(networks, options.out)
    if stacks:
        train_dropped(networks, stacks, options.device)
    _save(networks, options.out)
    print(
        f"saved {sum(p.numel() for p in networks.parameters())} parameters, {time.monotonic() - options.started:.0f} s"
    )


def _save(networks: torch.nn.ModuleDict, path: Path) -> None:
    """Write the state dictionaries by network."""
    torch.save({name: {k: v.cpu() for k, v in part.state_dict().items()} for name, part in networks.items()}, path)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=20_000, help="samples drawn before training")
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument(
        "--seconds", type=float, default=0.0, help="instead of samples and steps: draw and train so long"
    )
    parser.add_argument("--capacity", type=int, default=220_000, help="most samples kept, with --seconds")
    parser.add_argument("--held-out", type=int, default=2000, help="samples for calibration and tables")
    parser.add_argument(
        "--series", type=int, default=300, help="objects whose stacks teach dropped slices; 0 leaves that"
    )
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--decay", type=float, default=3e-2)
    parser.add_argument("--seed", type=int, default=20264)
    parser.add_argument("--first", type=int, default=1, help="seed of the first chunk of samples")
    parser.add_argument("--every", type=int, default=200, help="steps between lines of the log")
    parser.add_argument("--more", nargs="*", default=[], help="further draws as SEED:SAMPLES")
    parser.add_argument("--start", type=Path, help="weights whose trunk, maps and picture go on learning")
    parser.add_argument("--half", action="store_true", help="16-bit arithmetic on a CPU that has it")
    parser.add_argument("--heads", type=Path, help="folder of packages with heads and photographs")
    parser.add_argument("--threads", type=int, default=1, help="cores that training takes")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--out", type=Path, default=Path("network.pt"))
    options = parser.parse_args()
    options.started = time.monotonic()
    return options


if __name__ == "__main__":
    main()
