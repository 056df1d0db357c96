from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest

from aiqa_integration.errors import HashMismatch, PhantomNotFound
from aiqa_integration.model.phantom import LocatedPhantom
from aiqa_integration.model.report import BundleVersion
from aiqa_integration.phantoms import all_phantoms
from aiqa_integration.pipeline import infer
from aiqa_integration.pipeline.infer import find_phantom
from aiqa_integration.pipeline.ports import LoadedSeries
from aiqa_integration.pipeline.recognise import BUNDLE as RECOGNITION
from aiqa_integration.recognition import CLASSES, KINDS_BY_NAME
from tests.drawn_phantom import header, images, pose

VERSION = BundleVersion(name="b", version="1.0.0", weights_sha256="00")
STACK = images({1: np.zeros((8, 8))}, pose_=pose(matrix=8)).stack
SERIES = LoadedSeries(header=header(), stack=STACK, files=())


class Bundles:
    """Counts runs; recognises what it is told to; gives the inputs of other bundles back."""

    def __init__(self, error=None, *, kind="acr-mri-large", probability=0.99):
        self.runs = []
        self.looked_at = []
        self.error = error
        self.kind, self.probability = kind, probability

    def version(self, bundle):
        return replace(VERSION, name=bundle)

    def run(self, bundle, inputs):
        if bundle == RECOGNITION:
            self.looked_at.append(len(inputs["image"]))
            return self._recognised(len(inputs["image"]))
        self.runs.append(bundle)
        if self.error:
            raise self.error
        return inputs

    def _recognised(self, images):
        view = KINDS_BY_NAME[self.kind].views[0]
        classes = np.full((images, len(CLASSES)), (1 - self.probability) / (len(CLASSES) - 1), np.float32)
        classes[:, CLASSES.index((self.kind, view))] = self.probability
        return {"class": classes, "logit": np.log(classes) + np.float32(5)}


def _phantom(name, confidence, bundle="b"):
    def locate(_stack, _outputs):
        if confidence is None:
            raise PhantomNotFound("too small")
        return LocatedPhantom(phantom=name, slices={}, poses={}, tilt_deg=None, residual_mm=0.0, confidence=confidence)

    return replace(
        all_phantoms()[0],
        name=name,
        title=name.title(),
        bundle=bundle,
        prepare=lambda stack: {"image": stack.voxels},
        locate=locate,
    )


def _find(monkeypatch, *phantoms, bundles=None):
    monkeypatch.setattr(infer, "phantoms_of", lambda _: phantoms)
    return find_phantom(SERIES, "any", bundles or Bundles())


def test_the_phantom_shown_best_wins_on_one_run(monkeypatch):
    bundles = Bundles()
    found = _find(monkeypatch, _phantom("acr-mri-large", 0.4), _phantom("b", 0.9), _phantom("c", None), bundles=bundles)
    assert found[0].name == found[1].phantom == "b"
    assert bundles.runs == ["b"]


def test_each_bundle_runs_once_and_the_winners_is_named(monkeypatch):
    bundles = Bundles()
    found = _find(
        monkeypatch,
        _phantom("acr-mri-large", 0.4, "x"),
        _phantom("b", 0.3, "y"),
        _phantom("c", 0.2, "x"),
        bundles=bundles,
    )
    assert bundles.runs == ["x", "y"]
    assert found[2].name == "x"


def test_not_found_says_why_for_each(monkeypatch):
    with pytest.raises(PhantomNotFound, match=r"^too small$"):
        _find(monkeypatch, _phantom("acr-mri-large", None), _phantom("b", None))


def test_an_analysis_without_phantoms_is_named(monkeypatch):
    with pytest.raises(PhantomNotFound, match="'any'"):
        _find(monkeypatch)


def test_a_bundle_that_cannot_be_trusted_is_not_a_missing_phantom(monkeypatch):
    with pytest.raises(HashMismatch):
        _find(monkeypatch, _phantom("acr-mri-large", 0.4), bundles=Bundles(HashMismatch("model.pt")))


@pytest.mark.parametrize(
    ("kind", "probability", "looked_at"),
    [("acr-mri-large", 0.99, [2]), ("acr-mri-large", 0.9, [2, 5]), ("patient", 0.99, [2, 5])],
)
def test_two_sure_images_of_a_candidate_are_enough(monkeypatch, kind, probability, looked_at):
    stack = images({number: np.zeros((8, 8)) for number in range(1, 12)}, pose_=pose(matrix=8)).stack
    bundles = Bundles(kind=kind, probability=probability)
    monkeypatch.setattr(infer, "phantoms_of", lambda _: (_phantom("acr-mri-large", 0.9),))
    with pytest.raises(PhantomNotFound) if kind == "patient" else nullcontext():
        find_phantom(replace(SERIES, stack=stack), "any", bundles)
    assert bundles.looked_at == looked_at


@pytest.mark.parametrize("kind", ["catphan", "patient", "uniform", "other-test-object", "not-an-image", "acr-ct-464"])
def test_what_is_surely_something_else_is_turned_away_before_the_bundle_runs(monkeypatch, kind):
    bundles, modality = Bundles(kind=kind), "CT" if kind in {"catphan", "acr-ct-464"} else "MR"
    monkeypatch.setattr(infer, "phantoms_of", lambda _: (_phantom("acr-mri-large", 0.9),))
    series = replace(SERIES, header=replace(SERIES.header, modality=modality))
    with pytest.raises(PhantomNotFound) as raised:
        find_phantom(series, "any", bundles)
    assert str(raised.value) == KINDS_BY_NAME[kind].sentence
    assert bundles.runs == []


def test_where_recognition_abstains_the_bundles_own_checks_decide(monkeypatch):
    bundles = Bundles(kind="patient", probability=0.7)
    assert _find(monkeypatch, _phantom("acr-mri-large", 0.9), bundles=bundles)[0].name == "acr-mri-large"
    with pytest.raises(PhantomNotFound, match="too small"):
        _find(monkeypatch, _phantom("acr-mri-large", None), bundles=bundles)


def test_a_kind_that_the_modality_rules_out_turns_nothing_away(monkeypatch):
    bundles = Bundles(kind="catphan")
    assert _find(monkeypatch, _phantom("acr-mri-large", 0.9), bundles=bundles)[0].name == "acr-mri-large"


def test_the_other_size_is_tried_too(monkeypatch):
    bundles = Bundles(kind="acr-mri-medium")
    found = _find(monkeypatch, _phantom("acr-mri-large", 0.9), _phantom("acr-mri-medium", None), bundles=bundles)
    assert found[0].name == "acr-mri-large"
