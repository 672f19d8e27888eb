"""The demo network's three sites: where they are and what stands there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import pytz
from pytz.tzinfo import BaseTzInfo

PIXEL_MICRONS: Final = 3.76
"""Pitch of the cameras' pixels before binning (micrometres)."""
CAMERA_BINNING: Final = 3
"""Pixels that are read as one, along each axis."""
ARCSEC_PER_RADIAN: Final = 180 * 3600 / math.pi


@dataclass(frozen=True)
class Telescope:
    """An observatory's telescope and the camera behind it.

    Parameters
    ----------
    name, maker, mount
        What the telescope is called, who made it and what carries it.
    aperture, focal_length
        Of the primary mirror and of the whole system (mm).
    obscuration
        Share of the aperture's area that the secondary mirror covers (0 to 1).
    instrument
        The camera's name in the network, as it stands in file names.
    focus
        Usual position of the focuser (micrometres).
    """

    name: str
    maker: str
    mount: str
    aperture: float
    focal_length: float
    obscuration: float
    instrument: str
    focus: int

    @property
    def collecting_area(self) -> float:
        """Area that collects light (mm²)."""
        return math.pi * (self.aperture / 2) ** 2 * (1 - self.obscuration)

    @property
    def native_pixel_scale(self) -> float:
        """Angle on the sky that one unbinned pixel sees (arcsec)."""
        return ARCSEC_PER_RADIAN * PIXEL_MICRONS / 1000 / self.focal_length

    @property
    def pixel_scale(self) -> float:
        """Angle on the sky that one pixel of a large image sees (arcsec)."""
        return self.native_pixel_scale * CAMERA_BINNING


@dataclass(frozen=True)
class Site:
    """One site: an enclosure (WEMA) with one observatory in it.

    Parameters
    ----------
    enclosure, observatory
        Their codes in the network.
    title, location
        The site's name, and where it is in words.
    latitude, longitude
        North and east positive (degrees).
    elevation
        Above sea level (m).
    timezone
        Name in the time zone database.
    zone_name, zone_hours
        Customary name of the standard time, and its hours ahead of UTC.
    airports
        Codes of airports nearby, the nearest first.
    ambient, pressure
        A usual night's air temperature (°C) and pressure (hPa).
    telescope
        What observes there.
    """

    enclosure: str
    observatory: str
    title: str
    location: str
    latitude: float
    longitude: float
    elevation: float
    timezone: str
    zone_name: str
    zone_hours: int
    airports: tuple[str, ...]
    ambient: float
    pressure: float
    telescope: Telescope

    @property
    def zone(self) -> BaseTzInfo:
        """The site's time zone."""
        return pytz.timezone(self.timezone)


SITES: Final = (
    Site(
        enclosure="mrc",
        observatory="mrc1",
        title="Mission Ridge",
        location="Santa Barbara, California, USA",
        latitude=34.459375,
        longitude=-119.681172,
        elevation=317.75,
        timezone="America/Los_Angeles",
        zone_name="PST",
        zone_hours=-8,
        airports=("SBA", "OXR", "LAX"),
        ambient=14.5,
        pressure=976.0,
        telescope=Telescope(
            name="PlaneWave CDK17",
            maker="PlaneWave",
            mount="Planewave L-500",
            aperture=432.0,
            focal_length=2939.0,
            obscuration=0.235,
            instrument="sq01",
            focus=5870,
        ),
    ),
    Site(
        enclosure="aro",
        observatory="aro1",
        title="Apache Ridge",
        location="Santa Fe, New Mexico, USA",
        latitude=35.554298,
        longitude=-105.870197,
        elevation=2194.0,
        timezone="America/Denver",
        zone_name="MST",
        zone_hours=-7,
        airports=("SAF", "ABQ", "LSN"),
        ambient=6.0,
        pressure=782.5,
        telescope=Telescope(
            name="PlaneWave CDK14",
            maker="PlaneWave",
            mount="Planewave L-500",
            aperture=356.0,
            focal_length=2563.0,
            obscuration=0.235,
            instrument="sq02",
            focus=4410,
        ),
    ),
    Site(
        enclosure="eco",
        observatory="eco1",
        title="Eltham",
        location="Eltham, Victoria, Australia",
        latitude=-37.70097222,
        longitude=145.1918056,
        elevation=150.0,
        timezone="Australia/Melbourne",
        zone_name="AEST",
        zone_hours=10,
        airports=("MEL", "MEB", "AVV"),
        ambient=12.0,
        pressure=995.5,
        telescope=Telescope(
            name="PlaneWave CDK12.5",
            maker="PlaneWave",
            mount="Planewave L-350",
            aperture=318.0,
            focal_length=2541.0,
            obscuration=0.25,
            instrument="sq03",
            focus=5220,
        ),
    ),
)
