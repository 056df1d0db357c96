"""Stored pixels to values: any transfer syntax that the installed decoders know, never more memory than declared."""

from collections.abc import MutableMapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.pixels.utils import pixel_array
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from aiqa_integration.dicom.codestream import claimed_size
from aiqa_integration.dicom.frames import Frame
from aiqa_integration.dicom.reading import BROKEN_ENCODING, quiet, read_dataset, whole
from aiqa_integration.errors import NotImageData

_PLAIN = frozenset({ImplicitVRLittleEndian, ExplicitVRLittleEndian})
_KINDS = {
    (bits, signed): np.dtype(f"<{sign}{bits // 8}") for bits in (8, 16, 32) for signed, sign in enumerate(("u", "i"))
}
"""Types of plain pixels by Bits Allocated and Pixel Representation."""

MAX_VOXELS = 1 << 28
"""Voxels of one series (1 GiB as float32); a header that declares more is refused before anything is decoded."""


def decode(frames: Sequence[Frame], opened: MutableMapping[Path, Dataset]) -> NDArray[np.float32]:
    """Return the rescaled values ``[frame, row, column]`` of frames of one matrix, in their order.

    ``opened`` holds files that are parsed already; each is taken out, so that its stored pixels are not kept beside the
    values. Raises NotImageData where pixels are missing, cut off or do not decode, or where there are more than
    MAX_VOXELS.
    """
    rows, columns = frames[0].matrix
    if len(frames) * rows * columns > MAX_VOXELS:
        raise NotImageData(f"{len(frames)} images of {columns} × {rows} pixels: more than AIQA decodes")
    voxels = np.empty((len(frames), rows, columns), np.float32)
    by_path: dict[Path, list[int]] = {}
    for place, frame in enumerate(frames):
        by_path.setdefault(frame.path, []).append(place)
    for path, places in by_path.items():
        dataset = opened.pop(path, None) or read_dataset(path, pixels=True)
        for place in places:
            frame = frames[place]
            stored = _stored(dataset, frame)
            plain = (frame.slope, frame.intercept) == (1.0, 0.0)
            voxels[place] = stored if plain else stored * np.float64(frame.slope) + frame.intercept
    if not np.isfinite(voxels).all():
        raise NotImageData("the rescaled pixels are not finite numbers")
    return voxels


def _stored(dataset: Dataset, frame: Frame) -> NDArray[np.integer]:
    """Return a frame's stored values, bits above the high bit (overlays, PS3.5 8.1.1) removed and sign restored."""
    try:
        _refuse_larger_codestream(dataset, frame)
        with quiet():
            array = _plain(dataset, frame)
            if array is None:
                array = np.asarray(pixel_array(dataset, index=frame.index, raw=True))
    except (*BROKEN_ENCODING, OSError) as error:
        reason = "it has none" if "PixelData" not in dataset else "cut off, damaged or in an unknown encoding"
        raise NotImageData(f"the pixels of {frame.path.name} cannot be read: {reason}") from error
    if array.shape != frame.matrix or array.dtype.kind not in "iu":
        raise NotImageData(f"the pixels of {frame.path.name} are not {frame.matrix[1]} × {frame.matrix[0]} integers")
    bits = array.dtype.itemsize * 8
    stored = whole(dataset, "BitsStored") or bits
    high = whole(dataset, "HighBit")
    above = bits - 1 - (stored - 1 if high is None or high < stored - 1 else high)
    if above < 0 or stored == bits:
        return array
    shifted: NDArray[np.integer] = np.right_shift(np.left_shift(array, above), bits - stored)
    return shifted


def _plain(dataset: Dataset, frame: Frame) -> NDArray[np.integer] | None:
    """Return the stored values of an object whose only frame lies in it as numpy would write it, None for any other.

    Most files are such; pydicom's checks and its choice of a decoder take longer than all else about their pixels. What
    lacks an attribute that says how to read it is left to pydicom, which refuses it.
    """
    allocated, signed = whole(dataset, "BitsAllocated"), whole(dataset, "PixelRepresentation")
    if allocated is None or signed is None or frame.multi_frame:
        return None
    kind = _KINDS.get((allocated, signed))
    if kind is None or dataset.file_meta.get("TransferSyntaxUID") not in _PLAIN:
        return None
    size = frame.matrix[0] * frame.matrix[1] * kind.itemsize
    stored = dataset.PixelData
    if len(stored) != size + size % 2:
        return None
    return np.frombuffer(stored, kind, count=frame.matrix[0] * frame.matrix[1]).reshape(frame.matrix)


def _refuse_larger_codestream(dataset: Dataset, frame: Frame) -> None:
    """Raise NotImageData for a compressed frame that claims another size than its header: decoders allocate by it."""
    if not dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        return
    frames = whole(dataset, "NumberOfFrames") or 1
    claimed = claimed_size(get_frame(dataset.PixelData, frame.index, number_of_frames=frames))
    if claimed is not None and claimed != frame.matrix:
        raise NotImageData(
            f"the pixels of {frame.path.name} are {claimed[1]} × {claimed[0]}, its header says otherwise"
        )
