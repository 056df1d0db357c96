"""Simulated training and test images for the network, with their classes; real ones only as in package_images.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import zoom

from aiqa_integration.recognition import CLASSES, GRID, PIXEL_CHANNELS, Modality, image_channels
from aiqa_integration.simulate.anatomy import (
    REGIONS,
    ct_tissues,
    draw_breast,
    draw_patient,
    draw_radiograph,
    mr_tissues,
)
from aiqa_integration.simulate.canvas import Canvas, Field, random_canvas
from aiqa_integration.simulate.ct_objects import CATPHAN_MODULES, draw_acr_464, draw_catphan, draw_other, draw_uniform
from aiqa_integration.simulate.ct_scanner import add_couch, scan_ct
from aiqa_integration.simulate.mammography_objects import (
    draw_dm,
    draw_other_block,
    draw_small,
    draw_uniform_block,
    expose,
)
from aiqa_integration.simulate.mr_artifacts import add_spike, add_zipper
from aiqa_integration.simulate.mr_objects import draw_other_object, draw_uniform_fluid
from aiqa_integration.simulate.negatives import NegativeKind, simulate_negative
from aiqa_integration.simulate.no_image import NO_IMAGE_KINDS, draw_no_image
from scripts.mr_pictures import acr_mri_along, acr_mri_axial, mr_picture
from scripts.pictures import Picture, cropped, labelled, some_pixel_mm, some_turn

OTHER_NEGATIVES: tuple[NegativeKind, ...] = ("rods", "catphan")
PATIENT_NEGATIVES: tuple[NegativeKind, ...] = ("head", "thorax", "joint", "ct-head")
LOW_CONTRAST_NOISE_HU = 15.0
"""Most noise of low-contrast modules: a 6 HU contrast over the least CNR (0.4) that ACR accepts for any protocol."""
OTHER_NOISE_HU = 30.0
_LEAST_SHARE = 0.2
"""A part of a patient that shows less than this share of the whole's contrast is too plain to tell."""
SCALE = 170.0
"""Pixel channels are kept as bytes: 1.5, the most that the grid holds, is 255."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The network's channels of an image: four of pixels as bytes, four constants; and its class."""

    pixels: NDArray[np.uint8]
    constants: NDArray[np.float32]
    class_: int


def to_sample(picture: Picture, class_: tuple[str, str]) -> Sample:
    """Return what the network is given of a picture."""
    pixel = (picture.pixel_mm, picture.pixel_mm)
    channels = image_channels(picture.pixels[None], pixel, picture.modality)[0]
    return Sample(
        pixels=np.asarray(np.rint(channels[:PIXEL_CHANNELS] * SCALE), np.uint8),
        constants=channels[PIXEL_CHANNELS:, 0, 0].copy(),
        class_=CLASSES.index(class_),
    )


def ct_picture(
    rng: np.random.Generator, draw: Callable[[Canvas, np.random.Generator], Field], *, most_noise_hu: float = 60.0
) -> Picture:
    """Return a CT image of what ``draw`` paints in HU, from small to large fields of view."""
    field_mm = float(rng.choice([250.0, 230.0, rng.uniform(205, 300), rng.uniform(300, 500)], p=[0.3, 0.1, 0.4, 0.2]))
    pixel = some_pixel_mm(rng)
    side = round(field_mm / pixel)
    canvas = random_canvas(rng, (side, side), pixel, offset_mm=float(rng.choice([3.0, 12.0])), turn_deg=some_turn(rng))
    image = draw(canvas, rng)
    if rng.random() < 0.5:
        image = add_couch(image, canvas, rng)
    pixels = scan_ct(image, rng=rng, pixel_mm=pixel, most_noise_hu=most_noise_hu)
    return Picture(pixels=pixels, pixel_mm=pixel, modality="CT")


