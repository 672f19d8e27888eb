"""The header of an image: what the camera, the telescope and the weather station said."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Final

from local.demo import ephemeris
from local.demo.configs import SETPOINT
from local.demo.field import HEIGHT, WIDTH
from local.demo.observation import GAIN, PEDESTAL, READ_NOISE, Observation
from local.demo.sites import CAMERA_BINNING, PIXEL_MICRONS

Card = tuple[str, str | int | float | bool, str]
"""Keyword, value and comment."""

DETECTOR_WIDTH: Final = 11656
DETECTOR_HEIGHT: Final = 8740
"""Size of the whole detector (unbinned pixels)."""
MJD_ZERO: Final = datetime(1858, 11, 17)  # noqa: DTZ001 - all times here are UTC without saying so
"""When modified Julian days begin (UTC)."""
JULIAN_ZERO: Final = 2400000.5
"""Julian date of that moment."""
DATA_TYPE: Final = "EX"


def cards(observation: Observation, shrink: int) -> list[Card]:
    """All cards of an image's header but those that describe the array.

    Parameters
    ----------
    observation
        What the image shows.
    shrink
        Pixels of the raw picture in one of the image, along each axis.
    """
    return [
        *_identity(observation),
        *_times(observation),
        *_request(observation),
        *_pointing(observation),
        *_sky(observation),
        *_camera(observation, shrink),
        *_window(),
        *_optics(observation),
        *_focus(observation),
        *_mount(observation),
        *_weather(observation),
        *_quality(observation),
        *_world_coordinates(observation, shrink),
    ]


def _identity(observation: Observation) -> list[Card]:
    """Where the image comes from and what it is called."""
    exposure = observation.exposure
    site, base = exposure.site, exposure.base_filename
    return [
        ("SITEID", site.observatory, "Code of the observatory"),
        ("WEMAID", site.enclosure, "Code of the enclosure"),
        ("OBSNAME", f"{site.title} Observatory", "Name of the observatory"),
        ("ORIGIN", "Demo network", "Organization"),
        ("LOCATION", site.location, "Where the site is"),
        ("LATITUDE", round(site.latitude, 6), "[deg] Site latitude, north positive"),
        ("LONGITUD", round(site.longitude, 6), "[deg] Site longitude, east positive"),
        ("HEIGHT", site.elevation, "[m] Site elevation"),
        ("MPC-CODE", "XXX", "Minor Planet Center code"),
        ("TIMEZONE", site.timezone, "Time zone of the site"),
        ("INSTRUME", site.telescope.instrument, "Name of the instrument"),
        ("TELESCOP", site.observatory, "Name of the telescope"),
        ("PTRTEL", site.telescope.name, "Make of the telescope"),
        ("IMAGETYP", "EXPOSURE", "Kind of image"),
        ("OBSTYPE", DATA_TYPE, "Data type in file names"),
        ("ORIGNAME", f"{base}-{DATA_TYPE}00.fits.fz", "Name of the raw file"),
        ("FILENAME", f"{base}-{DATA_TYPE}00.fits", "Name of this file"),
        (
            "FILEPATH",
            f"archive/{site.observatory}/{site.telescope.instrument}/{exposure.night:%Y%m%d}/",
            "Folder of this file",
        ),
        ("FRAMENUM", exposure.number, "Number of the file"),
        ("SOFTWARE", "Demo sky", "These data are computed"),
        ("SITEDESC", f"Roll-off roof at {site.title}, {site.elevation:g} m above the sea", "Site"),
        ("RIGHTS", "Computed for the demo network; anybody may use it for any purpose", ""),
        ("SIMULATE", True, "No telescope took this picture"),
    ]


def _times(observation: Observation) -> list[Card]:
    """When it was taken."""
    exposure = observation.exposure
    start, length = exposure.start, timedelta(seconds=exposure.seconds)
    local = start.replace(tzinfo=UTC).astimezone(exposure.site.zone)
    sidereal = ephemeris.sidereal_time(exposure.site, start)
    return [
        ("TIMESYS", "UTC", "Time system"),
        ("DAY-OBS", f"{exposure.night:%Y%m%d}", "Local date when the night began"),
        ("DATE", _iso(start + length), "Date and time the file was written"),
        ("DATE-OBS", _iso(start), "Start of exposure"),
        ("DATE-AVG", _iso(start + length / 2), "Middle of exposure"),
        ("DATE-END", _iso(start + length), "End of exposure"),
        ("LOCTIME", f"{local:%Y-%m-%dT%H:%M:%S}", "Local time at start of exposure"),
        ("MJD-OBS", _modified_julian(start), "[d] Modified Julian date of the start"),
        ("MJD-AVG", _modified_julian(start + length / 2), "[d] Modified Julian date of the middle"),
        ("MJD-END", _modified_julian(start + length), "[d] Modified Julian date of the end"),
        ("JD-START", JULIAN_ZERO + _modified_julian(start), "[d] Julian date of the start"),
        ("LST", round(sidereal, 5), "[h] Local sidereal time at the start"),
        ("EXPTIME", exposure.seconds, "[s] Exposure time"),
        ("EXPOSURE", exposure.seconds, "[s] Exposure time"),
    ]


def _request(observation: Observation) -> list[Card]:
    """Who wanted it, of what."""
    exposure = observation.exposure
    return [
        ("OBJECT", exposure.target.name, "Name of the target"),
        ("OBJKIND", exposure.target.kind, "Kind of the target"),
        ("OBSERVER", exposure.user.name, "Who observes"),
        ("USERNAME", exposure.user.name, "Name of the user"),
        ("USERID", exposure.user.user_id, "Id of the user"),
        ("REQNUM", f"{exposure.number:010d}", "Number of the request"),
        (
            "REQNOTE",
            f"{exposure.target.name} in {exposure.filter_.name}, above 30 degrees and in dark sky",
            "",
        ),
        ("PROPID", "demo", "Proposal"),
        ("REQCONST", "altitude >= 30, Sun <= -15, no limit to seeing or moonlight", ""),
        ("PROJNAME", f"{exposure.user.name}: {exposure.target.name} in many colours", "Project"),
        ("PROJID", f"{exposure.target.name}#{exposure.night:%Y-%m-%d}T00:00:00Z", "Id of the project"),
        ("CALEVENT", f"{exposure.site.observatory}-{exposure.night:%Y%m%d}-demo", "Event of the calendar"),
        ("BLKNAME", f"{exposure.target.name} {exposure.filter_.name}", "Name of the observing block"),
        ("FILTER", exposure.filter_.name, "Filter"),
        ("FILTERWL", exposure.filter_.wavelength, "[nm] Middle of the passband"),
        ("FILTERBW", exposure.filter_.width, "[nm] Width of the passband"),
        ("FWNAME", "Dual filter wheel", "Name of the filter wheel"),
        ("SMARTSTK", exposure.stack, "Smart stack that this image belongs to"),
        ("SSTKNUM", exposure.stack_index, "Number of the image in the smart stack"),
        ("SSTKLEN", exposure.stack_length, "Number of images in the smart stack"),
        ("PEDESTAL", PEDESTAL, "[adu] Counts of a pixel without light"),
    ]


def _pointing(observation: Observation) -> list[Card]:
    """Where the telescope pointed."""
    exposure, place = observation.exposure, observation.place
    target = exposure.target
    hours = target.right_ascension
    sidereal = ephemeris.sidereal_time(exposure.site, exposure.start)
    hour_angle = (sidereal - hours + 12) % 24 - 12
    return [
        ("RA", right_ascension_degrees(observation), "[deg] Right ascension"),
        ("RAHRS", hours, "[h] Right ascension"),
        ("DEC", target.declination, "[deg] Declination"),
        ("RA-HMS", _sexagesimal(hours), "[HH MM SS] Right ascension"),
        ("DEC-DMS", _sexagesimal(target.declination), "[sDD MM SS] Declination"),
        ("HA", round(hour_angle, 4), "[h] Hour angle"),
        ("ALTITUDE", place.altitude, "[deg] Altitude of the target"),
        ("AZIMUTH", place.azimuth, "[deg] Azimuth of the target, N through E"),
        ("ZENITH", round(90 - place.altitude, 4), "[deg] Zenith distance"),
        ("AIRMASS", observation.airmass, "Airmass of the target"),
        ("PIERSIDE", "West" if hour_angle < 0 else "East", "Side of the pier"),
        ("DITH-E", observation.field.east, "[arcsec] Pointing off the target, to E"),
        ("DITH-N", observation.field.north, "[arcsec] Pointing off the target, to N"),
    ]


def _sky(observation: Observation) -> list[Card]:
    """Where Sun and Moon stood, and how dark it was."""
    exposure, moonlight = observation.exposure, observation.moonlight
    sun = ephemeris.sun(exposure.site, exposure.start)
    return [
        ("SUNALT", sun.altitude, "[deg] Altitude of the Sun"),
        ("SUNAZ", sun.azimuth, "[deg] Azimuth of the Sun"),
        ("MOONALT", moonlight.place.altitude, "[deg] Altitude of the Moon"),
        ("MOONAZ", moonlight.place.azimuth, "[deg] Azimuth of the Moon"),
        ("MOONDIST", round(moonlight.distance, 3), "[deg] Distance of the Moon from the target"),
        ("MOONPHAS", round(moonlight.phase, 4), "Lit share of the Moon's disc"),
        ("SKYMAG", round(observation.sky_magnitude, 2), "[mag/arcsec2] Sky brightness in the filter"),
    ]


def _camera(observation: Observation, shrink: int) -> list[Card]:
    """The camera and its settings."""
    binning = CAMERA_BINNING * shrink
    return [
        ("CAMERA", "QHY461 Mono", "Make of the camera"),
        ("CAMDESC", "QHY 461 mono, back-illuminated medium format CMOS", "Camera"),
        ("CAMNAME", observation.exposure.site.telescope.instrument, "Name of the camera"),
        ("DETECTOR", "Sony IMX461", "Make of the detector"),
        ("ISMONO", True, "Whether the detector sees no colours"),
        ("READMODE", 5, "Readout mode"),
        ("CAMGAIN", 26, "Gain setting of the camera"),
        ("CAMOFFS", 30, "Offset setting of the camera"),
        ("GAIN", GAIN, "[e-/adu] Gain"),
        ("RDNOISE", READ_NOISE, "[e-] Read noise of a pixel of the raw picture"),
        ("SATURATE", 65535, "[adu] Saturation level"),
        ("MAXLIN", 55000, "[adu] Highest linear count"),
        ("FULLWELL", round(65535 * GAIN), "[e-] Full well of a pixel"),
        ("CCD-TEMP", _detector_temperature(observation), "[deg C] Temperature of the detector"),
        ("SETTEMP", float(SETPOINT), "[deg C] Temperature setpoint"),
        ("COOLERON", True, "Whether the cooler is on"),
        ("COOLPOWR", round(38 + observation.weather.temperature, 1), "[%] Power of the cooler"),
        ("SHUTTYPE", "Electronic", "Kind of shutter"),
        ("XPIXSZ", round(PIXEL_MICRONS * binning, 3), "[um] Width of a pixel"),
        ("YPIXSZ", round(PIXEL_MICRONS * binning, 3), "[um] Height of a pixel"),
        ("XBINING", binning, "Detector pixels in one, along X"),
        ("YBINING", binning, "Detector pixels in one, along Y"),
        ("CCDSUM", f"{binning} {binning}", "Detector pixels in one, along X and Y"),
        ("PIXSCALE", _scale(observation, shrink), "[arcsec] Angle that a pixel sees"),
        ("BUNIT", "adu", "Unit of the data"),
    ]


def _window() -> list[Card]:
    """The part of the detector that was read: its middle."""
    width, height = WIDTH * CAMERA_BINNING, HEIGHT * CAMERA_BINNING
    left, bottom = (DETECTOR_WIDTH - width) // 2, (DETECTOR_HEIGHT - height) // 2
    section = f"[{left + 1}:{left + width},{bottom + 1}:{bottom + height}]"
    return [
        ("DETSIZE", f"[1:{DETECTOR_WIDTH},1:{DETECTOR_HEIGHT}]", "Detector, in unbinned pixels"),
        ("DETSEC", section, "Window that was read, in unbinned pixels"),
    ]


def _optics(observation: Observation) -> list[Card]:
    """The telescope."""
    telescope, scale = observation.exposure.site.telescope, observation.field.scale
    return [
        ("TELDESC", f"{telescope.name}, {telescope.aperture:g} mm on {telescope.mount}", "Telescope"),
        ("TELMANUF", telescope.maker, "Maker of the telescope"),
        ("APERTURE", telescope.aperture, "[mm] Aperture"),
        ("FOCALLEN", telescope.focal_length, "[mm] Focal length"),
        ("FRATIO", round(telescope.focal_length / telescope.aperture, 2), "Focal ratio"),
        ("OBSCUR", round(telescope.obscuration * 100, 1), "[%] Obscured share of the aperture"),
        ("COLAREA", round(telescope.collecting_area, 1), "[mm2] Collecting area"),
        ("FOVX", round(WIDTH * scale / 60, 3), "[arcmin] Width of the picture"),
        ("FOVY", round(HEIGHT * scale / 60, 3), "[arcmin] Height of the picture"),
        ("MIRRTEMP", round(observation.weather.temperature + 0.6, 2), "[deg C] Primary mirror"),
    ]


def _focus(observation: Observation) -> list[Card]:
    """Focuser and rotator."""
    temperature = observation.weather.temperature
    site = observation.exposure.site
    return [
        ("FOCUSER", "focuser", "Name of the focuser"),
        ("FOCUSPOS", round(site.telescope.focus - 18 * (temperature - site.ambient)), "[um] Focus position"),
        ("FOCUSTMP", round(temperature + 0.3, 2), "[deg C] Temperature of the focuser"),
        ("ROTATOR", "rotator", "Name of the rotator"),
        ("ROTANGLE", 0.0, "[deg] Position angle of the rotator"),
    ]


def _mount(observation: Observation) -> list[Card]:
    """The mount and the roof."""
    return [
        ("MOUNT", observation.exposure.site.telescope.mount, "Make of the mount"),
        ("MNTALIGN", "Equatorial", "Alignment of the mount"),
        ("TRACKING", True, "Whether the mount tracks"),
        ("MNTNOTE", "tracks at sidereal rate, pointing model on, guides itself", ""),
        ("ENCLOSUR", "roll-off roof", "Kind of enclosure"),
        ("ENCSTAT", "Open", "State of the enclosure"),
        ("ENCMODE", "Automatic", "Mode of the enclosure"),
    ]


def _weather(observation: Observation) -> list[Card]:
    """The air at the site."""
    weather = observation.weather
    return [
        ("AMBTEMP", weather.temperature, "[deg C] Temperature of the air"),
        ("DEWPOINT", weather.dewpoint, "[deg C] Dew point"),
        ("HUMIDITY", weather.humidity, "[%] Relative humidity"),
        ("PRESSURE", weather.pressure, "[hPa] Air pressure"),
        ("WINDSPEE", weather.wind, "[m/s] Wind speed"),
        ("SKYTEMP", weather.sky_temperature, "[deg C] Temperature of the sky"),
        ("SKYMINAM", round(weather.sky_temperature - weather.temperature, 2), "[deg C] Sky minus air"),
        ("WXNOTE", "no cloud, no rain, no lightning; wind and humidity in limits", ""),
        ("RAINRATE", 0.0, "[mm/h] Rain"),
        ("CLOUDCOV", 0.0, "[%] Cloud cover"),
        ("SQM", weather.sky_brightness, "[mag/arcsec2] Dark sky at the zenith"),
    ]


def _quality(observation: Observation) -> list[Card]:
    """How good the picture is."""
    pixels = observation.fwhm / observation.field.scale
    return [
        ("FWHM", observation.fwhm, "[arcsec] Width of a star at half its height"),
        ("FWHMASEC", observation.fwhm, "[arcsec] The same"),
        ("FWHMPIX", round(pixels, 3), "[pix] The same, in pixels of the raw picture"),
        ("SEPSKY", round(observation.sky_counts, 1), "[adu] Counts of the sky"),
        ("SEEING", observation.weather.seeing, "[arcsec] Zenith seeing in yellow light"),
        ("TRANSPAR", round(observation.transparency, 4), "Share of the light that passes the air"),
        ("QUALNOTE", "raw picture, no calibration applied; hot pixels are still in it", ""),
        ("PLTSOLVD", True, "Whether the coordinates were solved"),
        ("FLATTENE", False, "Whether divided by a flat"),
        ("CALIBRAT", "none", "Calibrations applied"),
    ]


def _world_coordinates(observation: Observation, shrink: int) -> list[Card]:
    """Which direction each pixel sees (FITS world coordinate system)."""
    column, row = observation.field.centre
    degrees = observation.field.scale * shrink / 3600
    # pixels count from 1 at the middle of the first, in FITS; a large pixel's middle is between small ones
    reference = [round((index + 0.5) / shrink + 0.5, 4) for index in (column, row)]
    return [
        ("WCSAXES", 2, "Number of world coordinates"),
        ("CTYPE1", "RA---TAN", "Right ascension, tangential projection"),
        ("CTYPE2", "DEC--TAN", "Declination, tangential projection"),
        ("CUNIT1", "deg", "Unit of the first coordinate"),
        ("CUNIT2", "deg", "Unit of the second coordinate"),
        ("CRVAL1", right_ascension_degrees(observation), "[deg] RA at the reference pixel"),
        ("CRVAL2", observation.exposure.target.declination, "[deg] Dec at the reference pixel"),
        ("CRPIX1", reference[0], "[pix] Column of the reference pixel"),
        ("CRPIX2", reference[1], "[pix] Row of the reference pixel"),
        ("CD1_1", -round(degrees, 10), "[deg/pix] East is at low columns"),
        ("CD1_2", 0.0, "[deg/pix]"),
        ("CD2_1", 0.0, "[deg/pix]"),
        ("CD2_2", round(degrees, 10), "[deg/pix] North is at high rows"),
        ("RADESYS", "ICRS", "Reference system"),
        ("EQUINOX", 2000.0, "[yr] Equinox"),
    ]


def right_ascension_degrees(observation: Observation) -> float:
    """Right ascension of the target (degrees)."""
    return round(observation.exposure.target.right_ascension * 15, 5)


def _detector_temperature(observation: Observation) -> float:
    """Temperature of the detector (°C): a little of the night's warmth or cold gets through to it."""
    warmth = observation.weather.temperature - observation.exposure.site.ambient
    return round(SETPOINT + warmth / 50, 2)


def _scale(observation: Observation, shrink: int) -> float:
    """Angle that a pixel of the image sees (arcsec)."""
    return round(observation.field.scale * shrink, 5)


def _iso(moment: datetime) -> str:
    """Date and time to the millisecond."""
    return moment.isoformat(timespec="milliseconds")


def _modified_julian(moment: datetime) -> float:
    """Days since the zero of modified Julian dates."""
    return round((moment - MJD_ZERO) / timedelta(days=1), 8)


def _sexagesimal(angle: float) -> str:
    """Units, minutes and seconds, to a tenth of a second."""
    tenths = round(abs(angle) * 36000)
    sign = "-" if math.copysign(1, angle) < 0 else ""
    units, rest = divmod(tenths, 36000)
    minutes, seconds = divmod(rest, 600)
    return f"{sign}{units:02d} {minutes:02d} {seconds / 10:04.1f}"
