"""From the network's answers on the images of a series to one: a kind, or none where the answers leave doubt."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aiqa_integration.recognition.kinds import CLASSES, KINDS, KINDS_BY_NAME, Kind, Modality

LEAST_PROBABILITY = 0.75
"""Below this mean over the images nothing is said: one image of five may disagree altogether, not two."""
LEAST_ENERGY = 0.0
"""Below this an image is unlike what the network was trained on: the bundle is sealed with zero at that place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """What a series shows: ``kind`` is None where that is left open; ``likeliest`` and ``probability`` say how near.

    ``views`` are the module or direction of each image that was looked at, "" where it shows nothing of the kind.
    """

    kind: str | None
    likeliest: str
    probability: float
    views: tuple[str, ...] = ()


def kind_probabilities(
    classes: NDArray[np.float32], logits: NDArray[np.float32], modality: Modality
) -> NDArray[np.float64]:
    """Return the probability of each kind for each image, ``[image, kind]``.

    ``classes`` and ``logits`` are the network's outputs, ``[image, class]``. A kind that the modality rules out gets
    none, and an image whose energy (log of the summed exponentials of its logits) is too low gives none to any: what
    is taken away is not given to others, so that doubt stays doubt.
    """
    owners = np.array([[kind.name == owner for owner, _ in CLASSES] for kind in KINDS], np.float64)
    return np.asarray(_believed(classes, logits, modality) @ owners.T, np.float64)


def _believed(classes: NDArray[np.float32], logits: NDArray[np.float32], modality: Modality) -> NDArray[np.float64]:
    """Return the probability of each class for each image, none where modality or energy speak against it."""
    allowed = np.array([modality in KINDS_BY_NAME[name].modalities for name, _ in CLASSES], np.float64)
    energy = np.logaddexp.reduce(logits.astype(np.float64), axis=1)
    return np.asarray(classes * allowed * (energy >= LEAST_ENERGY)[:, None], np.float64)


def pool(outputs: Mapping[str, NDArray[np.float32]], modality: Modality) -> Recognition:
    """Return what the images of one series show together.

    A kind's score is the mean probability of it and, for an image beside another that surely shows it, of what single
    images of it may be taken for. "Uniform" also counts plain views of phantoms: where it can't be told whose they are,
    that they show a uniform object is still true. A phantom's own plain view counts for it at once only where it is the
    image's likeliest: beside a likelier view it says that nothing of that view may be there. Of equal scores the kind
    that more images show wins.
    """
    believed = _believed(outputs["class"], outputs["logit"], modality)
    unlikelier = believed * (believed < believed.max(axis=1, keepdims=True))
    vague = unlikelier @ _table(_plainly).T
    shown = believed @ _table(_shown).T - vague
    allied = believed @ (_table(_allied) & ~_table(_shown)).T + vague
    sure = shown >= LEAST_PROBABILITY
    scores = (shown + allied * (sure.sum(axis=0) > sure)).mean(axis=0)
    own = kind_probabilities(outputs["class"], outputs["logit"], modality).mean(axis=0)
    best = max(range(len(KINDS)), key=lambda place: (round(float(scores[place]), 2), float(own[place])))
    name, probability = KINDS[best].name, float(scores[best])
    return Recognition(
        kind=name if probability >= LEAST_PROBABILITY else None,
        likeliest=name,
        probability=probability,
        views=_views(outputs["class"], name),
    )


def _table(says: Callable[[Kind, str, str], bool]) -> NDArray[np.bool_]:
    """Return what a rule says of every kind and class, ``[kind, class]``."""
    return np.array([[says(kind, name, view) for name, view in CLASSES] for kind in KINDS])


def _shown(kind: Kind, name: str, view: str) -> bool:
    """Return whether an image of a class shows a kind itself."""
    return name == kind.name or (kind.name == "uniform" and _is_plain(name, view))


def _plainly(kind: Kind, name: str, view: str) -> bool:
    """Return whether a class is a plain view of a kind."""
    return name == kind.name and _is_plain(name, view)


def _allied(kind: Kind, name: str, view: str) -> bool:
    """Return whether an image of a kind may be taken for a class: another phantom's plain view is a uniform object."""
    return name in kind.may_show or ("uniform" in kind.may_show and _is_plain(name, view))


def _is_plain(name: str, view: str) -> bool:
    return view in KINDS_BY_NAME[name].plain


def _views(classes: NDArray[np.float32], name: str) -> tuple[str, ...]:
    """Return the view of the kind that each image shows."""
    top = [CLASSES[place] for place in classes.argmax(axis=1)]
    return tuple(view if kind == name else "" for kind, view in top)
