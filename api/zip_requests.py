"""Reads requests of `POST /downloadzip`."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from common.errors import BadRequest
from common.number_parsing import number
from common.sites import check_site_code

FITS_SIZES = ("small", "large", "best")

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the image table's times are UTC without saying so


@dataclass(frozen=True)
class ZipRequest:
    """The images to pack: those of a site, captured from `start` to `end`, inclusive.

    Attributes
    ----------
    start, end
        UTC, without a time zone.
    fits_size
        One of `FITS_SIZES`.
    """

    site: str
    start: datetime
    end: datetime
    fits_size: str


def parse_zip_request(body: dict[str, Any]) -> ZipRequest:
    """Return the images that a request selects.

    Parameters
    ----------
    body
        `site`, `fits_size`, and `start_timestamp_s` and `end_timestamp_s`: Unix seconds, as a number or as
        text, or an ISO date and time, UTC unless it has an offset.

    Raises
    ------
    BadRequest
        If one of them is missing or not what it should be, or the range ends before it starts.
    """
    site, fits_size = body.get("site"), body.get("fits_size")
    if not isinstance(site, str):
        raise BadRequest("site is required: the code of a site.")
    if fits_size not in FITS_SIZES:
        raise BadRequest(f"fits_size must be one of {', '.join(FITS_SIZES)}.")
    start, end = _moment("start_timestamp_s", body), _moment("end_timestamp_s", body)
    if start > end:
        raise BadRequest("start_timestamp_s must not be after end_timestamp_s.")
    return ZipRequest(check_site_code(site), start, end, str(fits_size))


def _moment(member: str, body: dict[str, Any]) -> datetime:
    given = body.get(member)
    seconds = number(given)
    try:
        if seconds is not None:
            return _EPOCH + timedelta(seconds=float(seconds))
        moment = datetime.fromisoformat(str(given).strip())
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError) as error:
        raise BadRequest(
            f"{member} must be Unix seconds, or a UTC date like 2026-11-23T04:30:00Z, from year 1 to 9999."
        ) from error
