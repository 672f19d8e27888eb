"""`GET /filtered_images` over HTTP: each condition, the order, the stacks, the pages."""

import json
from datetime import timedelta
from random import Random
from string import ascii_letters
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
        ({"ra": "83.9", "dec": "-5.3"}, {}, {"right_ascension": 84.2}),
        ({"ra": "83.82", "dec": "-5.14"}, {"declination": -5.3899}, {"declination": -5.3901}),
        ({"ra": "83.82", "dec": "-5", "radius": "10"}, {"declination": 4.99}, {"declination": 5.01}),
        ({"ra": "83.82", "dec": "-5.391", "radius": "0"}, {}, {"declination": -5.3911}),
        # Hours before 2023-03-08 09:20, degrees from then on.
        (
            {"ra": "83.82", "dec": "-5.391"},
            {"right_ascension": 5.588, "capture_date": "2023-03-08 09:19:59.9"},
            {"right_ascension": 5.588, "capture_date": "2023-03-08 09:20"},
        ),
        (
            {"ra": "83.82", "dec": "-5.391"},
            {"capture_date": "2023-03-08 09:20"},
            {"capture_date": "2023-03-08 09:19:59.9"},
        ),
        ({"ra": "83.82", "dec": "-5.391"}, {"capture_date": None}, {"right_ascension": None}),
        ({"ra": "83.82", "dec": "-5.391"}, {"jpg_small_exists": None}, {"declination": None}),
        ({"ra": "359.9", "dec": "0"}, {"right_ascension": 0.1, "declination": 0}, {"declination": 0}),
        ({"ra": "0.1", "dec": "0"}, {"right_ascension": 359.9, "declination": 0}, {"right_ascension": 359.9}),
        ({"ra": "0", "dec": "0"}, {"right_ascension": 360, "declination": 0}, {"declination": 0}),
        ({"ra": "360", "dec": "0"}, {"right_ascension": -0.1, "declination": 0}, {"right_ascension": 720}),
        (
            {"ra": "12", "dec": "89.9"},
            {"right_ascension": 192, "declination": 89.9},
            {"right_ascension": 192, "declination": 89.8},
        ),
        ({"ra": "12", "dec": "-90", "radius": "1"}, {"declination": -89.1}, {"declination": -91}),
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


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("NGC 7000", "NGC 7000"),
        ("NGC 7000", "ngc7000"),
        ("ngc  7000 ", "N g c 7000"),
        ('3C 273 "a\\b"', '3c273"A\\B"'),
        ("Barnard's, star: {1}", "barnard's,star:{1}"),
        ("M 31 é", "m31é"),
        ("x" * 100 + "y", "X" * 100 + "y"),
        ("4151", 4151),
    ],
)
def test_an_object_is_found_whatever_case_and_blanks(
    api: ApiClient, insert: Insert, name: str, given: str | int
) -> None:
    key = insert({"OBJECT": name})
    insert({"OBJECT": name + "1"} if len(name) < 100 else {})
    insert({"IMAGETYP": "OBJECT", "OBJECT2": name, "COMMENT": f'"OBJECT": "{name}"'})
    for header in (None, "", "[]", '{"OBJECT": ', f'{{"OBJECT": ["{name[0]}"]}}', '{"OBJECT": null}'):
        insert(header=header)
    assert ids(api.get("/filtered_images", params={"object": given})) == [key]
    assert ids(api.get("/filtered_images", json={"object": given})) == [key]


def test_the_card_of_the_object_is_not_taken_for_another(api: ApiClient, insert: Insert) -> None:
    key = insert({"IMAGETYP": "OBJECT", "OBJECT": "M 42"})
    assert ids(api.get("/filtered_images", params={"object": "m42"})) == [key]
    assert ids(api.get("/filtered_images", params={"object": "OBJECT"})) == []


def test_an_object_of_nothing_but_blanks_counts_as_not_given(api: ApiClient, insert: Insert) -> None:
    key = insert()
    assert ids(api.get("/filtered_images?object=++")) == [key]


def test_an_object_with_a_long_name_can_be_stored(api: ApiClient, insert: Insert) -> None:
    """An entry of an index has 2,700 bytes at most."""
    random = Random(1)
    key = insert({"OBJECT": "".join(random.choices(ascii_letters, k=100_000))})
    assert ids(api.get("/filtered_images")) == [key]


def test_all_conditions_together(api: ApiClient, insert: Insert) -> None:
    target = {"OBJECT": "M 42"}
    key = insert(target)
    changes = ("site", "username", "user_id", "filter_used", "base_filename")
    for column in changes:
        insert(target, **{column: "other"})
    insert({"OBJECT": "M 43"})
    insert(target, right_ascension=5.588)
    insert(target, declination=5.391)
    insert(target, exposure_time=10)
    insert(target, exposure_time=60)
    insert(target, capture_date=NIGHT - MINUTE)
    insert(target, capture_date=NIGHT + MINUTE)
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
        "object": "m42",
        "ra": 83.9,
        "dec": -5.4,
        "radius": 0.1,
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
        # PostgreSQL reads +12 as a zone and ignores it, because a timestamp has no zone
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


