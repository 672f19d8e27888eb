"""The FITS header of an image: what the camera, the telescope and the weather station report.

`data/header.json` lists the cards in order, with their comments. It is a template, whose cards without a
value are computed here.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from local.demo import ephemeris
from local.demo.observation import GAIN, PEDESTAL, READ_NOISE, Observation
from local.demo.sites import CAMERA_BINNING, HEIGHT, PIXEL_MICRONS, SETPOINT, WIDTH
from local.demo.templates import filled_in, read_data

Card = tuple[str, str | int | float | bool, str]  # keyword, value and comment

MJD_ZERO: Final = datetime(1858, 11, 17, tzinfo=UTC)


def header_cards(observation: Observation, shrink: int = 1) -> list[Card]:
    """Return all cards of an image's header except those that describe the array.

    `shrink` is the number of pixels of the large FITS in one of the image, along each axis.
    """
    names = {"observation": observation, "exposure": observation.exposure}
    computed = _times(observation) | _coordinates(observation, shrink) | _camera(observation, shrink)
    return [
        (keyword, computed[keyword] if value is None else filled_in(value, names), comment)
        for keyword, value, comment in read_data("header")
    ]


def _times(observation: Observation) -> dict[str, Any]:
    exposure = observation.exposure
    start = exposure.start.replace(tzinfo=UTC)
    end = exposure.start + timedelta(seconds=exposure.seconds)
    mjd = (start - MJD_ZERO) / timedelta(days=1)
    sidereal = ephemeris.sidereal_time(exposure.site, exposure.start)
    hour_angle = (sidereal - exposure.target.right_ascension + 12) % 24 - 12
    return {
        "DATE": end.isoformat(timespec="milliseconds"),
        "DATE-OBS": exposure.start.isoformat(timespec="milliseconds"),
        "DATE-END": end.isoformat(timespec="milliseconds"),
        "MJD-OBS": round(mjd, 8),
        "MJD-END": round(mjd + exposure.seconds / 86400, 8),
        "LOCTIME": f"{start.astimezone(exposure.site.zone):%Y-%m-%dT%H:%M:%S}",
        "LST": round(sidereal, 5),
        "HA": round(hour_angle, 4),
        "PIERSIDE": "West" if hour_angle < 0 else "East",
    }


def _coordinates(observation: Observation, shrink: int) -> dict[str, Any]:
    """Return the pointing, and the direction of each pixel (FITS world coordinate system)."""
    scale = observation.scale
    right_ascension = round(observation.exposure.target.right_ascension * 15, 5)
    degrees = round(scale * shrink / 3600, 10)
    return {
        "RA": right_ascension,
        "CRVAL1": right_ascension,
        "ZENITH": round(90 - observation.place.altitude, 4),
        # FITS counts from 1 at the middle of the first pixel, so the array begins at 0.5
        "CRPIX1": round((WIDTH / 2 + observation.east / scale) / shrink + 0.5, 4),
        "CRPIX2": round((HEIGHT / 2 - observation.north / scale) / shrink + 0.5, 4),
        "CD1_1": -degrees,
        "CD2_2": degrees,
    }


def _camera(observation: Observation, shrink: int) -> dict[str, Any]:
    site, binning = observation.exposure.site, CAMERA_BINNING * shrink
    warmth = observation.weather.temperature - site.ambient
    pixel = round(PIXEL_MICRONS * binning, 3)
    return {
        "GAIN": GAIN,
        "RDNOISE": READ_NOISE,
        "PEDESTAL": PEDESTAL,
        # a little of the night's warmth or cold reaches the cooled detector
        "CCD-TEMP": round(SETPOINT + warmth / 50, 2),
        "SETTEMP": float(SETPOINT),
        "FOCUSPOS": round(site.telescope.focus - 18 * warmth),
        "XPIXSZ": pixel,
        "YPIXSZ": pixel,
        "XBINING": binning,
        "YBINING": binning,
        "CCDSUM": f"{binning} {binning}",
        "PIXSCALE": round(observation.scale * shrink, 5),
        "FWHMPIX": round(observation.fwhm / observation.scale, 3),
        "SEPSKY": round(PEDESTAL + observation.sky_electrons / GAIN, 1),
        "SKYMAG": round(observation.sky_magnitude, 2),
    }
