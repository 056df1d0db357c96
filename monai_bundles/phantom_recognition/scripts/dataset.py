"""Simulated training and test images for the network, with their classes; real ones only as in package_images.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import zoom

from aiqa_integration.recognition import CLASSES, GRID, PIXEL_CHANNELS, Modality, image_channels
from aiqa_integration.simulate.acr_mri import Pose, Scan, simulate_localizer, simulate_series
from aiqa_integration.simulate.acr_mri_layout import LAYOUTS, Cut, PhantomName, Variant, fluid
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
from aiqa_integration.simulate.mr_artifacts import add_spike, add_zipper, array_gain
from aiqa_integration.simulate.mr_objects import draw_other_object, draw_uniform_fluid, receive
from aiqa_integration.simulate.negatives import NegativeKind, simulate_negative
from aiqa_integration.simulate.no_image import NO_IMAGE_KINDS, draw_no_image
from aiqa_integration.simulate.scanner import Shading

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
class Picture:
    """One image as a scanner gives it: pixels, their size (mm) and the header's modality."""

    pixels: Field
    pixel_mm: float
    modality: Modality


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


def some_turn(rng: np.random.Generator) -> float:
    """Return an angle: often upright, at times slightly turned, at times any."""
    return float(rng.choice([0.0, rng.normal(0, 5), rng.uniform(-180, 180)], p=[0.35, 0.35, 0.3]))


def some_pixel_mm(rng: np.random.Generator) -> float:
    """Return a pixel's size: mostly coarse, which is quick to draw, at times as fine as scanners give it."""
    return float(rng.uniform(1.2, 2.2) if rng.random() < 0.9 else rng.uniform(0.7, 1.2))


def mr_scan(rng: np.random.Generator, first_slice: int) -> Scan:
    """Return scanner settings: coarse enough to be quick, as varied as the network must bear."""
    field_mm, pixel = float(rng.choice([250.0, rng.uniform(200, 330)])), some_pixel_mm(rng)
    side = round(field_mm / pixel / 2) * 2
    return Scan(
        matrix=(side, side),
        pixel_mm=(pixel, pixel),
        first_slice=first_slice,
        slice_count=1,
        thickness_mm=float(rng.choice([5.0, rng.uniform(2, 10)])),
        position_error_mm=float(np.clip(rng.normal(0, 2.5), -4, 4)),
        weighting="T1" if rng.random() < 0.5 else "T2",
        snr=float(np.exp(rng.uniform(np.log(6), np.log(300)))),
        shading=Shading(
            linear_x=float(rng.normal(0, 0.25)), linear_y=float(rng.normal(0, 0.25)), bowl=float(rng.normal(0, 0.35))
        ),
        ghost=float(rng.choice([0.0, 0.0, rng.uniform(0, 0.15)])),
        scale=(float(rng.normal(1, 0.015)), float(rng.normal(1, 0.015))),
        barrel=float(rng.normal(0, 0.01)),
        kept=(float(rng.uniform(0.55, 1)), float(rng.uniform(0.55, 1))),
        zeroed_background=bool(rng.random() < 0.25),
        oversampling=1,
    )


def mr_pose(rng: np.random.Generator) -> Pose:
    """Return a pose: off centre by up to 30 mm, any angle, mirrored or not, tilted by up to some degrees."""
    offset = rng.normal(0, float(rng.choice([5.0, 12.0])), 2)
    tilt = rng.normal(0, 1.2, 2)
    return Pose(
        offset_mm=(float(offset[0]), float(offset[1])),
        rotation_deg=some_turn(rng),
        mirrored=bool(rng.random() < 0.4),
        tilt_x_deg=float(tilt[0]),
        tilt_y_deg=float(tilt[1]),
    )


def mr_variant(rng: np.random.Generator) -> Variant:
    """Return a specimen with either insert, a bubble anywhere or none, windows of any signal."""
    return Variant(
        insert="grid" if rng.random() < 0.5 else "plate",
        bubble_mm=float(rng.choice([0.0, rng.uniform(0.5, 10)])),
        bubble_direction_deg=float(rng.choice([-90.0, rng.uniform(-180, 180)])),
        bubble_z=(-30.0, 130.0) if rng.random() < 0.4 else (-28.0, float(rng.uniform(0, 120))),
        window_signal=(float(rng.uniform(0, 1.1)), float(rng.uniform(0, 1.1))),
        disk_gain=float(rng.uniform(0.3, 2.5)),
        bubble_half_width_mm=float(rng.uniform(8, 40)),
    )


def acr_mri_axial(rng: np.random.Generator, phantom: PhantomName) -> Picture:
    """Return an axial slice from one before slice 1 to one behind slice 11, where the vessel reaches that far."""
    scan = mr_scan(rng, int(rng.integers(0, 13 if phantom == "acr-mri-large" else 12)))
    series = simulate_series(phantom, rng=rng, pose=mr_pose(rng), scan=scan, variant=mr_variant(rng))
    return _seen_by_array(Picture(pixels=series.stack.voxels[0], pixel_mm=scan.pixel_mm[0], modality="MR"), rng)


def _seen_by_array(picture: Picture, rng: np.random.Generator) -> Picture:
    """Return a picture as before, or with the gain of an array of loops."""
    if rng.random() < 0.7:
        return picture
    canvas = random_canvas(rng, picture.pixels.shape, picture.pixel_mm, offset_mm=15, turn_deg=0.0)
    return replace(picture, pixels=np.asarray(picture.pixels * array_gain(canvas, rng), np.float32))


