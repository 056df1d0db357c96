"""How long do the image-quality metrics of one slice take? Least CPU time of one core over many rounds, per matrix.

python -m benchmarks.image_quality [--rounds N]; exits with 1 where a 192² slice takes more than 5 ms.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
from scipy.fft import fft2

from aiqa_integration.metrics.image_quality import IMAGE_QUALITY, SERIES_QUALITY, image_quality, image_quality_of_series
from aiqa_integration.simulate.label_maps import draw_anatomy
from aiqa_integration.simulate.mri_artifacts.disturbance import clean

LIMIT_MS = 5.0
MATRICES = ((64, 64), (128, 128), (192, 192), (256, 256), (320, 260), (512, 512))
SERIES = (20, 192, 192)
REPEATS = 10


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    print(f"{len(IMAGE_QUALITY)} metrics a slice, {len(SERIES_QUALITY)} a series; CPU ms, least of {rounds} rounds")
    spent = {}
    for matrix in MATRICES:
        image = _scan((1, *matrix))[0]
        spent[matrix] = _least_ms(lambda image=image: image_quality(image, pixel_mm=(1.0, 1.0), phase_axis=0), rounds)
        transform = _least_ms(lambda image=image: fft2(image), rounds)
        print(f"{matrix[0]} x {matrix[1]}: {spent[matrix]:.2f} ms (one whole Fourier transform alone {transform:.2f})")
    voxels = _scan(SERIES)
    series = _least_ms(lambda: image_quality_of_series(voxels, pixel_mm=(1.0, 1.0), phase_axis=0), rounds, repeats=1)
    print(f"series of {SERIES[0]} slices 192 x 192: {series:.0f} ms, {series / SERIES[0]:.2f} a slice")
    return int(spent[192, 192] > LIMIT_MS)


def _scan(shape: tuple[int, int, int]) -> np.ndarray:
    return clean(draw_anatomy(np.random.default_rng(5), shape=shape, region=None))


def _least_ms(work: Callable[[], object], rounds: int, *, repeats: int = REPEATS) -> float:
    work()
    spent = []
    for _ in range(rounds):
        start = time.process_time()
        for _ in range(repeats):
            work()
        spent.append((time.process_time() - start) / repeats)
    return 1e3 * min(spent)


if __name__ == "__main__":
    raise SystemExit(main())
