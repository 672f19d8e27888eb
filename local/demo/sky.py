"""The sky around a target: the light of the object, and the stars.

The unit of light is a star of magnitude 0. Offsets from the target, `east` and `north`, are in arcsec.
"""

import math
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from local.demo.sites import HEIGHT, WIDTH
from local.demo.targets import Target

Array = npt.NDArray[Any]

FAINTEST: Final = 21.0
BRIGHTEST: Final = 9.0  # magnitudes of the field stars
STEEPNESS: Final = 0.27  # growth of the decimal logarithm of the number of stars with their magnitude
FIELD_RADIUS: Final = 700.0  # half the side of the square in which stars are drawn (arcsec)
EDGE_ON: Final = 0.22  # a galaxy with a smaller axis ratio is seen from its side
RING: Final = 0.76  # radius of a planetary nebula's ring over that of the whole
CLUSTER_CORE: Final = 0.075  # radius of a globular cluster's core over that of the whole


class Stars(NamedTuple):
    """Offsets (N,) of stars from the target, and their light (N,)."""

    east: Array
    north: Array
    light: Array


class Axes(NamedTuple):
    """Offsets of pixels from a target, along its longer axis and across it (in units of its radii)."""

    along: Array
    across: Array

    @property
    def radius(self) -> Array:
        """Distance from the middle: 1 at the edge of the object."""
        return np.hypot(self.along, self.across)


def stars_around(target: Target) -> Stars:
    """Return the stars in the direction of a target: the same in all pictures of it."""
    rng = _chance(target, "stars")
    number = rng.poisson(target.stars_per_square_degree * (2 * FIELD_RADIUS / 3600) ** 2)
    lowest = 10 ** (STEEPNESS * (BRIGHTEST - FAINTEST))
    magnitude = FAINTEST + np.log10(lowest + (1 - lowest) * rng.random(number)) / STEEPNESS
    east, north = rng.uniform(-FIELD_RADIUS, FIELD_RADIUS, (2, number))
    light = 10 ** (-0.4 * magnitude)
    own_east, own_north, own_light = _own_stars(rng, target)
    return Stars(np.append(east, own_east), np.append(north, own_north), np.append(light, own_light))


def glow(target: Target, east: Array, north: Array) -> Array:
    """Return the light per square arcsec of a target's gas and faint stars.

    `east` (1, WIDTH) and `north` (HEIGHT, 1) are the offsets of the pixels; the result is (HEIGHT, WIDTH).
    """
    rng = _chance(target, "glow")
    angle = np.float32(math.radians(target.position_angle))
    radius = np.float32(target.size * 60 / 2)
    along = (east * np.sin(angle) + north * np.cos(angle)) / radius
    across = (east * np.cos(angle) - north * np.sin(angle)) / radius
    shape = {"galaxy": _galaxy, "globular": _haze, "nebula": _nebula, "planetary": _planetary}[target.kind]
    light = shape(rng, Axes(along, across / np.float32(target.axis_ratio)), target)
    # each shape has about the area of the ellipse that the catalogue gives
    area = math.pi * radius**2 * target.axis_ratio
    return (light * (10 ** (-0.4 * target.magnitude) / area)).astype(np.float32)


def _galaxy(rng: np.random.Generator, axes: Axes, target: Target) -> Array:
    """Return a disc with spiral arms and dust, or with a dust lane if seen from its side, and a bulge."""
    radius = axes.radius * np.float32(3.6)
    disc = np.exp(-radius) / (1 + np.exp((radius - 4.2) * 3))
    if target.axis_ratio < EDGE_ON:
        threads = np.clip(1 + 0.45 * _clouds(rng, 18, 4, 0.8), 0.1, 2.2)
        lane = np.exp(-(((axes.across - 0.07) / 0.13) ** 2) - np.abs(axes.along) * 1.6)
        disc = disc * np.exp(-1.7 * lane * threads)
    else:
        arms, sense = int(rng.choice([2, 2, 3])), float(rng.choice([-1, 1]))
        winding, start = sense * rng.uniform(2.2, 3.4), rng.uniform(0, 2 * math.pi)
        turn = np.arctan2(axes.across, axes.along) - winding * np.log(radius + 0.15) - start
        phase = arms * turn + 0.35 * _clouds(rng, 3, 3)
        crest = np.exp(2.2 * (np.cos(phase) - 1))
        # young stars make patches in the arms; dust lies on their inner side
        patches = np.exp(0.4 * _clouds(rng, 14, 5, 0.8) * (0.3 + crest))
        dust = np.exp(5 * (np.cos(phase + 0.9 * sense) - 1))
        threads = np.clip(0.6 + 0.5 * _clouds(rng, 16, 4, 0.8), 0, 1.5)
        outside = 1 - np.exp(-((radius / 0.6) ** 2))
        disc = disc * (
            1 - outside + outside * (0.45 + 1.5 * crest) * patches * np.exp(-0.75 * dust * threads)
        )
    bulge_across = axes.across * target.axis_ratio / max(target.axis_ratio, 0.55)
    bulge = np.hypot(axes.along, bulge_across) * np.float32(3.6 / 0.35)
    spheroid = np.exp(-3.0 * (np.sqrt(bulge + np.float32(0.07)) - 1))
    light: Array = 5.6 * disc + 1.1 * spheroid
    return light