@pytest.mark.parametrize(
    ("name", "limits", "outside"),
    [
        ("ra", "0 to 360", ["-0.1", "360.1"]),
        ("dec", "-90 to 90", ["-90.01", "90.01"]),
        ("radius", "0 to 10", ["-1", "10.001"]),
    ],
)
def test_a_bad_place_or_radius_is_named(
    api: ApiClient, insert: Insert, name: str, limits: str, outside: list[str]
) -> None:
    good = {"ra": "83.82", "dec": "-5.391", "radius": "1"}
    for value in [*outside, "x", "NaN", "nan", "inf", "-Infinity", "1e999", "5h35m", "05:35:17", "1,5"]:
        answer = api.get("/filtered_images", params={**good, name: value})
        assert (answer.status_code, answer.text) == (
            400,
            f"{name} must be a number of degrees from {limits}.",
        )


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"ra": 1}, "dec must be given too: a number of degrees from -90 to 90."),
        ({"dec": 1}, "ra must be given too: a number of degrees from 0 to 360."),
        ({"radius": 1}, "ra must be given too: a number of degrees from 0 to 360."),
        ({"ra": 1, "dec": ""}, "dec must be given too: a number of degrees from -90 to 90."),
        ({"ra": 1, "radius": 1}, "dec must be given too: a number of degrees from -90 to 90."),
    ],
)
def test_a_place_that_is_not_complete_is_refused(
    api: ApiClient, insert: Insert, given: dict[str, Any], missing: str
) -> None:
    for answer in (api.get("/filtered_images", params=given), api.get("/filtered_images", json=given)):
        assert (answer.status_code, answer.text) == (400, missing)


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
        ("object", "a text"),
        ("ra", "a number of degrees from 0 to 360"),
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
    target = {"OBJECT": 'M 42 "A"'}
    keys = [insert(target, username="Ada & Bob", exposure_time=0.1) for _ in range(5)][::-1]
    insert()
    parameters: dict[str, Any] = {
        "username": "Ada & Bob",
        "exposure_time_max": 0.1,
        "start_date": "2024-01-10+03",
        "filename": "mrc1-%",
        "object": 'm42"a"',
        "ra": 83.8200001,
        "dec": "-5.3909999999999999999",
        "radius": "0.0000011",
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


def test_a_stack_shows_its_last_image_inside_the_circle(api: ApiClient, insert: Insert) -> None:
    """The telescope drifted out of the circle, and into it again."""
    keys = [
        insert(
            {"SMARTSTK": 7, "SSTKNUM": counter}, declination=declination, sort_date=NIGHT + counter * MINUTE
        )
        for counter, declination in enumerate([-5.4, -5.4, -7.0, -5.5, -8.0])
    ]
    single = insert(sort_date=NIGHT - MINUTE)
    place = {"ra": 83.82, "dec": -5.391}
    assert ids(api.get("/filtered_images", params=place)) == [keys[3], single]
    first = api.get("/filtered_images", params={**place, "limit": 1})
    second = api.get(f"/filtered_images{first.links['next']['url']}")
    assert [ids(first), ids(second)] == [[keys[3]], [single]]


def test_coordinates_that_are_no_place_spoil_no_search(api: ApiClient, insert: Insert) -> None:
    key = insert()
    numbers = [float("nan"), float("inf"), float("-inf"), 1.7976931348623157e308, -1e9, 361, None]
    for captured in (NIGHT, NIGHT.replace(year=2020), None):
        for number in numbers:
            insert(right_ascension=number, capture_date=captured)
            insert(declination=number, capture_date=captured)
    insert(capture_date=NIGHT.replace(year=2020))
    for place in ({"ra": 83.82, "dec": -5.391}, {"ra": 83.82, "dec": 0, "radius": 10}):
        assert ids(api.get("/filtered_images", params=place)) == [key]


@pytest.mark.parametrize("radius", [0, 1e-12, 1])
def test_tiny_distances_spoil_no_search(api: ApiClient, insert: Insert, radius: float) -> None:
    numbers = [0.0, -0.0, 5e-324, -1e-200]
    keys = [insert(right_ascension=ra, declination=dec) for ra in numbers for dec in numbers]
    place = {"ra": "0", "dec": "0", "radius": f"{radius:.12f}"}
    assert ids(api.get("/filtered_images", params=place)) == keys[::-1]


def test_images_that_arrive_during_paging_change_no_later_page(api: ApiClient, insert: Insert) -> None:
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
def test_an_image_of_an_impossible_year_spoils_no_list(
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
