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
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from aiqa_integration.artifact_detection.gate import LEAST_ASSESSABLE, MOST_UNLIKE
from aiqa_integration.artifact_detection.pool import CLASSES, LEVELS, worst_places
from aiqa_integration.infer.trees import BoostedTrees
from aiqa_integration.model.artifact import ArtifactId
from scripts.brain_maps import keep_maps
from scripts.dataset import STACK, SUPPRESSED_SCANS, UNKNOWN, Sample, draw_real_stack, draw_stack, draw_suppressed
from scripts.network import Arrays, answers, build, config, stacked
from scripts.photographs import photograph_samples
from scripts.real_heads import Head, read_heads
from scripts.scores import auc
from scripts.train import HELD_OUT_SEED, draws, kept, learned

Floats = NDArray[np.float64]
Said = tuple[Floats, NDArray[np.int8]]
"""What is said of stacks (probability, or of one class its log odds), and the severities."""
Draw = Callable[[np.random.Generator], Iterator[Sample]]

STACK_SEED, REAL_SEED = 320_000_000, 420_000_000
SUPPRESSED_SEED, SUPPRESSED_STACK_SEED, SUPPRESSED_REAL_SEED = 800_000_000, 810_000_000, 820_000_000
USUAL = 0.99
"""Share of the training images that are no more unlike than 1."""
SHARES = tuple(k / 10 for k in range(11))
"""Of the picture in what it and the trees say together."""
MR = len(CLASSES) * LEVELS
"""The output that says whether an image is an MR scan of a patient."""
_FAILURE = CLASSES.index(ArtifactId.FAT_SAT_FAILURE)
SUPPRESSED_OUTPUTS = tuple(range(_FAILURE * LEVELS, (_FAILURE + 1) * LEVELS))
OUTPUTS = tuple(output for output in range(MR + 1) if output not in SUPPRESSED_OUTPUTS)
"""The outputs that are fitted on all scans, and those on suppressed ones."""
_WEAK = 0.05
"""Inverse strength of the penalty on what the picture says of suppressed scans, on standardised features."""
MOST_CALLED, MOST_MINOR, MOST_OTHER = 0.005, 0.04, 0.05
"""Shares of clean stacks, of those with a minor artifact and of those with other artifacts that may be called: the
first two below the limits of 1 % and 5 %, since real series differ from drawn ones."""
MOST_MISSED = 0.05
MARGINS = tuple(k / 4 for k in range(17))
MOST_MINOR_ELSEWHERE = 0.05
GUARD, FEWEST, ALONE = 0.25, 3, 1.5
"""Log odds added to the margin that heads ask of each other; how many heads ask at least; the margin of fewer."""
CLEAN = -2
"""Stands for the severity 0 of a class in a stack that has no artifact at all."""
LEARNT_KEYS = ("metrics", "severity", "mr")
_RIDGE = 0.01


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
    networks.eval()
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


