"""Images as rows of ObsCore 1.1 (IVOA Recommendation, 2017), with all its mandatory columns."""

import math
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from db.cone import DEGREES_FROM
from db.header_text import cards
from db.queries import ImageRow
from vo.filters import band
from vo.votable import Field, Value

_AXIS = "Char.SpatialAxis"
_POSITION = f"{_AXIS}.Coverage.Location.Coord.Position2D.Value2"
_SPECTRAL = "Char.SpectralAxis.Coverage.Bounds.Limits"
_TIME = "Char.TimeAxis.Coverage.Bounds.Limits"
_CONFIG = "Provenance.ObsConfig"

# Name, datatype, unit, UCD and utype: ObsCore 1.1, table 5.
_COLUMNS = (
    ("dataproduct_type", "char", "", "meta.code.class", "ObsDataset.dataProductType"),
    ("calib_level", "int", "", "meta.code;obs.calib", "ObsDataset.calibLevel"),
    ("obs_collection", "char", "", "meta.id", "DataID.collection"),
    ("obs_id", "char", "", "meta.id", "DataID.observationID"),
    ("obs_publisher_did", "char", "", "meta.ref.ivoid", "Curation.publisherDID"),
    ("access_url", "char", "", "meta.ref.url", "Access.reference"),
    ("access_format", "char", "", "meta.code.mime", "Access.format"),
    ("access_estsize", "long", "kbyte", "phys.size;meta.file", "Access.size"),
    ("target_name", "unicodeChar", "", "meta.id;src", "Target.name"),
    ("s_ra", "double", "deg", "pos.eq.ra", f"{_POSITION}.C1"),
    ("s_dec", "double", "deg", "pos.eq.dec", f"{_POSITION}.C2"),
    ("s_fov", "double", "deg", "phys.angSize;instr.fov", f"{_AXIS}.Coverage.Bounds.Extent.diameter"),
    ("s_region", "char", "", "pos.outline;obs.field", f"{_AXIS}.Coverage.Support.Area"),
    ("s_resolution", "double", "arcsec", "pos.angResolution", f"{_AXIS}.Resolution.Refval.value"),
    ("s_xel1", "long", "", "meta.number", f"{_AXIS}.numBins1"),
    ("s_xel2", "long", "", "meta.number", f"{_AXIS}.numBins2"),
    ("t_min", "double", "d", "time.start;obs.exposure", f"{_TIME}.StartTime"),
    ("t_max", "double", "d", "time.end;obs.exposure", f"{_TIME}.StopTime"),
    ("t_exptime", "double", "s", "time.duration;obs.exposure", "Char.TimeAxis.Coverage.Support.Extent"),
    ("t_resolution", "double", "s", "time.resolution", "Char.TimeAxis.Resolution.Refval.value"),
    ("t_xel", "long", "", "meta.number", "Char.TimeAxis.numBins"),
    ("em_min", "double", "m", "em.wl;stat.min", f"{_SPECTRAL}.LoLimit"),
    ("em_max", "double", "m", "em.wl;stat.max", f"{_SPECTRAL}.HiLimit"),
    ("em_res_power", "double", "", "spect.resolution", "Char.SpectralAxis.Resolution.ResolPower.refVal"),
    ("em_xel", "long", "", "meta.number", "Char.SpectralAxis.numBins"),
    ("o_ucd", "char", "", "meta.ucd", "Char.ObservableAxis.ucd"),
    ("pol_states", "char", "", "meta.code;phys.polarization", "Char.PolarizationAxis.stateList"),
    ("pol_xel", "long", "", "meta.number", "Char.PolarizationAxis.numBins"),
    ("facility_name", "char", "", "meta.id;instr.tel", f"{_CONFIG}.Facility.name"),
    ("instrument_name", "char", "", "meta.id;instr", f"{_CONFIG}.Instrument.name"),
)


def _field(name: str, datatype: str, unit: str, ucd: str, utype: str) -> Field:
    xtype = "adql:REGION" if name == "s_region" else ""
    return Field(
        name, datatype, ucd, f"obscore:{utype}", unit, "*" if datatype.lower().endswith("char") else "", xtype
    )


FIELDS = tuple(_field(*column) for column in _COLUMNS)

FORMAT = "image/fits"
# Sites upload the large file as the camera took it (1: instrumental data in a standard format). They reduce
# the small one (2: calibrated).
RAW, CALIBRATED = 1, 2
_KEYWORDS = ("OBJECT", "PIXSCALE", "NAXIS1", "NAXIS2", "BITPIX", "FWHMASEC")
# Modified Julian dates count days from here.
_MJD_ZERO = datetime(1858, 11, 17)  # noqa: DTZ001 - the table's times are UTC without saying so
_DAY = timedelta(days=1)
_ARCSEC = 3600


