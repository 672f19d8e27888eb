"""The newest images of a site and of every site, over HTTP."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from common.dynamodb import Table
from site_configs import store as site_configs
from support.client import ApiClient
from support.image_rows import NIGHT
from support.network import BUCKET
from tests.db.conftest import Insert

MINUTE = timedelta(minutes=1)


def ids(answer: Any) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [package["image_id"] for package in answer.json()]


def pages(api: ApiClient, path: str, url: str = "") -> list[list[int]]:
    """The keys of each page, from the first to the one that leads no further."""
    found = []
    while True:
        answer = api.get(f"{path}{url}")
        found.append(ids(answer))
        if "next" not in answer.links:
            return found
        url = answer.links["next"]["url"]


def test_newest_first_by_sort_date_those_without_one_last(api: ApiClient, insert: Insert) -> None:
    undated = [insert(sort_date=None) for _ in range(2)]
    old = insert(sort_date=NIGHT - MINUTE, capture_date=NIGHT + MINUTE)
    same_time = [insert(sort_date=NIGHT) for _ in range(3)]
    insert(site="mrc2")
    insert(jpg_medium_exists=False)
    insert(jpg_medium_exists=None)
    insert(site=None)
    newest_first = [*same_time[::-1], old, *undated[::-1]]
    assert ids(api.get("/mrc1/latest_images/100")) == newest_first
    assert ids(api.get("/mrc1/latest_images/2/")) == newest_first[:2]
    assert ids(api.get("/nowhere/latest_images/2")) == []


def test_intermediate_stacks_are_shown(api: ApiClient, insert: Insert) -> None:
    keys = [insert({"SMARTSTK": 7, "SSTKNUM": number}) for number in range(3)]
    assert ids(api.get("/mrc1/latest_images/5")) == keys[::-1]


def test_images_of_a_user(api: ApiClient, insert: Insert) -> None:
    own = [insert(user_id="auth0|bob"), insert(user_id="auth0|bob")]
    insert(user_id=None)
    insert(site="mrc2", user_id="auth0|bob")
    answer = api.get("/mrc1/latest_images/10", params={"userid": "auth0|bob"})
    assert ids(answer) == own[::-1]
    assert ids(api.get("/mrc1/latest_images/10", json={"userid": "auth0|bob"})) == own[::-1]
    assert ids(api.get("/mrc1/latest_images/10", params={"userid": "auth0|bo"})) == []
    assert len(ids(api.get("/mrc1/latest_images/10", params={"userid": ""}))) == 3


@pytest.mark.parametrize("n", ["0", "-1", "1.5", "1e100", "1_0", "ten", "%20", "\u0661", "0x10", "00"])
def test_n_is_a_whole_number_from_1(api: ApiClient, insert: Insert, n: str) -> None:
    answer = api.get(f"/mrc1/latest_images/{n}")
    assert (answer.status_code, answer.text) == (400, "n must be a whole number from 1.")


@pytest.mark.parametrize("n", ["2", "007", "5000", "9" * 10, "9" * 5000])
def test_n_may_be_more_than_there_are(api: ApiClient, insert: Insert, n: str) -> None:
    keys = [insert(), insert()]
    answer = api.get(f"/mrc1/latest_images/{n}")
    assert ids(answer) == keys[::-1]
    assert "Link" not in answer.headers


def test_a_huge_n_is_answered_in_pages_that_have_exactly_n_images(
    api: ApiClient, insert: Insert, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.image_lists.MAX_ROWS", 4)
    monkeypatch.setattr("db.image_lists.ROWS_AT_ONCE", 3)
    keys = [insert(user_id="a&b=c", sort_date=sort_date) for sort_date in (*[None] * 5, *[NIGHT] * 6)][::-1]
    insert(user_id="other")
    assert pages(api, "/mrc1/latest_images/10", "?userid=a%26b%3Dc") == [keys[:4], keys[4:8], keys[8:10]]
    assert pages(api, "/mrc1/latest_images/1000", "?userid=a%26b%3Dc") == [keys[:4], keys[4:8], keys[8:]]
    assert pages(api, "/mrc1/latest_images/8", "?userid=a%26b%3Dc") == [keys[:4], keys[4:8]]


def test_a_name_that_is_no_site_code_is_refused(api: ApiClient, insert: Insert) -> None:
    assert api.get("/mrc%201/latest_images/1").status_code == 400


@pytest.mark.parametrize(
    "after",
    [
        *("x", ",", "2024-01-10", "2024-01-10,", "2024-13-10,1", "2024-01-10,x", "1,2"),
        # the table's times have no zone
        *("2024-01-10T03:04:05Z,1", "2024-01-10T03:04:05+02:00,1"),
    ],
)
@pytest.mark.parametrize("path", ["/mrc1/latest_images/1", "/filtered_images"])
def test_a_position_that_no_link_gave_is_refused(
    api: ApiClient, insert: Insert, path: str, after: str
) -> None:
    answer = api.get(path, params={"after": after})
    assert (answer.status_code, answer.text) == (
        400,
        "after must be as the Link header of an earlier response gives it.",
    )


def test_a_position_far_from_every_image_is_accepted(api: ApiClient, insert: Insert) -> None:
    key = insert()
    assert ids(api.get("/filtered_images", params={"after": f"9999-12-31T00:00:00,{10**30}"})) == [key]
    assert ids(api.get("/filtered_images", params={"after": "0001-01-01T00:00:00,5"})) == []


def latest_of_all(api: ApiClient) -> dict[str, str]:
    answer = api.get("/latest_image_all_sites/")
    assert answer.status_code == 200
    return {site: urlsplit(url).path.removeprefix(f"/{BUCKET}/data/") for site, url in answer.json().items()}


def test_the_newest_jpg_of_each_configured_site(api: ApiClient, insert: Insert) -> None:
    for site in ("mrc2", "mrc1", "empty", "nojpg", "undated"):
        site_configs.write(site, {})
    insert(base_filename="new", sort_date=NIGHT)
    insert(base_filename="old", sort_date=NIGHT - MINUTE)
    insert(base_filename=None, sort_date=NIGHT + MINUTE)
    insert(base_filename="later-without-jpg", sort_date=NIGHT + MINUTE, jpg_medium_exists=False)
    insert(site="mrc2", base_filename="other", data_type="EP")
    insert(site="nojpg", jpg_medium_exists=None)
    insert(site="undated", base_filename="undated", sort_date=None)
    insert(site="not-configured")
    assert latest_of_all(api) == {
        "mrc1": "new-EX10.jpg",
        "mrc2": "other-EP10.jpg",
        "undated": "undated-EX10.jpg",
    }


def test_no_sites_no_images(api: ApiClient, insert: Insert) -> None:
    assert latest_of_all(api) == {}


def test_a_site_is_listed_while_it_has_a_config(api: ApiClient, insert: Insert) -> None:
    insert(base_filename="new")
    assert latest_of_all(api) == {}
    api.put("/mrc1/config", json={})
    assert latest_of_all(api) == {"mrc1": "new-EX10.jpg"}
    api.delete("/mrc1/config")
    assert latest_of_all(api) == {}


def test_site_codes_are_read_again_after_a_while(aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    table = Table("CONFIG_TABLE_NAME")
    clock = [1000.0]
    monkeypatch.setattr("common.cached.time.monotonic", lambda: clock[0])
    for number in range(3):
        # over DynamoDB's page of 1 MB
        table.put({"site": f"s{number}", "configuration": {"text": "x" * 390_000}})
    assert site_configs.site_codes() == ["s0", "s1", "s2"]
    table.put({"site": "by-another-process", "configuration": {}})
    clock[0] += site_configs.SITE_CODES_GOOD_FOR_S - 1
    assert site_configs.site_codes() == ["s0", "s1", "s2"]
    clock[0] += 2
    assert site_configs.site_codes() == ["by-another-process", "s0", "s1", "s2"]
