"""Galaxies: a bulge in an inclined disc with spiral arms, dust and knots of young stars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from local.demo.field import Array, Field, axes, clouds
from local.demo.stars import Stars
from local.demo.targets import Target

EDGE_ON: Final = 0.22
"""Axis ratio under which a disc is seen from its side."""
LENGTHS_PER_RADIUS: Final = 3.6
"""Exponential lengths of the disc in a galaxy's radius."""


@dataclass(frozen=True)
class Spiral:
    """How a galaxy's arms wind: its features that no catalogue gives.

    Parameters
    ----------
    arms
        Their number.
    winding
        Turn of an arm while the radius grows e-fold (radians); its sign tells the sense.
    start
        Where the first arm begins (radians).
    contrast
        Light in the arms over that between them.
    bulge
        Share of the light in the bulge.
    """

    arms: int
    winding: float
    start: float
    contrast: float
    bulge: float

    def phase(self, radius: Array, angle: Array) -> Array:
        """Phase of the pattern, a multiple of 2 pi on the arms; radius in exponential lengths."""
        wound = np.float32(self.winding) * np.log(radius + np.float32(0.15))
        phase: Array = np.float32(self.arms) * (angle - wound - np.float32(self.start))
        return phase


def draw_spiral(rng: np.random.Generator) -> Spiral:
    """A spiral of chance."""
    return Spiral(
        arms=int(rng.choice([2, 2, 2, 3])),
        winding=float(rng.choice([-1, 1]) * rng.uniform(2.2, 3.4)),
        start=float(rng.uniform(0, 2 * np.pi)),
        contrast=float(rng.uniform(2.0, 3.5)),
        bulge=float(rng.uniform(0.08, 0.2)),
    )


def galaxy(rng: np.random.Generator, target: Target, field: Field, spiral: Spiral) -> Array:
    """A galaxy's light.

    Parameters
    ----------
    rng
        Where chance comes from.
    target
        Its shape and brightness.
    field
        Where the picture lies.
    spiral
        How its arms wind.

    Returns
    -------
    (HEIGHT / COARSE, WIDTH / COARSE) float32
        Light per square arcsec, where 1 is a star of magnitude 0.
    """
    along, across = axes(*field.grid(), target.position_angle)
    length = target.size * 60 / 2 / LENGTHS_PER_RADIUS
    if target.axis_ratio < EDGE_ON:
        disc = _disc_from_its_side(rng, along / length, across / length, target.axis_ratio)
    else:
        disc = _disc(rng, along / length, across / (length * target.axis_ratio), spiral)
    bulge = _bulge(along / length, across / (length * max(target.axis_ratio, 0.55)))
    total = (1 - spiral.bulge) * disc + spiral.bulge * bulge
    # both are normalized to 1 per (pi * axis ratio * square of the length), which is the light's area
    return (total * 10 ** (-0.4 * target.magnitude) / (np.pi * target.axis_ratio * length**2)).astype(
        np.float32
    )


def _disc(rng: np.random.Generator, along: Array, across: Array, spiral: Spiral) -> Array:
    """A thin disc with arms; offsets in its plane, in exponential lengths."""
    radius = np.hypot(along, across)
    bend = 0.35 * clouds(rng, 3, 3)
    phase = spiral.phase(radius, np.arctan2(across, along)) + bend
    # arms are narrow crests; they fade into the bulge
    crest = np.exp(2.2 * (np.cos(phase) - 1))
    outside = 1 - np.exp(-((radius / 0.6) ** 2))
    arms = (1 + spiral.contrast * crest) / (1 + 0.45 * spiral.contrast)
    patches = np.exp(0.28 * clouds(rng, 12, 5, 0.8) * (0.5 + crest))
    # dust lies on the inner side of the arms
    lane = np.exp(5 * (np.cos(phase + 0.9 * np.sign(spiral.winding)) - 1))
    threads = np.clip(0.6 + 0.5 * clouds(rng, 16, 4, 0.8), 0, 1.5)
    dust = np.exp(-0.75 * lane * threads * outside)
    mix = outside * arms * patches + (1 - outside)
    light: Array = 0.5 * np.exp(-radius) * mix * dust / (1 + np.exp((radius - 4.2) * 3))
    return light


def _disc_from_its_side(rng: np.random.Generator, along: Array, across: Array, axis_ratio: float) -> Array:
    """A disc seen edge-on, with a dark lane; offsets in exponential lengths."""
    height = axis_ratio * 1.1
    thin = 1 / np.cosh(np.clip(across / height, -30, 30)) ** 2
    lane_middle = 0.12 * height + 0.06 * height * clouds(rng, 6, 4, 0.7)
    lane = np.exp(-(((across - lane_middle) / (0.3 * height)) ** 2)) * np.exp(-np.abs(along) / 2.2)
    threads = np.clip(1 + 0.45 * clouds(rng, 18, 4, 0.8), 0.1, 2.2)
    patches = np.exp(0.15 * clouds(rng, 14, 4, 0.8))
    light: Array = 0.45 * np.exp(-np.abs(along)) * thin * patches * np.exp(-1.7 * lane * threads)
    return light


def _bulge(along: Array, across: Array) -> Array:
    """A spheroid that is steep in its middle; offsets in exponential lengths of the disc."""
    reach = 0.35
    radius = np.sqrt(along**2 + across**2 + np.float32(6e-4)) / np.float32(reach)
    light: Array = np.exp(-3.0 * (np.sqrt(radius) - 1)) / (reach**2 * 12)
    return light


def knots(rng: np.random.Generator, target: Target, spiral: Spiral) -> Stars:
    """Clusters of young stars along the arms of a galaxy that is not seen from its side."""
    number = 0 if target.axis_ratio < EDGE_ON else int(rng.integers(120, 220))
    radius = rng.uniform(0.5, 3.4, number)
    arm = rng.integers(0, spiral.arms, number) * 2 * np.pi / spiral.arms
    wound = spiral.winding * np.log(radius + 0.15) + spiral.start
    angle = wound + arm + rng.normal(0, 0.16, number)
    length = target.size * 60 / 2 / LENGTHS_PER_RADIUS
    along = radius * np.cos(angle) * length
    across = radius * np.sin(angle) * length * target.axis_ratio
    turn = np.radians(target.position_angle)
    flux = rng.pareto(1.3, number).clip(0.2, 12) * np.exp(-radius / 2)
    total = 0.02 * 10 ** (-0.4 * target.magnitude)
    return Stars(
        (along * np.sin(turn) + across * np.cos(turn)).astype(np.float32),
        (along * np.cos(turn) - across * np.sin(turn)).astype(np.float32),
        (flux * total / max(flux.sum(), 1e-30)).astype(np.float32),
    )
