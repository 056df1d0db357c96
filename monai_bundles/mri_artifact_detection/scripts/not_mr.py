"""Pictures that are no MR scan of a patient: phantoms, CT, X-rays, patterns, nothing."""

from __future__ import annotations

import numpy as np

from aiqa_integration.simulate.acr_mri import Scan, simulate_series
from aiqa_integration.simulate.anatomy import REGIONS, ct_tissues, draw_breast, draw_patient, draw_radiograph
from aiqa_integration.simulate.canvas import Canvas, Field, random_canvas
from aiqa_integration.simulate.ct_objects import draw_acr_464, draw_other, draw_uniform
from aiqa_integration.simulate.ct_scanner import scan_ct
from aiqa_integration.simulate.mammography_objects import expose
from aiqa_integration.simulate.mr_objects import draw_other_object, draw_uniform_fluid, receive
from aiqa_integration.simulate.no_image import NO_IMAGE_KINDS, draw_no_image


def draw_not_mr(rng: np.random.Generator) -> tuple[Field, float]:
    """Return a picture that is no MR scan of a patient, and its pixel size (mm): phantoms, CT, X-rays, nothing."""
    draw, pixel = rng.random(), float(rng.uniform(0.7, 2.0))
    side = int(float(rng.choice([250.0, rng.uniform(150, 450)])) / pixel)
    canvas = random_canvas(rng, (side, side), pixel, offset_mm=8, turn_deg=float(rng.uniform(-180, 180)))
    if draw < 0.3:
        return _phantom(rng, canvas), pixel
    if draw < 0.6:
        return _ct(rng, canvas), pixel
    if draw < 0.75:
        image = expose((draw_breast if rng.random() < 0.6 else draw_radiograph)(canvas, rng), rng=rng, pixel_mm=pixel)
        return image, pixel
    shape = (int(rng.integers(64, 400)), int(rng.integers(64, 400)))
    kind = NO_IMAGE_KINDS[int(rng.integers(len(NO_IMAGE_KINDS)))]
    return np.asarray(draw_no_image(kind, rng, shape) * rng.uniform(1, 2000), np.float32), pixel


def _phantom(rng: np.random.Generator, canvas: Canvas) -> Field:
    if rng.random() < 0.6:
        draw = draw_uniform_fluid if rng.random() < 0.4 else draw_other_object
        return receive(draw(canvas, rng), canvas, rng)
    first = int(rng.integers(0, 13))
    scan = Scan(matrix=(160, 160), pixel_mm=(1.6, 1.6), first_slice=first, slice_count=1, oversampling=1)
    series = simulate_series("acr-mri-large" if rng.random() < 0.6 else "acr-mri-medium", rng=rng, scan=scan)
    return series.stack.voxels[0]


def _ct(rng: np.random.Generator, canvas: Canvas) -> Field:
    kind = int(rng.integers(4))
    if kind == 0:
        body = draw_uniform(canvas, rng)
    elif kind == 1:
        body = draw_other(canvas, rng) if rng.random() < 0.5 else draw_acr_464(canvas, rng, int(rng.integers(1, 5)))
    else:
        body = draw_patient(canvas, rng, ct_tissues(rng), REGIONS[int(rng.integers(len(REGIONS)))])
    image = scan_ct(body, rng=rng, pixel_mm=canvas.edge_mm)
    return np.asarray(image + (1024 if rng.random() < 0.5 else 0), np.float32)
