"""Files to stacks: values, order and geometry are exactly what was written; what is wrong is refused by name."""

import contextlib
import random
import shutil

import numpy as np
import pytest
from pydicom import dcmread, dcmwrite
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from aiqa_integration.dicom import frames, pixels, reading
from aiqa_integration.dicom.headers import SIMULATED_MARK, manufacturer_name, series_ref
from aiqa_integration.dicom.volume import DicomSeriesReader
from aiqa_integration.errors import IncompleteSeries, InputError, MixedGeometry, NotImageData, UnsupportedSeries
from tests.dicom_samples import edited, sample, series_files, stack

READER = DicomSeriesReader()


@pytest.fixture
def files(tmp_path):
    return series_files(tmp_path, "reader")


@pytest.fixture
def enhanced(tmp_path):
    return series_files(tmp_path, "enhanced", enhanced=True)


def refused(files, kind: type[InputError]) -> str:
    with pytest.raises(kind) as caught:
        READER.load(files)
    assert caught.type is kind
    return str(caught.value)


@pytest.mark.parametrize("is_enhanced", [False, True])
def test_values_and_geometry_are_those_written(tmp_path, is_enhanced):
    loaded = READER.load(series_files(tmp_path, "known", enhanced=is_enhanced))
    assert np.array_equal(loaded.stack.voxels, stack().voxels)
    assert np.allclose(loaded.stack.affine_mm, stack().affine_mm, atol=1e-6)
    assert loaded.stack.spacing_mm == pytest.approx((5.0, 1.5, 1.25))
    assert loaded.stack.value_unit == "1"
    assert [part.position_mm for part in loaded.stack.slices] == pytest.approx([-12.5, -7.5, -2.5, 2.5, 7.5])
    assert [part.frame_number for part in loaded.stack.slices] == ([1, 2, 3, 4, 5] if is_enhanced else [None] * 5)


@pytest.mark.parametrize("is_enhanced", [False, True])
def test_header_says_what_the_series_says(tmp_path, is_enhanced):
    header = READER.load(series_files(tmp_path, "header", enhanced=is_enhanced)).header
    assert header.ref == sample("header").ref
    assert (header.modality, header.magnetic_field_strength_t, header.phase_encoding) == ("MR", 1.5, "COLUMN")
    assert (header.repetition_time_ms, header.echo_time_ms, header.nominal_slice_thickness_mm) == (500.0, 20.0, 5.0)
    assert header.acquired_at == "2024-01-15T08:30:00"
    assert header.simulated
    assert (header.device.manufacturer, header.keywords["Manufacturer"]) == ("Siemens", "SIEMENS")
    assert (header.device.model, header.device.serial, header.device.station) == ("Avanto", "12345", "MR1")
    assert header.device.software_versions == ("syngo MR B17", "2")
    instances = 1 if is_enhanced else 5
    assert header.instance_count == len(header.instance_uids) == instances
    assert header.instance_uids == tuple(sorted(sample("header").instance_uid(n) for n in range(1, instances + 1)))
    assert header.keywords["NumberOfSeriesRelatedInstances"] == instances
    assert header.keywords["QualityControlSubject"] == "YES"
    assert str(header.keywords["ImageType"]).startswith("('ORIGINAL', 'PRIMARY'")
    assert (header.keywords["Rows"], header.keywords["Columns"]) == (72, 64)


@pytest.mark.parametrize("is_enhanced", [False, True])
def test_all_that_is_asked_of_an_image_is_read_from_its_file(tmp_path, monkeypatch, is_enhanced):
    asked: set[str] = set()

    def asking(keyword: str) -> int | None:
        asked.add(keyword)
        return tag_for_keyword(keyword)

    (first, *_) = series_files(tmp_path, "asked", enhanced=is_enhanced)
    whole = reading.read_dataset(first, pixels=True)
    monkeypatch.setattr(reading, "tag_for_keyword", asking)
    series_ref(whole)
    found = list(frames.frames_of(whole, first))
    values = pixels.decode(found, {first: whole})
    monkeypatch.undo()
    part = reading.read_dataset(first, pixels=True, only=frames.KEYWORDS)
    assert list(frames.frames_of(part, first)) == found
    assert np.array_equal(pixels.decode(found, {first: part}), values)
    assert is_enhanced or asked <= set(frames.KEYWORDS)  # what functional groups hold is read with them
    assert "PatientName" not in part


