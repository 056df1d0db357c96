"""Which phantom a series shows, or none: the kinds, what the network is given, and how its answers become one."""

from aiqa_integration.recognition.inputs import (
    GRID,
    MOST_IMAGES,
    PIXEL_CHANNELS,
    chosen_places,
    image_channels,
    turned_copies,
)
from aiqa_integration.recognition.kinds import CLASSES, KINDS, KINDS_BY_NAME, Kind, Modality, modality_group
from aiqa_integration.recognition.pool import Recognition, kind_probabilities, pool
from aiqa_integration.recognition.rods import doubtful_rods, rod_evidence, weighed

__all__ = [
    "CLASSES",
    "GRID",
    "KINDS",
    "KINDS_BY_NAME",
    "MOST_IMAGES",
    "PIXEL_CHANNELS",
    "Kind",
    "Modality",
    "Recognition",
    "chosen_places",
    "doubtful_rods",
    "image_channels",
    "kind_probabilities",
    "modality_group",
    "pool",
    "rod_evidence",
    "turned_copies",
    "weighed",
]
