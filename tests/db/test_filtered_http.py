"""`GET /filtered_images` over HTTP: each condition, the order, the stacks, the pages."""

import json
from datetime import timedelta
from typing import Any

import pytest

from common.responses import MAX_BODY_BYTES
from support.client import ApiClient
from support.image_rows import NIGHT
from tests.db import stacks
from tests.db.conftest import Insert, without_urls

MINUTE = timedelta(minutes=1)


def ids(answer: Any) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [package["image_id"] for package in answer.json()]


@pytest.mark.parametrize(
    ("parameters", "changes_that_match", "changes_that_do_not"),
    [
        ({"site": "mrc1"}, {}, {"site": "mrc2"}),
        ({"site": "mrc1"}, {}, {"site": None}),
        ({"username": "Ada Observer"}, {}, {"username": "ada observer"}),
        ({"user_id": "auth0|ada"}, {}, {"user_id": "auth0|bob"}),
        ({"filter": "lum"}, {}, {"filter_used": "LUM"}),
        ({"exposure_time_min": "30"}, {}, {"exposure_time": 29.999}),
        ({"exposure_time_min": "30"}, {"exposure_time": 31}, {"exposure_time": None}),
        ({"exposure_time_max": "30.0"}, {}, {"exposure_time": 30.001}),
        ({"exposure_time_max": "1e2"}, {"exposure_time": 100}, {"exposure_time": 100.1}),
        ({"exposure_time_min": ".1"}, {"exposure_time": 0.1}, {"exposure_time": 0.09}),
        ({"filename": "mrc1-sq01-%"}, {}, {"base_filename": "mrc1-sq02-20240110-00000001"}),
        ({"filename": "mrc_-%-0000000_"}, {}, {"base_filename": "mrc10-sq01-20240110-00000001"}),
        ({"filename": "mrc1-sq01-20240110-00000001"}, {}, {"base_filename": None}),
        ({"filename": r"100\%"}, {"base_filename": "100%"}, {"base_filename": "1000"}),
        ({"filename": "a\\\\"}, {"base_filename": "a\\"}, {"base_filename": "a"}),
        (
            {"start_date": "2024-01-10"},
            {"capture_date": "2024-01-10"},
            {"capture_date": "2024-01-09 23:59:59.9"},
        ),
        (
            {"end_date": "2024-01-10"},
            {"capture_date": "2024-01-10"},
            {"capture_date": "2024-01-10 00:00:00.1"},
        ),
        ({"end_date": "2024-01-10"}, {"capture_date": "2024-01-09"}, {"capture_date": None}),
        ({"site": "", "limit": "", "start_date": ""}, {"site": "x"}, {"jpg_medium_exists": False}),
    ],
)
def test_each_condition_alone(
    api: ApiClient,
    insert: Insert,
    parameters: dict[str, str],
    changes_that_match: dict[str, Any],
    changes_that_do_not: dict[str, Any],
) -> None:
    key = insert(**changes_that_match)
    insert(**changes_that_do_not)
    assert ids(api.get("/filtered_images", params=parameters)) == [key]
    assert ids(api.get("/filtered_images/", json=parameters)) == [key]


def test_all_conditions_together(api: ApiClient, insert: Insert) -> None:
    key = insert()
    changes = ("site", "username", "user_id", "filter_used", "base_filename")
    for column in changes:
        insert(**{column: "other"})
    insert(exposure_time=10)
    insert(exposure_time=60)
    insert(capture_date=NIGHT - MINUTE)
    insert(capture_date=NIGHT + MINUTE)
    parameters: dict[str, Any] = {
        "site": "mrc1",
        "username": "Ada Observer",
        "user_id": "auth0|ada",
        "filter": "lum",
        "exposure_time_min": 30,
        "exposure_time_max": 30.0,
        "start_date": str(NIGHT),
        "end_date": str(NIGHT),
        "filename": "mrc1-%",
    }
    assert ids(api.get("/filtered_images", params=parameters)) == [key]
    assert ids(api.get("/filtered_images", json=parameters)) == [key]
    assert ids(api.get("/filtered_images", params={"site": "mrc1"}, json={**parameters, "site": "x"})) == [
        key
    ]


def test_newest_first_by_sort_date(api: ApiClient, insert: Insert) -> None:
    undated = insert(sort_date=None)
    old = insert(sort_date=NIGHT - MINUTE, capture_date=NIGHT + MINUTE)
    new = [insert(sort_date=NIGHT) for _ in range(2)]
    assert ids(api.get("/filtered_images")) == [*new[::-1], old, undated]


