"""Globular clusters: thousands of stars that crowd towards a middle."""

from __future__ import annotations

from typing import Final

import numpy as np

from local.demo.field import Array, Field
from local.demo.stars import Stars
from local.demo.targets import Target

MEMBERS: Final = 5500
RESOLVED: Final = 0.55
"""Share of the light that comes from stars bright enough to be drawn."""
CORE: Final = 0.075
"""Radius of the core over that of the cluster."""
FALL: Final = 1.25
"""How fast the number of stars falls outside of the core."""


def members(rng: np.random.Generator, target: Target) -> Stars:
    """The brighter stars of a cluster: a giant branch, and the horizontal branch as a bump in it."""
    radius = _radii(rng) * target.size * 60 / 2
    angle = rng.uniform(0, 2 * np.pi, MEMBERS)
    # magnitudes under that of the brightest giant
    magnitude = 6.5 + np.log10(1e-6 + rng.random(MEMBERS)) / 0.32
    branch = rng.random(MEMBERS) < 0.05  # noqa: PLR2004 - share of horizontal branch stars
    magnitude[branch] = rng.normal(2.4, 0.12, int(branch.sum()))
    flux = 10 ** (-0.4 * np.maximum(magnitude, 0))
    flux *= RESOLVED * 10 ** (-0.4 * target.magnitude) / flux.sum()
    return Stars(
        (radius * np.cos(angle)).astype(np.float32),
        (radius * np.sin(angle)).astype(np.float32),
        flux.astype(np.float32),
    )


def haze(target: Target, field: Field) -> Array:
    """The light of a cluster's faint stars, which nobody can tell apart.

    Returns
    -------
    (HEIGHT / COARSE, WIDTH / COARSE) float32
        Light per square arcsec, where 1 is a star of magnitude 0.
    """
    east, north = field.grid()
    core = target.size * 60 / 2 * CORE
    squared = (east**2 + north**2) / np.float32(core**2)
    edge = 1 / CORE**2
    area = np.pi * core**2 * (1 - (1 + edge) ** (1 - FALL)) / (FALL - 1)
    # without its value at the edge, so that the edge does not show
    profile = np.maximum((1 + squared) ** np.float32(-FALL) - np.float32((1 + edge) ** -FALL), 0)
    light: Array = profile * np.float32((1 - RESOLVED) * 10 ** (-0.4 * target.magnitude) / area)
    return light


def _radii(rng: np.random.Generator) -> Array:
    """Distances of the members from the middle, where 1 is the cluster's radius.

    The number within x cores is as `1 - (1 + x²)^(1 - FALL)`, which is solved for x here.
    """
    whole = 1 - (1 + 1 / CORE**2) ** (1 - FALL)
    share = rng.random(MEMBERS) * whole
    radii: Array = (CORE * np.sqrt((1 - share) ** (1 / (1 - FALL)) - 1)).astype(np.float32)
    return radii