def test_header_alone_agrees_with_loading(files):
    alone, loaded = READER.header(files), READER.load(files).header
    assert alone == loaded
    assert "PatientName" not in alone.keywords
    assert "SIMULATED-reader" not in repr(alone.device)


@pytest.mark.parametrize("seed", range(3))
def test_order_is_that_of_space_not_of_names_or_numbers(files, seed):
    numbers = random.Random(seed).sample(range(1, 6), 5)
    for path, number in zip(files, numbers, strict=True):
        edited(path, InstanceNumber=number)
    shuffled = random.Random(seed).sample(files, 5)
    loaded = READER.load(shuffled)
    assert np.array_equal(loaded.stack.voxels, stack().voxels)
    assert loaded.files == tuple(files)
    assert [part.instance_number for part in loaded.stack.slices] == numbers


def test_a_missing_slice_leaves_a_gap(files):
    loaded = READER.load(files[:2] + files[3:])
    assert [part.position_mm for part in loaded.stack.slices] == pytest.approx([-12.5, -7.5, 2.5, 7.5])
    assert loaded.stack.spacing_mm[0] == pytest.approx(5.0)
    origin = loaded.stack.affine_mm @ (0, 0, 1, 1)
    assert origin[:3] == pytest.approx((-10.0, -20.0, -7.5))


def test_one_slice_is_a_stack(files):
    loaded = READER.load(files[:1])
    assert loaded.stack.voxels.shape == (1, 72, 64)
    assert loaded.stack.spacing_mm == pytest.approx((5.0, 1.5, 1.25))


@pytest.mark.parametrize(
    "syntax",
    [
        ImplicitVRLittleEndian,
        ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian,
        JPEG2000Lossless,
        JPEGLSLossless,
        RLELossless,
    ],
)
@pytest.mark.parametrize("is_enhanced", [False, True])
def test_transfer_syntaxes_change_nothing(tmp_path, syntax, is_enhanced):
    files = series_files(tmp_path, "syntax", enhanced=is_enhanced)
    for path in files:
        dataset = dcmread(path)
        if syntax.is_encapsulated:
            dataset.compress(syntax, generate_instance_uid=False)
        else:
            if syntax == ExplicitVRBigEndian:
                dataset.PixelData = np.frombuffer(dataset.PixelData, "<u2").astype(">u2").tobytes()
            dataset.file_meta.TransferSyntaxUID = syntax
        dcmwrite(path, dataset, implicit_vr=syntax.is_implicit_VR, little_endian=syntax.is_little_endian)
    assert np.array_equal(READER.load(files).stack.voxels, stack().voxels)


def with_pixels(path, array, **attributes):
    dataset = dcmread(path)
    dataset.PixelData = array.tobytes()
    dataset.Rows, dataset.Columns = array.shape
    for keyword, found in attributes.items():
        setattr(dataset, keyword, found)
    dataset.save_as(path)
    return path


def test_signed_twelve_bit_pixels_with_an_overlay_in_the_high_bits(files):
    truth = np.array([[-2048, -1], [0, 2047]], np.int16)
    stored = (truth & 0x0FFF) | 0x5000
    path = with_pixels(files[0], stored.astype("<u2"), BitsStored=12, HighBit=11, PixelRepresentation=1)
    assert np.array_equal(READER.load([path]).stack.voxels[0], truth)


def test_unsigned_twelve_bit_pixels_with_an_overlay_in_the_high_bits(files):
    stored = np.array([[0xF000, 0x1FFF], [0x0FFF, 0x8001]], np.uint16)
    path = with_pixels(files[0], stored, BitsStored=12, HighBit=11, PixelRepresentation=0)
    assert READER.load([path]).stack.voxels[0].tolist() == [[0, 4095], [4095, 1]]


