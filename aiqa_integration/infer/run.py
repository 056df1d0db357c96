"""Runs MONAI bundles in this process: parsed once, resident, one thread, one call at a time per bundle."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pickle import UnpicklingError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aiqa_integration.errors import BadMetadata, BundleError, OutOfMemory, ShapeMismatch
from aiqa_integration.infer.bundle import (
    GOLDEN_INPUT,
    GOLDEN_OUTPUT,
    WEIGHTS,
    Bundle,
    check_files,
    read_inference,
    read_metadata,
    write_manifest,
)
from aiqa_integration.model.report import BundleVersion

Arrays = Mapping[str, NDArray[np.float32]]

BATCH = 16
GOLDEN_TOLERANCE = 1e-3
"""Largest difference from the golden output: rounding of other CPUs' convolutions, far below any decision."""


@dataclass(slots=True)
class _Resident:
    """A bundle that is loaded: its networks by name and what it declares."""

    networks: Mapping[str, Any]
    sources: Mapping[str, tuple[str, ...]]
    heads: Mapping[str, Mapping[str, Any]]
    declared: Mapping[str, Any]
    lock: threading.Lock = field(default_factory=threading.Lock)


class BundleRunner:
    """Fulfils ``pipeline.ports.Inferencer``; a bundle is verified file by file before its first use."""

    def __init__(self, bundles: Mapping[str, Bundle]) -> None:
        self._bundles = dict(bundles)
        self._resident: dict[str, _Resident] = {}
        self._lock = threading.Lock()

    def version(self, bundle: str) -> BundleVersion:
        """Return which bundle this is; raises BundleError."""
        return self._find(bundle).version()

    def run(self, bundle: str, inputs: Arrays) -> dict[str, NDArray[np.float32]]:
        """Return the outputs of a bundle for arrays by name; raises BundleError or OutOfMemory."""
        found = self._find(bundle)
        with self._lock:
            if bundle not in self._resident:
                self._resident[bundle] = _load(found)
            resident = self._resident[bundle]
        with resident.lock:
            return _forward(found.name, resident, inputs)

    def _find(self, name: str) -> Bundle:
        if name not in self._bundles:
            raise BundleError(f"no bundle {name}; there are: {', '.join(sorted(self._bundles)) or 'none'}")
        return self._bundles[name]


def check_shapes(bundle: Bundle) -> str:
    """Run the network on zeros of the declared shape and return the shapes; raises BundleError."""
    resident = _load(bundle)
    inputs = {
        name: np.zeros((2, spec["num_channels"], *spec["spatial_shape"]), np.float32)
        for name, spec in resident.declared["inputs"].items()
    }
    outputs = _forward(bundle.name, resident, inputs)
    return ", ".join(f"{name} {list(value.shape[1:])}" for name, value in outputs.items())


def check_golden(bundle: Bundle) -> str:
    """Run the network on the golden input and return the largest difference; raises BundleError."""
    with np.load(bundle.folder / GOLDEN_INPUT) as inputs, np.load(bundle.folder / GOLDEN_OUTPUT) as expected:
        outputs = _forward(bundle.name, _load(bundle), {name: inputs[name] for name in inputs.files})
        if set(outputs) != set(expected.files):
            raise ShapeMismatch(f"bundle {bundle.name}: outputs {sorted(outputs)}, golden {sorted(expected.files)}")
        differences = {name: float(np.abs(outputs[name] - expected[name]).max()) for name in outputs}
    worst = max(differences, key=differences.__getitem__)
    if differences[worst] > GOLDEN_TOLERANCE:
        raise ShapeMismatch(f"bundle {bundle.name}: {worst} differs from the golden output by {differences[worst]:.2g}")
    return f"within {differences[worst]:.1e}"


def seal(bundle: Bundle, inputs: Arrays) -> None:
    """Write golden input, golden output and manifest of a bundle that is complete but for these; raises BundleError."""
    given: dict[str, Any] = {**inputs}
    for name in (GOLDEN_INPUT, GOLDEN_OUTPUT):
        (bundle.folder / name).parent.mkdir(exist_ok=True)
        np.savez_compressed(bundle.folder / name, **given)
    write_manifest(bundle)
    outputs: dict[str, Any] = {**BundleRunner({bundle.name: bundle}).run(bundle.name, inputs)}
    np.savez_compressed(bundle.folder / GOLDEN_OUTPUT, **outputs)
    write_manifest(bundle)


def _load(bundle: Bundle) -> _Resident:
    """Return the bundle's network with its weights, after its files are found unchanged; raises BundleError."""
    check_files(bundle)
    declared, config = read_metadata(bundle)["network_data_format"], read_inference(bundle)
    import torch

    torch.set_num_threads(1)
    named = sorted({str(head["network"]) for head in config["heads"].values()})
    sources = {
        name: tuple(config.get("graph", {}).get(name, declared["inputs"])) for name in config.get("graph", named)
    }
    try:
        weights = torch.load(bundle.folder / WEIGHTS, map_location="cpu", weights_only=True)
        networks = {name: _network(bundle, config.get(name, {})) for name in sources}
        for name, network in networks.items():
            network.load_state_dict(weights[name])
            network.eval().to(memory_format=torch.channels_last)
    except (KeyError, TypeError, ValueError, RuntimeError, UnpicklingError) as error:
        raise BundleError(f"bundle {bundle.name}: the network does not load: {error}") from error
    return _Resident(networks=networks, sources=sources, heads=config["heads"], declared=declared)


