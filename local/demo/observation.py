"""An exposure with the conditions under which it was taken."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Final

from local.demo import ephemeris
from local.demo.ephemeris import Moonlight, Place
from local.demo.field import Field
from local.demo.schedule import Exposure
from local.demo.weather import Weather, weather

GAIN: Final = 1.05
"""Electrons per count, after binning (e-/ADU)."""
READ_NOISE: Final = 5.8
"""Noise of reading one binned pixel (e-)."""
PEDESTAL: Final = 270
"""Counts of a pixel without light (ADU)."""
USUAL_SKY: Final = 21.2
"""Brightness of the zenith for which the filters' skies are given (magnitudes per square arcsec)."""
POINTING_ERROR: Final = 7.0
"""How well the telescope points, with the dithering between exposures (arcsec, 1 sigma)."""
YELLOW: Final = 550.0
"""Wavelength for which seeing is given (nm)."""
EXTINCTION: Final = 0.14
"""Magnitudes that one airmass takes."""


@dataclass(frozen=True)
class Observation:
    """What an exposure's picture and header have in common.

    Parameters
    ----------
    exposure
        What was exposed and when.
    place
        Where the target stood when the exposure began.
    moonlight
        How the Moon stood then.
    weather
        The air then.
    field
        Where the picture lies on the sky.
    """

    exposure: Exposure
    place: Place
    moonlight: Moonlight
    weather: Weather
    field: Field

    @property
    def airmass(self) -> float:
        """Air that the target's light passes, over that at the zenith."""
        return round(self.place.airmass, 4)

    @property
    def fwhm(self) -> float:
        """Full width of a star at half its height (arcsec)."""
        colour = math.pow(YELLOW / self.exposure.filter_.wavelength, 0.2)
        return round(self.weather.seeing * math.pow(self.airmass, 0.6) * colour, 3)

    @property
    def transparency(self) -> float:
        """Share of the light that the air lets through (0 to 1)."""
        return math.pow(10, -0.4 * EXTINCTION * self.airmass)

    @property
    def sky_magnitude(self) -> float:
        """Brightness of the sky in the picture (magnitudes per square arcsec)."""
        darkness = self.exposure.filter_.sky + self.weather.sky_brightness - USUAL_SKY
        moon_height = max(0.0, math.sin(math.radians(self.moonlight.place.altitude)))
        return darkness - 2.2 * self.moonlight.phase**2 * moon_height

    @property
    def electrons(self) -> float:
        """What a star of magnitude 0 makes of electrons during the exposure."""
        exposure = self.exposure
        rate = exposure.filter_.rate(exposure.site.telescope.collecting_area)
        return rate * exposure.seconds * self.transparency

    @property
    def sky_counts(self) -> float:
        """Counts of a pixel that sees nothing but sky, in the middle of the raw picture (ADU)."""
        electrons = self.electrons * math.pow(10, -0.4 * self.sky_magnitude) * self.field.scale**2
        return PEDESTAL + electrons / GAIN


def observe(exposure: Exposure) -> Observation:
    """Work out the conditions of an exposure."""
    site, target, start = exposure.site, exposure.target, exposure.start
    chance = random.Random(f"pointing {exposure.base_filename}")
    return Observation(
        exposure=exposure,
        place=ephemeris.place(site, target, start),
        moonlight=ephemeris.moon(site, target, start),
        weather=weather(exposure),
        field=Field(
            scale=site.telescope.pixel_scale,
            east=round(chance.gauss(0, POINTING_ERROR), 2),
            north=round(chance.gauss(0, POINTING_ERROR), 2),
        ),
    )
