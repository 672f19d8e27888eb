"""Stars: where they are, how bright they are, and their blurred discs in a picture."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from local.demo.field import HEIGHT, WIDTH, Array, Field
from local.demo.targets import Target

FAINTEST: Final = 21.0
BRIGHTEST: Final = 9.0
"""Magnitudes between which field stars lie."""
STEEPNESS: Final = 0.27
"""Growth of the decimal logarithm of the stars' number with their magnitude."""
FIELD_RADIUS: Final = 660.0
"""Half the side of the square around the target that stars are drawn in (arcsec)."""
GALACTIC_POLE: Final = (192.85948, 27.12825)
"""Right ascension and declination of the Milky Way's north pole (degrees)."""

MOFFAT_POWER: Final = 3.2
"""How fast a star's wings fall; air makes them higher than those of a Gaussian."""
STAMPS: Final = ((0.0, 6), (1e4, 14), (2.5e5, 34), (4e6, 110))
"""From which brightness (electrons) a star is drawn how far out from its middle (pixels)."""
SPIKES_FROM: Final = 2.5e5
"""Brightness from which the spider's diffraction shows (electrons)."""
SPIKE_SHARE: Final = 0.05
"""Share of a star's light in its diffraction spikes."""


@dataclass(frozen=True)
class Stars:
    """Stars around a target.

    Parameters
    ----------
    east, north
        (N,) offsets from the target (arcsec).
    flux
        (N,) brightness, where 1 is magnitude 0.
    """

    east: Array
    north: Array
    flux: Array


def field_stars(rng: np.random.Generator, target: Target) -> Stars:
    """Stars between us and the target: many near the plane of the Milky Way, few off it."""
    latitude = abs(galactic_latitude(target))
    per_square_degree = 4000 + 60000 * math.exp(-latitude / 13)
    number = rng.poisson(per_square_degree * (2 * FIELD_RADIUS / 3600) ** 2)
    spread = rng.random(number)
    lowest = 10 ** (STEEPNESS * (BRIGHTEST - FAINTEST))
    magnitude = FAINTEST + np.log10(lowest + (1 - lowest) * spread) / STEEPNESS
    return Stars(
        rng.uniform(-FIELD_RADIUS, FIELD_RADIUS, number).astype(np.float32),
        rng.uniform(-FIELD_RADIUS, FIELD_RADIUS, number).astype(np.float32),
        (10 ** (-0.4 * magnitude)).astype(np.float32),
    )


def galactic_latitude(target: Target) -> float:
    """How far a target is off the plane of the Milky Way (degrees)."""
    pole_ascension, pole_declination = (math.radians(angle) for angle in GALACTIC_POLE)
    ascension, declination = math.radians(target.right_ascension * 15), math.radians(target.declination)
    return math.degrees(
        math.asin(
            math.sin(declination) * math.sin(pole_declination)
            + math.cos(declination) * math.cos(pole_declination) * math.cos(ascension - pole_ascension)
        )
    )


def draw(picture: Array, field: Field, stars: Stars, electrons: float, fwhm: float) -> None:
    """Add stars to a picture.

    Parameters
    ----------
    picture
        (HEIGHT, WIDTH) electrons; changed in place.
    field
        Where the picture lies.
    stars
        What to add.
    electrons
        From a star of magnitude 0.
    fwhm
        Full width of a star at half its height (pixels).
    """
    columns, rows = field.pixels(stars.east, stars.north)
    flux = stars.flux * np.float32(electrons)
    limits = [limit for limit, _ in STAMPS[1:]] + [math.inf]
    for (faintest, reach), brightest in zip(STAMPS, limits, strict=True):
        chosen = (
            (flux >= faintest)
            & (flux < brightest)
            & (np.abs(columns - WIDTH / 2) < WIDTH / 2 + reach)
            & (np.abs(rows - HEIGHT / 2) < HEIGHT / 2 + reach)
        )
        if chosen.any():
            spikes = SPIKE_SHARE if faintest >= SPIKES_FROM else 0.0
            _stamp(picture, columns[chosen], rows[chosen], flux[chosen], Disc(reach, fwhm, spikes))


@dataclass(frozen=True)
class Disc:
    """A star's blurred image.

    Parameters
    ----------
    reach
        How far out it is drawn (pixels).
    fwhm
        Its full width at half its height (pixels).
    spikes
        Share of the light in diffraction spikes.
    """

    reach: int
    fwhm: float
    spikes: float

    def profile(self, across: Array, up: Array) -> Array:
        """Share of the light per pixel, at offsets from the middle (pixels)."""
        alpha = self.fwhm / (2 * math.sqrt(2 ** (1 / MOFFAT_POWER) - 1))
        peak = (MOFFAT_POWER - 1) / (math.pi * alpha**2)
        squared = (across**2 + up**2) * np.float32(1 / alpha**2)
        round_part: Array = np.float32(peak) * np.exp(np.float32(-MOFFAT_POWER) * np.log1p(squared))
        if not self.spikes:
            return round_part
        cross = self._spike(across, up) + self._spike(up, across)
        return (1 - np.float32(self.spikes)) * round_part + np.float32(self.spikes) * cross

    def _spike(self, along: Array, across: Array) -> Array:
        """One of two crossing spikes, which hold half of their light each."""
        length, width = self.reach / 4, self.fwhm / 2.35
        norm = 2 * (2 * length) * math.sqrt(2 * math.pi) * width
        shape: Array = np.exp(-np.abs(along) / length) * np.exp(-(across**2) / np.float32(2 * width**2))
        return shape / np.float32(norm)


def _stamp(picture: Array, columns: Array, rows: Array, flux: Array, disc: Disc) -> None:
    """Add discs of one kind, all at once; what lies outside the picture is left out."""
    steps = np.arange(-disc.reach, disc.reach + 1)
    xs = np.rint(columns).astype(np.int64)[:, None] + steps
    ys = np.rint(rows).astype(np.int64)[:, None] + steps
    across = (xs - columns[:, None]).astype(np.float32)[:, None, :]
    up = (ys - rows[:, None]).astype(np.float32)[:, :, None]
    light = flux[:, None, None] * disc.profile(across, up)
    light *= ((xs >= 0) & (xs < WIDTH))[:, None, :] & ((ys >= 0) & (ys < HEIGHT))[:, :, None]
    pixels = np.clip(ys, 0, HEIGHT - 1)[:, :, None] * WIDTH + np.clip(xs, 0, WIDTH - 1)[:, None, :]
    np.add.at(picture.reshape(-1), pixels.reshape(-1), light.reshape(-1))
