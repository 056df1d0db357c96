"""The series reader: files of one series to a header and one stack of slices."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import structlog
from pydicom.dataset import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian

from aiqa_integration.dicom.frames import KEYWORDS, MAX_FRAMES, Frame, frames_of
from aiqa_integration.dicom.geometry import Stack, stack_of, without_strays
from aiqa_integration.dicom.headers import series_header, series_ref
from aiqa_integration.dicom.pixels import decode
from aiqa_integration.dicom.reading import quiet, read_dataset, text
from aiqa_integration.errors import IncompleteSeries, InputError, NotImageData, UnsupportedSeries
from aiqa_integration.model.identity import SeriesRef
from aiqa_integration.model.image import ImageStack, SeriesHeader, SliceRef
from aiqa_integration.pipeline.ports import LoadedSeries

_log = structlog.get_logger(__name__)


class DicomSeriesReader:
    """Reads classic and enhanced CT and MR series; fulfils ``pipeline.ports.SeriesReader``."""

    def header(self, files: Sequence[Path]) -> SeriesHeader:
        """Return the header from the first readable file by name; raises InputError where there is none.

        Damaged files among others are left to ``load``, so that rules can still say what is to become of the series.
        """
        _check_number(files)
        leader: Dataset | None = None
        instances: set[str] = set()
        broken: InputError | None = None
        for path in sorted(files):
            try:
                dataset = read_dataset(path)
                ref = series_ref(dataset)
            except InputError as error:
                broken = broken or error
                continue
            leader = dataset if leader is None else leader
            if ref == series_ref(leader):
                instances.add(text(dataset, "SOPInstanceUID"))
        if leader is None:
            raise broken or IncompleteSeries("no files")
        return series_header(leader, tuple(instances))

    def load(self, files: Sequence[Path]) -> LoadedSeries:
        """Return the images sorted by geometry; raises InputError with a sentence that says what is wrong."""
        with quiet():
            return self._load(files)

    def _load(self, files: Sequence[Path]) -> LoadedSeries:
        _check_number(files)
        opened: dict[Path, Dataset] = {}
        frames, instances = _frames(files, opened)
        kept, left_out = without_strays(frames, _same_values)
        stack = stack_of(kept)
        for part in left_out:
            _log.info("series.images_left_out", images=part.images, reason=part.reason)
        header = series_header(read_dataset(stack.frames[0].path), tuple(instances))
        return LoadedSeries(
            header=header,
            stack=_image_stack(stack, opened, value_unit="[hnsf'U]" if header.modality == "CT" else "1"),
            files=tuple(dict.fromkeys(frame.path for frame in stack.frames)),
            left_out=left_out,
        )


def _check_number(files: Sequence[Path]) -> None:
    if not files:
        raise IncompleteSeries("no files")
    if len(files) > MAX_FRAMES:
        raise UnsupportedSeries(f"{len(files)} files in one series: AIQA reads {MAX_FRAMES} at most")


def _frames(files: Sequence[Path], opened: dict[Path, Dataset]) -> tuple[list[Frame], dict[str, Path]]:
    """Return the frames of all distinct instances, and each instance's file; raises InputError.

    What was parsed is added to ``opened``, but for deflated files: they hold their inflated pixels.
    """
    series: SeriesRef | None = None
    instances: dict[str, Path] = {}
    frames: list[Frame] = []
    for path in sorted(files):
        dataset = read_dataset(path, pixels=True, only=KEYWORDS)
        found = series_ref(dataset)
        if series is not None and found != series:
            raise IncompleteSeries("files of more than one series")
        series = found
        if _is_new(dataset, path, instances):
            frames.extend(frames_of(dataset, path))
            if dataset.file_meta.get("TransferSyntaxUID") != DeflatedExplicitVRLittleEndian:
                opened[path] = dataset
        if len(frames) > MAX_FRAMES:
            raise UnsupportedSeries(f"more than {MAX_FRAMES} images in one series")
    return frames, instances


def _is_new(dataset: Dataset, path: Path, instances: dict[str, Path]) -> bool:
    """Note an instance; False for an exact copy of one seen before, IncompleteSeries where the copy differs."""
    uid = text(dataset, "SOPInstanceUID")
    earlier = instances.setdefault(uid, path)
    if earlier is path:
        return True
    if _digest(earlier) != _digest(path):
        raise IncompleteSeries("different files share one SOP Instance UID: it cannot be told which image is meant")
    return False


def _digest(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").digest()
    except OSError as error:
        raise NotImageData(f"{path.name} cannot be read") from error


def _same_values(one: Frame, other: Frame) -> bool:
    return np.array_equal(decode([one], {}), decode([other], {}))


def _image_stack(stack: Stack, opened: dict[Path, Dataset], *, value_unit: str) -> ImageStack:
    slices = tuple(
        SliceRef(
            sop_instance_uid=frame.sop_instance_uid,
            sop_class_uid=frame.sop_class_uid,
            frame_number=frame.index + 1 if frame.multi_frame else None,
            instance_number=frame.instance_number,
            position_mm=position,
        )
        for frame, position in zip(stack.frames, stack.positions_mm, strict=True)
    )
    return ImageStack(
        voxels=decode(stack.frames, opened),
        spacing_mm=stack.spacing_mm,
        affine_mm=stack.affine_mm,
        value_unit=value_unit,
        slices=slices,
    )
