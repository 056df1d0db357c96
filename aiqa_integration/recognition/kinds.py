"""What an image may show, as one table: it names the network's classes and what a person is told."""

from dataclasses import dataclass
from typing import Literal

Modality = Literal["MR", "CT", "X-ray", "other"]
_X_RAY: Modality = "X-ray"
_GROUPS: dict[str, Modality] = {
    "MR": "MR",
    "CT": "CT",
    **dict.fromkeys(("MG", "DX", "CR", "RG", "PX", "RF"), _X_RAY),
}
_ALL: frozenset[Modality] = frozenset(("MR", "CT", "X-ray", "other"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Something that images may show.

    ``views`` are its modules or directions, one class of the network each; ``modalities`` those of the header in which
    it may be shown at all; ``may_show`` the kinds that single images of it may well be taken for (a uniform module, a
    slice beyond the end); ``plain`` its views that show nothing of their own, so that "uniform" is also a true answer;
    ``sentence`` says why nothing is measured, where nothing measures it.
    """

    name: str
    sentence: str
    views: tuple[str, ...] = ("any",)
    modalities: frozenset[Modality] = _ALL
    may_show: frozenset[str] = frozenset({"not-an-image"})
    plain: frozenset[str] = frozenset()


def _phantom(name: str, title: str, views: tuple[str, ...], modality: Modality, *plain: str) -> Kind:
    """Return a phantom of one modality that has uniform parts."""
    return Kind(
        name=name,
        sentence=f"{title}: recognised, but not what this analysis scores",
        views=views,
        modalities=frozenset({modality}),
        may_show=frozenset({"uniform", "not-an-image"}),
        plain=frozenset(plain),
    )


KINDS = (
    _phantom("acr-mri-large", "ACR MRI phantom, large", ("axial", "sagittal-coronal"), "MR"),
    _phantom("acr-mri-medium", "ACR MRI phantom, medium", ("axial", "sagittal-coronal"), "MR"),
    _phantom("acr-ct-464", "ACR CT phantom (464)", ("module-1", "module-2", "module-3", "module-4"), "CT", "module-3"),
    _phantom("acr-mammography-dm", "ACR Digital Mammography phantom", ("any",), "X-ray"),
    _phantom("acr-mammography-small", "ACR mammography phantom, small", ("any",), "X-ray"),
    Kind(
        name="catphan",
        sentence="CatPhan: recognised, not scored by AIQA",
        views=("ctp404", "ctp486", "ctp515", "ctp528"),
        modalities=frozenset({"CT", "X-ray"}),
        may_show=frozenset({"uniform", "not-an-image"}),
        plain=frozenset({"ctp486"}),
    ),
    Kind(name="uniform", sentence="water or another uniform object: recognised, not scored by AIQA"),
    Kind(
        name="other-test-object",
        sentence="a test object that AIQA does not score",
        may_show=frozenset({"uniform", "not-an-image"}),
    ),
    Kind(name="patient", sentence="images of a patient, no phantom"),
    Kind(
        name="not-an-image",
        sentence="no object recognised: noise, blank, text or pattern, or images unlike those known",
        may_show=frozenset(),
    ),
)
KINDS_BY_NAME = {kind.name: kind for kind in KINDS}
CLASSES = tuple((kind.name, view) for kind in KINDS for view in kind.views)
"""The network's outputs, in order: kind and view."""


def modality_group(modality: str) -> Modality:
    """Return which of the modalities that the network tells apart a header's Modality (0008,0060) belongs to."""
    return _GROUPS.get(modality.strip().upper(), "other")
