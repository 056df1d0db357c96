"""What the recognition network is given, and how its answers on several images become one."""

import numpy as np
import pytest

from aiqa_integration.phantoms import all_phantoms
from aiqa_integration.pipeline.recognise import SURE, look
from aiqa_integration.recognition import (
    CLASSES,
    GRID,
    KINDS,
    KINDS_BY_NAME,
    PIXEL_CHANNELS,
    chosen_places,
    image_channels,
    kind_probabilities,
    modality_group,
    pool,
    turned_copies,
)


def answers(*shown, energy=5.0):
    """Outputs of the network for images of ``(kind, view, probability)``; the rest of each goes to patient."""
    classes = np.full((len(shown), len(CLASSES)), 1e-6)
    for row, (kind, view, probability) in zip(classes, shown, strict=True):
        row[CLASSES.index(("patient", "any"))] += 1 - probability
        row[CLASSES.index((kind, view))] += probability
    return {"class": classes.astype(np.float32), "logit": (np.log(classes) + energy).astype(np.float32)}


def test_every_phantom_that_is_scored_can_be_recognised():
    assert {phantom.name for phantom in all_phantoms()} <= KINDS_BY_NAME.keys()


def test_the_table_is_sound():
    assert len(KINDS_BY_NAME) == len(KINDS)
    assert len(set(CLASSES)) == len(CLASSES)
    for kind in KINDS:
        assert kind.may_show <= KINDS_BY_NAME.keys()
        assert kind.modalities
        assert kind.sentence[0].isalpha()


@pytest.mark.parametrize(
    ("modality", "group"),
    [("MR", "MR"), (" ct", "CT"), ("MG", "X-ray"), ("DX", "X-ray"), ("US", "other"), ("", "other")],
)
def test_modalities_are_grouped(modality, group):
    assert modality_group(modality) == group


@pytest.mark.parametrize(("count", "places"), [(1, (0,)), (3, (0, 1, 2)), (11, (0, 2, 5, 8, 10)), (2, (0, 1))])
def test_at_most_five_images_are_looked_at(count, places):
    assert chosen_places(count) == places


def test_images_that_agree_are_recognised():
    found = pool(answers(("acr-mri-large", "axial", 0.99), ("acr-mri-large", "sagittal-coronal", 0.95)), "MR")
    assert (found.kind, found.views) == ("acr-mri-large", ("axial", "sagittal-coronal"))
    assert found.probability == pytest.approx(0.97, abs=0.01)


def test_uniform_and_empty_images_belong_to_the_phantom_that_others_show():
    found = pool(
        answers(
            ("not-an-image", "any", 0.99),
            ("catphan", "ctp404", 0.99),
            ("uniform", "any", 0.99),
            ("uniform", "any", 0.99),
            ("not-an-image", "any", 0.99),
        ),
        "CT",
    )
    assert found.kind == "catphan"
    assert found.views == ("", "ctp404", "", "", "")


def test_a_uniform_series_is_not_taken_for_a_phantom_that_none_of_its_images_shows():
    assert pool(answers(*[("uniform", "any", 0.97)] * 4, ("not-an-image", "any", 0.99)), "CT").kind == "uniform"


def torn(first, second, share):
    """Outputs of the network for one image that shows either of two classes."""
    outputs = answers((*first, 1.0))
    for (kind, view), part in ((first, share), (second, 1 - share)):
        outputs["class"][0, CLASSES.index((kind, view))] = part
    return outputs


def test_a_single_doubtful_image_is_not_taken_for_what_it_hardly_shows():
    found = pool(torn(("acr-mri-large", "axial"), ("uniform", "any"), 0.3), "MR")
    assert (found.kind, found.likeliest) == (None, "uniform")


def test_a_plain_module_is_a_uniform_object_where_nothing_says_whose_it_is():
    plain = ("acr-ct-464", "module-3", 0.99)
    assert pool(answers(plain), "CT").kind == "acr-ct-464"
    assert pool(torn(plain[:2], ("catphan", "ctp486"), 0.6), "CT").kind == "uniform"
    assert pool(answers(plain, plain, ("acr-ct-464", "module-4", 0.99)), "CT").kind == "acr-ct-464"
    assert pool(answers(plain, plain, ("catphan", "ctp404", 0.99)), "CT").kind == "catphan"


