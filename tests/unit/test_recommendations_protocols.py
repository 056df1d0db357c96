"""When two series are of one protocol, alike, or after contrast."""

import pytest

from aiqa_integration.model.identity import Device, SeriesRef
from aiqa_integration.model.image import HeaderValue, SeriesHeader
from aiqa_integration.recommendations.protocols import (
    acquisition_minutes,
    contrast_given,
    likeness_key,
    protocol_key,
)

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
T1: dict[str, HeaderValue] = {
    "RepetitionTime": 500.0,
    "EchoTime": 9.0,
    "ScanningSequence": "SE",
    "ImageOrientationPatient": AXIAL,
}


def header(description="t1_tse_tra", modality="MR", **keywords):
    return SeriesHeader(
        ref=SeriesRef(study_instance_uid="1", series_instance_uid="1.1"),
        modality=modality,
        device=Device(),
        instance_count=20,
        series_description=description,
        keywords={**T1, "SeriesDescription": description, **keywords},
    )


def test_a_repeat_has_the_same_protocol_whatever_its_number_and_small_change_of_time():
    again = header(SeriesNumber=9, RepetitionTime=500.04)
    assert protocol_key(header()) == protocol_key(again)


@pytest.mark.parametrize("change", [{"EchoTime": 100.0}, {"ImageOrientationPatient": SAGITTAL},
                                    {"description": "t2"}, {"modality": "CT"}])  # fmt: skip
def test_another_protocol_is_another(change):
    assert protocol_key(header()) != protocol_key(header(**change))


def test_alike_is_plane_and_contrast_not_the_name():
    assert likeness_key(header()) == likeness_key(header("T1 SE fast", RepetitionTime=620.0, EchoTime=12.0))
    assert likeness_key(header()) != likeness_key(header(ImageOrientationPatient=SAGITTAL))
    assert likeness_key(header()) != likeness_key(header(RepetitionTime=4000.0, EchoTime=95.0))
    assert likeness_key(header()) != likeness_key(header(InversionTime=2500.0))
    assert likeness_key(header()) != likeness_key(header("t1_tse_tra +C"))


def test_a_slightly_tilted_plane_keeps_its_name():
    tilted = (0.98, 0.0, 0.2, 0.0, 1.0, 0.0)
    assert likeness_key(header()) == likeness_key(header(ImageOrientationPatient=tilted))


@pytest.mark.parametrize(
    ("description", "agent", "given"),
    [
        ("t1_tse_tra", "", False),
        ("t1_tse_tra", "Gadobutrol", True),
        ("t1_tse_tra", "NONE", False),
        ("T1 +C AX", "", True),
        ("t1_tra_post_gd", "", True),
        ("t1 mprage km", "", True),
        ("dyn DCE liver", "", True),
        ("t1 without contrast", "", False),
        ("t1 non-contrast", "", False),
        ("t1 pre contrast", "", False),
        ("post traumatic", "", True),
        ("posterior fossa", "", False),
        ("compost", "", False),
    ],
)
def test_contrast_is_read_from_agent_or_description_and_taken_for_given_in_doubt(description, agent, given):
    assert contrast_given(header(description, ContrastBolusAgent=agent)) is given


def test_a_key_tells_nothing_of_the_description():
    assert "doe" not in protocol_key(header("DOE^JANE knee")).casefold()


def test_minutes_are_those_of_the_scanner():
    assert acquisition_minutes(header(AcquisitionDuration=240.0)) == 4.0
    assert acquisition_minutes(header()) is None
    assert acquisition_minutes(header(AcquisitionDuration=0)) is None


def test_a_modality_without_a_table_is_told_apart_by_names():
    assert likeness_key(header(modality="MG", ViewPosition="CC", Laterality="L")) != likeness_key(
        header(modality="MG", ViewPosition="CC", Laterality="R")
    )
