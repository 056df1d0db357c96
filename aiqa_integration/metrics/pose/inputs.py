"""What the network sees of a series: each image on its grid."""

from aiqa_integration.metrics.pose.grid import Array, grid_centre, to_grid
from aiqa_integration.metrics.pose.localizer import section_turn_deg
from aiqa_integration.model.image import ImageStack


def prepare_inputs(stack: ImageStack) -> dict[str, Array]:
    """Return what the network takes: ``image``, ``[z, 1, 96, 96]``.

    It learned localizers that lie upright, so a section along the axis that lies askew is shown to it upright.
    """
    centre, turn = grid_centre(stack), section_turn_deg(stack)
    pixel = (stack.spacing_mm[1], stack.spacing_mm[2])
    return {"image": to_grid(stack.voxels, pixel, centre, turn_deg=turn)[:, None]}