def catphan(rng: np.random.Generator, module: int) -> Picture:
    """Return a CatPhan module; at times only its inner part is in the field of view."""
    name = CATPHAN_MODULES[module]
    most = LOW_CONTRAST_NOISE_HU if name == "ctp515" else 60.0
    picture = ct_picture(rng, lambda canvas, r: draw_catphan(canvas, r, name), most_noise_hu=most)
    if rng.random() < 0.12 and name != "ctp486":
        return cropped(picture, float(rng.uniform(140, 200)))
    return picture


def x_ray_picture(rng: np.random.Generator, draw: Callable[[Canvas, np.random.Generator], Field]) -> Picture:
    """Return a detector image of what ``draw`` gives as attenuation; 180 x 240 to 240 x 300 mm, any quarter turn."""
    pixel = float(rng.uniform(1.1, 2.0))
    shape = (round(float(rng.choice([240.0, 300.0, 290.0])) / pixel), round(float(rng.choice([180.0, 240.0])) / pixel))
    turn = float(rng.choice([0.0, rng.normal(0, 2), rng.normal(0, 6)])) + 90 * int(rng.choice([0, 0, 1, 2]))
    canvas = random_canvas(rng, shape, pixel, offset_mm=float(rng.choice([8.0, 25.0])), turn_deg=turn)
    image = expose(draw(canvas, rng), rng=rng, pixel_mm=pixel)
    return Picture(pixels=np.rot90(image, int(rng.integers(4))).copy(), pixel_mm=pixel, modality="X-ray")


def uniform(rng: np.random.Generator) -> Picture:
    """Return a uniform object in any modality."""
    draw = rng.random()
    if draw < 0.45:
        return ct_picture(rng, draw_uniform)
    return mr_picture(rng, draw_uniform_fluid) if draw < 0.9 else x_ray_picture(rng, draw_uniform_block)


def other(rng: np.random.Generator) -> Picture:
    """Return a test object that is none of the named ones, in any modality."""
    draw = rng.random()
    if draw < 0.35:
        return ct_picture(rng, draw_other, most_noise_hu=OTHER_NOISE_HU)
    if draw < 0.45:
        return x_ray_picture(rng, draw_other_block)
    return mr_picture(rng, draw_other_object) if draw < 0.8 else _negative(rng, OTHER_NEGATIVES)


def patient(rng: np.random.Generator) -> Picture:
    """Return a picture with the make-up of a patient, in any modality."""
    draw, region = rng.random(), REGIONS[int(rng.integers(len(REGIONS)))]
    if draw < 0.25:
        picture = ct_picture(rng, lambda canvas, r: draw_patient(canvas, r, ct_tissues(r), region))
    elif draw < 0.4:
        picture = x_ray_picture(rng, draw_breast if rng.random() < 0.6 else draw_radiograph)
    elif draw < 0.8:
        picture = mr_picture(rng, lambda canvas, r: draw_patient(canvas, r, mr_tissues(r), region))
    else:
        return _negative(rng, PATIENT_NEGATIVES)
    if rng.random() < 0.15:
        part = cropped(picture, float(rng.uniform(80, 200)))
        return part if _contrast(part) > _LEAST_SHARE * _contrast(picture) else picture
    return picture


def _contrast(picture: Picture) -> float:
    low, high = np.percentile(picture.pixels, [1.0, 99.0])
    return float(high - low)


def _negative(rng: np.random.Generator, kinds: tuple[NegativeKind, ...]) -> Picture:
    pixel = float(rng.uniform(1.2, 2.5))
    size = int(rng.uniform(160, 300) / pixel)
    kind = kinds[int(rng.integers(len(kinds)))]
    return Picture(
        pixels=simulate_negative(kind, rng=rng, matrix=(size, size), pixel_mm=pixel), pixel_mm=pixel, modality="MR"
    )