@pytest.mark.parametrize(
    ("query", "start"),
    [
        ("2024-01-10 12:00:00", "2024-01-10 12:00"),
        ("2024-01-10+12:00:00", "2024-01-10 12:00"),
        ("2024-01-10%2012", "2024-01-10 12:00"),
        ("2024-01-10+12", "2024-01-10 12:00"),
        ("2024-01-10T12", "2024-01-10 12:00"),
        ("2024-01-10T12:00:00.000Z", "2024-01-10 12:00"),
        ("2024-01-10T12:00:00+00:00", "2024-01-10 12:00"),
        ("2024-01-10T12:00:00.5%2B00:00", "2024-01-10 12:00:00.5"),
        ("January 10, 2024 noon", None),
        ("20240110", "2024-01-10"),
        # PostgreSQL takes +12 for a zone, of which a timestamp has none
        ("2024-01-10%2B12", "2024-01-10"),
    ],
)
def test_dates_as_callers_write_them(
    api: ApiClient, insert: Insert, cursor: Any, query: str, start: str | None
) -> None:
    if start is None:
        answer = api.get(f"/filtered_images?start_date={query}")
        assert (answer.status_code, answer.text.split()[0]) == (400, "start_date")
        return
    insert()
    cursor.execute("UPDATE images SET capture_date = %s::timestamp - interval '1 us'", [start])
    key = insert()
    cursor.execute("UPDATE images SET capture_date = %s WHERE image_id = %s", [start, key])
    assert ids(api.get(f"/filtered_images?start_date={query}")) == [key]


@pytest.mark.parametrize(
    "value", ["x", "2024-13-01", "2024-02-30", "12", "2024-01-10 25:00", "'", "2024-01-10 Foo/Bar"]
)
@pytest.mark.parametrize("name", ["start_date", "end_date"])
def test_a_bad_date_is_named(api: ApiClient, insert: Insert, name: str, value: str) -> None:
    good = {"start_date": "2024-01-10", "end_date": "2024-01-11"}
    answer = api.get("/filtered_images", params={**good, name: value})
    assert (answer.status_code, answer.text) == (
        400,
        f"{name} must be a date and time, like 2020-08-30 12:00:00.",
    )


@pytest.mark.parametrize(
    "value", ["x", "NaN", "Infinity", "1e999", "1_0", "0x1", "1,5", "--1", "1 2", "\u0663", "9" * 400]
)
@pytest.mark.parametrize("name", ["exposure_time_min", "exposure_time_max"])
def test_a_bad_number_is_named(api: ApiClient, insert: Insert, name: str, value: str) -> None:
    answer = api.get("/filtered_images", params={name: value})
    assert (answer.status_code, answer.text) == (400, f"{name} must be a number.")


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "x", "NaN"])
def test_a_bad_limit_is_named(api: ApiClient, insert: Insert, value: str) -> None:
    answer = api.get("/filtered_images", params={"limit": value})
    assert (answer.status_code, answer.text) == (400, "limit must be a whole number from 1.")


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("site", "a text"),
        ("username", "a text"),
        ("exposure_time_min", "a number"),
        ("start_date", "a date and time, like 2020-08-30 12:00:00"),
        ("limit", "a whole number from 1"),
        ("after", "as the Link header of an earlier response gives it"),
    ],
)
@pytest.mark.parametrize("value", [[1], {"a": 1}, True])
def test_a_parameter_of_a_body_that_is_neither_text_nor_number_is_named(
    api: ApiClient, insert: Insert, name: str, allowed: str, value: Any
) -> None:
    answer = api.get("/filtered_images", json={name: value})
    assert (answer.status_code, answer.text) == (400, f"{name} must be {allowed}.")


def test_a_pattern_that_ends_in_an_escape_is_refused(api: ApiClient, insert: Insert) -> None:
    insert()
    answer = api.get("/filtered_images", params={"filename": "mrc1\\"})
    assert (answer.status_code, answer.text.split()[0]) == (400, "filename")


def test_a_night_of_stacks(api: ApiClient, insert: Insert) -> None:
    """Two telescopes' stacks interleaved, text and integer counters, an incomplete stack, single images."""
    night = [
        cards
        for counter in range(1, 12)
        for cards in (
            {"SMARTSTK": "1704855845", "SSTKNUM": str(counter)},
            {"SMARTSTK": 1704855999, "SSTKNUM": counter},
            {"SMARTSTK": "no", "SSTKNUM": "1"},
            {"SMARTSTK": "1704856111" if counter < 5 else "no", "SSTKNUM": counter},
        )
    ]
    for age, cards in enumerate(night):
        insert(cards, sort_date=NIGHT + age * MINUTE)
    whole = api.get("/mrc1/latest_images/1000").json()
    expected = stacks.final_images(whole)
    assert len(whole) == 44
    assert len(expected) == 21
    assert [image["image_id"] for image in expected] == ids(api.get("/filtered_images"))
    by_page: list[int] = []
    url = "?site=mrc1&limit=4"
    while url:
        answer = api.get(f"/filtered_images{url}")
        by_page += ids(answer)
        url = answer.links.get("next", {}).get("url", "")
    assert by_page == [image["image_id"] for image in expected]


