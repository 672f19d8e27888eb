"""Pictures for people: small, stretched and without the camera's flaws."""

from __future__ import annotations

import io
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from local.demo.field import Array

MEDIUM: Final = (768, 576)
SMALL: Final = (200, 150)
"""Widths and heights (pixels)."""
QUALITY: Final = 88
SOFTENING: Final = 6.0
"""Brightness at which the stretch turns from linear to logarithmic (noise sigmas above the sky)."""
SKY_LEVEL: Final = 0.09
"""Grey of the sky (0 to 1)."""
HIGHLIGHT: Final = 99.8
"""Percentile of the pixels that becomes white."""


def jpegs(counts: npt.NDArray[np.uint16]) -> tuple[bytes, bytes]:
    """Make the medium and the small JPG.

    Parameters
    ----------
    counts
        (HEIGHT, WIDTH) uint16 raw picture, its first row the southern one.

    Returns
    -------
    medium, small
        Contents of JPG files, with north up.
    """
    clean = _without_hot_pixels(counts)[::-1]
    medium = stretch(_resized(clean, MEDIUM))
    small = _resized(medium, SMALL)
    return _encode(medium), _encode(small)


def stretch(picture: Array) -> Array:
    """Show faint and bright at once: grey values from 0 to 255 of a picture in any unit."""
    sample = picture[::4, ::4]
    sky = np.percentile(sample, 20)
    # the noise under the sky's level is that of the sky alone, as no star makes it darker
    noise = max(float(sky - np.percentile(sample, 3)) / 1.04, 1e-3)
    scaled = np.arcsinh((picture - (sky - noise)) / np.float32(SOFTENING * noise))
    white = max(float(np.percentile(scaled[::2, ::2], HIGHLIGHT)), float(np.arcsinh(6.0)))
    grey = SKY_LEVEL * 0.4 + (1 - SKY_LEVEL * 0.4) * scaled / white
    shown: Array = np.clip(grey * 255, 0, 255).astype(np.float32)
    return shown


def _without_hot_pixels(counts: npt.NDArray[np.uint16]) -> Array:
    """Replace pixels that are much brighter than all four neighbours, which no star makes."""
    picture = counts.astype(np.float32)
    padded = np.pad(picture, 1, mode="edge")
    neighbours = np.maximum(
        np.maximum(padded[:-2, 1:-1], padded[2:, 1:-1]), np.maximum(padded[1:-1, :-2], padded[1:-1, 2:])
    )
    floor = np.median(picture[::8, ::8])
    hot = picture - floor > np.float32(2.2) * np.maximum(neighbours - floor, 0.05 * floor)
    picture[hot] = neighbours[hot]
    return picture


def _resized(picture: Array, size: tuple[int, int]) -> Array:
    """Average a picture down to a width and height."""
    image = Image.fromarray(np.ascontiguousarray(picture)).resize(size, Image.Resampling.HAMMING)
    return np.asarray(image, dtype=np.float32)


def _encode(grey: Array) -> bytes:
    """A JPG file of grey values from 0 to 255."""
    file = io.BytesIO()
    Image.fromarray(np.rint(np.clip(grey, 0, 255)).astype(np.uint8)).save(file, "JPEG", quality=QUALITY)
    return file.getvalue()
