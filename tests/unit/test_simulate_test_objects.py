"""Simulated test objects have their lengths and CT numbers where their tables say."""

from itertools import pairwise

import numpy as np
import pytest

from aiqa_integration.simulate.anatomy import (
    REGIONS,
    ct_tissues,
    draw_breast,
    draw_patient,
    draw_radiograph,
    mr_tissues,
)
from aiqa_integration.simulate.canvas import Canvas, folded, fractal, paint, random_canvas
from aiqa_integration.simulate.ct_objects import (
    ACR_464_BARS_LP_PER_CM,
    ACR_464_RODS,
    CATPHAN_MODULES,
    draw_acr_464,
    draw_catphan,
    draw_other,
    draw_uniform,
    polar,
)
from aiqa_integration.simulate.ct_scanner import add_couch, scan_ct
from aiqa_integration.simulate.mammography_objects import (
    DM_ROWS_MM,
    draw_dm,
    draw_other_block,
    draw_small,
    draw_uniform_block,
    expose,
)
from aiqa_integration.simulate.mr_objects import draw_other_object, draw_uniform_fluid, receive
from aiqa_integration.simulate.no_image import NO_IMAGE_KINDS, draw_no_image

PIXEL_MM = 0.5


def canvas(side=500, pixel_mm=PIXEL_MM):
    rows, columns = np.indices((side, side)).astype(np.float32)
    middle = (side - 1) / 2
    return Canvas(x=(columns - middle) * pixel_mm, y=(rows - middle) * pixel_mm, edge_mm=pixel_mm)


def rng(seed=5):
    return np.random.default_rng(seed)


def at(image, place):
    middle = (image.shape[0] - 1) / 2
    return float(image[round(middle + place[1] / PIXEL_MM), round(middle + place[0] / PIXEL_MM)])


def area_mm2(image, above):
    return float((image > above).sum()) * PIXEL_MM**2


def test_disks_and_bars_smaller_than_a_pixel_keep_their_area():
    fine = canvas()
    assert fine.disk((0, 0), 10).sum() * PIXEL_MM**2 == pytest.approx(np.pi * 100, rel=0.01)
    assert fine.bar((3, 2), length_mm=20, width_mm=0.1, angle_deg=30).sum() * PIXEL_MM**2 == pytest.approx(2.0, rel=0.1)
    assert fine.bar((0, 0), length_mm=20, width_mm=4, angle_deg=90)[250 + 15, 250] == pytest.approx(1)
    assert fine.disk((0, 0), 0.1).max() < 0.2


def test_a_canvas_is_turned_clockwise_and_moved():
    turned = random_canvas(rng(), (101, 101), 1.0, offset_mm=0, turn_deg=90)
    assert (turned.x[60, 50], turned.y[60, 50]) == pytest.approx((10, 0), abs=1e-4)
    assert random_canvas(rng(), (101, 101), 1.0, offset_mm=20, turn_deg=0).x[50, 50] != 0


def test_paint_covers_and_folded_parts_by_levels():
    base = np.zeros((1, 3), np.float32)
    assert paint(base, np.array([[0, 0.5, 1]], np.float32), 10.0).tolist() == [[0, 5, 10]]
    field = np.linspace(-1, 1, 201, dtype=np.float32)[:, None] * np.ones((1, 3), np.float32)
    parted = folded(field, (-0.5, 0.5), (1.0, 2.0, 3.0))
    assert parted[[5, 100, 195], 0] == pytest.approx([1, 2, 3], abs=1e-3)
    assert fractal(rng(), (64, 48), 1.5).std() == pytest.approx(1, rel=1e-3)


def test_module_1_of_acr_464_has_its_rods():
    image = draw_acr_464(canvas(), rng(), 1)
    assert area_mm2(image, -500) == pytest.approx(np.pi * (100**2 - 12.5**2), rel=0.01)
    for rod in ACR_464_RODS[1]:
        assert at(image, rod.centre_mm) == pytest.approx(rod.hu, abs=40), rod
        edge = rod.diameter_mm / 2
        assert at(image, (rod.centre_mm[0] + edge - 1.5, rod.centre_mm[1])) == pytest.approx(rod.hu, abs=40)


def test_module_2_of_acr_464_has_five_groups_of_four_rods_and_the_large_one():
    rods = ACR_464_RODS[2]
    assert [sum(rod.diameter_mm == size for rod in rods) for size in (25, 6, 5, 4, 3, 2)] == [1, 4, 4, 4, 4, 4]
    for size in (6.0, 5.0, 4.0, 3.0, 2.0):
        group = [rod.centre_mm for rod in rods if rod.diameter_mm == size]
        gaps = [np.hypot(*np.subtract(one, other)) for one, other in pairwise(group)]
        assert gaps == pytest.approx([2 * size] * 3, rel=0.02)


