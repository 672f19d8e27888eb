"""Converts pixels to those of a TIFF: unchanged, or the arcsinh of their brightness."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from downloads.pixels import Pixels, Scale

WHITE = 65535


@dataclass(frozen=True)
class Linear:
    """Unchanged pixels."""

    scale: Scale

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the TIFF's pixels."""
        return self.scale.dtype

    def __call__(self, stored: Pixels) -> Pixels:
        """Return the TIFF's pixels for a part of the image's."""
        return self.scale.values(stored)


@dataclass(frozen=True)
class Arcsinh:
    """The arcsinh of the pixels, from 0 for the faintest to 65535 for the brightest of the image.

    Pixels that are NaN or BLANK become 0, and all pixels of a constant image become 0. Infinite pixels become
    0 or 65535 and do not count as faintest or brightest.

    Attributes
    ----------
    scale
        The image's.
    faintest, brightest
        Physical values.
    """

    scale: Scale
    faintest: float
    brightest: float

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the TIFF's pixels."""
        return np.dtype(np.uint16)

    @classmethod
    def of(cls, scale: Scale, pieces: Iterable[Pixels]) -> "Arcsinh":
        """Return the stretch of an image from the pieces of its stored pixels."""
        ranges = [found for piece in pieces if (found := _range(scale.floats(piece)))]
        lows, highs = zip(*ranges, strict=True) if ranges else ((0.0,), (0.0,))
        return cls(scale, min(lows), max(highs))

    def __call__(self, stored: Pixels) -> Pixels:
        """Return the TIFF's pixels for some of the image's."""
        low, high = np.arcsinh([self.faintest, self.brightest])
        if low == high:
            return np.zeros(stored.shape, self.dtype)
        values = np.arcsinh(self.scale.floats(stored))
        values -= low
        values /= high - low
        values *= WHITE
        levels = np.nan_to_num(np.rint(values, out=values), copy=False, nan=0, posinf=WHITE, neginf=0)
        return levels.astype(self.dtype)


def _range(values: npt.NDArray[np.float64]) -> tuple[float, float] | None:
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else None