def acr_mri_along(rng: np.random.Generator, phantom: PhantomName) -> Picture:
    """Return a sagittal or coronal slice, through the axis or beside it, in any quarter turn."""
    scan = mr_scan(rng, 1)
    if rng.random() < 0.3:
        scan = replace(scan, thickness_mm=float(rng.uniform(5, 25)))
        image = simulate_localizer(phantom, rng=rng, scan=scan, variant=mr_variant(rng)).voxels[0]
    else:
        image = _beside_axis(rng, phantom, scan)
    turned = np.rot90(image, int(rng.integers(4))).copy()
    return _seen_by_array(Picture(pixels=turned, pixel_mm=scan.pixel_mm[0], modality="MR"), rng)


def _beside_axis(rng: np.random.Generator, phantom: PhantomName, scan: Scan) -> Field:
    layout, variant, turn = LAYOUTS[phantom], mr_variant(rng), float(rng.choice([0.0, rng.normal(0, 4)]))
    canvas = random_canvas(rng, scan.matrix, scan.pixel_mm[0], offset_mm=8, turn_deg=turn)
    place, sagittal, total = (
        float(rng.uniform(-0.85, 0.85)) * layout.radius_mm,
        rng.random() < 0.5,
        np.zeros(scan.matrix),
    )
    for offset in (-scan.thickness_mm / 4, scan.thickness_mm / 4):
        across = np.full_like(canvas.x, place + offset)
        u, v = (across, canvas.x) if sagittal else (canvas.x, across)
        z = np.asarray(sum(layout.z) / 2 - canvas.y, np.float32)
        cut = Cut(u=u, v=v, z=z, edge_mm=canvas.edge_mm, thickness_mm=canvas.edge_mm)
        total = total + fluid(cut, layout, variant) / 2
    return receive(np.asarray(total, np.float32), canvas, rng)


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


def cropped(picture: Picture, field_mm: float) -> Picture:
    """Return the middle of a picture."""
    half = max(8, int(field_mm / picture.pixel_mm / 2))
    row, column = (n // 2 for n in picture.pixels.shape)
    kept = picture.pixels[max(0, row - half) : row + half, max(0, column - half) : column + half]
    return replace(picture, pixels=kept.copy())


def x_ray_picture(rng: np.random.Generator, draw: Callable[[Canvas, np.random.Generator], Field]) -> Picture:
    """Return a detector image of what ``draw`` gives as attenuation; 180 x 240 to 240 x 300 mm, any quarter turn."""
    pixel = float(rng.uniform(1.1, 2.0))
    shape = (round(float(rng.choice([240.0, 300.0, 290.0])) / pixel), round(float(rng.choice([180.0, 240.0])) / pixel))
    turn = float(rng.choice([0.0, rng.normal(0, 2), rng.normal(0, 6)])) + 90 * int(rng.choice([0, 0, 1, 2]))
    canvas = random_canvas(rng, shape, pixel, offset_mm=float(rng.choice([8.0, 25.0])), turn_deg=turn)
    image = expose(draw(canvas, rng), rng=rng, pixel_mm=pixel)
    return Picture(pixels=np.rot90(image, int(rng.integers(4))).copy(), pixel_mm=pixel, modality="X-ray")


def mr_picture(rng: np.random.Generator, draw: Callable[[Canvas, np.random.Generator], Field]) -> Picture:
    """Return an MR image of what ``draw`` gives as signal."""
    pixel = float(rng.uniform(1.2, 2.5))
    side = int(float(rng.choice([250.0, rng.uniform(120, 480)])) / pixel)
    canvas = random_canvas(rng, (side, side), pixel, offset_mm=8, turn_deg=some_turn(rng))
    return Picture(pixels=receive(draw(canvas, rng), canvas, rng), pixel_mm=pixel, modality="MR")


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


def labelled(pixels: Field, rng: np.random.Generator) -> Field:
    """Return an image with some words burnt into it near an edge."""
    rows, columns = int(rng.integers(12, 30)), int(rng.integers(30, 75))
    text = draw_no_image("text", rng, (rows, columns))
    top = int(rng.choice([2, pixels.shape[0] - rows - 2]))
    left = int(rng.integers(pixels.shape[1] - columns))
    marked = pixels.copy()
    part = marked[top : top + rows, left : left + columns]
    marked[top : top + rows, left : left + columns] = np.where(text > 0.5, pixels.max(), part)
    return marked


def random_sample(rng: np.random.Generator) -> Sample:
    """Return a sample of the training mix."""
    weights = np.array([weight for _, weight, _ in MIX], np.float64)
    place = int(rng.choice(len(MIX), p=weights / weights.sum()))
    return to_sample(simulated_picture(rng, place), MIX[place][0])


def unpack(pixels: NDArray[np.uint8], constants: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the network's input of samples ``[n, 4, row, column]`` and their constants ``[n, 4]``."""
    planes = np.broadcast_to(constants[:, :, None, None], (*constants.shape, GRID, GRID))
    return np.concatenate([pixels.astype(np.float32) / np.float32(SCALE), planes.astype(np.float32)], axis=1)
