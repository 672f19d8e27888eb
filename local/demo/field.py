"""A picture's geometry, and the directions on the sky that its pixels see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

Array = npt.NDArray[np.float32]

WIDTH: Final = 1200
HEIGHT: Final = 900
"""Size of a large image (pixels)."""
COARSE: Final = 2
"""Extended objects are computed once for this many pixels along each axis: they are smooth."""


@dataclass(frozen=True)
class Field:
    """Where on the sky a large image lies: north at its last row, east at its first column.

    Parameters
    ----------
    scale
        Angle that one pixel sees (arcsec).
    east, north
        How far the telescope points off its target (arcsec).
    """

    scale: float
    east: float
    north: float

    @property
    def centre(self) -> tuple[float, float]:
        """Column and row of the target, from 0 at the middle of the first pixel."""
        return (
            (WIDTH - 1) / 2 + self.east / self.scale,
            (HEIGHT - 1) / 2 - self.north / self.scale,
        )

    def pixels(self, east: Array, north: Array) -> tuple[Array, Array]:
        """Columns and rows of directions given as offsets from the target (arcsec)."""
        column, row = self.centre
        return column - east / self.scale, row + north / self.scale

    def grid(self) -> tuple[Array, Array]:
        """Offsets from the target, to the east and north, at the coarse pixels.

        Returns
        -------
        east : (1, WIDTH / COARSE) float32, arcsec
        north : (HEIGHT / COARSE, 1) float32, arcsec
        """
        column, row = self.centre
        middle = (COARSE - 1) / 2
        columns = np.arange(WIDTH // COARSE, dtype=np.float32) * COARSE + middle
        rows = np.arange(HEIGHT // COARSE, dtype=np.float32) * COARSE + middle
        return (column - columns[None, :]) * self.scale, (rows[:, None] - row) * self.scale


def refine(coarse: Array) -> Array:
    """Interpolate what was computed at the coarse pixels, to all pixels of a large image."""
    image = Image.fromarray(coarse).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    return np.maximum(np.asarray(image, dtype=np.float32), 0)


def axes(east: Array, north: Array, position_angle: float) -> tuple[Array, Array]:
    """Turn offsets into those along and across an axis at a position angle (degrees)."""
    angle = np.float32(np.radians(position_angle))
    along = east * np.sin(angle) + north * np.cos(angle)
    across = east * np.cos(angle) - north * np.sin(angle)
    return along, across


def clouds(rng: np.random.Generator, coarsest: int, octaves: int, roughness: float = 0.55) -> Array:
    """Random texture with structure of many sizes.

    Parameters
    ----------
    rng
        Where chance comes from.
    coarsest
        Number of the largest structures over the picture's height.
    octaves
        How many sizes there are, each half of the one before.
    roughness
        Amplitude of a size over that of the next larger one.

    Returns
    -------
    (HEIGHT / COARSE, WIDTH / COARSE) float32
        Mean 0 and standard deviation 1.
    """
    size = (WIDTH // COARSE, HEIGHT // COARSE)
    total = np.zeros(size[::-1], dtype=np.float32)
    for octave in range(octaves):
        cells = coarsest * 2**octave
        grid = rng.standard_normal((cells + 1, cells * 4 // 3 + 1), dtype=np.float32)
        image = Image.fromarray(grid).resize(size, Image.Resampling.BICUBIC)
        total += np.asarray(image, dtype=np.float32) * np.float32(roughness**octave)
    texture: Array = (total - total.mean()) / total.std()
    return texture
