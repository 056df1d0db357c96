"""What the artifact bundle is tested with is labelled by the catalogue's measures; points are set for heads unseen."""

import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from aiqa_integration.model.artifact import ARTIFACTS_BY_ID, ArtifactId, severity_of
from aiqa_integration.simulate.label_maps import draw_anatomy

BUNDLE = Path(__file__).resolve().parents[2] / "monai_bundles" / "mri_artifact_detection"
SPACING = (4.0, 1.0, 1.0)
NOISE = 0.01


@pytest.fixture(scope="module")
def scripts():
    """The bundle's own modules, which are named as other bundles' are."""
    pytest.importorskip("torchio")
    pytest.importorskip("sklearn")
    others = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "scripts"}
    for name in others:
        del sys.modules[name]
    sys.path.insert(0, str(BUNDLE))
    names = {"agreed": "agreed_simulators", "first": "second_simulators"}
    names |= {"measures": "stack_measures", "formula": "formula_artifacts"}
    names |= {name: name for name in ("dataset", "evaluate", "finish", "network", "points", "losses", "unseen")}
    yield SimpleNamespace(**{short: import_module(f"scripts.{name}") for short, name in names.items()})
    sys.path.remove(str(BUNDLE))
    for name in [name for name in sys.modules if name.partition(".")[0] == "scripts"]:
        del sys.modules[name]
    sys.modules.update(others)


def head(*, ghosts=0.0, seed=1):
    """Return a stack: brain, bright fluid in it, dark bone, bright fat that reaches deep at the neck; noise, ghosts."""
    y, x = np.mgrid[-1:1:128j, -1:1:128j]
    radius = np.hypot(y / 0.8, x / 0.7)
    signal = 0.6 * (radius < 0.75) + 0.15 * ((radius >= 0.75) & (radius < 0.85))
    fat = ((radius >= 0.85) & (radius < 1.0)) | ((np.abs(x) < 0.25) & (y > 0.55) & (radius < 1.0))
    fluid = np.hypot(y, x) < 0.12
    signal = np.where(fat | fluid, 1.0, signal)
    rng = np.random.default_rng(seed)
    noise = NOISE * rng.normal(0, 1, (2, 6, 128, 128))
    far = ghosts * np.roll(signal, 64, axis=0)
    voxels = np.abs(signal + far + noise[0] + 1j * noise[1]).astype(np.float32)
    return voxels, fat, fluid


def test_fat_is_what_hangs_together_with_that_below_the_skin(scripts):
    voxels, fat, fluid = head()
    share = scripts.agreed.fat_share(voxels, SPACING)[3]
    assert share[fat].mean() > 0.97
    assert share[fluid].max() < 0.01


def test_a_stack_called_suppressed_has_no_failure_by_the_catalogue(scripts):
    voxels, fat, _ = head()
    before, now = scripts.formula.suppressed(voxels, SPACING)[3], scripts.agreed.suppressed(voxels, SPACING)[3]
    failure = ARTIFACTS_BY_ID[ArtifactId.FAT_SAT_FAILURE]
    assert severity_of(failure, float((now / voxels[3])[fat].mean())) == 0
    assert severity_of(failure, float((before / voxels[3])[fat].mean())) >= 1


@pytest.mark.parametrize("severity", [1, 2, 3])
def test_the_measure_of_failed_suppression_is_the_part_of_the_fat_that_shows(scripts, severity):
    voxels, fat, _ = head()
    found = scripts.first.made(
        ArtifactId.FAT_SAT_FAILURE, voxels, SPACING, severity, (1, severity), scripts.agreed.OPERATORS
    )
    shown = float((found.voxels[:, fat]).sum() / voxels[:, fat].sum())
    assert found.measure == pytest.approx(shown, abs=0.03)
    assert severity_of(ARTIFACTS_BY_ID[ArtifactId.FAT_SAT_FAILURE], found.measure) == severity


def test_a_zipper_is_as_bright_as_said_over_the_noise_whatever_the_ghosts(scripts):
    spread = {}
    for ghosts in (0.0, 0.1):
        voxels, *_ = head(ghosts=ghosts)
        found = scripts.agreed.zipper(voxels, SPACING, 20.0, np.random.default_rng(3))
        line = np.abs(found.voxels - voxels)[:, :8].mean(axis=(0, 1)).max()
        spread[ghosts] = float(line / (scripts.agreed.RAYLEIGH_SD * NOISE))
    assert spread[0.0] == pytest.approx(20.0, rel=0.35)
    assert spread[0.1] == pytest.approx(spread[0.0], rel=0.35)