def test_the_rods_of_module_2_are_6_hu_above_their_background_in_every_specimen():
    places = [rod.centre_mm for rod in ACR_464_RODS[2] if rod.diameter_mm > 20]
    contrasts, backgrounds = [], []
    for seed in range(40):
        image = draw_acr_464(canvas(), np.random.default_rng(seed), 2)
        backgrounds.append(at(image, (0, 0)))
        contrasts.append(at(image, places[0]) - backgrounds[-1])
    assert np.std(backgrounds) > 3
    assert np.mean(contrasts) == pytest.approx(6, abs=0.5)
    assert np.std(contrasts) == pytest.approx(1, abs=0.4)


def test_module_4_of_acr_464_has_eight_squares_of_bars():
    image = draw_acr_464(canvas(), rng(), 4)
    assert sorted(ACR_464_BARS_LP_PER_CM.values()) == [4, 5, 6, 7, 8, 9, 10, 12]
    for angle in ACR_464_BARS_LP_PER_CM:
        x, y = polar(70, angle)
        middle = (image.shape[0] - 1) / 2
        rows, columns = (slice(round(middle + (v - 6) / PIXEL_MM), round(middle + (v + 6) / PIXEL_MM)) for v in (y, x))
        assert image[rows, columns].mean() > 500
    assert at(image, (0, 0)) == pytest.approx(95, abs=25)


@pytest.mark.parametrize("module", CATPHAN_MODULES)
@pytest.mark.parametrize("seed", range(4))
def test_a_catphan_is_200_mm_wide(module, seed):
    image = draw_catphan(canvas(), rng(seed), module)
    inside = np.abs(canvas().x) ** 2 + np.abs(canvas().y) ** 2 < 100**2
    assert (image[~inside] < -400).mean() > 0.99
    assert (image[inside] > -400).mean() > 0.9


def test_ctp404_has_air_above_and_below_and_teflon_somewhere():
    image = draw_catphan(canvas(), rng(1), "ctp404")
    for angle in (90, 270):
        near = [at(image, polar(radius, angle)) for radius in np.arange(55, 63, 0.5)]
        assert min(near) < -900
    ring = [at(image, polar(radius, angle)) for angle in range(0, 360, 2) for radius in (56, 58, 60)]
    assert max(ring) > 800


def test_ctp528_has_metal_at_its_ring_only():
    image = draw_catphan(canvas(), rng(2), "ctp528")
    where = np.hypot(canvas().x, canvas().y)[image > 700]
    metal = where[where < 70]
    assert len(metal) > 100
    assert np.percentile(metal, [5, 95]) == pytest.approx([47, 47], abs=6)


def test_the_mammography_phantoms_have_their_objects_where_the_tables_say():
    image = draw_dm(canvas(800), rng(3))
    insert = at(image, (10, 0))
    for y in DM_ROWS_MM[:3]:
        for x in (22, -20):
            near = [at(image, (x, y + off)) for off in np.arange(-2, 2.1, 0.3)]
            assert max(near) > insert + 0.001
    small = draw_small(canvas(), rng(3))
    assert area_mm2(small, 0.5) == pytest.approx(102 * 108, rel=0.02)


@pytest.mark.parametrize("draw", [draw_uniform, draw_other])
@pytest.mark.parametrize("seed", range(8))
def test_ct_objects_are_ct_numbers_and_survive_the_scanner(draw, seed):
    ground = canvas(130, 2.0)
    image = add_couch(draw(ground, rng(seed)), ground, rng(seed))
    assert image.min() >= -1001
    seen = scan_ct(image, rng=rng(seed), pixel_mm=2.0)
    assert seen.dtype == np.float32
    assert np.isfinite(seen).all()
    assert seen.min() >= -3024


@pytest.mark.parametrize("seed", range(6))
def test_other_objects_and_patients_are_finite_images_with_contrast(seed):
    ground = canvas(120, 2.0)
    drawn = [
        receive(draw_uniform_fluid(ground, rng(seed)), ground, rng(seed)),
        receive(draw_other_object(ground, rng(seed)), ground, rng(seed)),
        expose(draw_other_block(ground, rng(seed)), rng=rng(seed), pixel_mm=2.0),
        expose(draw_uniform_block(ground, rng(seed)), rng=rng(seed), pixel_mm=2.0),
        expose(draw_breast(ground, rng(seed)), rng=rng(seed), pixel_mm=2.0),
        expose(draw_radiograph(ground, rng(seed)), rng=rng(seed), pixel_mm=2.0),
        *(draw_patient(ground, rng(seed), ct_tissues(rng(seed)), region) for region in REGIONS),
        *(draw_patient(ground, rng(seed), mr_tissues(rng(seed)), region) for region in REGIONS),
    ]
    for image in drawn:
        assert image.shape == (120, 120)
        assert np.isfinite(image).all()
        assert image.std() > 0


@pytest.mark.parametrize("kind", NO_IMAGE_KINDS)
def test_pictures_of_nothing_are_finite_and_repeat_with_their_seed(kind):
    one, other = (draw_no_image(kind, rng(9), (60, 70)) for _ in range(2))
    assert one.shape == (60, 70)
    assert np.isfinite(one).all()
    assert np.array_equal(one, other)
