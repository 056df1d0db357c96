"""Fits what follows the training of the networks: ``python -m scripts.finish network.pt --out finished.pt``.

On the training's samples: trees on the metrics. On samples held out: the layer that joins them with the picture as a
probability, the measure of being unlike the training. On stacks that nothing before has seen, drawn ones and those of
real heads: the probability from which an artifact is said to limit reading, and the tables of held-out figures. Failed
fat suppression, which is asked for only where a header says that fat was suppressed, is fitted in the same steps on
draws of suppressed scans alone, and so is what the picture says of it; ``--suppressed-only`` fits this class alone and
leaves all else as it is. Needs scikit-learn.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from aiqa_integration.artifact_detection.gate import LEAST_ASSESSABLE, MOST_UNLIKE
from aiqa_integration.artifact_detection.pool import CLASSES, LEVELS, worst_places
from aiqa_integration.model.artifact import ArtifactId
from scripts.brain_maps import keep_maps
from scripts.dataset import STACK, SUPPRESSED_SCANS, UNKNOWN, Sample, draw_real_stack, draw_stack, draw_suppressed
from scripts.drawing import HELD_OUT_SEED, draws, kept, learned
from scripts.fits import (
    MR,
    OUTPUTS,
    SUPPRESSED_OUTPUTS,
    fit_fused,
    fit_picture,
    fit_trees,
    fit_unlike,
    linear_of,
)
from scripts.network import Arrays, answers, build, config, stacked
from scripts.photographs import photograph_samples
from scripts.points import operating_points
from scripts.real_heads import Head, read_heads
from scripts.scores import Floats, auc

Draw = Callable[[np.random.Generator], Iterator[Sample]]

STACK_SEED, REAL_SEED = 320_000_000, 420_000_000
SUPPRESSED_SEED, SUPPRESSED_STACK_SEED, SUPPRESSED_REAL_SEED = 800_000_000, 810_000_000, 820_000_000
LEARNT_KEYS = ("metrics", "severity", "mr")


def drawn(draw: Draw, seed: int, count: int, path: Path) -> Arrays:
    """Return at least ``count`` samples and whose draws they are, in the order of seeds, kept in a file."""
    if not path.exists():
        parts: list[Arrays] = []
        samples: list[Sample] = []
        groups: list[int] = []
        total = 0
        while total < count:
            for sample in draw(np.random.default_rng(seed)):
                samples.append(sample)
                groups.append(seed)
                total += 1
            seed += 1
            if len(samples) >= 1000 or total >= count:
                stack = np.array([sample.stack for sample in samples])
                parts.append(stacked(samples) | {"stack": stack, "group": np.array(groups)})
                samples, groups = [], []
        np.savez(path, **{key: np.concatenate([part[key] for part in parts]) for key in parts[0]})  # type: ignore[arg-type]
    with np.load(path) as arrays:
        return {key: arrays[key] for key in arrays.files}


def looked_at(networks: torch.nn.ModuleDict, samples: Arrays) -> Arrays:
    """Return samples with what the picture networks and the trees say of them, without their images."""
    said = answers(networks, samples, "cpu")
    kept = {key: values for key, values in samples.items() if key not in {"image", "energy"}}
    with torch.inference_mode():
        quality = networks["quality"](torch.from_numpy(samples["metrics"].astype(np.float32))).numpy()
    return kept | {"picture": said["picture"], "trunk": said["trunk"], "quality": quality}


def by_head(seen: Arrays, heads: Sequence[Head]) -> list[Arrays]:
    """Return the samples of real heads, head by head: each stack's first random number chose its head.

    Of artifacts that a head shows itself the severities are UNKNOWN.
    """
    which = {int(seed): int(np.random.default_rng(int(seed)).integers(len(heads))) for seed in np.unique(seen["group"])}
    of = np.array([which[int(seed)] for seed in seen["group"]])
    parts = [{key: values[of == place] for key, values in seen.items()} for place in range(len(heads))]
    for head, part in zip(heads, parts, strict=True):
        own = [CLASSES.index(artifact) for artifact in head.shows]
        part["severity"][:, own] = part["stack"][:, own] = UNKNOWN
    return parts


def said_again(networks: torch.nn.ModuleDict, seen: Arrays) -> Arrays:
    """Return samples with what picture and trees say of them now; of their images, the trunk's features are known."""
    with torch.inference_mode():
        picture = networks["picture"](torch.from_numpy(seen["trunk"])).numpy()
        quality = networks["quality"](torch.from_numpy(seen["metrics"].astype(np.float32))).numpy()
    return seen | {"picture": picture, "quality": quality}