def targets(seen: Arrays, output: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which samples tell an output of the networks, and what they tell."""
    if output == MR:
        return np.ones(len(seen["mr"]), bool), seen["mr"]
    level = seen["severity"][:, output // LEVELS]
    return seen["mr"] & (level != UNKNOWN), level > output % LEVELS


def fit_trees(trees: BoostedTrees, samples: Arrays, outputs: Sequence[int] = OUTPUTS) -> None:
    """Set the trees from metrics and severities of the samples that the networks were trained on."""
    metrics = samples["metrics"].astype(np.float32)
    for output in outputs:
        known, truth = targets(samples, output)
        if len(set(truth[known])) == 2:
            _copy(_boosted(trees, metrics[known], truth[known]), trees, output)


def fit_picture(picture: torch.nn.Module, samples: Arrays, outputs: Sequence[int]) -> None:
    """Set what the picture says of some outputs: a logistic regression on what the layers before its last one give.

    ``samples`` have the pooled features of the trunk.
    """
    *before, last = picture.children()
    with torch.inference_mode():
        features = torch.nn.Sequential(*before)(torch.from_numpy(samples["trunk"])).numpy().astype(np.float64)
    middle, spread = features.mean(axis=0), features.std(axis=0) + 1e-6
    for output in outputs:
        known, truth = targets(samples, output)
        if len(set(truth[known])) < 2:
            continue
        model = LogisticRegression(C=_WEAK, max_iter=2000).fit((features[known] - middle) / spread, truth[known])
        weight = model.coef_[0] / spread
        with torch.no_grad():
            last.weight[output] = torch.from_numpy(weight)  # type: ignore[index]
            last.bias[output] = float(model.intercept_[0] - weight @ middle)  # type: ignore[index]


def said_again(networks: torch.nn.ModuleDict, seen: Arrays) -> Arrays:
    """Return samples with what picture and trees say of them now; of their images, the trunk's features are known."""
    with torch.inference_mode():
        picture = networks["picture"](torch.from_numpy(seen["trunk"])).numpy()
        quality = networks["quality"](torch.from_numpy(seen["metrics"].astype(np.float32))).numpy()
    return seen | {"picture": picture, "quality": quality}


def _boosted(trees: BoostedTrees, metrics: NDArray[np.float32], truth: NDArray[np.bool_]) -> Any:  # noqa: ANN401
    model = HistGradientBoostingClassifier(
        max_iter=trees.place.shape[1],
        max_depth=trees.depth,
        learning_rate=0.08,
        l2_regularization=1.0,
        min_samples_leaf=10,
        early_stopping=False,
        random_state=0,
    )
    return model.fit(metrics, truth)


def _copy(model: Any, trees: BoostedTrees, output: int) -> None:  # noqa: ANN401
    """Write a model's trees as complete ones: below an early leaf every node goes left, to that leaf's value."""
    inner = trees.place.shape[2]
    trees.place[output], trees.limit[output], trees.leaf[output] = 0, float("inf"), 0.0
    trees.start[output] = float(model._baseline_prediction.ravel()[0])  # noqa: SLF001 - it has no public name
    for number, (predictor,) in enumerate(model._predictors):  # noqa: SLF001 - it has no public name
        nodes = predictor.nodes

        def write(node: int, place: int, number: int = number, nodes: Any = nodes) -> None:  # noqa: ANN401
            if place >= inner:
                trees.leaf[output, number, place - inner] = float(nodes[node]["value"])
                return
            if nodes[node]["is_leaf"]:
                write(node, 2 * place + 1)
                return
            trees.place[output, number, place] = int(nodes[node]["feature_idx"])
            trees.limit[output, number, place] = _not_above(float(nodes[node]["num_threshold"]))
            write(int(nodes[node]["left"]), 2 * place + 1)
            write(int(nodes[node]["right"]), 2 * place + 2)

        write(0, 0)


def _not_above(value: float) -> float:
    """Return the largest float32 that is not above a value: a float32 is above either or neither."""
    near = np.float32(value)
    return float(near if near <= value else np.nextafter(near, np.float32(-np.inf)))


def fit_fused(layer: torch.nn.Linear, kinds: list[Arrays], outputs: Sequence[int] = OUTPUTS) -> None:
    """Set the layer that weighs picture and trees, output by output of those given, into a probability.

    ``kinds`` are samples of each kind of anatomy, which count the same. The part of each is the one of ``SHARES`` that
    ranks best in the mean of the kinds, so that both together are not worse there than one alone; a logistic regression
    on what they then say gives slope and shift.
    """
    shares = []
    with torch.no_grad():
        for output in outputs:
            layer.weight[output] = layer.bias[output] = 0.0
            told = _told(kinds, output)
            if not told:
                continue
            share = max(SHARES, key=lambda part: np.mean([auc(truth, said @ (part, 1 - part)) for said, truth in told]))
            slope, start = _scaled([said @ (share, 1 - share) for said, _ in told], [truth for _, truth in told])
            layer.weight[output, output] = slope * share
            layer.weight[output, output + MR + 1] = slope * (1 - share)
            layer.bias[output] = start
            shares.append(share)
    print(f"part of the picture by output: {shares}", flush=True)


def _told(kinds: list[Arrays], output: int) -> list[tuple[Floats, NDArray[np.bool_]]]:
    """Return, of the kinds that have both, what picture and trees say of an output ``[sample, 2]``, and the truth."""
    found = []
    for kind in kinds:
        known, truth = targets(kind, output)
        if len(set(truth[known])) == 2:
            said = np.stack([kind["picture"][known, output], kind["quality"][known, output]], axis=1)
            found.append((said.astype(float), truth[known]))
    return found


def _scaled(said: list[Floats], truth: list[NDArray[np.bool_]]) -> tuple[float, float]:
    """Return slope and shift that make logits a probability: logistic regression, each kind of the same weight."""
    signs = [np.where(part, -1.0, 1.0) for part in truth]

    def loss(weights: Floats) -> float:
        kinds = zip(said, signs, strict=True)
        fit = sum(float(np.logaddexp(0, sign * (weights[0] * part + weights[1])).mean()) for part, sign in kinds)
        return fit + _RIDGE * float((weights[0] - 1) ** 2)

    found = minimize(loss, np.array([1.0, 0.0]), bounds=[(0.05, None), (None, None)])
    return float(found.x[0]), float(found.x[1])


def fit_unlike(layer: torch.nn.Linear, features: NDArray[np.floating]) -> None:
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
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weight))
        layer.bias.copy_(torch.from_numpy(-weight @ middle))
    print(f"unlike: shrinkage {share:.4f}, limit {limit:.2f} of {size} features", flush=True)


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


