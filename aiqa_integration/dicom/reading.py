"""Files to pydicom data sets, and single attributes out of them, without ever crashing on what a file holds."""

import math
import struct
import warnings
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pydicom
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.filereader import read_file_meta_info
from pydicom.tag import BaseTag, Tag
from pydicom.uid import DeflatedExplicitVRLittleEndian, MediaStorageDirectoryStorage

from aiqa_integration.errors import NotImageData, UnsupportedSeries

MAX_INFLATED_BYTES = 1 << 30
"""A deflated file that grows beyond this is refused (PS3.5 A.5 sets no bound; a bomb inflates a thousandfold)."""

_SMALL_BYTES = 1 << 18
"""Files up to this size are read at once, pixels and all."""
_LATER_BYTES = 1 << 16
"""Of larger files, values longer than this, pixels first of all, stay there until they are asked for."""

_SHORT_BYTES = 2

_META_START = 144
"""Preamble, prefix and the group length element itself (PS3.10 7.1)."""

BROKEN_ENCODING = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BytesLengthException,
    EOFError,
    LookupError,
    MemoryError,
    NotImplementedError,
    RecursionError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What pydicom and its decoders raise on damaged files; found by cutting and flipping bytes of real ones."""


_SILENT = ("ignore", None, Warning, None, 0)
"""What ``warnings.simplefilter`` puts first to silence all."""


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the warnings of pydicom and its decoders: they quote values, and each case is checked by the caller.

    Within another such block nothing is done again.
    """
    if warnings.filters[:1] == [_SILENT]:
        yield
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def read_dataset(path: Path, *, pixels: bool = False, only: Sequence[str] | None = None) -> Dataset:
    """Return the data set of a DICOM file, with or without its pixels, or ``only`` the attributes of these keywords.

    Pixels of a large file are read when they are asked for; those of a deflated one, which can't be read in parts, at
    once. Raises NotImageData where the file cannot be read, is not DICOM (PS3.10 7.1), is cut off or inflates without
    bound; UnsupportedSeries for a DICOMDIR.
    """
    tags = None if only is None else _tags(*only, "DirectoryRecordSequence")
    try:
        with quiet():
            content = path.read_bytes() if pixels and path.stat().st_size <= _SMALL_BYTES else None
            if content is None or DeflatedExplicitVRLittleEndian.encode() in content:
                _refuse_bomb(path)
            dataset = pydicom.dcmread(
                path if content is None else BytesIO(content),
                stop_before_pixels=not pixels,
                specific_tags=tags,
                defer_size=_LATER_BYTES if pixels and content is None else None,
            )
            class_uid = str(dataset.file_meta.get("MediaStorageSOPClassUID", ""))
    except InvalidDicomError as error:
        raise NotImageData(f"{path.name} is not a DICOM file") from error
    except OSError as error:
        raise NotImageData(f"{path.name} cannot be read: {error.strerror or 'input/output error'}") from error
    except BROKEN_ENCODING as error:
        raise NotImageData(f"{path.name} is damaged: its attributes cannot be decoded") from error
    if class_uid == MediaStorageDirectoryStorage or "DirectoryRecordSequence" in dataset:
        raise UnsupportedSeries(f"{path.name} is a DICOMDIR, an index of files, not an image")
    return dataset


@cache
def _tags(*keywords: str) -> list[BaseTag]:
    """Return the tags of keywords, as pydicom would make them anew for every file."""
    return [Tag(keyword) for keyword in keywords]


