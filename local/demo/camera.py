"""The picture of an exposure: the sky's light as the camera counts it, and JPGs of it."""

import io
import math
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from local.demo.observation import GAIN, PEDESTAL, READ_NOISE, Observation
from local.demo.sites import HEIGHT, WIDTH
from local.demo.sky import Array, Stars, glow, stars_around
from local.demo.targets import FILTERS

Counts = npt.NDArray[np.uint16]

MOFFAT_POWER: Final = 3.2  # how steeply the wings of a star's image fall
STAMPS: Final = ((5, 0.0, 1e4), (12, 1e4, 2.5e5), (30, 2.5e5, math.inf))
"""For each range of brightness (from, to; electrons): how far from its middle a star is drawn (pixels)."""
VIGNETTING: Final = 0.06  # share of the light that the corners lose


def expose(observation: Observation) -> Counts:
    """Return what the camera reads out: (HEIGHT, WIDTH) counts, the southern row first."""
    exposure = observation.exposure
    rng = np.random.default_rng(list(exposure.base_filename.encode()))
    light = _light(observation)
    # for so many photons the normal distribution is as good as Poisson's, and faster to draw
    light += np.sqrt(light + np.float32(READ_NOISE**2)) * rng.standard_normal(light.shape, dtype=np.float32)
    counts: Counts = np.clip(np.rint(light / GAIN + PEDESTAL), 0, 65535).astype(np.uint16)
    return counts


def shrunk(counts: Counts, shrink: int) -> Counts:
    """Return the means of squares of `shrink` by `shrink` pixels."""
    rows, columns = counts.shape
    squares = counts.reshape(rows // shrink, shrink, columns // shrink, shrink)
    means: Counts = np.rint(squares.mean(axis=(1, 3), dtype=np.float32)).astype(np.uint16)
    return means


def jpg(counts: Counts) -> bytes:
    """Return the medium JPG, with north up and a stretch that shows faint and bright."""
    picture = counts[::-1].astype(np.float32)
    # percentiles below that of the sky measure the noise: no star makes a pixel darker
    dark, sky = np.percentile(picture, [3, 20])
    noise = max(float(sky - dark) / 1.04, 1e-3)
    scaled = np.arcsinh((picture - (sky - noise)) / np.float32(6 * noise))
    white = max(float(np.percentile(scaled, 99.8)), math.asinh(6))
    grey = Image.fromarray(np.clip(255 * (0.04 + 0.96 * scaled / white), 0, 255).astype(np.uint8))
    file = io.BytesIO()
    grey.save(file, "JPEG", quality=85)
    return file.getvalue()


def _light(observation: Observation) -> Array:
    """Return the mean number of electrons in each pixel, (HEIGHT, WIDTH)."""
    scale, target = observation.scale, observation.exposure.target
    filter_ = observation.exposure.filter_
    # offsets of the pixels from the target: east is at low columns, north at high rows
    east = ((WIDTH - 1) / 2 - np.arange(WIDTH, dtype=np.float32)[None, :]) * scale + observation.east
    north = (np.arange(HEIGHT, dtype=np.float32)[:, None] - (HEIGHT - 1) / 2) * scale + observation.north
    strength = observation.electrons * scale**2
    if target.kind in {"nebula", "planetary"}:
        # gas has its light in few spectral lines
        strength *= filter_.gas * FILTERS["JV"].width / filter_.width
    light = glow(target, east, north) * np.float32(strength)
    _add_stars(light, stars_around(target), observation)
    light += np.float32(observation.sky_electrons)
    x, y = np.linspace(-1, 1, WIDTH)[None, :], np.linspace(-0.75, 0.75, HEIGHT)[:, None]
    return (light * (1 - VIGNETTING * (x**2 + y**2) / 1.5625)).astype(np.float32)


def _add_stars(picture: Array, stars: Stars, observation: Observation) -> None:
    """Add images of stars with a Moffat profile; what is outside the picture is left out."""
    columns = (WIDTH - 1) / 2 + (observation.east - stars.east) / observation.scale
    rows = (HEIGHT - 1) / 2 + (stars.north - observation.north) / observation.scale
    electrons = stars.light * np.float32(observation.electrons)
    alpha = observation.fwhm / observation.scale / (2 * math.sqrt(2 ** (1 / MOFFAT_POWER) - 1))
    peak = (MOFFAT_POWER - 1) / (math.pi * alpha**2)
    for reach, faintest, brightest in STAMPS:
        near = (columns > -reach) & (columns < WIDTH + reach) & (rows > -reach) & (rows < HEIGHT + reach)
        drawn = near & (electrons >= faintest) & (electrons < brightest)
        steps = np.arange(-reach, reach + 1)
        # (star, row, column) of the pixels around each star
        xs = np.rint(columns[drawn]).astype(np.int64)[:, None, None] + steps[None, None, :]
        ys = np.rint(rows[drawn]).astype(np.int64)[:, None, None] + steps[None, :, None]
        squared = (xs - columns[drawn, None, None]) ** 2 + (ys - rows[drawn, None, None]) ** 2
        light = electrons[drawn, None, None] * peak * (1 + squared / alpha**2) ** -MOFFAT_POWER
        inside = (xs >= 0) & (xs < WIDTH) & (ys >= 0) & (ys < HEIGHT)
        np.add.at(picture.reshape(-1), (ys * WIDTH + xs)[inside], light[inside])
