"""Measures the sealed bundle on images it was not trained on: ``python -m scripts.evaluate``.

Simulated images of another seed, the second drawing, held-out real pictures of installed packages, whole simulated
series, and with ``--real FOLDER`` the series of a folder. The figures go to metadata.json and the model card by hand.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from aiqa_integration.dicom.files import group_files
from aiqa_integration.dicom.volume import DicomSeriesReader
from aiqa_integration.errors import AiqaError
from aiqa_integration.infer.bundle import Bundle
from aiqa_integration.infer.run import BundleRunner
from aiqa_integration.pipeline.recognise import look, recognise
from aiqa_integration.recognition import KINDS_BY_NAME, Recognition, chosen_places
from aiqa_integration.simulate.acr_mri import simulate_series
from aiqa_integration.simulate.acr_mri_layout import PhantomName
from aiqa_integration.simulate.ct_objects import CATPHAN_MODULES, draw_acr_464, draw_catphan
from scripts.dataset import MIX, ct_picture, simulated_picture
from scripts.mr_pictures import mr_pose, mr_scan, mr_variant
from scripts.package_images import random_picture, sources
from scripts.pictures import Picture
from scripts.second_drawing import DRAWINGS

PLAIN = " (plain)"
"""Marks a phantom's uniform module that is called uniform: right, though not by the phantom's name."""
SEED = 97_310_053


def answer(runner: BundleRunner, picture: Picture) -> Recognition:
    """Return what one image is recognised as."""
    pixel = (picture.pixel_mm, picture.pixel_mm)
    return look(picture.pixels[None], pixel, picture.modality, runner)


def report(title: str, pairs: Iterable[tuple[str, Recognition]]) -> dict[str, float]:
    """Print the confusion of truth and answer ("?": abstained) and return the shares."""
    rows: dict[str, Counter[str]] = {}
    for truth, found in pairs:
        rows.setdefault(truth, Counter())[found.kind or "?"] += 1
    print(f"== {title}")
    for truth, counts in rows.items():
        print(f"{truth:24s} {sum(counts.values()):5d}  " + "  ".join(f"{k} {n}" for k, n in counts.most_common()))
    total = sum(sum(counts.values()) for counts in rows.values())
    strictly = sum(counts[truth] for truth, counts in rows.items())
    right = strictly + sum(counts["uniform"] for truth, counts in rows.items() if truth.endswith(PLAIN))
    open_ = sum(counts["?"] for counts in rows.values())
    figures = {
        "images": total,
        "right": right / total,
        "right_by_name": strictly / total,
        "abstained": open_ / total,
        "wrong": 1 - (right + open_) / total,
    }
    print(json.dumps({key: round(value, 4) for key, value in figures.items()}))
    return figures


def simulated(runner: BundleRunner, count: int) -> Iterable[tuple[str, Recognition]]:
    """Yield truth and answer of ``count`` images of the training mix, every class alike."""
    rng = np.random.default_rng(SEED)
    for number in range(count):
        place = number % len(MIX)
        kind, view = MIX[place][0]
        found = answer(runner, simulated_picture(rng, place))
        plain = found.kind == "uniform" and view in KINDS_BY_NAME[kind].plain
        yield f"{kind}{PLAIN}" if plain else kind, found


def drawn(runner: BundleRunner, count: int) -> Iterable[tuple[str, Recognition]]:
    """Yield truth and answer of images drawn the second way."""
    rng = np.random.default_rng(SEED + 1)
    for place in range(count):
        kind, draw = DRAWINGS[place % len(DRAWINGS)]
        yield kind, answer(runner, draw(rng))


def held_out(runner: BundleRunner, count: int) -> Iterable[tuple[str, Recognition]]:
    """Yield truth and answer of real pictures without a phantom that were kept from training."""
    rng, found = np.random.default_rng(SEED + 2), sources(held_out=True)
    for place in range(count if found else 0):
        source = found[place % len(found)]
        yield source.kind, answer(runner, random_picture(source, rng))


def whole_series(runner: BundleRunner, count: int) -> Iterable[tuple[str, Recognition]]:
    """Yield truth and answer of whole simulated series: ACR MRI, ACR 464, CatPhan."""
    rng = np.random.default_rng(SEED + 3)
    for place in range(count):
        if place % 2 == 0:
            name: PhantomName = ("acr-mri-large", "acr-mri-medium")[place // 2 % 2]
            scan = replace(mr_scan(rng, int(rng.integers(-1, 3))), slice_count=11)
            series = simulate_series(name, rng=rng, pose=mr_pose(rng), variant=mr_variant(rng), scan=scan)
            voxels = series.stack.voxels
            yield name, look(voxels[list(chosen_places(len(voxels)))], series.stack.spacing_mm[1:], "MR", runner)
            continue
        seed = int(rng.integers(2**31))
        draws = (
            [lambda canvas, r, m=m: draw_acr_464(canvas, r, m) for m in (1, 2, 3, 4, 4)]
            if place // 2 % 2
            else [lambda canvas, r, m=m: draw_catphan(canvas, r, m) for m in (*CATPHAN_MODULES, "ctp486")]
        )
        pictures = [ct_picture(np.random.default_rng(seed), draw) for draw in draws]
        images = np.stack([picture.pixels for picture in pictures])
        pixel = (pictures[0].pixel_mm, pictures[0].pixel_mm)
        yield ("catphan", "acr-ct-464")[place // 2 % 2], look(images, pixel, "CT", runner)


def real(runner: BundleRunner, folder: Path) -> None:
    """Print what every series of a folder is recognised as, and the milliseconds it takes."""
    for group in group_files([folder]):
        name = str(group.files[0].parent.relative_to(folder))
        try:
            series = DicomSeriesReader().load(group.usable_files())
        except AiqaError as error:
            print(f"{name:60s} not read: {error.code}")
            continue
        started = time.perf_counter()
        found = recognise(series, runner)
        spent_ms, count = 1000 * (time.perf_counter() - started), len(series.stack.voxels)
        answered = f"{found.kind or '?':20s} {found.likeliest} {found.probability:.2f}"
        print(f"{name:60s} {series.header.modality} {count:4d} {answered} {spent_ms:.0f} ms {' '.join(found.views)}")


def main() -> None:
    """Print confusions and figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=1800)
    parser.add_argument("--real", type=Path, default=None, help="a folder of DICOM series to be recognised")
    options = parser.parse_args()
    folder = Path(__file__).resolve().parents[1]
    runner = BundleRunner({folder.name: Bundle(name=folder.name, folder=folder)})
    if options.images:
        report("simulated, other seed", simulated(runner, options.images))
        report("second drawing", drawn(runner, options.images // 3))
        report("held-out real pictures without a phantom", held_out(runner, options.images // 9))
        report("whole simulated series", whole_series(runner, options.images // 9))
    if options.real is not None:
        real(runner, options.real)


if __name__ == "__main__":
    main()