def values(row: ImageRow, authority: str, base_url: str) -> list[Value]:
    """Return the values of the columns of `FIELDS`.

    Parameters
    ----------
    row
        An image that has a FITS file.
    authority
        The archive's part of identifiers.
    base_url
        The API's own address, in front of every route.
    """
    header = cards(row["header"], _KEYWORDS) or {}
    name = str(row["base_filename"])
    identifier = f"{name}-{row['data_type']}"
    first, last = band(row["filter_used"]) or (None, None)
    start, exposure = row["capture_date"], _finite(row["exposure_time"])
    began = None if start is None else mjd(start)
    columns: dict[str, Value] = {
        "dataproduct_type": "image",
        "calib_level": RAW if row["fits_01_exists"] else CALIBRATED,
        "obs_collection": authority,
        "obs_id": name,
        "obs_publisher_did": f"ivo://{authority}/images?{quote(identifier, safe='')}",
        "access_url": f"{base_url}/vo/file/{quote(identifier, safe='')}",
        "access_format": FORMAT,
        "target_name": _text(header.get("OBJECT")),
        "t_min": began,
        "t_max": None if began is None else began + (exposure or 0.0) / _DAY.total_seconds(),
        "t_exptime": exposure,
        "t_resolution": exposure,
        "t_xel": 1,
        "em_min": first,
        "em_max": last,
        "em_xel": 1,
        "em_res_power": None if first is None or last is None else (first + last) / 2 / (last - first),
        "o_ucd": "phot.count",
        "facility_name": row["site"],
        "instrument_name": instrument(name),
        **_space(row, header),
    }
    return [columns.get(field.name) for field in FIELDS]


def mjd(moment: datetime) -> float:
    """Return the modified Julian date (UTC) of a moment."""
    return (moment - _MJD_ZERO) / _DAY


def from_mjd(date: float) -> datetime:
    """Return the moment of a modified Julian date; the year 9999 or 1858 if Python cannot express it."""
    try:
        return _MJD_ZERO + date * _DAY
    except (OverflowError, ValueError):
        return datetime.max if date > 0 else _MJD_ZERO  # noqa: DTZ901 - as above


def instrument(base_filename: str) -> str | None:
    """Return the camera in a file's name, its second part."""
    parts = base_filename.split("-")
    return parts[1] if len(parts) > 1 else None


def _space(row: ImageRow, header: dict[str, Any]) -> dict[str, Value]:
    """Return the columns of the spatial axes. The header is that of the large file, if there is one."""
    ra, dec = _finite(row["right_ascension"]), _finite(row["declination"])
    if ra is not None and row["capture_date"] is not None and row["capture_date"] < DEGREES_FROM:
        ra *= 15
    place: dict[str, Value] = {"s_ra": None if ra is None else ra % 360, "s_dec": dec}
    place["s_resolution"] = _positive(header.get("FWHMASEC"))
    scale, width, height = (_positive(header.get(name)) for name in ("PIXSCALE", "NAXIS1", "NAXIS2"))
    if width is None or height is None:
        return place
    if row["fits_01_exists"]:
        place |= {"s_xel1": int(width), "s_xel2": int(height)}
        place["access_estsize"] = round(width * height * abs(_finite(header.get("BITPIX")) or 16) / 8 / 1000)
    if scale is None or ra is None or dec is None:
        return place
    across, high = width * scale / _ARCSEC, height * scale / _ARCSEC
    place["s_fov"] = math.hypot(across, high)
    corners = outline(ra, dec, across, high)
    place["s_region"] = "POLYGON ICRS " + " ".join(f"{degrees:.6f}" for degrees in corners)
    return place


def outline(ra: float, dec: float, width: float, height: float) -> list[float]:
    """Return the corners of an image with north up: right ascension and declination of each.

    They are in the counter-clockwise direction, as seen from the ground (DALI 1.1, 3.3.7). In the other
    direction, a polygon may mean the rest of the sky.

    Parameters
    ----------
    ra, dec
        The middle of the image (degrees).
    width, height
        Its size (degrees), on the plane that touches the sky in its middle.
    """
    corners: list[float] = []
    for side, level in ((1, -1), (-1, -1), (-1, 1), (1, 1)):
        east, north = math.radians(side * width / 2), math.radians(level * height / 2)
        corners += _on_sky(ra, dec, east, north)
    return corners


def _on_sky(ra: float, dec: float, east: float, north: float) -> tuple[float, float]:
    """Return the place of a point of the tangent plane (radians).

    Calabretta and Greisen (2002), A&A 395, 1077.
    """
    sine, cosine = math.sin(math.radians(dec)), math.cos(math.radians(dec))
    depth = cosine - north * sine
    longitude = ra + math.degrees(math.atan2(east, depth))
    latitude = math.degrees(math.atan2(sine + north * cosine, math.hypot(east, depth)))
    return longitude % 360, latitude


def _text(value: Any) -> str | None:
    return str(value).strip() or None if isinstance(value, str | int) else None


def _finite(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _positive(value: Any) -> float | None:
    number = _finite(value)
    return number if number is not None and number > 0 else None
