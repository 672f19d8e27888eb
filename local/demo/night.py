"""Making the files and table rows of one observatory's night."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any, Final

from local.demo.cache import Entry, write, write_entries
from local.demo.fits_files import compress, shrunk
from local.demo.headers import DATA_TYPE, cards
from local.demo.jpegs import jpegs
from local.demo.observation import Observation, observe
from local.demo.picture import counts
from local.demo.schedule import plan_night
from local.demo.sites import Site

SHRINK: Final = 2
"""Pixels of the large FITS in one of the small FITS, along each axis."""


def make_night(folder: Path, site: Site, night: date) -> None:
    """Write all files of a night to `folder`, and at last their list."""
    entries = [_make(folder, observe(exposure)) for exposure in plan_night(site, night)]
    write_entries(folder, site, night, entries)


def _make(folder: Path, observation: Observation) -> Entry:
    """Write the four files of an observation."""
    base = observation.exposure.base_filename
    picture = counts(observation)
    large, header = compress(picture, cards(observation, 1))
    small, _ = compress(shrunk(picture, SHRINK), cards(observation, SHRINK))
    medium_jpg, small_jpg = jpegs(picture)
    files = {
        f"{base}-{DATA_TYPE}00.fits.fz": large,
        f"{base}-{DATA_TYPE}10.fits.fz": small,
        f"{base}-{DATA_TYPE}10.jpg": medium_jpg,
        f"{base}-{DATA_TYPE}11.jpg": small_jpg,
    }
    for name, content in files.items():
        write(folder / name, content)
    return Entry(_row(observation, header), tuple(files))


def _row(observation: Observation, header: str) -> dict[str, Any]:
    """An image's row in the table; its position is in degrees, as in all rows since 2023-03-08 09:20 UTC."""
    exposure = observation.exposure
    values = json.loads(header)
    return {
        "base_filename": exposure.base_filename,
        "data_type": DATA_TYPE,
        "site": exposure.site.observatory,
        "capture_date": exposure.start,
        "sort_date": exposure.start,
        "right_ascension": values["RA"],
        "declination": values["DEC"],
        "altitude": values["ALTITUDE"],
        "azimuth": values["AZIMUTH"],
        "airmass": values["AIRMASS"],
        "exposure_time": values["EXPTIME"],
        "filter_used": values["FILTER"],
        "username": values["USERNAME"],
        "user_id": values["USERID"],
        "fits_01_exists": True,
        "fits_10_exists": True,
        "jpg_medium_exists": True,
        "jpg_small_exists": True,
        "header": header,
    }
