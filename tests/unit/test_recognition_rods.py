"""The matched filter for the faint rods of the ACR 464's module 2 finds them where they are, and not elsewhere."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from aiqa_integration.pipeline.recognise import look
from aiqa_integration.recognition import CLASSES, doubtful_rods, image_channels, rod_evidence, weighed
from aiqa_integration.simulate.canvas import random_canvas
from aiqa_integration.simulate.ct_objects import AIR_HU, draw_acr_464

MODULE_2, UNIFORM = CLASSES.index(("acr-ct-464", "module-2")), CLASSES.index(("uniform", "any"))
PIXEL_MM = 1.2
PIXEL = (PIXEL_MM, PIXEL_MM)


def scanned(module, seed, *, noise_hu=8.0, ring_hu=4.0, turn_deg=70.0):
    """A module off centre, under white noise blurred to grains and under rings about the image's middle."""
    rng = np.random.default_rng(seed)
    canvas = random_canvas(rng, (200, 200), PIXEL_MM, offset_mm=5.0, turn_deg=turn_deg)
    rows, columns = np.indices(canvas.x.shape)
    rings = ring_hu * gaussian_filter(rng.normal(0, 1, 200), 1.0)
    noise = gaussian_filter(rng.normal(0, 1, canvas.x.shape), 0.5)
    image = draw_acr_464(canvas, rng, module) + noise_hu * noise / noise.std()
    return np.asarray(image + rings[np.hypot(rows - 99.5, columns - 99.5).astype(int)], np.float32)


def answered(probability):
    """Outputs of the network for one image torn between module 2 and a uniform object."""
    classes = np.full((1, len(CLASSES)), 1e-6, np.float32)
    classes[0, [MODULE_2, UNIFORM]] = probability, 1 - probability
    return {"class": classes, "logit": np.log(classes) + 5}


class Torn:
    """A network that can't say whether an image shows module 2; counts its looks."""

    def __init__(self):
        self.looks = 0

    def version(self, bundle):
        raise NotImplementedError(bundle)

    def run(self, _bundle, _inputs):
        self.looks += 1
        return answered(0.4)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("turn_deg", [0.0, 70.0, -130.0])
def test_rods_are_found_in_any_rotation_and_from_either_end(seed, turn_deg):
    image = scanned(2, seed, turn_deg=turn_deg)
    assert rod_evidence(image, PIXEL) > 3
    assert rod_evidence(np.ascontiguousarray(image[:, ::-1]), PIXEL) > 3


@pytest.mark.parametrize(("noise_hu", "ring_hu", "most"), [(8.0, 4.0, 3.0), (4.0, 4.0, -3.0), (1.0, 0.0, -4.0)])
def test_a_plain_module_is_not_taken_for_rods_and_surely_not_where_there_is_little_noise(noise_hu, ring_hu, most):
    plain = [rod_evidence(scanned(3, seed, noise_hu=noise_hu, ring_hu=ring_hu), PIXEL) for seed in range(40)]
    assert max(plain) < most
    assert np.median(plain) < -0.5


def test_what_is_no_disk_of_200_mm_gives_no_evidence():
    image = scanned(2, 1)
    assert rod_evidence(image, (1.0, 1.0)) == 0
    assert rod_evidence(np.full((200, 200), AIR_HU, np.float32), PIXEL) == 0
    assert rod_evidence(np.random.default_rng(0).normal(0, 30, (200, 200)).astype(np.float32), PIXEL) == 0


def test_pixels_need_not_be_square():
    image = scanned(2, 2)
    halved = image.reshape(100, 2, 200).mean(axis=1)
    assert rod_evidence(halved, (2 * PIXEL_MM, PIXEL_MM)) > 3


def test_evidence_multiplies_the_odds_and_leaves_logits_and_shares_of_the_rest_alone():
    given = answered(0.2)
    found = weighed(given, np.array([np.log(4.0)]))
    odds = found["class"][0, MODULE_2] / (1 - found["class"][0, MODULE_2])
    assert odds == pytest.approx(1.0, rel=1e-3)
    assert found["class"].sum() == pytest.approx(1, abs=1e-6)
    assert found["logit"] is given["logit"]
    assert np.allclose(weighed(given, np.zeros(1))["class"], given["class"], atol=1e-5)


@pytest.mark.parametrize(("probability", "asked"), [(0.0005, False), (0.01, True), (0.9, True), (0.99, False)])
def test_the_filter_is_asked_only_where_the_network_doubts(probability, asked):
    evidence = doubtful_rods(scanned(2, 3)[None], PIXEL, answered(probability)["class"])
    assert (evidence[0] != 0) == asked


def test_evidence_decides_at_the_first_look_in_ct_and_is_not_asked_for_in_mr():
    network = Torn()
    assert look(scanned(2, 4)[None], PIXEL, "CT", network).kind == "acr-ct-464"
    assert look(scanned(3, 4, noise_hu=3.0)[None], PIXEL, "CT", network).kind == "uniform"
    assert network.looks == 2
    assert look(scanned(2, 4)[None], PIXEL, "MR", Torn()).kind is None


def test_the_filter_does_not_change_the_image():
    image = scanned(2, 5)
    kept = image.copy()
    rod_evidence(image, PIXEL)
    image_channels(image[None], PIXEL, "CT")
    assert np.array_equal(image, kept)