def said_of_stacks(fused_by: torch.nn.Module, seen: Arrays) -> tuple[dict[str, Floats], NDArray[np.int8]]:
    """Return the pooled probability of severity 2 or more by part ``[stack, class]``, and the true severities."""
    with torch.inference_mode():
        picture, quality = torch.from_numpy(seen["picture"]), torch.from_numpy(seen["quality"])
        fused = fused_by(torch.cat([picture, quality], dim=1))
    pooled = {}
    for name, logits in (("fused", fused), ("picture", picture), ("quality", quality)):
        limiting = torch.sigmoid(logits[:, 1:MR:LEVELS]).numpy().astype(float)
        whole = limiting.reshape(-1, STACK, len(CLASSES))
        pooled[name] = np.array(
            [
                [
                    stack[list(worst_places(stack[:, place], artifact)), place].mean()
                    for place, artifact in enumerate(CLASSES)
                ]
                for stack in whole
            ]
        )
    return pooled, seen["stack"].reshape(-1, STACK, len(CLASSES))[:, 0]


def show_stacks(folds: list[tuple[dict[str, Floats], NDArray[np.int8], Floats]]) -> None:
    """Print by class the mean of the heads' areas, against clean stacks and all others, and what the points give."""
    rows, spoilt = [], []
    for said, level, highs in folds:
        clean = (level <= 0).all(axis=1)
        spoilt.extend(((said["fused"] >= highs) & (level >= 0))[clean].any(axis=1))
    for place, artifact in enumerate(CLASSES):
        areas: dict[str, list[float]] = {}
        called: dict[str, list[bool]] = {"clean called": [], "minor called": [], "found": []}
        for said, level, highs in folds:
            own, one = level[:, place], said["fused"][:, place]
            groups = {
                "clean called": (level <= 0).all(axis=1) & (own == 0),
                "minor called": own == 1,
                "found": own >= 2,
            }
            for name, chosen in groups.items():
                called[name].extend(one[chosen] >= highs[place])
            against, rest = groups["clean called"] | groups["found"], (own != 1) & (own != UNKNOWN)
            for name, values in said.items():
                areas.setdefault(name, []).append(auc(own[against] >= 2, values[against, place]))
            areas.setdefault("one-vs-rest", []).append(auc(own[rest] >= 2, one[rest]))
        if not called["found"] or min(highs[place] for _, _, highs in folds) > 1:
            continue
        row = {name: float(np.nanmean(values)) for name, values in areas.items()}
        row |= {name: float(np.mean(values)) if values else float("nan") for name, values in called.items()}
        rows.append(row)
        print(f"  {artifact:16s} { {k: round(v, 3) for k, v in row.items()} }", flush=True)
    if rows:
        print(f"  mean { {k: round(float(np.nanmean([row[k] for row in rows])), 4) for k in rows[0]} }", flush=True)
    print(f"  clean stacks {len(spoilt)}, any called {np.mean(spoilt):.4f}", flush=True)


