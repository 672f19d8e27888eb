"""An exposure with the conditions under which it was taken."""

import math
import random
from dataclasses import dataclass
from typing import Final, NamedTuple

from local.demo import ephemeris
from local.demo.ephemeris import Moonlight, Place
from local.demo.schedule import Exposure
from local.demo.sites import CAMERA_BINNING

GAIN: Final = 3.2  # electrons per count, after binning (e-/ADU)
READ_NOISE: Final = 5.8  # read noise of a binned pixel (e-)
PEDESTAL: Final = 270  # counts of a pixel without light (ADU)
USUAL_SKY: Final = 21.2  # sky brightness that the filters' values are for (magnitudes per square arcsec)
POINTING_ERROR: Final = 7.0  # pointing error with the dithering between exposures (arcsec, 1 sigma)
EXTINCTION: Final = 0.14  # magnitudes of light lost per airmass


class Weather(NamedTuple):
    """The air at the start of an exposure, in °C, percent, hPa and m/s.

    `sky_brightness` is that of the zenith (magnitudes per square arcsec), `seeing` the full width of a star
    there at half maximum (arcsec).
    """

    temperature: float
    dewpoint: float
    sky_temperature: float
    humidity: float
    pressure: float
    wind: float
    sky_brightness: float
    seeing: float


@dataclass(frozen=True)
class Observation:
    """What an exposure's picture and its header share.

    `place`, `moonlight` and `sun` are those at the start. `east` and `north` are the offset of the telescope
    from the target (arcsec).
    """

    exposure: Exposure
    place: Place
    moonlight: Moonlight
    sun: Place
    weather: Weather
    east: float
    north: float

    @property
    def airmass(self) -> float:
        """Relative airmass of the target (Kasten and Young 1989)."""
        height = self.place.altitude
        return round(1 / (math.sin(math.radians(height)) + 0.50572 * math.pow(height + 6.07995, -1.6364)), 4)

    @property
    def scale(self) -> float:
        """Angle on the sky of one pixel of the large FITS (arcsec)."""
        return self.exposure.site.telescope.native_pixel_scale * CAMERA_BINNING

    @property
    def fwhm(self) -> float:
        """Full width of a star at half maximum (arcsec)."""
        colour = math.pow(550 / self.exposure.filter_.wavelength, 0.2)
        return round(self.weather.seeing * math.pow(self.airmass, 0.6) * colour, 3)

    @property
    def sky_magnitude(self) -> float:
        """Brightness of the sky in the picture (magnitudes per square arcsec)."""
        darkness = self.exposure.filter_.sky + self.weather.sky_brightness - USUAL_SKY
        moon_height = max(0.0, math.sin(math.radians(self.moonlight.place.altitude)))
        return darkness - 2.2 * self.moonlight.phase**2 * moon_height

    @property
    def electrons(self) -> float:
        """Electrons that a star of magnitude 0 makes during the exposure."""
        rate = self.exposure.filter_.rate(self.exposure.site.telescope.collecting_area)
        return rate * self.exposure.seconds * math.pow(10, -0.4 * EXTINCTION * self.airmass)

    @property
    def sky_electrons(self) -> float:
        """Electrons that the sky makes in a pixel of the large FITS."""
        return self.electrons * math.pow(10, -0.4 * self.sky_magnitude) * self.scale**2


def observe(exposure: Exposure) -> Observation:
    """Return the exposure with its conditions."""
    site, target, start = exposure.site, exposure.target, exposure.start
    chance = random.Random(f"pointing {exposure.base_filename}")
    return Observation(
        exposure=exposure,
        place=ephemeris.place(site, target, start),
        moonlight=ephemeris.moon(site, target, start),
        sun=ephemeris.sun(site, start),
        weather=_weather(exposure),
        east=round(chance.gauss(0, POINTING_ERROR), 2),
        north=round(chance.gauss(0, POINTING_ERROR), 2),
    )


def _weather(exposure: Exposure) -> Weather:
    """Return the night's weather, with a small change from exposure to exposure."""
    site = exposure.site
    night = random.Random(f"weather {site.observatory} {exposure.night}")
    now = random.Random(f"weather {exposure.base_filename}")
    temperature = site.ambient + night.gauss(0, 3) + now.gauss(0, 0.4)
    humidity = min(82.0, max(12.0, night.gauss(48, 14) + now.gauss(0, 1.5)))
    # Magnus formula
    share = math.log(humidity / 100) + 17.62 * temperature / (243.12 + temperature)
    return Weather(
        temperature=round(temperature, 2),
        dewpoint=round(243.12 * share / (17.62 - share), 2),
        sky_temperature=round(temperature - night.uniform(28, 38) + now.gauss(0, 0.5), 2),
        humidity=round(humidity, 1),
        pressure=round(site.pressure + night.gauss(0, 3.5) + now.gauss(0, 0.2), 1),
        wind=round(abs(night.gauss(2.2, 1.2) + now.gauss(0, 0.4)), 2),
        sky_brightness=round(night.uniform(20.3, 21.7), 2),
        seeing=round(night.uniform(1.5, 2.6) * now.uniform(0.9, 1.15), 3),
    )
