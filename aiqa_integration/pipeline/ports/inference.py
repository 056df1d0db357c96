"""MONAI bundles, run on arrays."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from aiqa_integration.model.report import BundleVersion


class Inferencer(Protocol):
    """Runs MONAI bundles."""

    def version(self, bundle: str) -> BundleVersion:
        """Return which bundle this is; raises BundleError."""

    def run(self, bundle: str, inputs: Mapping[str, NDArray[np.float32]]) -> Mapping[str, NDArray[np.float32]]:
        """Return the outputs of a bundle for arrays by name; raises BundleError or OutOfMemory."""
