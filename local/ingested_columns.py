"""The columns of the image table that come from a FITS file's header."""

import io
import json
import math
from datetime import UTC, datetime
from typing import Any

DEGREES_PER_HOUR = 15.0

# Column of the image table: header card, allowed types of its value.
_NUMBER = (int, float)
_COLUMNS: dict[str, tuple[str, tuple[type, ...]]] = {
    "declination": ("DEC", _NUMBER),
    "altitude": ("ALTITUDE", _NUMBER),
    "azimuth": ("AZIMUTH", _NUMBER),
    "airmass": ("AIRMASS", _NUMBER),
    "exposure_time": ("EXPTIME", _NUMBER),
    "filter_used": ("FILTER", (str,)),
    "username": ("USERNAME", (str,)),
    "user_id": ("USERID", (str,)),
}


def read_header(fits: bytes) -> dict[str, Any]:
    """Return the header cards of the image in a FITS file, compressed or not, without comments.

    Cards whose value cannot be parsed or is not finite are omitted.

    Raises
    ------
    OSError
        If it is not a FITS file.
    """
    from astropy.io import fits as astropy_fits

    with astropy_fits.open(io.BytesIO(fits)) as units:
        image = next((unit for unit in units if unit.header.get("NAXIS")), units[0])
        return {
            card.keyword: value
            for card in image.header.cards
            if card.keyword not in {"", "COMMENT", "HISTORY"} and (value := _value(card)) is not None
        }


def columns(header: dict[str, Any]) -> dict[str, Any]:
    """Return the columns with values in a header. Absent cards and values of another type fill no column."""
    found = {
        column: header[card]
        for column, (card, kinds) in _COLUMNS.items()
        # not isinstance: bool is a subclass of int
        if type(header.get(card)) in kinds
    }
    right_ascension = _right_ascension(header)
    if right_ascension is not None:
        found["right_ascension"] = right_ascension
    start = _date(header.get("DATE-OBS"))
    if start:
        found |= {"capture_date": start, "sort_date": start}
    return {**found, "header": json.dumps(header, default=str)}


def _value(card: Any) -> Any:
    """Return a card's value; None if it is undefined, invalid (`EXPTIME = nan`) or not finite."""
    from astropy.io.fits import VerifyError
    from astropy.io.fits.card import Undefined

    try:
        value = card.value
    except VerifyError:
        return None
    is_missing = isinstance(value, Undefined) or (isinstance(value, float) and not math.isfinite(value))
    return None if is_missing else value


def _right_ascension(header: dict[str, Any]) -> float | None:
    """Return the right ascension in degrees from RA, or from RAHRS (hours); None without both."""
    if type(header.get("RA")) in _NUMBER:
        return float(header["RA"])
    return header["RAHRS"] * DEGREES_PER_HOUR if type(header.get("RAHRS")) in _NUMBER else None


def _date(text: Any) -> datetime | None:
    try:
        date = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return date.astimezone(UTC).replace(tzinfo=None) if date.tzinfo else date
