"""What training takes away: wrong words about severity, and maps that lie elsewhere than the change."""

from __future__ import annotations

import torch

from aiqa_integration.artifact_detection.pool import CLASSES, LEVELS
from aiqa_integration.infer.run import run_graph
from aiqa_integration.model.artifact import ArtifactId
from scripts.dataset import UNKNOWN
from scripts.network import to_image

_FAT_FAILURE = CLASSES.index(ArtifactId.FAT_SAT_FAILURE)


def losses(
    networks: torch.nn.ModuleDict, batch: dict[str, torch.Tensor], sources: dict[str, tuple[str, ...]]
) -> dict[str, torch.Tensor]:
    """Return the losses: what is said of severity, and where the change lies."""
    image = to_image(batch["image"]).contiguous(memory_format=torch.channels_last)
    given = run_graph(networks, sources, {"image": image})
    level = batch["severity"].long()
    asked = torch.ones_like(level, dtype=torch.bool)
    shown = batch["energy"][:, _FAT_FAILURE].flatten(1).amax(dim=1) > 0
    asked[:, _FAT_FAILURE] = shown | (level[:, _FAT_FAILURE] != UNKNOWN)
    known = ((level != UNKNOWN) & batch["mr"][:, None]).float()
    wanted = torch.stack([level > step for step in range(LEVELS)], dim=2).float()
    return {
        "picture": _said(given["picture"], wanted, known, batch["mr"]),
        "energy": _energy_loss(given["energy"].float(), batch["energy"].float(), asked & batch["mr"][:, None]),
    }


def _said(output: torch.Tensor, wanted: torch.Tensor, known: torch.Tensor, mr: torch.Tensor) -> torch.Tensor:
    """Return the cross entropy of the severities of known classes, and of being an MR scan at all."""
    logits = output.float()
    severity = logits[:, : len(CLASSES) * LEVELS].view(len(logits), len(CLASSES), LEVELS)
    entropy = torch.nn.functional.binary_cross_entropy_with_logits(severity, wanted, reduction="none")
    whole = (entropy * known[:, :, None]).sum() / known.sum().clamp_min(1) / LEVELS
    return whole + 0.1 * torch.nn.functional.binary_cross_entropy_with_logits(logits[:, -1], mr.float())


def _energy_loss(logits: torch.Tensor, wanted: torch.Tensor, asked: torch.Tensor) -> torch.Tensor:
    """Return one less the correlation where there is a change, and what is shown where there is none.

    ``asked[sample, class]`` says of which maps: of MR scans, of failed fat suppression only where fat was suppressed.
    """
    shown, there = torch.sigmoid(logits).flatten(2), wanted.flatten(2)
    present = (there.amax(dim=2) > 0) & asked
    one, other = shown - shown.mean(dim=2, keepdim=True), there - there.mean(dim=2, keepdim=True)
    norm = (one.square().sum(dim=2) * other.square().sum(dim=2)).clamp_min(1e-8).sqrt()
    unlike = 1 - (one * other).sum(dim=2) / norm
    square = (shown - there).square().mean(dim=2)
    absent = ((~present) & asked).float()
    loss = (present * (unlike + 2 * square)).sum() / present.sum().clamp_min(1)
    return loss + (absent * square).sum() / absent.sum().clamp_min(1)
