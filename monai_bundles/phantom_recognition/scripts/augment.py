"""What training does to samples on the device: turned, moved, shaded, blurred, noisy, at times without a channel."""

from __future__ import annotations

import math

import torch

MOST_SHIFT = 0.09
"""Of half the view: 12 mm, by which the middle of what gives signal may miss an object's."""


def augment(pixels: torch.Tensor, constants: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return pixels ``[n, 4, row, column]`` and constants ``[n, 4]`` of other images of the same objects."""
    pixels = torch.rot90(pixels, int(torch.randint(4, ())), (2, 3))
    pixels = pixels.flip(3) if float(torch.rand(())) < 0.5 else pixels
    moved = len(pixels) // 2
    pixels = torch.cat([_moved(pixels[:moved]), pixels[moved:]])
    return _looked_at(pixels), constants + _normal(constants, (len(constants), 4)) * constants.new_tensor(
        [0.01, 0.0, 0.0, 0.0]
    )


def _moved(pixels: torch.Tensor) -> torch.Tensor:
    """Return images turned by any angle, moved and scaled; the whole field apart from the views of the object."""
    count = len(pixels)
    turned = _uniform(pixels, (count,), -math.pi, math.pi) * (_uniform(pixels, (count,), 0, 1) < 0.5)
    turned = turned + _normal(pixels, (count,)) * 0.08
    near, whole = (_sampled(pixels[:, chosen], turned, spread) for chosen, spread in (([0, 2, 3], 0.015), ([1], 0.06)))
    return torch.stack([near[:, 0], whole[:, 0], near[:, 1], near[:, 2]], 1)


def _sampled(pixels: torch.Tensor, turned: torch.Tensor, spread: float) -> torch.Tensor:
    scale = 1 + _normal(pixels, (len(pixels),)) * spread
    cos, sin = torch.cos(turned) * scale, torch.sin(turned) * scale
    shift = _uniform(pixels, (2, len(pixels)), -MOST_SHIFT, MOST_SHIFT)
    matrix = torch.stack([torch.stack([cos, -sin, shift[0]], 1), torch.stack([sin, cos, shift[1]], 1)], 1)
    grid = torch.nn.functional.affine_grid(matrix, list(pixels.shape), align_corners=False)
    return torch.nn.functional.grid_sample(pixels, grid, padding_mode="border", align_corners=False)


def _looked_at(pixels: torch.Tensor) -> torch.Tensor:
    """Return images with other contrast, shading, noise, blur; at times a channel is missing."""
    count, channels, side, _ = pixels.shape
    shape = (count, channels, 1, 1)
    bend, gain = _uniform(pixels, shape, -0.4, 0.4), _uniform(pixels, shape, 0.88, 1.12)
    pixels = gain * (pixels + bend * pixels * (1 - pixels))
    ramp = torch.linspace(-1, 1, side, device=pixels.device)
    slope = _normal(pixels, (2, count, 1, 1, 1)) * 0.15 * (_uniform(pixels, (count, 1, 1, 1), 0, 1) < 0.5)
    shading = 1 + slope[0] * ramp[None, None, None] + slope[1] * ramp[None, None, :, None]
    pixels = torch.cat([pixels[:, :2] * shading.clamp(0.3, 1.7), pixels[:, 2:]], 1)
    blurred = torch.nn.functional.avg_pool2d(pixels, 3, 1, 1, count_include_pad=False)
    pixels = torch.lerp(pixels, blurred, _uniform(pixels, (count, 1, 1, 1), -0.6, 1).clamp(0, 1))
    pixels = pixels + _uniform(pixels, shape, 0, 1) ** 2 * 0.03 * torch.randn_like(pixels)
    return pixels * (_uniform(pixels, shape, 0, 1) > 0.02)


def _uniform(like: torch.Tensor, shape: tuple[int, ...], low: float, high: float) -> torch.Tensor:
    return torch.rand(shape, device=like.device) * (high - low) + low


def _normal(like: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
    return torch.randn(shape, device=like.device)
