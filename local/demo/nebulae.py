"""Nebulae: clouds of glowing gas, and the shells around dying stars."""

from __future__ import annotations

import numpy as np

from local.demo.field import Array, Field, axes, clouds
from local.demo.stars import Stars
from local.demo.targets import Target


def cloud(rng: np.random.Generator, target: Target, field: Field) -> Array:
    """A diffuse nebula: billows and bright fronts of gas with dark dust before them.

    Returns
    -------
    (HEIGHT / COARSE, WIDTH / COARSE) float32
        Light per square arcsec, where 1 is a star of magnitude 0.
    """
    along, across = _offsets(target, field)
    shift = clouds(rng, 2, 4)
    distance = np.hypot(along + 0.22 * shift, across + 0.22 * clouds(rng, 2, 4))
    billows = np.exp(0.55 * clouds(rng, 3, 7, 0.64))
    fronts = np.exp(-(clouds(rng, 3, 5, 0.5) ** 2) / 0.18) * np.exp(0.4 * clouds(rng, 10, 5, 0.8))
    dust = 0.18 + 0.82 / (1 + np.exp(-2.6 * (clouds(rng, 3, 7, 0.62) + 0.85)))
    light = np.exp(-1.3 * distance**2) * (billows + 0.45 * fronts) * dust
    return _scaled(light, target)


def shell(rng: np.random.Generator, target: Target, field: Field) -> Array:
    """A planetary nebula: a bright uneven ring, a fill inside it and a faint halo around it.

    Returns
    -------
    (HEIGHT / COARSE, WIDTH / COARSE) float32
        Light per square arcsec, where 1 is a star of magnitude 0.
    """
    along, across = _offsets(target, field)
    ripples = max(3, round(10 / target.size))
    distance = np.hypot(along, across) + 0.035 * clouds(rng, ripples, 4, 0.7)
    ring = np.exp(-(((distance - 0.76) / np.where(distance < 0.76, 0.24, 0.11)) ** 2))  # noqa: PLR2004 - the ring's radius
    # the ring is brighter at the ends of its shorter axis, where the line of sight passes more gas
    uneven = 1 + 0.35 * across**2 - 0.25 * along**2
    fill = 0.22 / (1 + np.exp(np.minimum((distance - 0.8) * 14, 50)))
    halo = 0.03 * np.exp(-((distance / 1.3) ** 2))
    threads = np.exp(0.2 * clouds(rng, 3 * ripples, 5, 0.7))
    return _scaled((ring * np.clip(uneven, 0.3, 2) + fill) * threads + halo, target)


def young_cluster(rng: np.random.Generator, target: Target) -> Stars:
    """The hot stars that make a diffuse nebula glow."""
    number = int(rng.integers(40, 90))
    spread = target.size * 60 / 8
    magnitude = target.magnitude + 3 + rng.exponential(4.0, number).clip(0, 9)
    return Stars(
        rng.normal(0, spread, number).astype(np.float32),
        rng.normal(0, spread, number).astype(np.float32),
        (10 ** (-0.4 * magnitude)).astype(np.float32),
    )


def central_star(rng: np.random.Generator, target: Target) -> Stars:
    """The star that lit a planetary nebula."""
    flux = 10 ** (-0.4 * (target.magnitude + rng.uniform(3.5, 5.5)))
    middle = np.zeros(1, dtype=np.float32)
    return Stars(middle, middle, np.full(1, flux, dtype=np.float32))


def _offsets(target: Target, field: Field) -> tuple[Array, Array]:
    """Offsets along a nebula's axes, where 1 is its edge."""
    along, across = axes(*field.grid(), target.position_angle)
    radius = target.size * 60 / 2
    return along / radius, across / (radius * target.axis_ratio)


def _scaled(light: Array, target: Target) -> Array:
    """Scale a shape whose usual brightness is about 1, so that all of it has the nebula's magnitude."""
    area = np.pi * (target.size * 60 / 2) ** 2 * target.axis_ratio
    return (light * 1.6 * 10 ** (-0.4 * target.magnitude) / area).astype(np.float32)
