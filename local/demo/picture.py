"""The raw picture of an exposure: light of the sky as the camera counts it."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from local.demo.field import HEIGHT, WIDTH, Array, refine
from local.demo.filters import FILTERS, Filter
from local.demo.observation import GAIN, PEDESTAL, READ_NOISE, Observation
from local.demo.scenes import KNOT_BLUR, scene
from local.demo.stars import draw

SATURATED: Final = 65535
"""The highest count of the camera (ADU)."""
VIGNETTING: Final = 0.06
"""Light that the corners lose."""
HOT_PIXELS: Final = 260
HOT_COUNTS: Final = 9.0
"""What a usual hot pixel makes of itself (ADU per second)."""


def counts(observation: Observation) -> npt.NDArray[np.uint16]:
    """What the camera reads out.

    Parameters
    ----------
    observation
        What is exposed, and under which conditions.

    Returns
    -------
    (HEIGHT, WIDTH) uint16, ADU
        The first row is the southern one.
    """
    exposure = observation.exposure
    rng = np.random.default_rng(list(exposure.base_filename.encode()))
    light = _light(observation)
    # so many photons that Poisson's distribution is Gauss's, which is drawn much faster
    light += np.sqrt(light + np.float32(READ_NOISE**2)) * rng.standard_normal(light.shape, dtype=np.float32)
    light *= np.float32(1 / GAIN)
    light += PEDESTAL
    _add_hot_pixels(light, exposure.site.telescope.instrument, exposure.seconds)
    return np.clip(np.rint(light), 0, SATURATED).astype(np.uint16)


def _light(observation: Observation) -> Array:
    """Electrons that the sky makes on average, in each pixel."""
    exposure, field = observation.exposure, observation.field
    filter_ = exposure.filter_
    electrons = observation.electrons
    seen = scene(exposure.target, field)
    strength = electrons * (_line_gain(filter_) if seen.glows_in_lines else 1.0)
    light = refine(seen.glow * np.float32(strength * field.scale**2))
    fwhm = observation.fwhm / field.scale
    for stars in seen.stars:
        draw(light, field, stars, electrons, fwhm)
    for stars in seen.knots:
        draw(light, field, stars, electrons, fwhm * KNOT_BLUR)
    light += np.float32(electrons * 10 ** (-0.4 * observation.sky_magnitude) * field.scale**2)
    light *= _vignetting()
    return light


def _line_gain(filter_: Filter) -> float:
    """How much more of a nebula's light than of a star's a filter passes."""
    return filter_.gas * FILTERS["JV"].width / filter_.width


def _vignetting() -> Array:
    """Share of the light that reaches each pixel."""
    x = np.linspace(-1, 1, WIDTH, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, HEIGHT, dtype=np.float32)[:, None] * np.float32(HEIGHT / WIDTH)
    corner = np.float32(1 + (HEIGHT / WIDTH) ** 2)
    return 1 - np.float32(VIGNETTING) * (x**2 + y**2) / corner


def _add_hot_pixels(picture: Array, instrument: str, seconds: float) -> None:
    """Add what leaking pixels count: always the same ones of an instrument."""
    rng = np.random.default_rng(list(instrument.encode()))
    columns = rng.integers(0, WIDTH, HOT_PIXELS)
    rows = rng.integers(0, HEIGHT, HOT_PIXELS)
    picture[rows, columns] += (HOT_COUNTS * seconds * rng.pareto(1.5, HOT_PIXELS)).astype(np.float32)
