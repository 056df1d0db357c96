"""Photographs that come inside public software packages: what is no MR scan, to learn from or to set the gate by.

None is in the project: a folder is searched for the files named here. The photographs of the test (scikit-learn's) are
none of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from scripts.dataset import Sample, picture_sample
from scripts.real_heads import Use

PHOTOGRAPHS: dict[Use, tuple[str, ...]] = {
    "training": (
        "skimage/data/astronaut.png",
        "skimage/data/camera.png",
        "skimage/data/cell.png",
        "skimage/data/coffee.png",
        "skimage/data/coins.png",
        "skimage/data/grass.png",
        "skimage/data/gravel.png",
        "skimage/data/moon.png",
        "skimage/data/motorcycle_left.png",
        "skimage/data/rocket.jpg",
    ),
    "development": (
        "skimage/data/brick.png",
        "skimage/data/chelsea.png",
        "skimage/data/hubble_deep_field.jpg",
        "skimage/data/ihc.png",
        "skimage/data/retina.jpg",
        "sample_data/grace_hopper.jpg",
    ),
}
"""Ends of paths in scikit-image 0.26 (BSD-3-clause; most pictures public domain or CC0) and Matplotlib 3.10."""
CROPS, SEED = 24, 20_261_126
_SMALLEST = 100


def photograph_samples(folder: Path, use: Use) -> Iterator[Sample]:
    """Yield random square parts of the photographs below a folder, grey, at times as bright as dark or upside down."""
    rng = np.random.default_rng(SEED)
    for ending in PHOTOGRAPHS[use]:
        for path in sorted(place for place in folder.rglob(Path(ending).name) if str(place).endswith(ending))[:1]:
            with Image.open(path) as picture:
                whole = np.asarray(picture.convert("L"), np.float32)
            for _ in range(CROPS):
                side = int(rng.integers(_SMALLEST, min(whole.shape)))
                top, left = (int(rng.integers(n - side + 1)) for n in whole.shape)
                part = np.rot90(whole[top : top + side, left : left + side], int(rng.integers(4)))
                part = 255 - part if rng.random() < 0.3 else part
                yield picture_sample(np.ascontiguousarray(part), 1.0)