def test_noise_is_told_from_ghosts_and_texture(scripts):
    voxels, *_ = head(ghosts=0.1)
    texture = np.random.default_rng(5).normal(0, 0.05, voxels.shape).astype(np.float32)
    rough = voxels + texture * scripts.measures.object_mask(voxels)
    assert scripts.agreed.noise_floor(rough) == pytest.approx(NOISE, rel=0.25)
    assert scripts.measures.noise_sigma(rough) > 2 * NOISE


def test_the_measure_of_folding_counts_both_sides(scripts):
    voxels, *_ = head()
    found = scripts.agreed.wrap(voxels, SPACING, 0.05, np.random.default_rng(2))
    rows = int(scripts.measures.object_mask(voxels).any(axis=(0, 2)).sum())
    assert found.measure == pytest.approx((rows - found.voxels.shape[1]) / found.voxels.shape[1])
    assert found.measure >= scripts.first.wrap(voxels, SPACING, 0.05, np.random.default_rng(2)).measure


def test_the_measure_of_a_ghost_is_its_signal_over_the_objects(scripts):
    still = np.zeros((2, 128, 128), np.float32)
    still[:, 60:68, 40:80] = 1.0
    found = scripts.agreed.ghost(still, SPACING, 0.1, np.random.default_rng(4))
    rows = np.sort(found.voxels[0, :, 60])[::-1]
    assert found.measure == pytest.approx(0.1, rel=0.01)
    assert rows[8] / rows[0] == pytest.approx(0.1, rel=0.1)


def test_a_void_is_measured_in_its_largest_slice(scripts):
    voxels, *_ = head()
    voxels = np.concatenate([voxels[:5], voxels[5:] * 0.0 + 1e-3])
    found = scripts.agreed.susceptibility(voxels, SPACING, 0.03, np.random.default_rng(6))
    void = (found.voxels < 0.3 * voxels) & scripts.measures.object_mask(voxels)
    assert found.measure == pytest.approx(void.mean(axis=(1, 2)).max())
    assert found.measure > void.mean()


def test_noise_already_there_is_counted(scripts):
    voxels, *_ = head()
    found = scripts.agreed.low_snr(voxels, SPACING, 10.0, np.random.default_rng(7))
    inside = (scripts.agreed.fat_share(voxels, SPACING) == 0) & (voxels > 0.55) & (voxels < 0.65)
    signal = scripts.measures.object_signal(voxels)
    assert found.measure == pytest.approx(10.0, rel=0.02)
    assert float(found.voxels[inside].std()) == pytest.approx(signal / 10.0, rel=0.15)


