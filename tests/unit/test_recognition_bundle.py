"""The shipped recognition bundle: complete, in step with the table of kinds, right on simulated and on real series."""

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from aiqa_integration.dicom.files import group_files
from aiqa_integration.dicom.volume import DicomSeriesReader
from aiqa_integration.errors import AiqaError, PhantomNotFound
from aiqa_integration.infer.bundle import find_bundles, read_inference, read_metadata, verify
from aiqa_integration.infer.run import BundleRunner
from aiqa_integration.pipeline.infer import find_phantom
from aiqa_integration.pipeline.ports import LoadedSeries
from aiqa_integration.pipeline.recognise import BUNDLE, recognise
from aiqa_integration.recognition import CLASSES, KINDS_BY_NAME
from aiqa_integration.simulate.acr_mri import Pose, Scan, simulate_localizer, simulate_series
from aiqa_integration.simulate.canvas import random_canvas
from aiqa_integration.simulate.ct_objects import CATPHAN_MODULES, draw_acr_464, draw_catphan, draw_uniform
from aiqa_integration.simulate.ct_scanner import scan_ct
from tests.drawn_phantom import header, images, pose

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
ACR_MRI = ("acr-mri-large", "acr-mri-medium")


@cache
def runner():
    return BundleRunner(find_bundles())


def loaded(pixels, pixel_mm, modality):
    stack = images(dict(enumerate(pixels)), pose_=pose(matrix=pixels[0].shape[1], pixel=(pixel_mm, pixel_mm))).stack
    return LoadedSeries(header=replace(header(), modality=modality), stack=stack, files=())


def test_the_bundle_passes_every_check_and_knows_the_kinds():
    bundle = find_bundles()[BUNDLE]
    assert [check for check in verify(bundle) if not check.passed] == []
    assert read_inference(bundle)["heads"]["class"]["channels"] == [0, len(CLASSES)]
    declared = read_metadata(bundle)["network_data_format"]["outputs"]["class"]["channel_def"]
    assert [name.split(": ")[0] for name in declared.values()] == [kind for kind, _ in CLASSES]


@pytest.mark.parametrize("phantom", ACR_MRI)
@pytest.mark.parametrize("turn_deg", [0.0, 22.0, 90.0, -160.0])
def test_simulated_acr_mri_series_are_recognised_in_any_pose(phantom, turn_deg):
    rng = np.random.default_rng(3)
    placed = Pose(rotation_deg=turn_deg, offset_mm=(12.0, -9.0), mirrored=turn_deg > 50)
    series = simulate_series(phantom, rng=rng, pose=placed, scan=Scan(oversampling=1, snr=40))
    given = LoadedSeries(header=replace(header(), modality="MR"), stack=series.stack, files=())
    assert recognise(given, runner()).kind == phantom
    assert (
        recognise(replace(given, stack=replace(series.stack, voxels=series.stack.voxels * 4)), runner()).kind == phantom
    )


@pytest.mark.parametrize("phantom", ACR_MRI)
def test_a_localizer_is_of_its_phantom(phantom):
    stack = simulate_localizer(phantom, rng=np.random.default_rng(4))
    found = recognise(LoadedSeries(header=replace(header(), modality="MR"), stack=stack, files=()), runner())
    assert found.kind == phantom
    assert found.views == ("sagittal-coronal",)


def ct_series(draw, modules, seed):
    """One object's modules, scanned alike: pixels of each."""
    for module in modules:
        rng = np.random.default_rng(seed)
        canvas = random_canvas(rng, (180, 180), 1.4, offset_mm=4, turn_deg=11)
        yield scan_ct(draw(canvas, np.random.default_rng(seed), module), rng=np.random.default_rng(seed), pixel_mm=1.4)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(
    ("kind", "draw", "modules"),
    [
        ("acr-ct-464", draw_acr_464, (1, 2, 3, 4)),
        ("catphan", draw_catphan, CATPHAN_MODULES),
        ("uniform", lambda canvas, rng, _: draw_uniform(canvas, rng), (1, 2)),
    ],
)
def test_simulated_ct_series_are_never_taken_for_another_phantom(kind, draw, modules, seed):
    found = recognise(loaded(list(ct_series(draw, modules, seed)), 1.4, "CT"), runner())
    assert found.kind in {kind, None}


def test_empty_and_noisy_series_show_no_phantom():
    rng = np.random.default_rng(1)
    for pixels in (np.zeros((200, 200)), rng.rayleigh(5, (200, 200))):
        kind = recognise(loaded([pixels] * 3, 1.0, "MR"), runner()).kind
        assert kind is None or KINDS_BY_NAME[kind].modalities == KINDS_BY_NAME["not-an-image"].modalities


def test_a_series_is_recognised_within_150_ms():
    series = loaded([np.random.default_rng(1).random((256, 256))] * 11, 1.0, "MR")
    recognise(series, runner())
    spent_s = []
    for _ in range(5):
        started = time.process_time()
        recognise(series, runner())
        spent_s.append(time.process_time() - started)
    assert min(spent_s) < 0.15


def real_series() -> Iterator[tuple[str, LoadedSeries]]:
    for group in group_files([SHARED]):
        try:
            series = DicomSeriesReader().load(group.usable_files())
        except AiqaError:
            continue
        yield str(group.files[0].parent.relative_to(SHARED)), series


@pytest.mark.shared_data
@pytest.mark.skipif(not SHARED.is_dir(), reason="no real DICOM in ../shared/data")
def test_real_acr_mri_series_are_recognised_and_nothing_else_gets_past_both_bundles():
    unknown, mistaken, seen = [], [], 0
    for name, series in real_series():
        kind, phantom = recognise(series, runner()).kind, name.split("/")[0]
        seen += 1
        if phantom in ACR_MRI:
            unknown += [(name, kind)] if kind != phantom else []
        elif kind is None or kind in ACR_MRI:
            with suppress(PhantomNotFound):
                mistaken.append((name, find_phantom(series, "acr-mri-phantom", runner())[0].name))
    assert seen > 50
    assert unknown == []
    assert mistaken == []