def _network(bundle: Bundle, definition: Any) -> Any:  # noqa: ANN401
    """Return a network or block of MONAI by its definition, trees, or a chain of them; no other class can be named."""
    import monai.networks.blocks
    import monai.networks.nets
    from torch.nn import Sequential

    from aiqa_integration.infer.trees import BoostedTrees

    if isinstance(definition, list):
        return Sequential(*(_network(bundle, part) for part in definition))
    arguments = {key: value for key, value in definition.items() if not key.startswith("_")}
    name = str(definition.get("_target_", ""))
    target = getattr(monai.networks.nets, name, None) or getattr(monai.networks.blocks, name, None)
    target = BoostedTrees if name == BoostedTrees.__name__ else target
    if target is None:
        raise BadMetadata(f"bundle {bundle.name}: {definition.get('_target_')} is no network of MONAI")
    return target(**arguments)


def _forward(name: str, resident: _Resident, inputs: Arrays) -> dict[str, NDArray[np.float32]]:
    """Return the network's heads for every item of the first axis."""
    import torch

    _check_inputs(name, resident.declared["inputs"], inputs)
    count = len(next(iter(inputs.values())))
    parts: list[dict[str, NDArray[np.float32]]] = []
    try:
        with torch.inference_mode():
            for start in range(0, count, BATCH):
                batch = {
                    key: torch.from_numpy(np.ascontiguousarray(array[start : start + BATCH]))
                    for key, array in inputs.items()
                }
                parts.append(_heads(resident, batch))
    except MemoryError as error:
        raise OutOfMemory(f"bundle {name}: {count} images do not fit into memory") from error
    except RuntimeError as error:
        if "allocate memory" in str(error):
            raise OutOfMemory(f"bundle {name}: {count} images do not fit into memory") from error
        raise ShapeMismatch(f"bundle {name}: the network does not take this input: {error}") from error
    outputs = {head: np.concatenate([part[head] for part in parts]) for head in parts[0]}
    _check_outputs(name, resident.declared["outputs"], outputs)
    return outputs


def _heads(resident: _Resident, batch: dict[str, Any]) -> dict[str, NDArray[np.float32]]:
    """Return the named channels of the networks' outputs, as they are or as probabilities."""
    import torch

    given = run_graph(resident.networks, resident.sources, batch)
    activations = {"softmax": lambda part: torch.softmax(part, dim=1), "sigmoid": torch.sigmoid}
    split: dict[str, NDArray[np.float32]] = {}
    for name, head in resident.heads.items():
        first, last = head["channels"]
        part = given[head["network"]][:, first:last]
        activate = activations.get(head["activation"])
        split[name] = (part if activate is None else activate(part)).numpy()
    return split


def run_graph(
    networks: Mapping[str, Any], sources: Mapping[str, tuple[str, ...]], batch: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the bundle's inputs and each network's output, in the order of ``sources``.

    A network takes its sources side by side as channels: inputs or outputs of networks before it, "name:mean" and
    "name:max" being those over all places.
    """
    import torch

    given = dict(batch)
    for name, named in sources.items():
        parts = [_source(given, source) for source in named]
        given[name] = networks[name](parts[0] if len(parts) == 1 else torch.cat(parts, dim=1))
    return given


def _source(given: Mapping[str, Any], source: str) -> Any:  # noqa: ANN401
    name, _, pooled = source.partition(":")
    if not pooled:
        return given[name]
    places = given[name].flatten(2)
    return places.mean(dim=2) if pooled == "mean" else places.amax(dim=2)


def _check_inputs(name: str, declared: Mapping[str, Any], inputs: Arrays) -> None:
    if set(inputs) != set(declared):
        raise ShapeMismatch(f"bundle {name}: takes {sorted(declared)}, got {sorted(inputs)}")
    for key, array in inputs.items():
        expected = (declared[key]["num_channels"], *declared[key]["spatial_shape"])
        if array.dtype != np.float32 or array.shape[1:] != expected or len(array) == 0:
            raise ShapeMismatch(f"bundle {name}: {key} is {array.dtype} {array.shape}, not float32 [n, {expected}]")
        if not np.isfinite(array).all():
            raise ShapeMismatch(f"bundle {name}: {key} holds values that are not finite")


def _check_outputs(name: str, declared: Mapping[str, Any], outputs: Arrays) -> None:
    for key, spec in declared.items():
        shape = outputs[key].shape[1:] if key in outputs else None
        if shape != (spec["num_channels"], *spec["spatial_shape"]):
            raise ShapeMismatch(f"bundle {name}: output {key} is {shape}, declared {spec['num_channels']} channels")