def test_eight_bit_pixels(files):
    truth = np.array([[0, 255], [128, 1]], np.uint8)
    path = with_pixels(files[0], truth, BitsAllocated=8, BitsStored=8, HighBit=7)
    assert np.array_equal(READER.load([path]).stack.voxels[0], truth)


@pytest.mark.parametrize("keyword", ["PixelRepresentation", "BitsStored", "BitsAllocated"])
def test_pixels_are_not_guessed_where_the_header_does_not_say_how_to_read_them(files, keyword):
    dataset = dcmread(files[0])
    delattr(dataset, keyword)
    dataset.save_as(files[0])
    assert "pixels of" in refused(files[:1], NotImageData)


def test_each_slice_has_its_own_rescale(files):
    for number, path in enumerate(files):
        edited(path, RescaleSlope=number + 0.5, RescaleIntercept=-number)
    slopes = np.arange(5).reshape(5, 1, 1)
    expected = stack().voxels * (slopes + 0.5) - slopes
    assert np.allclose(READER.load(files).stack.voxels, expected, atol=1e-3)


def test_each_frame_of_an_enhanced_object_has_its_own_rescale(enhanced):
    dataset = dcmread(enhanced[0])
    del dataset.SharedFunctionalGroupsSequence[0].PixelValueTransformationSequence
    for number, groups in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        transformation = Dataset()
        transformation.RescaleSlope, transformation.RescaleIntercept = number + 1, 10 * number
        groups.PixelValueTransformationSequence = [transformation]
    dataset.save_as(enhanced[0])
    numbers = np.arange(5).reshape(5, 1, 1)
    assert np.allclose(READER.load(enhanced).stack.voxels, stack().voxels * (numbers + 1) + 10 * numbers)


def test_frames_of_an_enhanced_object_are_sorted_by_place(enhanced):
    dataset = dcmread(enhanced[0])
    dataset.PerFrameFunctionalGroupsSequence = list(reversed(dataset.PerFrameFunctionalGroupsSequence))
    dataset.PixelData = dataset.pixel_array[::-1].tobytes()
    dataset.save_as(enhanced[0])
    loaded = READER.load(enhanced)
    assert np.array_equal(loaded.stack.voxels, stack().voxels)
    assert [part.frame_number for part in loaded.stack.slices] == [5, 4, 3, 2, 1]


def test_exact_copies_count_once(files, tmp_path):
    copy = tmp_path / "copy.dcm"
    shutil.copyfile(files[2], copy)
    assert READER.load([*files, copy]).header.instance_count == 5


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("GE MEDICAL SYSTEMS", "GE"),
        ("GE Medical Systems", "GE"),
        ("GENESIS_SIGNA", "GE"),
        ("Philips Medical Systems", "Philips"),
        ("Philips Healthcare", "Philips"),
        ("SIEMENS", "Siemens"),
        ("Siemens Healthineers", "Siemens"),
        ("CANON_MEC", "Canon"),
        ("UIH", "United Imaging"),
        ("BIOLAB", "BIOLAB"),
        ("", ""),
    ],
)
def test_manufacturers_have_one_name(spelling, name):
    assert manufacturer_name(spelling) == name


