"""Fits of the layers and trees that follow the training of the networks, output by output. Needs scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from aiqa_integration.artifact_detection.pool import CLASSES, LEVELS
from aiqa_integration.infer.trees import BoostedTrees
from aiqa_integration.model.artifact import ArtifactId
from scripts.dataset import UNKNOWN
from scripts.network import Arrays
from scripts.scores import Floats, auc

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
_RIDGE = 0.01


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


def linear_of(part: torch.nn.Module) -> torch.nn.Linear:
    """Return the first linear layer of a network."""
    return next(module for module in part.modules() if isinstance(module, torch.nn.Linear))
