"""Dates are UTC whatever the zone of the machine and of the database."""

import os
import time
from collections.abc import Iterator
from typing import Any

import pytest

from common import postgres
from support.client import ApiClient
from support.image_rows import NIGHT, WHOLE_ROW
from tests.db.conftest import Insert


@pytest.fixture(params=["Pacific/Auckland", "America/Los_Angeles", "Asia/Kolkata"])
def zone(request: pytest.FixtureRequest, cursor: Any) -> Iterator[str]:
    """This process, and the database by default, in a zone far from UTC."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    cursor.execute(f"ALTER DATABASE postgres SET timezone = '{request.param}'")
    postgres.close_idle()
    yield request.param
    cursor.execute("ALTER DATABASE postgres RESET timezone")
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


def test_packages_filters_and_paging_are_in_utc(zone: str, api: ApiClient, insert: Insert) -> None:
    assert time.localtime(0).tm_hour != 0
    older, newer = insert(), insert()
    package = api.get("/mrc1/latest_images/1").json()[0]
    # date -u -d '2024-01-10 03:04:05.678' +%s%3N
    assert package["capture_date"] == 1704855845678
    at: dict[str, Any] = {"start_date": NIGHT.isoformat(), "end_date": NIGHT.isoformat()}
    first = api.get("/filtered_images", params={**at, "limit": 1})
    assert [image["image_id"] for image in first.json()] == [newer]
    second = api.get(f"/filtered_images{first.links['next']['url']}")
    assert [image["image_id"] for image in second.json()] == [older]


def test_now_is_the_current_time_in_any_zone(zone: str, api: ApiClient, insert: Insert, cursor: Any) -> None:
    key = insert(base_filename=WHOLE_ROW["base_filename"])
    cursor.execute("UPDATE images SET capture_date = now() AT TIME ZONE 'UTC'")
    for window, expected in (({"start_date": "now"}, []), ({"end_date": "now"}, [key])):
        found = api.get("/filtered_images", params=window).json()
        assert [image["image_id"] for image in found] == expected