def _haze(_rng: np.random.Generator, axes: Axes, _target: Target) -> Array:
    """Return the light of a globular cluster's faint stars."""
    edge = 1 + 1 / CLUSTER_CORE**2
    profile = (1 + (axes.radius / CLUSTER_CORE) ** 2) ** -1.25 - edge**-1.25
    light: Array = 20 * np.maximum(profile, 0)
    return light


def _nebula(rng: np.random.Generator, axes: Axes, _target: Target) -> Array:
    """Return billows and bright fronts of gas, with dark dust in front of them."""
    distance = np.hypot(axes.along + 0.22 * _clouds(rng, 2, 4), axes.across + 0.22 * _clouds(rng, 2, 4))
    billows = np.exp(0.55 * _clouds(rng, 3, 7, 0.64))
    fronts = np.exp(-(_clouds(rng, 3, 5, 0.5) ** 2) / 0.18) * np.exp(0.4 * _clouds(rng, 10, 5, 0.8))
    dust = 0.18 + 0.82 / (1 + np.exp(-2.6 * (_clouds(rng, 3, 7, 0.62) + 0.85)))
    light: Array = 1.3 * np.exp(-1.3 * distance**2) * (billows + 0.45 * fronts) * dust
    return light


def _planetary(rng: np.random.Generator, axes: Axes, target: Target) -> Array:
    """Return an uneven ring, a fill inside it and a faint halo."""
    ripples = max(3, round(10 / target.size))
    distance = axes.radius + 0.035 * _clouds(rng, ripples, 4, 0.7)
    width = np.where(distance < RING, 0.24, 0.11)
    # the line of sight passes more gas at the ends of the shorter axis
    uneven = np.clip(1 + 0.35 * axes.across**2 - 0.25 * axes.along**2, 0.3, 2)
    ring = np.exp(-(((distance - RING) / width) ** 2)) * uneven
    fill = 0.22 / (1 + np.exp(np.minimum((distance - 0.8) * 14, 50)))
    threads = np.exp(0.2 * _clouds(rng, 3 * ripples, 5, 0.7))
    light: Array = 1.6 * (ring + fill) * threads + 0.05 * np.exp(-((distance / 1.3) ** 2))
    return light


def _own_stars(rng: np.random.Generator, target: Target) -> Stars:
    """Return the stars that belong to a target."""
    total = 10 ** (-0.4 * target.magnitude)
    radius = target.size * 60 / 2
    if target.kind == "nebula":
        # the hot stars that make the gas glow
        east, north = rng.normal(0, radius / 4, (2, 60))
        return Stars(east, north, total * 10 ** (-0.4 * (3 + rng.exponential(4.0, 60))))
    if target.kind == "planetary":
        return Stars(np.zeros(1), np.zeros(1), np.full(1, total / 100))
    if target.kind == "galaxy":
        return Stars(*np.zeros((3, 0)))
    # the number of a cluster's stars within x core radii grows as 1 - (1 + x²)^-0.25
    share = rng.random(4000) * (1 - (1 + 1 / CLUSTER_CORE**2) ** -0.25)
    distance = radius * CLUSTER_CORE * np.sqrt((1 - share) ** -4 - 1)
    angle = rng.uniform(0, 2 * math.pi, share.size)
    fainter = np.maximum(6.5 + np.log10(1e-6 + rng.random(share.size)) / 0.32, 0)
    light = 10 ** (-0.4 * fainter)
    return Stars(distance * np.cos(angle), distance * np.sin(angle), 0.55 * total * light / light.sum())


def _clouds(rng: np.random.Generator, cells: int, octaves: int, roughness: float = 0.55) -> Array:
    """Return random texture with mean 0 and standard deviation 1, (HEIGHT, WIDTH).

    The largest structures are a `cells`-th of the picture's height; each octave halves their size and
    multiplies their amplitude by `roughness`.
    """
    total = np.zeros((HEIGHT, WIDTH), dtype=np.float32)
    for octave in range(octaves):
        rows = cells * 2**octave
        grid = rng.standard_normal((rows + 1, rows * 4 // 3 + 1), dtype=np.float32)
        image = Image.fromarray(grid).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
        total += np.asarray(image) * np.float32(roughness**octave)
    texture: Array = (total - total.mean()) / total.std()
    return texture


def _chance(target: Target, what: str) -> np.random.Generator:
    return np.random.default_rng(list(f"{target.name} {what}".encode()))