@pytest.mark.parametrize(
    ("changes", "attribute", "expected"),
    [
        ({"InPlanePhaseEncodingDirection": "ROW"}, "phase_encoding", "ROW"),
        ({"InPlanePhaseEncodingDirection": "COL"}, "phase_encoding", "COLUMN"),
        ({"InPlanePhaseEncodingDirection": "OTHER"}, "phase_encoding", None),
        ({"InPlanePhaseEncodingDirection": None}, "phase_encoding", None),
        ({"MagneticFieldStrength": 15000}, "magnetic_field_strength_t", 1.5),
        ({"MagneticFieldStrength": 0}, "magnetic_field_strength_t", None),
        ({"EchoTime": ""}, "echo_time_ms", None),
        ({"ImagingFrequency": "63.863039"}, "centre_frequency_mhz", 63.863039),
        ({"ImagingFrequency": ""}, "centre_frequency_mhz", None),
        ({"ImagingFrequency": "128175847"}, "centre_frequency_mhz", 128.175847),
        ({"PixelBandwidth": "122.07"}, "read_bandwidth_hz_per_pixel", 122.07),
        ({"PixelBandwidth": "0"}, "read_bandwidth_hz_per_pixel", None),
        ({"AcquisitionMatrix": [0, 256, 192, 0]}, "acquired_read_pixels", 256),
        ({"AcquisitionMatrix": [320, 0, 0, 224]}, "acquired_read_pixels", 320),
        ({"AcquisitionMatrix": [0, 0, 0, 0]}, "acquired_read_pixels", None),
        ({"ImageComments": "from a scanner"}, "simulated", False),
        ({"ImageComments": f"{SIMULATED_MARK} once more"}, "simulated", True),
        ({"AcquisitionDate": "00010101", "SeriesDate": "20200301"}, "acquired_at", "2020-03-01T00:00:00"),
        (
            {"AcquisitionDate": "00010101", "StudyDate": "00010101"},
            "acquired_at",
            None,
        ),
    ],
)
def test_header_details(files, changes, attribute, expected):
    assert getattr(READER.header([edited(files[0], **changes)]), attribute) == expected


def test_header_survives_a_damaged_file_among_good_ones(files):
    files[0].write_bytes(b"damaged")
    assert READER.header(files).instance_count == 4
    assert "is not a DICOM file" in refused(files, NotImageData)


def oriented(path, row, column):
    return edited(path, ImageOrientationPatient=[*row, *column])


def test_localizers_are_refused_with_a_count(files):
    oriented(files[0], (0, 1, 0), (0, 0, -1))
    oriented(files[1], (1, 0, 0), (0, 0, -1))
    assert refused(files, MixedGeometry) == "3 orientations: 3 axial, 1 sagittal, 1 coronal"


@pytest.mark.parametrize(
    ("keyword", "values", "sentence"),
    [
        ("EchoTime", (20, 80), "6 images at 3 places: 3 echo time 20 ms, 3 echo time 80 ms"),
        ("TemporalPositionIdentifier", (1, 2), "6 images at 3 places: 3 time point 1, 3 time point 2"),
        ("AcquisitionNumber", (1, 2), "6 images at 3 places: 3 acquisition 1, 3 acquisition 2"),
        (
            "ImageType",
            (["ORIGINAL", "PRIMARY", "M"], ["ORIGINAL", "PRIMARY", "P"]),
            "6 images at 3 places: 3 image type M, 3 image type P",
        ),
    ],
)
def test_several_images_at_one_place_are_refused_by_what_tells_them_apart(files, tmp_path, keyword, values, sentence):
    both = []
    for number, path in enumerate(files[:3]):
        twin = tmp_path / f"twin{number}.dcm"
        shutil.copyfile(path, twin)
        both += [
            edited(path, **{keyword: values[0]}),
            edited(twin, **{keyword: values[1]}, SOPInstanceUID=f"2.25.{number + 1}"),
        ]
    assert refused(both, MixedGeometry) == sentence


def test_twins_that_nothing_tells_apart(files, tmp_path):
    twin = tmp_path / "twin.dcm"
    shutil.copyfile(files[0], twin)
    edited(twin, SOPInstanceUID="2.25.1", PixelData=dcmread(files[1]).PixelData)
    assert refused([*files, twin], MixedGeometry).startswith("6 images at 5 places, and nothing in their headers")


