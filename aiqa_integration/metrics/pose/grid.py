"""The grid that the network sees, and the way back to pixels."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates

from aiqa_integration.model.image import ImageStack

Array = NDArray[np.float32]

GRID = 96
GRID_MM = 2.5


def to_grid(image: Array, pixel_mm: tuple[float, float], centre: tuple[float, float]) -> Array:
    """Return an image ``[row, column]`` on the network's grid: 96 x 96 points, 2.5 mm apart, normalised.

    ``pixel_mm`` is (row, column) distance, ``centre`` the (column, row) that comes to the grid's middle. The 1st
    percentile becomes 0 and the 99.5th becomes 1; outside the image is 0.
    """
    sigma = [max(0.0, 0.4 * (GRID_MM / mm - 1.0)) for mm in pixel_mm]
    smooth = gaussian_filter(image, sigma) if max(sigma) > 0 else image
    steps = (np.arange(GRID) - (GRID - 1) / 2) * GRID_MM
    rows, columns = centre[1] + steps / pixel_mm[0], centre[0] + steps / pixel_mm[1]
    places = np.meshgrid(rows, columns, indexing="ij")
    low, high = np.percentile(smooth, [1.0, 99.5])
    grid = map_coordinates(smooth, places, order=1, mode="constant", cval=float(low))
    return np.asarray(np.clip((grid - low) / max(float(high - low), 1e-6), 0.0, 1.5), np.float32)


def grid_centre(stack: ImageStack) -> tuple[float, float]:
    """Return the (column, row) that the network's grid is centred on: the middle of what gives signal."""
    low, high = np.percentile(stack.voxels, [1.0, 99.5], axis=(1, 2), keepdims=True)
    bright = ((stack.voxels - low) / np.maximum(high - low, 1e-6)).clip(0, 1).mean(axis=0)
    level = 0.3 * float(np.percentile(bright, 99))
    rows, columns = np.nonzero(gaussian_filter(bright, 1.5) > level)
    if len(rows) == 0:
        return (stack.voxels.shape[2] - 1) / 2, (stack.voxels.shape[1] - 1) / 2
    middle_row, middle_column = np.percentile(rows, [1, 99]).mean(), np.percentile(columns, [1, 99]).mean()
    return float(middle_column), float(middle_row)


def prepare_inputs(stack: ImageStack) -> dict[str, Array]:
    """Return what the network takes: ``image``, ``[z, 1, 96, 96]``."""
    centre = grid_centre(stack)
    pixel = (stack.spacing_mm[1], stack.spacing_mm[2])
    return {"image": np.stack([to_grid(image, pixel, centre)[None] for image in stack.voxels])}


def to_pixels(points: NDArray[np.float64], stack: ImageStack, centre: tuple[float, float]) -> NDArray[np.float64]:
    """Return the image's (column, row) of grid points (column, row), ``[..., 2]``."""
    from_middle_mm = (points - (GRID - 1) / 2) * GRID_MM
    return np.asarray(centre) + from_middle_mm / (stack.spacing_mm[2], stack.spacing_mm[1])
