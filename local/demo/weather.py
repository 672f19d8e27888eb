"""The air over a demo site while it observes."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from local.demo.schedule import Exposure


@dataclass(frozen=True)
class Weather:
    """Weather at the start of an exposure.

    Parameters
    ----------
    temperature, dewpoint, sky_temperature
        Of the air, where it is saturated, and of the clear sky (°C).
    humidity
        Relative humidity (percent).
    pressure
        Air pressure (hPa).
    wind
        Wind speed (m/s).
    sky_brightness
        Dark sky at the zenith (magnitudes per square arcsec).
    seeing
        Full width at half height of a star at the zenith in yellow light (arcsec).
    """

    temperature: float
    dewpoint: float
    sky_temperature: float
    humidity: float
    pressure: float
    wind: float
    sky_brightness: float
    seeing: float


def weather(exposure: Exposure) -> Weather:
    """Weather of an exposure: one for the night, which changes a little from exposure to exposure."""
    site = exposure.site
    night = random.Random(f"weather {site.observatory} {exposure.night}")
    now = random.Random(f"weather {exposure.base_filename}")
    temperature = site.ambient + night.gauss(0, 3) + now.gauss(0, 0.4)
    humidity = min(82.0, max(12.0, night.gauss(48, 14) + now.gauss(0, 1.5)))
    return Weather(
        temperature=round(temperature, 2),
        dewpoint=round(_dewpoint(temperature, humidity), 2),
        sky_temperature=round(temperature - night.uniform(28, 38) + now.gauss(0, 0.5), 2),
        humidity=round(humidity, 1),
        pressure=round(site.pressure + night.gauss(0, 3.5) + now.gauss(0, 0.2), 1),
        wind=round(abs(night.gauss(2.2, 1.2) + now.gauss(0, 0.4)), 2),
        sky_brightness=round(night.uniform(20.3, 21.7), 2),
        seeing=round(night.uniform(1.5, 2.6) * now.uniform(0.9, 1.15), 3),
    )


def _dewpoint(temperature: float, humidity: float) -> float:
    """Dew point (°C) by the Magnus formula, of air with a temperature (°C) and humidity (percent)."""
    share = math.log(humidity / 100) + 17.62 * temperature / (243.12 + temperature)
    return 243.12 * share / (17.62 - share)
