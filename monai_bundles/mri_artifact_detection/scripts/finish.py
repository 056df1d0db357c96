"""Fits what follows the training of the networks: ``python -m scripts.finish network.pt --out finished.pt``.

On samples that the networks have not seen: trees on the metrics, the layer that joins them with the picture as a
probability, the measure of being unlike the training. On stacks that nothing before has seen: the probability from
which an artifact is said to limit reading, and the tables of held-out figures. Needs scikit-learn.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.ensemble import HistGradientBoostingClassifier

from aiqa_integration.artifact_detection.pool import CLASSES, LEVELS, WORST_PART
from aiqa_integration.infer.trees import BoostedTrees
from scripts.brain_maps import keep_maps
from scripts.dataset import STACK, UNKNOWN, Sample, draw_samples, draw_stack
from scripts.network import Arrays, answers, build, config, stacked
from scripts.scores import auc

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, Path | None], Iterator[Sample]]

SAMPLE_SEED, STACK_SEED = 200_000_000, 300_000_000
USUAL = 0.99
"""Share of the training images that are no more unlike than 1."""
FOLDS = 4
MR = len(CLASSES) * LEVELS
"""The output that says whether an image is an MR scan of a patient."""
MOST_CALLED, MOST_MINOR = 0.005, 0.04
"""Shares of stacks without an artifact, and with a minor one, that may be called: below the limits of 1 % and 5 %,
since real series differ from drawn ones."""
MOST_MISSED = 0.05
_RIDGE = 1.0


def looked_at(networks: torch.nn.ModuleDict, draw: Draw, seed: int, count: int, path: Path, maps: Path) -> Arrays:
    """Return at least ``count`` samples as the picture networks see them, in the order of seeds, kept in a file."""
    if not path.exists():
        parts: list[Arrays] = []
        samples: list[Sample] = []
        groups: list[int] = []
        total = 0
        while total < count:
            for sample in draw(np.random.default_rng(seed), maps):
                samples.append(sample)
                groups.append(seed)
                total += 1
            seed += 1
            if len(samples) >= 1000 or total >= count:
                parts.append(_seen(networks, samples) | {"group": np.array(groups)})
                samples, groups = [], []
        joined = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
        np.savez(path, **joined)  # type: ignore[arg-type]
    with np.load(path) as arrays:
        return {key: arrays[key] for key in arrays.files}


def _seen(networks: torch.nn.ModuleDict, samples: list[Sample]) -> Arrays:
    arrays = stacked(samples)
    said = answers(networks, arrays, "cpu")
    return {
        "metrics": arrays["metrics"],
        "severity": arrays["severity"],
        "mr": arrays["mr"],
        "picture": said["picture"],
        "trunk": said["trunk"],
        "stack": np.array([sample.stack for sample in samples]),
    }


def targets(seen: Arrays, output: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which samples tell an output of the networks, and what they tell."""
    if output == MR:
        return np.ones(len(seen["mr"]), bool), seen["mr"]
    level = seen["severity"][:, output // LEVELS]
    return seen["mr"] & (level != UNKNOWN), level > output % LEVELS


def fit_trees(trees: BoostedTrees, seen: Arrays) -> Floats:
    """Set the trees; return for each sample what trees that have not seen its object say of it."""
    metrics, fold = seen["metrics"].astype(np.float32), seen["group"] % FOLDS
    apart = np.zeros((len(metrics), MR + 1))
    for output in range(MR + 1):
        known, truth = targets(seen, output)
        if len(set(truth[known])) < 2:
            continue
        for place in range(FOLDS):
            model = _boosted(trees, metrics[known & (fold != place)], truth[known & (fold != place)])
            apart[fold == place, output] = model.decision_function(metrics[fold == place])
        _copy(_boosted(trees, metrics[known], truth[known]), trees, output)
    return apart


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


def fit_fused(layer: torch.nn.Linear, seen: Arrays, apart: Floats) -> Floats:
    """Set the layer that weighs picture and trees, output by output, into a probability; return the joined logits."""
    joined = np.zeros_like(apart)
    with torch.no_grad():
        layer.weight.zero_()
        layer.bias.zero_()
        for output in range(MR + 1):
            known, truth = targets(seen, output)
            if len(set(truth[known])) < 2:
                continue
            parts = np.stack([seen["picture"][:, output].astype(float), apart[:, output]], axis=1)
            weights = _weighed(parts[known], truth[known])
            joined[:, output] = parts @ weights[:2] + weights[2]
            layer.weight[output, output], layer.weight[output, output + MR + 1] = weights[0], weights[1]
            layer.bias[output] = weights[2]
    return joined


def _weighed(parts: Floats, truth: NDArray[np.bool_]) -> Floats:
    """Return two weights, none negative, and a shift: logistic regression with a weak pull to even weights."""
    sign = np.where(truth, -1.0, 1.0)

    def loss(weights: Floats) -> float:
        logits = parts @ weights[:2] + weights[2]
        return float(np.logaddexp(0, sign * logits).sum() + _RIDGE * ((weights[:2] - 0.5) ** 2).sum())

    found = minimize(loss, np.array([0.5, 0.5, 0.0]), bounds=[(0.0, None), (0.0, None), (None, None)])
    return np.asarray(found.x, float)


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


def said_of_stacks(networks: torch.nn.ModuleDict, seen: Arrays) -> tuple[dict[str, Floats], NDArray[np.int8]]:
    """Return the pooled probability of severity 2 or more by part ``[stack, class]``, and the true severities."""
    with torch.inference_mode():
        quality = networks["quality"](torch.from_numpy(seen["metrics"].astype(np.float32)))
        picture = torch.from_numpy(seen["picture"])
        fused = networks["fused"](torch.cat([picture, quality], dim=1))
    pooled = {}
    for name, logits in (("fused", fused), ("picture", picture), ("quality", quality)):
        limiting = torch.sigmoid(logits[:, 1:MR:LEVELS]).numpy().astype(float)
        whole = limiting.reshape(-1, STACK, len(CLASSES))
        worst = -np.sort(-whole, axis=1)[:, : ceil(WORST_PART * STACK)]
        pooled[name] = worst.mean(axis=1)
    return pooled, seen["stack"].reshape(-1, STACK, len(CLASSES))[:, 0]


def operating_points(said: Floats, level: NDArray[np.int8]) -> dict[str, tuple[float, float]]:
    """Return by class the probabilities below which it is absent and from which it limits reading."""
    points = {}
    for place, artifact in enumerate(CLASSES):
        one, truth = said[:, place], level[:, place]
        if not all(known.any() for known in (truth == 0, truth == 1, truth >= 2)):
            continue
        high = max(
            0.5,
            float(np.quantile(one[truth == 0], 1 - MOST_CALLED)),
            float(np.quantile(one[truth == 1], 1 - MOST_MINOR)),
        )
        low = min(float(np.quantile(one[truth >= 2], MOST_MISSED)), high)
        points[str(artifact)] = (round(low, 3), round(high, 3))
    return points


def show_stacks(said: dict[str, Floats], level: NDArray[np.int8], points: dict[str, tuple[float, float]]) -> None:
    """Print by class the areas against clean stacks and against all others, and what the operating points give."""
    clean = (level <= 0).all(axis=1)
    rows = []
    for place, artifact in enumerate(CLASSES):
        truth = level[:, place] >= 2
        if str(artifact) not in points or not truth.any():
            continue
        high, one = points[str(artifact)][1], said["fused"][:, place]
        against = truth | clean
        row = {name: auc(truth[against], said[name][against, place]) for name in said}
        rest = level[:, place] != 1
        row["one-vs-rest"] = auc(truth[rest], one[rest])
        called = {"found": truth, "clean called": clean, "minor called": level[:, place] == 1}
        row |= {name: float((one[chosen] >= high).mean()) for name, chosen in called.items()}
        rows.append(row)
        print(f"  {artifact:16s} {points[str(artifact)]} { {k: round(v, 3) for k, v in row.items()} }", flush=True)
    if rows:
        print(f"  mean { ({k: round(float(np.nanmean([row[k] for row in rows])), 4) for k in rows[0]}) }", flush=True)
    highs = np.array([points.get(str(artifact), (0, 2.0))[1] for artifact in CLASSES])
    print(f"  clean stacks {int(clean.sum())}, any called {(said['fused'][clean] >= highs).any(axis=1).mean():.4f}")


def main() -> None:
    """Draw, fit, print, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path, help="what scripts.train saved")
    parser.add_argument("--samples", type=int, default=6000)
    parser.add_argument("--stacks", type=int, default=700)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--out", type=Path, default=Path("finished.pt"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    maps = options.cache / "maps.npz"
    keep_maps(maps)
    networks, weights = build(), torch.load(options.weights, weights_only=True)
    for name in ("trunk", "energy", "picture", "dropped"):
        networks[name].load_state_dict(weights[name])
    networks.eval()
    seen = looked_at(networks, draw_samples, SAMPLE_SEED, options.samples, options.cache / "samples.npz", maps)
    apart = fit_trees(networks["quality"], seen)
    fit_fused(_linear(networks["fused"]), seen, apart)
    fit_unlike(_linear(networks["unlike"]), seen["trunk"][seen["mr"]])
    torch.save({name: part.state_dict() for name, part in networks.items()}, options.out)
    stacks = looked_at(networks, draw_stack, STACK_SEED, options.stacks * STACK, options.cache / "stacks.npz", maps)
    said, level = said_of_stacks(networks, stacks)
    first = np.arange(len(level)) % 2 == 0
    points = operating_points(said["fused"][first], level[first])
    print(
        f"{len(seen['mr'])} samples, {len(config()['graph'])} networks; {len(level)} stacks, every other one for points"
    )
    show_stacks({name: values[~first] for name, values in said.items()}, level[~first], points)


def _linear(part: torch.nn.Module) -> torch.nn.Linear:
    return next(module for module in part.modules() if isinstance(module, torch.nn.Linear))


if __name__ == "__main__":
    main()
