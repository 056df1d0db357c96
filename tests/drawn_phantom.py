"""Phantom slices drawn from formulas, without the simulator: every edge is where its formula puts it.

Edges are blurred by a normal distribution of ``BLUR_MM``; nothing is sampled in k-space, so nothing rings.
"""

import numpy as np
from scipy.special import erf

from aiqa_integration.model.identity import Device, SeriesRef
from aiqa_integration.model.image import ImageStack, SeriesHeader, SliceRef
from aiqa_integration.model.phantom import LocatedPhantom, PhantomImages, PlanePose

BLUR_MM = 0.8
REF = SeriesRef(study_instance_uid="2.25.1", series_instance_uid="2.25.2")


def pose(*, pixel=(1.0, 1.0), matrix=256, centre=None, rotation=0.0, mirrored=False):
    at = centre or ((matrix - 1) / 2, (matrix - 1) / 2)
    return PlanePose(centre=at, rotation_deg=rotation, pixel_mm=pixel, mirrored=mirrored)


def places(pose_, matrix=256):
    columns, rows = np.meshgrid(np.arange(matrix, dtype=float), np.arange(matrix, dtype=float))
    x = (columns - pose_.centre[0]) * pose_.pixel_mm[0]
    y = (rows - pose_.centre[1]) * pose_.pixel_mm[1]
    angle = np.radians(pose_.rotation_deg)
    u = np.cos(angle) * x + np.sin(angle) * y
    v = -np.sin(angle) * x + np.cos(angle) * y
    return (-u if pose_.mirrored else u), v


def edge(distance_mm):
    """1 far inside (positive distance), 0 far outside, one half on the edge."""
    return 0.5 * (1 + erf(distance_mm / BLUR_MM))


def between(values, low, high):
    return edge(values - low) * edge(high - values)


def disk(u, v, *, half_width, half_height):
    """Ellipse: the distance along the ray from its centre, near enough to the true one for axes that differ little."""
    radius = np.hypot(u, v)
    angle = np.arctan2(v, u)
    border = 1.0 / np.hypot(np.cos(angle) / half_width, np.sin(angle) / half_height)
    return edge(border - radius)


def images(slices, *, pose_, phase_encoding="COLUMN", field_strength=1.5, thickness=5.0):
    """PhantomImages of guideline slice number -> pixels [y, x], all with the same pose."""
    numbers = sorted(slices)
    voxels = np.stack([slices[number] for number in numbers]).astype(np.float32)
    refs = tuple(
        SliceRef(
            sop_instance_uid=f"2.25.{100 + n}",
            sop_class_uid="1.2.840.10008.5.1.4.1.1.4",
            frame_number=None,
            instance_number=n,
            position_mm=10.0 * n,
        )
        for n in numbers
    )
    stack = ImageStack(
        voxels=voxels,
        spacing_mm=(10.0, pose_.pixel_mm[1], pose_.pixel_mm[0]),
        affine_mm=np.eye(4),
        value_unit="1",
        slices=refs,
    )
    return PhantomImages(
        stack=stack,
        header=header(field_strength=field_strength, thickness=thickness, phase_encoding=phase_encoding),
        located=LocatedPhantom(
            phantom="acr-mri-large",
            slices={number: place for place, number in enumerate(numbers)},
            poses=dict.fromkeys(range(len(numbers)), pose_),
            tilt_deg=0.0,
            residual_mm=0.1,
            confidence=0.99,
        ),
    )


def header(*, field_strength=1.5, thickness=5.0, phase_encoding="COLUMN", times=(500.0, 20.0)):
    """Header of an ACR series; ``times`` are repetition and echo time in ms."""
    return SeriesHeader(
        ref=REF,
        modality="MR",
        device=Device(manufacturer="Simulated"),
        instance_count=11,
        magnetic_field_strength_t=field_strength,
        repetition_time_ms=times[0],
        echo_time_ms=times[1],
        nominal_slice_thickness_mm=thickness,
        phase_encoding=phase_encoding,
    )
