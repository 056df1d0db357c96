"""Samples drawn by all cores: a given number, kept in the cache folder, or for as long as training lasts."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from scripts.dataset import draw_samples
from scripts.network import KEYS, Arrays, joined, stacked
from scripts.photographs import photograph_samples

CHUNK = 6
"""Stacks that a worker draws at a time."""
HELD_OUT_SEED = 70_000_000


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


def drawn_for(drawing: Drawing, count: int) -> Arrays:
    """Return at least ``count`` samples of a drawing that is then stopped."""
    parts, total = [], 0
    while total < count:
        parts.append(drawing.wait())
        total += len(parts[-1]["mr"])
    drawing.stop()
    return joined(parts)
