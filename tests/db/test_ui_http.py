"""What the web UI does with the image routes, step by step."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from support.client import ApiClient
from support.image_rows import NIGHT
from tests.db.conftest import Insert

DAY = timedelta(days=1)


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [package["base_filename"] for package in answer.json()]


def noon_before(moment_ms: int) -> datetime:
    moment = datetime.fromtimestamp(moment_ms / 1000, UTC).replace(tzinfo=None)
    return (moment - timedelta(hours=12)).replace(hour=12, minute=0, second=0, microsecond=0)


@pytest.mark.parametrize("form", ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d+%H", "%Y-%m-%dT%H:%M:%S.000Z"])
def test_from_the_newest_image_to_its_night_noon_to_noon(api: ApiClient, insert: Insert, form: str) -> None:
    noon = NIGHT.replace(day=9, hour=12, minute=0, second=0, microsecond=0)
    for name, moment in {
        "too-early": noon - timedelta(milliseconds=1),
        "noon": noon,
        "evening": noon + timedelta(hours=9),
        "morning": NIGHT,
    }.items():
        insert(base_filename=name, capture_date=moment, sort_date=moment)
    insert(base_filename="elsewhere", site="mrc2")
    newest = api.get("/mrc1/latest_images/1").json()[0]
    start = noon_before(newest["capture_date"])
    # a browser writes the query string by hand: + is a space
    query = f"site=mrc1&start_date={start.strftime(form)}&end_date={(start + DAY).strftime(form)}"
    assert names(api.get(f"/filtered_images?{query}")) == ["morning", "evening", "noon"]


def test_images_of_a_user_at_one_site_and_at_all(api: ApiClient, insert: Insert) -> None:
    insert(base_filename="at-mrc1", user_id="google-oauth2|1")
    insert(base_filename="at-mrc2", user_id="google-oauth2|1", site="mrc2")
    insert(base_filename="of-another", user_id="google-oauth2|2")
    latest = api.get("/mrc1/latest_images/25", params={"userid": "google-oauth2|1"})
    assert names(latest) == ["at-mrc1"]
    assert names(api.get("/filtered_images", params={"user_id": "google-oauth2|1"})) == ["at-mrc2", "at-mrc1"]


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_permalink(api: ApiClient, insert: Insert, slash: str) -> None:
    insert()
    insert(base_filename="other")
    package = api.get("/mrc1/latest_images/2").json()[1]
    linked = api.get(f"/image/{package['base_filename']}{slash}").json()
    unsigned = {name: value for name, value in linked.items() if not name.startswith("jpg_")}
    assert unsigned.items() <= package.items()
    # the UI reads the date out of the URL by its dashes
    assert linked["jpg_url"].split("?")[0].split("-")[-3] == "20240110"
