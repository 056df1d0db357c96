"""Trains the network: ``python -m scripts.train --seconds 300 --workers 16``, in the bundle's folder.

Samples are drawn by worker processes while the network trains on those drawn so far; the share of real pictures that
show no phantom comes from a file of ``scripts.package_images`` or from installed packages. A GPU is used where there is
one. The learning rate follows the clock, so that a training ends when its time is spent.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import queue
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.networks import nets
from numpy.typing import NDArray

from aiqa_integration.recognition import CLASSES, GRID, PIXEL_CHANNELS
from scripts.augment import augment
from scripts.dataset import MIX, SCALE, Sample, random_sample, simulated_picture, to_sample
from scripts.package_images import Source, changed_picture, collected, sources

Arrays = dict[str, NDArray[Any]]
CONFIG = Path(__file__).parents[1] / "configs" / "inference.json"
CHUNK = 64
SMOOTHING = 0.01
"""Share of a label that is spread over all classes: keeps doubt where two objects look alike."""
DEVELOPMENT_SEED = 70_000_001
WARM_UP = 0.04
EMA_DECAY = 0.9995


def network() -> torch.nn.Module:
    """Return the untrained network of configs/inference.json."""
    config = json.loads(CONFIG.read_text())["network_def"]
    built: torch.nn.Module = getattr(nets, config.pop("_target_"))(**config)
    return built


def stacked(samples: list[Sample]) -> Arrays:
    """Return pixels ``[n, 4, row, column]``, constants ``[n, 4]`` and classes ``[n]`` of samples."""
    return {
        "pixels": np.stack([sample.pixels for sample in samples]),
        "constants": np.stack([sample.constants for sample in samples]),
        "classes": np.array([sample.class_ for sample in samples], np.int64),
    }


def every_class(seed: int, count: int) -> Arrays:
    """Return samples of every class in turn."""
    rng = np.random.default_rng(seed)
    places = (number % len(MIX) for number in range(count))
    return stacked([to_sample(simulated_picture(rng, place), MIX[place][0]) for place in places])


def real_sample(found: list[Source], rng: np.random.Generator) -> Sample:
    """Return a sample of a real picture: patients as often as others, large volumes oftener than small ones."""
    kind = "patient" if rng.random() < 0.6 else "not-an-image"
    chosen = [source for source in found if source.kind == kind] or found
    weights = np.array([min(source.volume.size, 300 * len(source.volume) ** 2 + 3e4) ** 0.3 for source in chosen])
    source = chosen[int(rng.choice(len(chosen), p=weights / weights.sum()))]
    return to_sample(changed_picture(source, rng), (source.kind, "any"))


def draw(worker: int, options: argparse.Namespace, found: list[Source], out: multiprocessing.Queue[Any]) -> None:
    """Draw chunks of samples for ever, the worker's share of the development images first."""
    torch.set_num_threads(1)
    out.put(("development", every_class(DEVELOPMENT_SEED + worker, -(-options.development // options.workers))))
    rng = np.random.default_rng([options.seed, worker])
    while True:
        real = rng.random(CHUNK) < (options.real if found else 0)
        samples = [real_sample(found, rng) if is_real else random_sample(rng) for is_real in real]
        out.put(("training", stacked(samples)))


class Bank:
    """The samples drawn so far, on the device; the oldest give way when it is full."""

    def __init__(self, capacity: int, device: str) -> None:
        shape = (capacity, PIXEL_CHANNELS, GRID, GRID)
        self._pixels = torch.empty(shape, dtype=torch.uint8, device=device)
        self._constants = torch.empty((capacity, 4), device=device)
        self._classes = torch.empty(capacity, dtype=torch.int64, device=device)
        self.drawn = 0

    def add(self, samples: Arrays) -> None:
        """Keep samples."""
        count, start = len(samples["classes"]), self.drawn % len(self._classes)
        start = start if start + count <= len(self._classes) else 0
        for kept, name in ((self._pixels, "pixels"), (self._constants, "constants"), (self._classes, "classes")):
            kept[start : start + count] = torch.from_numpy(samples[name]).to(kept.device)
        self.drawn += count

    def batch(self, count: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return pixels, constants and classes of random samples."""
        most = min(self.drawn // CHUNK * CHUNK, len(self._classes) // CHUNK * CHUNK)
        chosen = torch.randint(most, (count,), device=self._classes.device)
        return self._pixels[chosen].float() / SCALE, self._constants[chosen], self._classes[chosen]


def fill(bank: Bank, development: list[Arrays], drawn: multiprocessing.Queue[Any], ended: threading.Event) -> None:
    """Move what the workers draw into the bank until the training has ended."""
    while not ended.is_set():
        try:
            purpose, samples = drawn.get(timeout=0.5)
        except queue.Empty:
            continue
        if purpose == "training":
            bank.add(samples)
        else:
            development.append(samples)


def rate_at(progress: float, most: float) -> float:
    """Return the learning rate at a share of the time: a linear rise, then half a cosine."""
    if progress < WARM_UP:
        return most * (0.02 + 0.98 * progress / WARM_UP)
    return most * 0.5 * (1 + float(np.cos(np.pi * min((progress - WARM_UP) / (1 - WARM_UP), 1.0))))


def follow(average: torch.nn.Module, model: torch.nn.Module, step: int) -> None:
    """Move the averaged network towards the trained one."""
    decay = min(EMA_DECAY, (1 + step) / (10 + step))
    with torch.no_grad():
        pairs = zip(average.state_dict().values(), model.state_dict().values(), strict=True)
        kept, new = zip(*[(a, b) for a, b in pairs if a.is_floating_point()], strict=True)
        torch._foreach_lerp_(kept, new, 1 - decay)


def accuracy(model: torch.nn.Module, development: list[Arrays], device: str) -> dict[str, Any]:
    """Return the share of right classes among the development images, in all and for each class."""
    model.eval()
    right, labels = [], np.concatenate([part["classes"] for part in development])
    with torch.inference_mode():
        for part in development:
            images = joined(
                torch.from_numpy(part["pixels"]).to(device).float() / SCALE,
                torch.from_numpy(part["constants"]).to(device),
            )
            right.append(model(images).argmax(1).cpu().numpy() == part["classes"])
    hits = np.concatenate(right)
    each = {": ".join(name): round(float(hits[labels == place].mean()), 4) for place, name in enumerate(CLASSES)}
    return {"images": len(hits), "right": round(float(hits.mean()), 4), "classes": each}


def joined(pixels: torch.Tensor, constants: torch.Tensor) -> torch.Tensor:
    """Return the network's input."""
    planes = constants[:, :, None, None].expand(-1, -1, GRID, GRID)
    return torch.cat([pixels, planes], 1).contiguous(memory_format=torch.channels_last)


def train(bank: Bank, development: list[Arrays], options: argparse.Namespace) -> None:
    """Train until the time is spent; prints and saves the averaged network as it goes."""
    device, started, step = options.device, time.monotonic(), 0
    model = network().to(device, memory_format=torch.channels_last)
    if options.start is not None:
        model.load_state_dict(torch.load(options.start, map_location=device, weights_only=True))
    average = network().to(device, memory_format=torch.channels_last)
    average.load_state_dict(model.state_dict())
    optimizer = torch.optim.AdamW(model.parameters(), lr=options.rate, weight_decay=options.decay)
    while bank.drawn < options.batch * 4:
        time.sleep(0.1)
    said, seen, lost, right = time.monotonic(), 0, torch.zeros((), device=device), torch.zeros((), device=device)
    while (spent := time.monotonic() - started) < options.seconds:
        model.train()
        optimizer.param_groups[0]["lr"] = rate_at(spent / options.seconds, options.rate)
        pixels, constants, labels = bank.batch(options.batch)
        images = joined(*augment(pixels, constants))
        with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
            output = model(images)
        loss = torch.nn.functional.cross_entropy(output.float(), labels, label_smoothing=SMOOTHING)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        step, seen = step + 1, seen + options.batch
        follow(average, model, step)
        lost, right = lost + loss.detach() * options.batch, right + (output.argmax(1) == labels).sum()
        if time.monotonic() - said > options.say:
            found = accuracy(average, development, device)["right"] if development else None
            print(
                f"{spent:.0f} s step {step} drawn {bank.drawn} loss {float(lost) / seen:.4f} "
                f"right {float(right) / seen:.4f} development {found}",
                flush=True,
            )
            torch.save(average.state_dict(), options.out)
            said, seen, lost, right = time.monotonic(), 0, lost * 0, right * 0
    torch.save({name: value.cpu() for name, value in average.state_dict().items()}, options.out)
    print(f"ended: steps {step}, batch {options.batch}, drawn {bank.drawn}", flush=True)
    if development:
        print(json.dumps({"development": accuracy(average, development, device)}), flush=True)


def options_given() -> argparse.Namespace:
    """Return the command line's settings."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--capacity", type=int, default=20_000, help="samples kept at a time")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--rate", type=float, default=4e-3)
    parser.add_argument("--decay", type=float, default=0.02)
    parser.add_argument("--real", type=float, default=0.08, help="share of real pictures without a phantom")
    parser.add_argument("--pictures", type=Path, default=None, help="file of scripts.package_images")
    parser.add_argument("--development", type=int, default=3600, help="simulated images to watch the training by")
    parser.add_argument("--seed", type=int, default=20_270)
    parser.add_argument("--say", type=float, default=20.0, help="seconds between lines")
    parser.add_argument("--start", type=Path, default=None, help="weights to start from")
    parser.add_argument("--out", type=Path, default=Path("network.pt"))
    options = parser.parse_args()
    options.device = "cuda" if torch.cuda.is_available() else "cpu"
    return options


def main() -> None:
    """Draw, train, save the state dictionary of the averaged network."""
    options = options_given()
    shown = {key: str(value) for key, value in vars(options).items() if key not in {"out", "start", "pictures"}}
    print(f"settings {json.dumps(shown)}, torch {torch.__version__}, numpy {np.__version__}", flush=True)
    torch.manual_seed(options.seed)
    found = collected(options.pictures) if options.pictures is not None else sources(held_out=False)
    print(f"{len(found)} sources of real pictures: {', '.join(source.name for source in found)}", flush=True)
    context = multiprocessing.get_context("fork")
    drawn = context.Queue(4 * options.workers)
    workers = [
        context.Process(target=draw, args=(worker, options, found, drawn), daemon=True)
        for worker in range(options.workers)
    ]
    for worker in workers:
        worker.start()
    bank, development, ended = Bank(options.capacity, options.device), list[Arrays](), threading.Event()
    filler = threading.Thread(target=fill, args=(bank, development, drawn, ended), daemon=True)
    filler.start()
    try:
        train(bank, development, options)
    finally:
        ended.set()
        for worker in workers:
            worker.terminate()


if __name__ == "__main__":
    main()
