"""Trains the networks: ``python -m scripts.train --samples 6000 --steps 3000``, in the bundle's folder.

Everything is simulated while training. With ``--seconds`` samples are drawn by all cores as long as that allows, and
the networks learn from what has been drawn so far; without it ``--samples`` are drawn first and kept in the cache
folder, and ``--steps`` steps follow, which gives the same weights again on the same machine.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from scripts.brain_maps import keep_maps
from scripts.drawing import HELD_OUT_SEED, Drawing, drawn_for, draws, kept, learned, photographs
from scripts.dropped import drawn_series, train_dropped
from scripts.losses import losses
from scripts.network import APART, KEYS, Arrays, build, config


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
