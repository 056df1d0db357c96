"""Protocol families from headers: real vendors' attributes, what is not scored and why, which artifacts apply."""

from collections.abc import Callable

import numpy as np
import pytest

from aiqa_integration.artifact_detection.families import (
    Family,
    applicable,
    contrast_given,
    fat_suppressed,
    not_scored_because,
    protocol_family,
)
from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.model.identity import Device, SeriesRef
from aiqa_integration.model.image import HeaderValue, ImageStack, SeriesHeader, SliceRef

ORIGINAL = ("ORIGINAL", "PRIMARY", "M", "ND")
T1_SE: dict[str, HeaderValue] = {"ImageType": ORIGINAL, "ScanningSequence": ("SE",)}


def _header(
    keywords: dict[str, HeaderValue],
    *,
    modality: str = "MR",
    echo_ms: float | None = 12.0,
    repetition_ms: float | None = 500.0,
) -> SeriesHeader:
    return SeriesHeader(
        ref=SeriesRef(study_instance_uid="1.2", series_instance_uid="1.2.3"),
        modality=modality,
        device=Device(),
        instance_count=20,
        echo_time_ms=echo_ms,
        repetition_time_ms=repetition_ms,
        keywords=keywords,
    )


def _stack(slices: int = 20, pixels: int = 128) -> ImageStack:
    refs = tuple(
        SliceRef(
            sop_instance_uid=f"1.{z}", sop_class_uid="1", frame_number=None, instance_number=z, position_mm=float(z)
        )
        for z in range(slices)
    )
    return ImageStack(
        voxels=np.zeros((slices, pixels, pixels), np.float32),
        spacing_mm=(5.0, 1.0, 1.0),
        affine_mm=np.eye(4),
        value_unit="1",
        slices=refs,
    )


@pytest.mark.parametrize(
    ("keywords", "times_ms", "family"),
    [
        pytest.param({"ScanningSequence": ("SE",)}, (500.0, 12.0), Family.T1_SPIN_ECHO, id="T1 SE"),
        pytest.param({"ScanningSequence": ("SE",)}, (11730.0, 91.0), Family.T2_SPIN_ECHO, id="Siemens TSE T2"),
        pytest.param({"ScanningSequence": ("SE",)}, (2300.0, 22.0), Family.PD_SPIN_ECHO, id="GE FSE PD"),
        pytest.param(
            {"ScanningSequence": ("SE", "IR"), "InversionTime": 2500.0}, (9000.0, 90.0), Family.FLAIR, id="FLAIR"
        ),
        pytest.param(
            {"ScanningSequence": ("SE", "IR"), "InversionTime": 160.0}, (4000.0, 50.0), Family.STIR, id="STIR"
        ),
        pytest.param(
            {"ScanningSequence": ("GR", "IR"), "InversionTime": 900.0},
            (2000.0, 2.5),
            Family.T1_GRADIENT_ECHO,
            id="MPRAGE",
        ),
        pytest.param({"ScanningSequence": ("GR",)}, (600.0, 20.0), Family.T2STAR_GRADIENT_ECHO, id="T2* GRE"),
        pytest.param(
            {"ScanningSequence": ("EP", "GR"), "ScanOptions": ("EPI_GEMS",)}, (5000.0, 30.0), Family.EPI, id="GE fMRI"
        ),
        pytest.param(
            {"ScanningSequence": ("SE", "EP"), "ImageType": ("ORIGINAL", "PRIMARY", "GDC")},
            (10000.0, 79.0),
            Family.DIFFUSION,
            id="Canon DTI",
        ),
        pytest.param(
            {"ScanningSequence": ("EP", "SE"), "DiffusionBValue": 1000.0}, (5000.0, 80.0), Family.DIFFUSION, id="DWI"
        ),
        pytest.param(
            {"ScanningSequence": ("GR",), "SequenceName": "*fi3d1_tof"}, (25.0, 4.0), Family.ANGIOGRAPHY, id="TOF"
        ),
        pytest.param({"EchoPulseSequence": "GRADIENT"}, (600.0, 4.0), Family.T1_GRADIENT_ECHO, id="enhanced GRE"),
        pytest.param({}, (500.0, 12.0), Family.UNKNOWN, id="nothing stated"),
        pytest.param({"ScanningSequence": ("RM",)}, (500.0, 12.0), Family.UNKNOWN, id="research mode"),
    ],
)
def test_family_by_header(keywords: dict[str, HeaderValue], times_ms: tuple[float, float], family: Family) -> None:
    header = _header(keywords, repetition_ms=times_ms[0], echo_ms=times_ms[1])
    assert protocol_family(header) is family


def test_times_that_are_missing_leave_the_family_open() -> None:
    assert protocol_family(_header({"ScanningSequence": ("SE",)}, echo_ms=None)) is Family.UNKNOWN
    assert protocol_family(_header({"ScanningSequence": ("GR",)}, echo_ms=None)) is Family.UNKNOWN


def test_an_original_mr_series_is_scored() -> None:
    assert not_scored_because(_header(T1_SE), _stack()) is None


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda: (_header(T1_SE, modality="CT"), _stack()), "CT"),
        (lambda: (_header(T1_SE | {"ImageType": ("ORIGINAL", "PRIMARY", "LOCALIZER")}), _stack()), "localizer"),
        (lambda: (_header(T1_SE | {"ImageType": ("DERIVED", "SECONDARY", "MIP")}), _stack()), "derived"),
        (lambda: (_header(T1_SE), _stack(slices=2)), "2 slices"),
        (lambda: (_header(T1_SE), _stack(pixels=48)), "48 x 48"),
    ],
    ids=["CT", "localizer", "derived", "two slices", "small matrix"],
)
def test_what_is_not_scored_says_why(change: Callable[[], tuple[SeriesHeader, ImageStack]], word: str) -> None:
    reason = not_scored_because(*change())
    assert reason is not None
    assert word in reason


def test_fat_suppression_decides_about_fat() -> None:
    plain, suppressed = _header(T1_SE), _header(T1_SE | {"ScanOptions": ("PFP", "FS")})
    assert not fat_suppressed(plain)
    assert fat_suppressed(suppressed)
    assert ArtifactId.FAT_SAT_FAILURE not in applicable(plain)
    assert ArtifactId.CHEMICAL_SHIFT in applicable(plain)
    assert ArtifactId.FAT_SAT_FAILURE in applicable(suppressed)
    assert ArtifactId.CHEMICAL_SHIFT not in applicable(suppressed)


def test_echo_planar_images_ring_and_void_by_nature() -> None:
    found = applicable(_header({"ScanningSequence": ("EP", "GR")}))
    assert not found & {ArtifactId.GIBBS, ArtifactId.SUSCEPTIBILITY, ArtifactId.CHEMICAL_SHIFT}
    assert ArtifactId.GHOST in found


def test_a_contrast_agent_is_read_from_the_header() -> None:
    assert contrast_given(_header(T1_SE | {"ContrastBolusAgent": "GADOLINIUM"}))
    assert not contrast_given(_header(T1_SE))