def main() -> None:
    """Draw, fit, print, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path, help="what scripts.train saved, or with --suppressed-only a model")
    parser.add_argument("--learned", type=int, default=14_000, help="samples of the training, as it was told")
    parser.add_argument("--first", type=int, default=1, help="seed of the training's first chunk, as it was told")
    parser.add_argument("--more", nargs="*", default=[], help="further draws of the training, as it was told")
    parser.add_argument("--samples", type=int, default=2000, help="samples held out, as the training was told")
    parser.add_argument("--stacks", type=int, default=700)
    parser.add_argument("--heads", type=Path, help="folder of packages with heads and photographs")
    parser.add_argument("--real-stacks", type=int, default=1200)
    parser.add_argument("--suppressed", type=int, default=3200, help="samples of suppressed scans to learn from")
    parser.add_argument("--suppressed-stacks", type=int, default=100)
    parser.add_argument("--suppressed-real-stacks", type=int, default=360)
    parser.add_argument("--suppressed-only", action="store_true", help="fit failed fat suppression alone")
    parser.add_argument("--draw-only", action="store_true", help="draw the samples and stop")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--out", type=Path, default=Path("finished.pt"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    maps = options.cache / "maps.npz"
    keep_maps(maps, options.heads)
    heads = [] if options.heads is None else read_heads(options.heads, "development")
    networks, weights = build(), torch.load(options.weights, weights_only=True)
    for name in networks if options.suppressed_only else ("trunk", "energy", "picture", "dropped"):
        networks[name].load_state_dict(weights[name])
    networks.eval()
    if not options.suppressed_only:
        finish(networks, options, maps, heads)
    finish_suppressed(networks, options, maps, [head for head in heads if head.fat_shines])
    if not options.draw_only:
        torch.save({name: part.state_dict() for name, part in networks.items()}, options.out)


def finish(networks: torch.nn.ModuleDict, options: argparse.Namespace, maps: Path, heads: list[Head]) -> None:
    """Fit all outputs but those that suppressed scans tell, and the measure of being unlike the training; print."""
    samples = kept(options.cache, HELD_OUT_SEED, options.samples, 1, maps)
    stacks = [drawn(partial(draw_stack, maps=maps), STACK_SEED, options.stacks * STACK, options.cache / "stacks.npz")]
    if heads:
        draw = partial(draw_real_stack, heads=heads)
        stacks.append(drawn(draw, REAL_SEED, options.real_stacks * STACK, options.cache / "real-stacks.npz"))
    photographs = [] if options.heads is None else list(photograph_samples(options.heads, "development"))
    if options.draw_only:
        return
    given = draws(options.first, options.learned, options.more)
    fit_trees(networks["quality"], learned(given, options.cache, 1, maps, options.heads, LEARNT_KEYS))
    seen, judged = looked_at(networks, samples), [looked_at(networks, part) for part in stacks]
    alone = by_head(judged[1], heads) if heads else []
    strange = [looked_at(networks, stacked(photographs))] if photographs else []
    artifacts = tuple(artifact for artifact in CLASSES if artifact is not ArtifactId.FAT_SAT_FAILURE)
    kinds = Kinds(samples=seen, drawn=judged[0], heads=alone, strange=strange, artifacts=artifacts, outputs=OUTPUTS)
    networks["fused"] = fused_by(kinds, networks["fused"])
    fit_unlike(linear_of(networks["unlike"]), seen["trunk"][seen["mr"]])
    print(f"{len(seen['mr'])} samples, {len(config()['graph'])} networks")
    print(f"operating points {points_by(kinds, networks['fused'])}")
    show_gate(networks, kinds)
    show_heads(kinds, heads)
    show_stacks(left_out(kinds, networks["fused"]))


def finish_suppressed(
    networks: torch.nn.ModuleDict, options: argparse.Namespace, maps: Path, heads: list[Head]
) -> None:
    """Fit picture, trees, their fusion and the operating point of failed fat suppression on suppressed scans; print.

    ``heads`` are those whose fat shines.
    """
    draw, cache = partial(draw_suppressed, maps=maps), options.cache
    several, one = partial(draw, slices=2, scans=SUPPRESSED_SCANS), partial(draw, slices=STACK, scans=1)
    known = drawn(several, SUPPRESSED_SEED, options.suppressed, cache / "suppressed.npz")
    count = options.suppressed_stacks * STACK
    stacks = [drawn(one, SUPPRESSED_STACK_SEED, count, cache / "suppressed-stacks.npz")]
    if heads:
        real, count = partial(draw_real_stack, heads=heads, suppressed=True), options.suppressed_real_stacks * STACK
        stacks.append(drawn(real, SUPPRESSED_REAL_SEED, count, cache / "suppressed-real.npz"))
    if options.draw_only:
        return
    known, judged = looked_at(networks, known), [looked_at(networks, part) for part in stacks]
    fit_picture(networks["picture"], known, SUPPRESSED_OUTPUTS)
    fit_trees(networks["quality"], known, SUPPRESSED_OUTPUTS)
    judged = [said_again(networks, part) for part in judged]
    alone = by_head(judged[1], heads) if heads else []
    kinds = Kinds(
        samples=judged[0],
        drawn=judged[0],
        heads=alone,
        strange=[],
        artifacts=(ArtifactId.FAT_SAT_FAILURE,),
        outputs=SUPPRESSED_OUTPUTS,
    )
    networks["fused"] = fused_by(kinds, networks["fused"])
    print(f"suppressed scans: {len(known['mr'])} samples, {len(judged[0]['mr']) // STACK} drawn stacks")
    print(f"operating points {points_by(kinds, networks['fused'])}")
    show_heads(kinds, heads)
    show_stacks(left_out(kinds, networks["fused"]))


def show_heads(kinds: Kinds, heads: list[Head]) -> None:
    """Print how many stacks there are of each head."""
    for head, part in zip(heads, kinds.heads, strict=True):
        print(f"{head.name}: {len(part['mr']) // STACK} stacks")
    title = f"real heads: {sum(len(part['mr']) for part in kinds.heads) // STACK} stacks, each head by the others"
    print(title if heads else f"drawn anatomies: {len(kinds.drawn['mr']) // STACK} stacks, also for points")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kinds:
    """What is fitted on: samples held out, drawn stacks, stacks of real heads by head, pictures that are no MR scan.

    ``artifacts`` and ``outputs`` are those that are fitted on them.
    """

    samples: Arrays
    drawn: Arrays
    heads: list[Arrays]
    strange: list[Arrays]
    artifacts: Sequence[ArtifactId]
    outputs: Sequence[int]

    def without(self, head: int) -> Kinds:
        """Return all but one head."""
        return replace(self, heads=[part for place, part in enumerate(self.heads) if place != head])


def fused_by(kinds: Kinds, before: torch.nn.Module) -> torch.nn.Module:
    """Return the layer that weighs picture and trees with the outputs of these kinds fitted, the others as before."""
    network = deepcopy(before).eval()
    groups = [kinds.samples, *kinds.heads]
    if kinds.strange:
        keys = ("picture", "quality", "severity", "mr")
        both = {key: np.concatenate([part[key] for part in [*kinds.strange, *kinds.heads]]) for key in keys}
        groups.append(both | {"severity": np.full_like(both["severity"], UNKNOWN)})
    fit_fused(linear_of(network), groups, kinds.outputs)
    return network


def points_by(kinds: Kinds, fused: torch.nn.Module) -> dict[str, tuple[float, float]]:
    """Return operating points from drawn stacks and real heads."""
    said = [said_of_stacks(fused, part) for part in [kinds.drawn, *kinds.heads]]
    whole = [(one["fused"], level) for one, level in said]
    return operating_points(whole[0], whole[1:], kinds.artifacts)


def left_out(kinds: Kinds, before: torch.nn.Module) -> list[tuple[dict[str, Floats], NDArray[np.int8], Floats]]:
    """Return by head what is said of its stacks, their severities, and by class the points; by a fit to the others.

    Where there are no heads, of the drawn stacks.
    """
    found = []
    for place, stacks in enumerate(kinds.heads or [kinds.drawn]):
        others = kinds.without(place)
        fused = fused_by(others, before)
        points = points_by(others, fused)
        highs = np.array([points.get(str(artifact), (0.0, 2.0))[1] for artifact in CLASSES])
        found.append((*said_of_stacks(fused, stacks), highs))
    return found


def show_gate(networks: torch.nn.ModuleDict, kinds: Kinds) -> None:
    """Print how unlike and how assessable series are, and pictures that are none."""
    for title, part, slices in (
        ("drawn", kinds.drawn, STACK),
        *(("head", head, STACK) for head in kinds.heads),
        ("simulated, no MR", {key: values[~kinds.samples["mr"]] for key, values in kinds.samples.items()}, 1),
        *(("photographs", strange, 1) for strange in kinds.strange),
    ):
        with torch.inference_mode():
            both = torch.cat([torch.from_numpy(part["picture"]), torch.from_numpy(part["quality"])], dim=1)
            probability = torch.sigmoid(networks["fused"](both)[:, MR]).numpy().reshape(-1, slices).mean(axis=1)
            distance = networks["unlike"](torch.from_numpy(part["trunk"])).norm(dim=1).numpy().reshape(-1, slices)
        unlike = np.median(distance, axis=1)
        print(
            f"  {title}: {len(unlike)}, unlike {np.quantile(unlike, [0.5, 0.95, 0.99, 1]).round(3)}, "
            f"assessable {np.quantile(probability, [0, 0.01, 0.05, 0.5, 0.95, 1]).round(4)}, "
            f"scored {np.mean((unlike <= MOST_UNLIKE) & (probability >= LEAST_ASSESSABLE)):.4f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