def test_two_echoes_in_an_enhanced_object(enhanced):
    dataset = dcmread(enhanced[0])
    del dataset.SharedFunctionalGroupsSequence[0].MREchoSequence
    for number, groups in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        echo = Dataset()
        echo.EffectiveEchoTime = 20.0 + 60 * (number % 2)
        groups.MREchoSequence = [echo]
        groups.PlanePositionSequence[0].ImagePositionPatient = [0, 0, 5 * (number // 2)]
    dataset.save_as(enhanced[0])
    assert refused(enhanced, MixedGeometry) == "5 images at 3 places: 3 echo time 20 ms, 2 echo time 80 ms"


def test_two_stacks_in_an_enhanced_object(enhanced):
    dataset = dcmread(enhanced[0])
    dataset.PerFrameFunctionalGroupsSequence[4].FrameContentSequence[0].StackID = "2"
    dataset.save_as(enhanced[0])
    assert refused(enhanced, MixedGeometry) == "2 stacks: 4 stack 1, 1 stack 2"


def test_parallel_stacks_beside_each_other(files):
    for path in files[3:]:
        position = dcmread(path).ImagePositionPatient
        edited(path, ImagePositionPatient=[position[0] + 80, *position[1:]])
    assert "shifted against each other" in refused(files, MixedGeometry)


def test_a_tilted_gantry_is_one_stack(files):
    for number, path in enumerate(files):
        edited(path, ImagePositionPatient=[-10, -20 + 2.0 * number, -12.5 + 5 * number])
    loaded = READER.load(files)
    assert (loaded.stack.affine_mm @ (0, 0, 4, 1))[:3] == pytest.approx((-10, -12, 7.5))
    assert loaded.stack.spacing_mm[0] == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"PixelSpacing": [2, 2]}, "2 pixel spacings: 4 1.25 × 1.5 mm, 1 2 × 2 mm"),
        ({"Rows": 36, "Columns": 128}, "2 matrix sizes: 4 64 × 72, 1 128 × 36"),
    ],
)
def test_mixed_matrices(files, changes, sentence):
    edited(files[1], **changes)
    assert refused(files, MixedGeometry) == sentence


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"StudyInstanceUID": None}, IncompleteSeries, "Study Instance UID is missing"),
        ({"SeriesInstanceUID": ""}, IncompleteSeries, "Series Instance UID is missing"),
        ({"SOPInstanceUID": None}, IncompleteSeries, "SOP Instance UID is missing"),
        ({"SeriesInstanceUID": "2.25.1"}, IncompleteSeries, "more than one series"),
        ({"PixelData": None}, NotImageData, "it has none"),
        ({"PixelData": b"\0" * 100}, NotImageData, "cut off"),
        ({"Rows": 0}, NotImageData, "no pixels: 0 rows"),
        ({"Columns": None}, NotImageData, "no pixels: 72 rows, 0 columns"),
        ({"BitsAllocated": 12}, NotImageData, "16 bits in 12"),
        ({"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB"}, UnsupportedSeries, "colour pixels (RGB)"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, UnsupportedSeries, "colour pixels"),
        ({"ImagePositionPatient": None}, IncompleteSeries, "position or orientation"),
        ({"ImageOrientationPatient": [1, 0, 0]}, IncompleteSeries, "position or orientation"),
        ({"ImageOrientationPatient": [0, 0, 0, 0, 0, 0]}, IncompleteSeries, "perpendicular unit vectors"),
        ({"PixelSpacing": None}, IncompleteSeries, "pixel spacing"),
        ({"PixelSpacing": [0, 0]}, IncompleteSeries, "pixel spacing"),
        ({"RescaleSlope": 0}, NotImageData, "slope is 0"),
        ({"NumberOfFrames": 7}, UnsupportedSeries, "7 images in an object"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "M", "MOSAIC"]}, UnsupportedSeries, "mosaic"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.88.33"}, UnsupportedSeries, "Comprehensive SR"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.66.4"}, UnsupportedSeries, "Segmentation"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}, UnsupportedSeries, "Secondary Capture"),
        ({"SOPClassUID": "1.2.3"}, UnsupportedSeries, "modality MR"),
        ({"SOPClassUID": None}, UnsupportedSeries, "modality MR"),
    ],
)
def test_one_bad_instance_refuses_the_series_by_name(files, changes, kind, words):
    edited(files[1], **changes)
    assert words in refused(files, kind)