def test_dropped_slices_and_truncation_have_the_measure_of_the_catalogue_already(scripts):
    voxels, *_ = head()
    stack = np.concatenate([voxels, voxels])[:9]
    dropped = scripts.first.slice_dropout(stack, SPACING, 0.2, np.random.default_rng(8))
    gains = dropped.voxels.mean(axis=(1, 2)) / stack.mean(axis=(1, 2))
    near = np.concatenate([gains[1:2], (gains[:-2] + gains[2:]) / 2, gains[-2:-1]])
    assert dropped.measure == pytest.approx(float((1 - gains / near).max()), abs=0.01)
    rough = 1 + 0.2 * np.random.default_rng(9).normal(0, 1, (1, 128, 128)).astype(np.float32)
    cut = scripts.first.gibbs(rough, SPACING, 0.3, np.random.default_rng(9))
    power = np.abs(np.fft.fft2(cut.voxels[0])).mean(axis=0)[1 : 128 // 2]
    assert cut.measure == pytest.approx(0.3, abs=0.01)
    assert cut.voxels.shape == rough.shape
    assert power[: int(0.2 * 128)].mean() > 5 * power[int(0.33 * 128) :].mean()


def test_a_series_that_shifts_fat_itself_is_no_clean_case_of_it(scripts):
    voxels, *_ = head()
    series = scripts.unseen.Series(
        name="own", anatomy="own", head=True, voxels=voxels, spacing_mm=SPACING, fat_shift_px=2.1
    )
    assert scripts.evaluate.shown_itself(series) == {ArtifactId.CHEMICAL_SHIFT}
    unknown = scripts.unseen.Series(name="own", anatomy="own", head=True, voxels=voxels, spacing_mm=SPACING)
    assert scripts.evaluate.shown_itself(unknown) == frozenset()


def stacks(scripts, *, raised=0.0, count=400, seed=0):
    """Return log odds and levels of one class: clean around -6, minor around -3, limiting around 1, all ``raised``."""
    level = np.resize([scripts.points.CLEAN, scripts.points.CLEAN, 1, 2], count)
    middle = np.select([level == 2, level == 1], [1.0, -3.0], -6.0)
    return middle + raised + np.random.default_rng(seed).normal(0, 0.2, count), level


def test_the_margin_of_a_class_is_what_one_head_lies_above_the_others(scripts):
    drawn = stacks(scripts, seed=9)
    alike = [stacks(scripts, seed=k) for k in range(4)]
    apart = [*alike, stacks(scripts, raised=2.0, seed=5)]
    guard = scripts.points.GUARD
    assert scripts.points.margin(drawn, alike) <= 0.5 + guard
    assert scripts.points.margin(drawn, apart) == pytest.approx(2.0 + guard, abs=0.5)
    assert scripts.points.margin(drawn, alike[:2]) == scripts.points.ALONE


def test_a_head_that_shows_an_artifact_itself_sets_no_limit_of_it(scripts):
    drawn, alike = stacks(scripts, seed=9), [stacks(scripts, seed=k) for k in range(4)]
    said, level = stacks(scripts, raised=3.0, seed=5)
    own = said, np.full_like(level, scripts.dataset.UNKNOWN)
    assert scripts.points.margin(drawn, [*alike, own]) == scripts.points.margin(drawn, alike)
    head = SimpleNamespace(shows=(ArtifactId.MOTION,))
    seen = {"group": np.arange(3), "severity": np.zeros((3, 12), np.int8), "stack": np.zeros((3, 12), np.int8)}
    (part,) = scripts.finish.by_head(seen, [head])
    place = list(ArtifactId).index(ArtifactId.MOTION)
    assert np.all(part["stack"][:, place] == scripts.dataset.UNKNOWN)
    assert np.all(np.delete(part["stack"], place, axis=1) == 0)
    assert np.all(np.asarray(seen["stack"]) == 0)


@pytest.mark.parametrize(("suppressed", "level"), [(True, 0), (False, -1)])
def test_failed_suppression_is_told_only_by_suppressed_scans(scripts, suppressed, level):
    rng = np.random.default_rng(11)
    anatomy = draw_anatomy(rng, shape=(2, 64, 64), fat_suppressed=suppressed, region="head")
    seen = list(scripts.dataset._scanned(rng, anatomy, []))
    place = list(ArtifactId).index(ArtifactId.FAT_SAT_FAILURE)
    assert len(seen) == 2
    assert {int(levels[place]) for one in seen for levels in (one.severity, one.stack)} == {level}
    assert {int(one.severity[list(ArtifactId).index(ArtifactId.MOTION)]) for one in seen} == {0}


@pytest.mark.parametrize(("level", "learns"), [(0, True), (-1, False)])
def test_a_scan_without_suppression_teaches_nothing_of_its_failure(scripts, level, learns):
    place = list(ArtifactId).index(ArtifactId.FAT_SAT_FAILURE)
    networks = scripts.network.build()
    severity = np.zeros((2, len(ArtifactId)), np.int8)
    severity[:, place] = level
    batch = {
        "image": torch.randint(0, 255, (2, 3, 192, 192), dtype=torch.uint8, generator=torch.Generator().manual_seed(1)),
        "severity": torch.from_numpy(severity),
        "energy": torch.zeros((2, len(ArtifactId), 24, 24)),
        "mr": torch.ones(2, dtype=torch.bool),
    }
    graph = {name: tuple(scripts.network.config()["graph"][name]) for name in ("trunk", "energy", "picture")}
    sum(scripts.losses.losses(networks, batch, graph).values()).backward()
    picture = networks["picture"].output.weight.grad[3 * place : 3 * place + 3]
    energy = dict(networks["energy"].named_parameters())["conv.weight"].grad[place]
    assert bool(picture.any()) is learns
    assert bool(energy.any()) is learns


@pytest.mark.parametrize("training", [False, True])
def test_asking_networks_leaves_them_as_they_were(scripts, training):
    networks = scripts.network.build().train(training)
    scripts.network.answers(networks, {"image": np.zeros((1, 3, 192, 192), np.uint8), "mr": np.ones(1, bool)}, "cpu")
    assert {part.training for part in networks.modules()} == {training}