def test_a_page_says_how_to_go_on_with_every_condition(api: ApiClient, insert: Insert) -> None:
    keys = [insert(username="Ada & Bob", exposure_time=0.1) for _ in range(5)][::-1]
    insert()
    parameters: dict[str, Any] = {
        "username": "Ada & Bob",
        "exposure_time_max": 0.1,
        "start_date": "2024-01-10+03",
        "filename": "mrc1-%",
        "limit": 2,
    }
    for answer in (
        api.get("/filtered_images", params=parameters),
        api.get("/filtered_images", json=parameters),
    ):
        assert answer.headers["Link"].endswith('>; rel="next"')
        assert "Link" in answer.headers["Access-Control-Expose-Headers"]
        second = api.get(f"/filtered_images{answer.links['next']['url']}")
        third = api.get(f"/filtered_images{second.links['next']['url']}")
        assert [ids(answer), ids(second), ids(third)] == [keys[:2], keys[2:4], keys[4:]]
        assert "Link" not in third.headers


def test_images_that_come_while_one_pages_change_no_later_page(api: ApiClient, insert: Insert) -> None:
    keys = [insert() for _ in range(4)][::-1]
    first = api.get("/filtered_images", params={"limit": 2})
    insert(sort_date=NIGHT + MINUTE)
    second = api.get(f"/filtered_images{first.links['next']['url']}")
    assert ids(first) + ids(second) == keys


def test_an_answer_is_never_over_6_mb_and_nothing_is_lost(
    api: ApiClient, insert: Insert, cursor: Any
) -> None:
    insert(username="x" * 3000)
    for _ in range(12):
        cursor.execute(
            """INSERT INTO images (base_filename, data_type, site, sort_date, jpg_medium_exists, username)
            SELECT base_filename, data_type, site, sort_date, jpg_medium_exists, username FROM images"""
        )
    url, sizes, found = "", [], []
    while True:
        answer = api.get(f"/filtered_images{url}", headers={"Accept-Encoding": "identity"})
        sizes.append(len(json.dumps(answer.text, ensure_ascii=False).encode()))
        found += ids(answer)
        if "next" not in answer.links:
            break
        url = answer.links["next"]["url"]
    assert found == list(range(4096, 0, -1))
    assert max(sizes) <= MAX_BODY_BYTES
    assert min(sizes[:-1]) > MAX_BODY_BYTES - 10_000
    assert len(sizes) == 3

    gzipped = api.get("/filtered_images", headers={"Accept-Encoding": "gzip"})
    assert gzipped.headers["Content-Encoding"] == "gzip"
    rest = api.get(f"/filtered_images{gzipped.links['next']['url']}", headers={"Accept-Encoding": "gzip"})
    assert [*ids(gzipped), *ids(rest)] == found
    assert len(ids(gzipped)) > found.index(ids(rest)[0]) * 0.9 > len(found) / 2
    assert "Link" not in rest.headers


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("99999-01-01", (0, 253_402_300_799_999)),
        ("infinity", (0, 253_402_300_799_999)),
        ("0044-03-15 BC", (1, -62_135_596_800_000)),
        ("-infinity", (1, -62_135_596_800_000)),
    ],
)
def test_an_image_of_a_year_that_cannot_be_spoils_no_list(
    api: ApiClient, insert: Insert, cursor: Any, date: str, expected: tuple[int, int]
) -> None:
    insert()
    odd = insert()
    cursor.execute(
        "UPDATE images SET sort_date = %s, capture_date = %s WHERE image_id = %s", [date, date, odd]
    )
    first = api.get("/filtered_images", params={"limit": 1})
    second = api.get(f"/filtered_images{first.links['next']['url']}")
    images = [without_urls(package) for package in (*first.json(), *second.json())]
    latest = api.get("/mrc1/latest_images/2").json()
    assert images == [without_urls(package) for package in latest]
    assert "next" not in second.links
    place, milliseconds = expected
    package = images[place]
    assert (package["image_id"], package["sort_date"], package["capture_date"]) == (
        odd,
        milliseconds,
        milliseconds,
    )


def test_a_query_that_postgresql_refuses_is_not_found_as_documented(api: ApiClient, cursor: Any) -> None:
    cursor.execute("ALTER TABLE images DROP COLUMN jpg_medium_exists CASCADE")
    cursor.execute("ALTER TABLE images ADD jpg_medium_exists text")
    answer = api.get("/filtered_images")
    assert (answer.status_code, answer.text) == (404, "exception during query")
    assert api.get("/mrc1/latest_images/1").status_code == 500