def operating_points(
    drawn: Said, heads: Sequence[Said], artifacts: Sequence[ArtifactId] = CLASSES
) -> dict[str, tuple[float, float]]:
    """Return by class of those given the probabilities below which it is absent and from which it limits reading.

    From drawn stacks and those of real heads: the strictest decides, raised by a margin of the class's own.
    """
    points = {}
    for place, artifact in enumerate(CLASSES):
        if artifact not in artifacts:
            continue
        told = [_of_class(one, place) for one in (drawn, *heads)]
        if not all(any(known(level).any() for _, level in told) for known in (_none, _minor, _limiting)):
            continue
        high = max(map(_bound, told)) + margin(told[0], told[1:])
        missed = np.concatenate([one[_limiting(level)] for one, level in told])
        low = min(float(np.quantile(missed, MOST_MISSED)), high)
        points[str(artifact)] = (round(float(expit(low)), 3), round(float(expit(high)), 3))
    return points


def margin(drawn: Said, heads: Sequence[Said]) -> float:
    """Return what is added to the log odds from which a class is said, for heads that are none of these.

    The least of ``MARGINS`` with which, over heads whose own stacks set no limit, no more clean ones are called than
    ``MOST_CALLED`` and no more minor ones than ``MOST_MINOR_ELSEWHERE``; and ``GUARD`` more. Of few heads ``ALONE``.
    """
    telling = [head for head in heads if (head[1] != UNKNOWN).any()]
    if len(telling) < FEWEST:
        return ALONE
    bounds = [_bound(head) for head in telling]
    for raised in MARGINS:
        clean, minor = [], []
        for place, (said, level) in enumerate(telling):
            limit = max(_bound(drawn), *(bound for other, bound in enumerate(bounds) if other != place)) + raised
            clean.append(float((said[_clean(level)] >= limit).mean()) if _clean(level).any() else 0.0)
            minor.extend(said[_minor(level)] >= limit)
        if np.mean(clean) <= MOST_CALLED and (not minor or np.mean(minor) <= MOST_MINOR_ELSEWHERE):
            break
    return raised + GUARD


def _of_class(one: Said, place: int) -> Said:
    """Return the log odds of a class and its severities; CLEAN where the stack has no artifact at all."""
    said, level = one
    known = np.where((level <= 0).all(axis=1) & (level[:, place] == 0), CLEAN, level[:, place])
    return logit(np.clip(said[:, place], 1e-6, 1 - 1e-6)), known


def _bound(one: Said) -> float:
    """Return the log odds that no more than the allowed parts of clean, minor and otherwise disturbed stacks reach."""
    said, level = one
    parts = ((_clean, MOST_CALLED, 1), (_minor, MOST_MINOR, 5), (_other, MOST_OTHER, 1))
    found = [np.quantile(said[which(level)], 1 - most) for which, most, few in parts if which(level).sum() >= few]
    return float(max(found, default=-np.inf))


def _clean(level: NDArray[np.int8]) -> NDArray[np.bool_]:
    return level == CLEAN


def _other(level: NDArray[np.int8]) -> NDArray[np.bool_]:
    return level == 0


def _none(level: NDArray[np.int8]) -> NDArray[np.bool_]:
    return (level == 0) | (level == CLEAN)


def _minor(level: NDArray[np.int8]) -> NDArray[np.bool_]:
    return level == 1


def _limiting(level: NDArray[np.int8]) -> NDArray[np.bool_]:
    return level >= 2


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
    fit_unlike(_linear(networks["unlike"]), seen["trunk"][seen["mr"]])
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
    fit_fused(_linear(network), groups, kinds.outputs)
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


def _linear(part: torch.nn.Module) -> torch.nn.Linear:
    return next(module for module in part.modules() if isinstance(module, torch.nn.Linear))


if __name__ == "__main__":
    main()