def test_different_files_with_one_uid_are_refused(files):
    edited(files[1], SOPInstanceUID=sample("reader").instance_uid(1))
    assert "share one SOP Instance UID" in refused(files, IncompleteSeries)


def test_no_files():
    refused([], IncompleteSeries)
    with pytest.raises(IncompleteSeries):
        READER.header([])


def test_ten_thousand_files_are_refused_without_reading_them(tmp_path):
    assert "10000 files" in refused([tmp_path / f"{number}" for number in range(10_000)], UnsupportedSeries)


def test_too_many_frames(enhanced):
    edited(enhanced[0], NumberOfFrames=frames.MAX_FRAMES + 1)
    assert "5001 images in one object" in refused(enhanced, UnsupportedSeries)


def test_a_header_that_promises_terabytes_is_refused_before_decoding(files):
    edited(files[0], Rows=65535, Columns=65535)
    assert "more than AIQA decodes" in refused(files[:1], NotImageData)


def test_a_deflated_bomb_is_not_inflated(files, monkeypatch):
    dataset = dcmread(files[0])
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    dataset.PixelData = b"\0" * (4 << 20)
    dataset.save_as(files[0])
    assert files[0].stat().st_size < 100_000
    monkeypatch.setattr(reading, "MAX_INFLATED_BYTES", 1 << 20)
    monkeypatch.setattr("pydicom.dcmread", lambda *_, **__: pytest.fail("the file was inflated"))
    assert "inflates to more than 1 MiB" in refused(files[:1], NotImageData)


def test_a_dicomdir_is_named(files):
    dataset = dcmread(files[0])
    dataset.DirectoryRecordSequence = []
    dataset.save_as(files[0])
    assert "DICOMDIR" in refused(files[:1], UnsupportedSeries)


def test_what_is_not_dicom(tmp_path):
    for name, content in {"empty": b"", "text": b"hello" * 100, "zip": b"PK\3\4" * 100}.items():
        (tmp_path / name).write_bytes(content)
        assert refused([tmp_path / name], NotImageData) == f"{name} is not a DICOM file"
    assert "cannot be read" in refused([tmp_path / "absent"], NotImageData)
    assert "cannot be read" in refused([tmp_path], NotImageData)


@pytest.mark.parametrize("is_enhanced", [False, True])
@pytest.mark.parametrize("seed", range(40))
def test_damage_is_refused_or_harmless_but_never_crashes(tmp_path, seed, is_enhanced):
    draw = random.Random(seed)
    files = series_files(tmp_path, "fuzz", slices=2, enhanced=is_enhanced)
    content = bytearray(files[0].read_bytes())
    header = len(content) - 2 * 72 * 64 * (2 if is_enhanced else 1)
    for _ in range(draw.choice([1, 4, 30])):
        content[draw.randrange(132, header)] = draw.randrange(256)
    if draw.random() < 0.3:
        del content[draw.randrange(132, len(content)) :]
    files[0].write_bytes(content)
    for act in (READER.load, READER.header):
        with contextlib.suppress(InputError):
            act(files)


def test_voxel_cap_counts_the_whole_series(files, monkeypatch):
    monkeypatch.setattr(pixels, "MAX_VOXELS", 5 * 72 * 64 - 1)
    refused(files, NotImageData)


@pytest.mark.parametrize("syntax", [JPEG2000Lossless, JPEGLSLossless])
def test_a_codestream_larger_than_its_header_is_not_decoded(files, syntax):
    dataset = dcmread(files[0])
    dataset.compress(syntax, generate_instance_uid=False)
    dataset.Rows, dataset.Columns = 64, 72
    dataset.save_as(files[0])
    assert "are 64 × 72, its header says otherwise" in refused(files[:1], NotImageData)
