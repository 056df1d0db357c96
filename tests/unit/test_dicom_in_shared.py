"""The reader on every real MR series at hand: each is read, or refused for the reason that is known of it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from aiqa_integration.dicom.files import group_files
from aiqa_integration.dicom.volume import DicomSeriesReader
from aiqa_integration.errors import InputError

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
KINDS = ("acr-mri-large", "acr-mri-medium", "mr-qa-other", "mr-clinical", "mr-artifact-real", "sr-seg-samples")

pytestmark = [
    pytest.mark.shared_data,
    pytest.mark.skipif(not SHARED.is_dir(), reason="no real DICOM in ../shared/data"),
]

REFUSED = {
    "mr-qa-other/hazen/snr_Philips": "3 images at 1 place, and nothing in their headers says which to use",
    "mr-clinical/dcm_qa_nih/GE_EPI_first30": "30 images at 15 places, and nothing in their headers says which to use",
    "mr-clinical/seg3d/cardiac_thorax": "IM-0001-0003.dcm and 4 more in its folder: the Series Instance UID is missing",
}
"""MR series that cannot be one stack, and what is said of them."""


def outcomes(kind: str) -> Iterator[tuple[str, str, str]]:
    """Yield folder, modality and the refusal (empty where the series was read) of each group of files."""
    reader = DicomSeriesReader()
    for group in group_files([SHARED / kind]):
        folder = str(group.files[0].parent.relative_to(SHARED))
        if group.error is not None:
            yield folder, "", str(group.error)
            continue
        modality = reader.header(group.files).modality
        try:
            loaded = reader.load(group.files)
        except InputError as error:
            yield folder, modality, str(error)
            continue
        assert np.isfinite(loaded.stack.voxels).all()
        assert loaded.stack.voxels.max() > loaded.stack.voxels.min()
        assert np.all(np.diff([part.position_mm for part in loaded.stack.slices]) > 0)
        assert len(loaded.header.instance_uids) == loaded.header.instance_count
        yield folder, modality, ""


@pytest.mark.parametrize("kind", KINDS)
def test_every_series_is_read_or_refused_for_its_known_reason(kind):
    for folder, modality, refusal in outcomes(kind):
        if modality == "MR" or folder in REFUSED:
            assert refusal == REFUSED.get(folder, ""), folder
        elif modality == "":
            assert "is not a DICOM file" in refusal, folder
        elif modality != "CT":
            assert refusal.endswith("AIQA reads CT and MR images"), folder


@pytest.mark.parametrize("kind", ["acr-mri-large", "acr-mri-medium"])
def test_phantom_series_have_the_geometry_of_the_protocol(kind):
    reader = DicomSeriesReader()
    axial = 0
    for group in group_files([SHARED / kind]):
        if group.error is not None:
            continue
        loaded = reader.load(group.files)
        if len(loaded.stack.slices) == 1:
            continue
        axial += 1
        assert len(loaded.stack.slices) == 11
        assert loaded.stack.spacing_mm[0] == pytest.approx(10.0, abs=0.01)
        assert loaded.header.nominal_slice_thickness_mm == pytest.approx(5.0)
        assert loaded.header.device.manufacturer in {"GE", "Philips", "Siemens"}
        assert loaded.header.magnetic_field_strength_t in {1.5, 3.0}
        assert loaded.header.phase_encoding in {"ROW", "COLUMN"}
    assert axial == {"acr-mri-large": 18, "acr-mri-medium": 6}[kind]
