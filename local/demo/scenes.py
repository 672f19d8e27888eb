"""What lies in the direction of a target: the object itself and the stars around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from local.demo.clusters import haze, members
from local.demo.field import Array, Field
from local.demo.galaxies import draw_spiral, galaxy, knots
from local.demo.nebulae import central_star, cloud, shell, young_cluster
from local.demo.stars import Stars, field_stars
from local.demo.targets import Target

KNOT_BLUR: Final = 1.6
"""Width of a knot of young stars, over that of one star."""


@dataclass(frozen=True)
class Scene:
    """Light from beyond the air.

    Parameters
    ----------
    glow
        (HEIGHT / COARSE, WIDTH / COARSE) light per square arcsec, where 1 is a star of magnitude 0.
    glows_in_lines
        Whether the glow is that of gas, which has its light in few spectral lines.
    stars
        Single stars.
    knots
        What looks like single stars that are a bit wide.
    """

    glow: Array
    glows_in_lines: bool
    stars: tuple[Stars, ...]
    knots: tuple[Stars, ...] = ()


def scene(target: Target, field: Field) -> Scene:
    """The scene around a target: the same in all pictures of it."""
    rng = np.random.default_rng(list(target.name.encode()))
    around = field_stars(rng, target)
    match target.kind:
        case "galaxy":
            spiral = draw_spiral(rng)
            young = knots(rng, target, spiral)
            return Scene(
                galaxy(rng, target, field, spiral), glows_in_lines=False, stars=(around,), knots=(young,)
            )
        case "globular":
            stars = (around, members(rng, target))
            return Scene(haze(target, field), glows_in_lines=False, stars=stars)
        case "planetary":
            stars = (around, central_star(rng, target))
            return Scene(shell(rng, target, field), glows_in_lines=True, stars=stars)
        case "nebula":
            stars = (around, young_cluster(rng, target))
            return Scene(cloud(rng, target, field), glows_in_lines=True, stars=stars)