def nothing(rng: np.random.Generator) -> Picture:
    """Return a picture of no object under any header; a flat X-ray image is one of a uniform field."""
    shape = (int(rng.integers(90, 300)), int(rng.integers(90, 300)))
    kind = NO_IMAGE_KINDS[int(rng.integers(len(NO_IMAGE_KINDS)))]
    image = draw_no_image(kind, rng, shape) * float(np.exp(rng.uniform(0, np.log(3000))))
    flat = kind in {"noise", "blank", "gradient"}
    modality: Modality = ("MR", "CT", "other", "X-ray")[int(rng.integers(3 if flat else 4))]
    return Picture(pixels=np.asarray(image, np.float32), pixel_mm=float(rng.uniform(0.3, 2.5)), modality=modality)


def _acr_464(module: int) -> Callable[[np.random.Generator], Picture]:
    most = LOW_CONTRAST_NOISE_HU if module == 2 else 60.0
    return lambda rng: ct_picture(rng, lambda canvas, r: draw_acr_464(canvas, r, module), most_noise_hu=most)


def _catphan(module: int) -> Callable[[np.random.Generator], Picture]:
    return lambda rng: catphan(rng, module)


MIX: tuple[tuple[tuple[str, str], float, Callable[[np.random.Generator], Picture]], ...] = (
    (("acr-mri-large", "axial"), 7, lambda rng: acr_mri_axial(rng, "acr-mri-large")),
    (("acr-mri-large", "sagittal-coronal"), 4, lambda rng: acr_mri_along(rng, "acr-mri-large")),
    (("acr-mri-medium", "axial"), 7, lambda rng: acr_mri_axial(rng, "acr-mri-medium")),
    (("acr-mri-medium", "sagittal-coronal"), 4, lambda rng: acr_mri_along(rng, "acr-mri-medium")),
    *((("acr-ct-464", f"module-{module}"), 3, _acr_464(module)) for module in (1, 2, 3, 4)),
    (("acr-mammography-dm", "any"), 4, lambda rng: x_ray_picture(rng, draw_dm)),
    (("acr-mammography-small", "any"), 4, lambda rng: x_ray_picture(rng, draw_small)),
    *((("catphan", name), 3, _catphan(place)) for place, name in enumerate(CATPHAN_MODULES)),
    (("uniform", "any"), 14, uniform),
    (("other-test-object", "any"), 13, other),
    (("patient", "any"), 15, patient),
    (("not-an-image", "any"), 11, nothing),
)
"""Class, weight among the training images, and how it is drawn."""


def simulated_picture(rng: np.random.Generator, place: int) -> Picture:
    """Return a picture of a place in the mix as archives hold it: at times labelled, interpolated, with an artifact."""
    picture = MIX[place][2](rng)
    pixels, pixel, draw = picture.pixels, picture.pixel_mm, rng.random()
    if picture.modality == "MR" and draw < 0.06:
        pixels = (add_spike if draw < 0.03 else add_zipper)(pixels, rng)
    if rng.random() < 0.04 and min(pixels.shape) > 80:
        pixels = labelled(pixels, rng)
    if rng.random() < 0.08 and max(pixels.shape) < 180:
        pixels, pixel = np.asarray(zoom(pixels, 2, order=1), np.float32), pixel / 2
    return replace(picture, pixels=pixels, pixel_mm=pixel)


def random_sample(rng: np.random.Generator) -> Sample:
    """Return a sample of the training mix."""
    weights = np.array([weight for _, weight, _ in MIX], np.float64)
    place = int(rng.choice(len(MIX), p=weights / weights.sum()))
    return to_sample(simulated_picture(rng, place), MIX[place][0])


def unpack(pixels: NDArray[np.uint8], constants: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the network's input of samples ``[n, 4, row, column]`` and their constants ``[n, 4]``."""
    planes = np.broadcast_to(constants[:, :, None, None], (*constants.shape, GRID, GRID))
    return np.concatenate([pixels.astype(np.float32) / np.float32(SCALE), planes.astype(np.float32)], axis=1)
