"""Columns that a header fills."""

import json
from datetime import datetime

import pytest

from ingest.columns import columns_of

DATE = "2026-01-03T04:05:06.789"


@pytest.mark.parametrize(
    ("header", "degrees"),
    [
        ({"OBJCTRA": 10.5, "RADEG": 1.0}, 10.5),
        ({"OBJCTRA": "10.5", "RADEG": 1.0}, 10.5),
        ({"OBJCTRA": "odd", "RADEG": 11.5, "RA": 1.0}, 11.5),
        ({"RA": 12.5, "RAHRS": 1.0}, 12.5),
        ({"RA": "12h30m00s", "RAHRS": 1.0}, 187.5),
        ({"RA": "12:30:00.0"}, 187.5),
        ({"RA": "odd", "RAHRS": 2.0}, 30.0),
        ({"RA": "12h75m00s"}, None),
        ({"RA": True}, None),
        ({}, None),
    ],
)
def test_right_ascension(header: dict[str, object], degrees: float | None) -> None:
    assert columns_of({"DATE-OBS": DATE, **header}).right_ascension == degrees  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("header", "degrees"),
    [
        ({"OBJCTDEC": -10.5, "DECDEG": 1.0}, -10.5),
        ({"DECDEG": 11.5, "DEC": 1.0}, 11.5),
        ({"DEC": "-00d30m00s"}, -0.5),
        ({"DEC": "+41d15m00s"}, 41.25),
        ({"DEC": "-5:15:00"}, -5.25),
        ({"DEC": 1}, 1.0),
        ({}, None),
    ],
)
def test_declination(header: dict[str, object], degrees: float | None) -> None:
    assert columns_of({**header}).declination == degrees  # type: ignore[dict-item]


def test_old_images_have_their_right_ascension_in_hours() -> None:
    assert columns_of({"DATE-OBS": "2023-03-08T09:19:59", "RADEG": 30.0}).right_ascension == 2.0
    assert columns_of({"DATE-OBS": "2023-03-08T09:20:00", "RADEG": 30.0}).right_ascension == 30.0


@pytest.mark.parametrize(
    ("text", "date"),
    [
        (DATE, datetime.fromisoformat("2026-01-03T04:05:06.789")),
        ("2026-01-03T04:05:06Z", datetime.fromisoformat("2026-01-03T04:05:06")),
        ("2026-01-03T04:05:06+02:00", datetime.fromisoformat("2026-01-03T02:05:06")),
        ("2026-01-03", datetime.fromisoformat("2026-01-03")),
        ("0001-01-01T00:00:00+02:00", None),
        ("tonight", None),
    ],
)
def test_capture_date(text: str, date: datetime | None) -> None:
    assert columns_of({"DATE-OBS": text}).capture_date == date


def test_values_of_the_wrong_kind_fill_nothing() -> None:
    columns = columns_of(
        {"EXPTIME": "long", "FILTER": True, "USERNAME": "", "AIRMASS": False, "ALTITUDE": "61.5"}
    )
    assert (columns.exposure_time, columns.filter_used, columns.username, columns.airmass) == (None,) * 4
    assert columns.altitude == 61.5


def test_texts_that_postgresql_cannot_store_lose_only_what_it_cannot() -> None:
    columns = columns_of({"USERNAME": "A\0 B", "USERID": 12})
    assert (columns.username, columns.user_id) == ("A B", "12")
    assert json.loads(columns.header) == {"USERNAME": "A\0 B", "USERID": 12}
    assert "\0" not in columns.header