def test_an_image_torn_between_a_phantoms_structure_and_nothing_is_not_named_for_it():
    outputs = answers(("acr-ct-464", "module-2", 0.7))
    outputs["class"][0, CLASSES.index(("patient", "any"))] = 0.0
    for kind, view in (("acr-ct-464", "module-3"), ("uniform", "any")):
        outputs["class"][0, CLASSES.index((kind, view))] = 0.15
    twice = {name: np.repeat(values, 2, axis=0) for name, values in outputs.items()}
    assert (pool(outputs, "CT").kind, pool(twice, "CT").kind) == (None, None)
    told = answers(("acr-ct-464", "module-1", 0.99))
    beside = {name: np.concatenate([values, told[name]]) for name, values in outputs.items()}
    assert pool(beside, "CT").kind == "acr-ct-464"


def test_one_image_of_five_may_disagree_but_not_two():
    agree, other = ("acr-mri-medium", "axial", 0.99), ("patient", "any", 1.0)
    assert pool(answers(*[agree] * 4, other), "MR").kind == "acr-mri-medium"
    doubtful = pool(answers(*[agree] * 3, other, other), "MR")
    assert (doubtful.kind, doubtful.likeliest) == (None, "acr-mri-medium")
    assert doubtful.probability == pytest.approx(0.6, abs=0.02)


def test_doubt_abstains():
    assert pool(answers(("acr-ct-464", "module-1", 0.7)), "CT").kind is None


@pytest.mark.parametrize("kind", ["acr-mri-large", "acr-mri-medium", "acr-ct-464", "catphan", "acr-mammography-dm"])
def test_a_modality_gates_what_can_be_recognised(kind):
    view = KINDS_BY_NAME[kind].views[0]
    for modality in ("MR", "CT", "X-ray", "other"):
        allowed = modality in KINDS_BY_NAME[kind].modalities
        assert (pool(answers((kind, view, 0.99)), modality).kind == kind) == allowed


def test_what_the_gate_takes_is_not_given_to_others():
    given = answers(("acr-ct-464", "module-4", 0.9))
    shares = kind_probabilities(given["class"], given["logit"], "MR")
    assert shares.sum() == pytest.approx(0.1, abs=1e-3)


def test_an_image_unlike_the_training_images_says_nothing():
    strange = answers(("patient", "any", 0.99), energy=-2.0)
    assert pool(strange, "MR").kind is None
    assert kind_probabilities(strange["class"], strange["logit"], "MR").sum() == 0


class Looks:
    """Gives prepared answers, one after the other, and keeps what it was shown."""

    def __init__(self, *outputs):
        self.outputs, self.shown = list(outputs), []

    def version(self, bundle):
        raise NotImplementedError(bundle)

    def run(self, _bundle, inputs):
        self.shown.append(inputs["image"])
        return self.outputs[len(self.shown) - 1]


IMAGE = np.random.default_rng(0).random((1, 90, 80)).astype(np.float32)
PIXEL = (2.0, 2.5)


def test_two_images_that_surely_show_a_phantom_leave_nothing_else_to_be_named():
    """The bound that lets two images of five do: whatever the other three show, no other kind is named."""
    rng, own = np.random.default_rng(3), CLASSES.index(("acr-mri-large", "axial"))
    named = set()
    for _ in range(2000):
        classes = rng.dirichlet(np.full(len(CLASSES), 0.02), 5).astype(np.float32)
        classes[:2] *= 1 - SURE
        classes[:2, own] += SURE
        named.add(pool({"class": classes, "logit": np.log(classes + 1e-9) + np.float32(5)}, "MR").kind)
    assert None in named
    assert named <= {None, "acr-mri-large"}


def test_what_is_sure_is_looked_at_once():
    looks = Looks(answers(("catphan", "ctp404", 0.99)))
    assert look(IMAGE, PIXEL, "CT", looks).kind == "catphan"
    assert len(looks.shown) == 1


