"""The demo network's sites: where they are and what stands there."""

import math
from dataclasses import dataclass
from typing import Final

import pytz
from pytz.tzinfo import BaseTzInfo

from local.demo.templates import read_data

SETPOINT: Final = -10  # temperature to which the cameras are cooled (°C)
PIXEL_MICRONS: Final = 3.76  # size of the cameras' pixels before binning (micrometres)
CAMERA_BINNING: Final = 4  # detector pixels in one pixel of the large FITS, along each axis
WIDTH, HEIGHT = 768, 576  # size of the large FITS (pixels)


@dataclass(frozen=True)
class Telescope:
    """An observatory's telescope and its camera.

    Lengths are in mm, the focus is in micrometres, the obscuration is a share of the aperture's area.
    """

    name: str
    maker: str
    mount: str
    aperture: float
    focal_length: float
    obscuration: float
    instrument: str
    focus: int
    metres: str
    class_code: str

    @property
    def collecting_area(self) -> float:
        """Area that collects light (mm²)."""
        return round(math.pi * (self.aperture / 2) ** 2 * (1 - self.obscuration), 1)

    @property
    def obscured_percent(self) -> float:
        """Obscured share of the aperture's area (percent)."""
        return round(self.obscuration * 100, 1)

    @property
    def focal_ratio(self) -> float:
        """Focal length over aperture."""
        return round(self.focal_length / self.aperture, 2)

    @property
    def native_pixel_scale(self) -> float:
        """Angle on the sky of one detector pixel (arcsec)."""
        return round(math.degrees(PIXEL_MICRONS / 1000 / self.focal_length) * 3600, 5)


@dataclass(frozen=True)
class Site:
    """An enclosure (WEMA) with one observatory, in degrees, metres, °C and hPa.

    `zone_name` and `zone_hours` describe the standard time; the first of `airports` is the nearest.
    """

    enclosure: str
    observatory: str
    host: str
    title: str
    location: str
    latitude: float
    longitude: float
    elevation: float
    timezone: str
    zone_name: str
    zone_hours: int
    airports: list[str]
    ambient: float
    pressure: float
    telescope: Telescope

    @property
    def zone(self) -> BaseTzInfo:
        """The site's time zone."""
        return pytz.timezone(self.timezone)


SITES: Final = tuple(
    Site(**{**entry, "telescope": Telescope(**entry["telescope"])}) for entry in read_data("sites")
)
