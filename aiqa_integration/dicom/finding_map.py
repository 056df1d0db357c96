"""Where findings are, pixel by pixel, as a Parametric Map: a colour overlay in viewers that know the object."""

import numpy as np
from highdicom import pm
from highdicom.content import VOILUTTransformation
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from aiqa_integration.dicom.energy import energy_on
from aiqa_integration.dicom.evidence import fix_dimension_uid, frame_stubs, name_frames
from aiqa_integration.dicom.result_object import common_arguments, concept, result_bytes, set_side
from aiqa_integration.dicom.seg import is_cross_sectional
from aiqa_integration.dicom.uids import Role, instance_uid
from aiqa_integration.errors import EncodingError
from aiqa_integration.model import codes
from aiqa_integration.model.finding import EnergyMap
from aiqa_integration.model.identity import dicom_uid
from aiqa_integration.model.quantity import ONE
from aiqa_integration.model.report import QaReport
from aiqa_integration.pipeline.ports import LoadedSeries


def parametric_map(report: QaReport, series: LoadedSeries, source: Dataset) -> bytes | None:
    """Return the highest energy of all findings at each pixel, 0 to 1, on the slices that have any.

    None where no finding has a map, and of projection images. Raises EncodingError.
    """
    maps = [finding.energy for finding in report.findings if finding.energy is not None and finding.energy.slices]
    if not maps or not is_cross_sectional(report, source):
        return None
    places = tuple(sorted({place for energy in maps for place in energy.slices}))
    if not 0 <= places[0] <= places[-1] < len(series.stack.slices):
        raise EncodingError(f"maps on slices {places}, but the stack has {len(series.stack.slices)}")
    try:
        result = pm.ParametricMap(
            source_images=frame_stubs(series, source, places),
            pixel_array=_highest(maps, places, series.stack.voxels.shape[1:]),
            contains_recognizable_visual_features=False,
            real_world_value_mappings=[_mapping()],
            voi_lut_transformations=[VOILUTTransformation(window_center=0.5, window_width=1.0)],
            content_label="AIQA_FINDINGS",
            content_description="Where AIQA's findings are",
            **common_arguments(report, source, Role.PARAMETRIC_MAP),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise EncodingError(f"{Role.PARAMETRIC_MAP} cannot be built: {error}") from error
    set_side(result, source)
    name_frames(result, [series.stack.slices[place] for place in places])
    fix_dimension_uid(result, dicom_uid(instance_uid(report, Role.PARAMETRIC_MAP), "dimensions"))
    return result_bytes(result, report, source)


def _highest(maps: list[EnergyMap], places: tuple[int, ...], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Return ``[place, row, column]``."""
    highest = np.zeros((len(places), *shape), dtype=np.float32)
    for energy in maps:
        for row, place in enumerate(places):
            np.maximum(highest[row], energy_on(energy, place, shape), out=highest[row])
    return highest


def _mapping() -> pm.RealWorldValueMapping:
    return pm.RealWorldValueMapping(
        lut_label="ENERGY",
        lut_explanation="How strongly a pixel shows a finding",
        unit=concept(codes.unit_code(ONE)),
        value_range=(0.0, 1.0),
        slope=1.0,
        intercept=0.0,
        quantity_definition=concept(codes.SALIENCY),
    )
