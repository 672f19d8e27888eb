"""What the image table and the info images keep of a FITS file's header."""

import io
import json
import math
from datetime import UTC, datetime
from typing import Any

# Column of the image table: header card, what its value must be.
_NUMBER = (int, float)
_COLUMNS: dict[str, tuple[str, tuple[type, ...]]] = {
    "right_ascension": ("RAHRS", _NUMBER),
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
    """Answer the cards of the image in a FITS file, packed or not, without comments.

    Raises
    ------
    OSError
        If it is no FITS file.
    """
    from astropy.io import fits as astropy_fits

    with astropy_fits.open(io.BytesIO(fits)) as units:
        image = next((unit for unit in units if unit.header.get("NAXIS")), units[0])
        return {
            name: value
            for name, value in image.header.items()
            if name not in {"", "COMMENT", "HISTORY"}
            and not (isinstance(value, float) and not math.isfinite(value))
        }


def columns(header: dict[str, Any]) -> dict[str, Any]:
    """Answer the columns that a header fills. Cards that are absent, or of another kind, fill none."""
    found = {
        column: header[card]
        for column, (card, kinds) in _COLUMNS.items()
        # exactly: a logical card would pass for an integer
        if type(header.get(card)) in kinds
    }
    begun = _date(header.get("DATE-OBS"))
    if begun:
        found |= {"capture_date": begun, "sort_date": begun}
    return {**found, "header": json.dumps(header, default=str)}


def _date(text: Any) -> datetime | None:
    try:
        date = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return date.astimezone(UTC).replace(tzinfo=None) if date.tzinfo else date
