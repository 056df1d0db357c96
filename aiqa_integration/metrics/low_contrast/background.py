"""The smooth background of the water inside the ring: a polynomial over the pixels of a crop.

A power of x times one of y is an image made of a row and a column, so sums over all pixels of such products come from
small matrices: neither the terms nor their products are ever made for each pixel.
"""

from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

from aiqa_integration.model.sampling import BoolArray, FloatArray

_ORDER = 6
_ROUND_ORDERS = (8, 10)
_HIGHEST = max(_ORDER, *_ROUND_ORDERS)


def _terms() -> FloatArray:
    """Return the terms as factors of powers of y and x, ``[term, y, x]``: all up to the sixth order, rounder ones."""
    powers = [(down, across) for across in range(_ORDER + 1) for down in range(_ORDER + 1 - across)]
    terms = np.zeros((len(powers) + len(_ROUND_ORDERS), _HIGHEST + 1, _HIGHEST + 1))
    for term, (down, across) in zip(terms, powers, strict=False):
        term[down, across] = 1.0
    for term, order in zip(terms[len(powers) :], _ROUND_ORDERS, strict=True):
        for half in range(order // 2 + 1):
            term[2 * half, order - 2 * half] = comb(order // 2, half)
    return terms


_TERMS = _terms()
_FLAT = _TERMS.reshape(len(_TERMS), -1)
_POWERS = np.arange(_HIGHEST + 1)
_SUMS = np.add.outer(_POWERS, _POWERS)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Background:
    """Powers of the rows' and the columns' places, ``[pixel, power]``; within the ring, places are up to 1."""

    down: FloatArray
    across: FloatArray

    @classmethod
    def over(cls, down: FloatArray, across: FloatArray) -> "Background":
        """Return the background over rows and columns at these places."""
        powers = np.arange(2 * _HIGHEST + 1)
        return cls(down=down[:, None] ** powers, across=across[:, None] ** powers)

    def products(self, where: BoolArray) -> FloatArray:
        """Return the sums of all products of two terms over pixels ``[y, x]``, ``[term, term]``."""
        moments = self.down.T @ where.astype(np.float64) @ self.across
        pairs = moments[_SUMS[:, None, :, None], _SUMS[None, :, None, :]]
        return np.asarray(_FLAT @ pairs.reshape(_FLAT.shape[1], -1) @ _FLAT.T, np.float64)

    def aims(self, image: FloatArray) -> FloatArray:
        """Return the sum of each term times an image ``[y, x]``, ``[term]``."""
        return np.asarray(_FLAT @ (self._down.T @ image @ self._across).reshape(-1), np.float64)

    def aims_of_patches(self, patches: FloatArray, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> FloatArray:
        """Return the sums over patches ``[patch, y, x]`` at rows ``[patch, y]`` and columns, ``[patch, term]``."""
        sums = self._down[rows].swapaxes(1, 2) @ patches @ self._across[columns]
        return np.asarray(sums.reshape(len(patches), -1) @ _FLAT.T, np.float64)

    def image(self, factors: FloatArray) -> FloatArray:
        """Return the sum of the terms times their factors, ``[y, x]``."""
        return np.asarray(self._down @ np.tensordot(factors, _TERMS, axes=1) @ self._across.T, np.float64)

    def at(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> FloatArray:
        """Return the terms at single pixels, ``[term, pixel]``."""
        products = self._down[rows][:, :, None] * self._across[columns][:, None, :]
        return np.asarray(_FLAT @ products.reshape(len(rows), _FLAT.shape[1]).T, np.float64)

    @property
    def _down(self) -> FloatArray:
        return self.down[:, : _HIGHEST + 1]

    @property
    def _across(self) -> FloatArray:
        return self.across[:, : _HIGHEST + 1]


def solve(products: FloatArray, aims: FloatArray) -> FloatArray:
    """Return the factors of a least-squares fit from the terms' products with each other and with the values.

    A trillionth of their mean is added to the squares, so that terms that tell the same share a value.
    """
    size = len(products)
    return np.asarray(np.linalg.solve(products + np.eye(size) * (1e-12 * np.trace(products) / size), aims), np.float64)