def _refuse_bomb(path: Path) -> None:
    """Inflate a deflated file piecewise, to nowhere, and raise NotImageData where it exceeds MAX_INFLATED_BYTES."""
    meta = read_file_meta_info(path)
    if meta.get("TransferSyntaxUID") != DeflatedExplicitVRLittleEndian:
        return
    inflater, total = zlib.decompressobj(-zlib.MAX_WBITS), 0
    with path.open("rb") as stream:
        stream.seek(_META_START + int(meta["FileMetaInformationGroupLength"].value))
        piece = stream.read(1 << 16)
        while piece and total <= MAX_INFLATED_BYTES:
            total += len(inflater.decompress(piece, 1 << 22))
            piece = inflater.unconsumed_tail or stream.read(1 << 16)
    if total > MAX_INFLATED_BYTES:
        raise NotImageData(f"{path.name} inflates to more than {MAX_INFLATED_BYTES >> 20} MiB")


def value(dataset: Dataset, keyword: str) -> Any:  # noqa: ANN401 - whatever the value representation yields
    """Return an attribute's value; None where it is absent, empty or cannot be decoded."""
    tag = tag_for_keyword(keyword)
    element = None if tag is None else dataset.get_item(tag, keep_deferred=True)
    if isinstance(element, RawDataElement):
        try:
            with quiet():
                element = dataset[element.tag]
        except (*BROKEN_ENCODING, OSError):
            return None
    found = None if element is None else element.value
    return None if found is None or (hasattr(found, "__len__") and len(found) == 0) else found


def text(dataset: Dataset, keyword: str) -> str:
    """Return an attribute as stripped text, several values joined by a backslash; empty where there is none."""
    found = value(dataset, keyword)
    if found is None:
        return ""
    return "\\".join(str(part) for part in found).strip() if _is_multiple(found) else str(found).strip(" \0")


def texts(dataset: Dataset, keyword: str) -> tuple[str, ...]:
    """Return an attribute's values as stripped texts."""
    found = value(dataset, keyword)
    if found is None:
        return ()
    return tuple(str(part).strip() for part in (found if _is_multiple(found) else (found,)))


def numbers(dataset: Dataset, keyword: str) -> tuple[float, ...]:
    """Return an attribute's values as finite numbers; empty where one of them is not."""
    found: Any = _stored_numbers(dataset, keyword) or value(dataset, keyword)
    if found is None:
        return ()
    try:
        parts = tuple(float(part) for part in (found if _is_multiple(found) else (found,)))
    except (TypeError, ValueError, OverflowError):
        return ()
    return parts if all(math.isfinite(part) for part in parts) else ()


def _stored_numbers(dataset: Dataset, keyword: str) -> Sequence[bytes | int] | None:
    """Return the parts of a decimal or integer string as the file holds it, or a short integer; None for anything else.

    pydicom makes an object of each that keeps the text beside the number, at many times the cost of the number.
    """
    tag = tag_for_keyword(keyword)
    element = None if tag is None else dataset.get_item(tag, keep_deferred=True)
    if not isinstance(element, RawDataElement) or not element.value:
        return None
    if element.VR == "US" and len(element.value) == _SHORT_BYTES:
        return [int.from_bytes(element.value, "little" if element.is_little_endian else "big")]
    return [part.strip(b" \0") for part in element.value.split(b"\\")] if element.VR in {"DS", "IS"} else None


def number(dataset: Dataset, keyword: str) -> float | None:
    """Return an attribute's first value as a finite number, or None."""
    return next(iter(numbers(dataset, keyword)), None)


def whole(dataset: Dataset, keyword: str) -> int | None:
    """Return an attribute's first value as an integer, or None."""
    found = number(dataset, keyword)
    return None if found is None or found != int(found) else int(found)


def first_item(dataset: Dataset, keyword: str) -> Dataset | None:
    """Return the first item of a sequence, or None."""
    found = value(dataset, keyword)
    return found[0] if isinstance(found, pydicom.Sequence) else None


def items(dataset: Dataset, keyword: str) -> Iterable[Dataset]:
    """Return the items of a sequence; none where it is absent or broken."""
    found = value(dataset, keyword)
    return found if isinstance(found, pydicom.Sequence) else ()


def _is_multiple(found: object) -> bool:
    return isinstance(found, (list, tuple, pydicom.multival.MultiValue))