def test_doubt_is_looked_at_mirrored_and_turned_and_all_copies_are_pooled():
    sure, doubtful = answers(("catphan", "ctp404", 0.99)), answers(("catphan", "ctp404", 0.6))
    looks = Looks(doubtful, sure, sure, sure)
    found = look(IMAGE, PIXEL, "CT", looks)
    assert (found.kind, found.views) == ("catphan", ("ctp404",))
    assert found.probability == pytest.approx((0.6 + 3 * 0.99) / 4, abs=1e-3)
    assert len({shown.tobytes() for shown in looks.shown}) == 4
    assert look(IMAGE, PIXEL, "CT", Looks(doubtful, doubtful, doubtful, sure)).kind is None


def test_structure_that_surely_shows_in_one_copy_outweighs_copies_in_which_nothing_is_seen():
    half, seen = torn(("acr-ct-464", "module-2"), ("uniform", "any"), 0.6), answers(("acr-ct-464", "module-2", 0.9))
    assert look(IMAGE, PIXEL, "CT", Looks(half, half, seen, half)).kind == "acr-ct-464"
    assert look(IMAGE, PIXEL, "CT", Looks(*[half] * 4)).kind is None


def test_an_image_unlike_anything_known_stays_so_in_every_copy():
    strange = answers(("patient", "any", 0.99), energy=-2.0)
    assert look(IMAGE, PIXEL, "MR", Looks(*[strange] * 4)).kind is None


def test_turned_copies_keep_every_value():
    given = image_channels(IMAGE, PIXEL, "MR")
    for copy in turned_copies(given):
        assert copy.shape == given.shape
        assert np.array_equal(np.sort(copy, axis=None), np.sort(given, axis=None))
        assert not np.array_equal(copy, given)


def test_inputs_have_the_declared_shape_and_say_modality_and_size():
    given = image_channels(np.stack([np.full((64, 48), n, np.float32) for n in range(5)]), (1.0, 1.0), "CT")
    assert given.shape == (5, PIXEL_CHANNELS + 4, GRID, GRID)
    assert given.dtype == np.float32
    assert np.isfinite(given).all()
    assert given[0, PIXEL_CHANNELS:, 0, 0] == pytest.approx([np.log2(64 / 256) / 2, 0, 1, 0])


def test_inputs_bear_any_image():
    rng = np.random.default_rng(0)
    for image in (np.zeros((40, 40)), np.full((9, 300), 7.0), rng.normal(0, 1, (30, 31)), np.eye(3) * 1e6):
        for modality in ("MR", "CT", "X-ray", "other"):
            assert np.isfinite(image_channels(image[None].astype(np.float32), (0.5, 1.5), modality)).all()


def test_inputs_do_not_depend_on_the_scale_of_mr_signals_nor_on_what_lies_outside_a_ct_field():
    rng = np.random.default_rng(0)
    signal = rng.random((1, 80, 80)).astype(np.float32)
    one, other = (image_channels(signal * k, (1.0, 1.0), "MR") for k in (1, 4))
    assert np.allclose(one, other, atol=1e-3)
    hu = np.full((1, 80, 80), -1000.0, np.float32)
    hu[0, 20:60, 20:60] = 40
    padded = np.where(hu < -999, np.float32(-3024), hu)
    assert np.allclose(image_channels(hu, (1, 1), "CT"), image_channels(padded, (1, 1), "CT"))


def test_fine_and_coarse_pixels_of_one_object_look_alike():
    rows, columns = np.indices((400, 400))
    fine = ((np.hypot(rows - 199.5, columns - 199.5) < 150) & (np.abs(rows - 250) > 10)).astype(np.float32)
    coarse = fine.reshape(200, 2, 200, 2).mean(axis=(1, 3))
    one, other = image_channels(fine[None], (0.5, 0.5), "MR"), image_channels(coarse[None], (1.0, 1.0), "MR")
    assert np.abs(one - other)[0, 0].mean() < 0.01
