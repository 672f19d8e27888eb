"""The events routes over HTTP, as the web UI and observatories call them."""

import json
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from common import aws
from events.tai import DAY_S, tai_julian_date
from site_configs import store
from support.client import ApiClient

REFERENCES = json.loads((Path(__file__).parents[1] / "data" / "events.json").read_text())["cases"]
MOON = "/events/moon/rise-set-illum"

SITE_RULE = "site must be 1 to 64 of the characters A-Z a-z 0-9 _ . -"
WHEN_RULE = (
    "when must be a number of Unix seconds from 0 (1970) to below 2145916800 (2038): "
    "time zone rules are known until then."
)
LAT_RULE = "lat must be a number of degrees from -90 to 90."
LNG_RULE = "lng must be a number of degrees from -180 to 180."


@pytest.fixture
def case() -> dict[str, Any]:
    """A night of the references, at Mission Ridge."""
    return next(case for case in REFERENCES if case["site"] == "mrc")


@pytest.fixture
def mrc(api: ApiClient, case: dict[str, Any]) -> ApiClient:
    """The API with a config for the site `mrc`."""
    write("mrc", case)
    return api


def test_events_may_be_utc_texts(mrc: ApiClient, case: dict[str, Any]) -> None:
    dates = mrc.get("/events", params={"site": "mrc", "when": case["when"]}).json()
    texts = mrc.get("/events", params={"site": "mrc", "when": case["when"], "format": "iso"}).json()
    assert list(texts) == list(dates)
    for name, text in texts.items():
        moment = datetime.fromisoformat(text)
        assert moment.utcoffset() == timedelta(0)
        assert tai_julian_date(moment.timestamp()) == pytest.approx(dates[name], abs=0.51 / DAY_S, rel=0)
    default = mrc.get("/events", params={"site": "mrc", "when": case["when"], "format": "tai"})
    assert default.json() == dates


def test_another_format_is_refused(mrc: ApiClient) -> None:
    answer = mrc.get("/events?site=mrc&format=unix")
    assert answer.status_code == 400
    assert answer.json() == {"error": "format must be tai (Julian dates, the default) or iso (UTC texts)."}


def write(site: str, case: dict[str, Any], **more: Any) -> None:
    config = {
        "latitude": case["latitude"],
        "longitude": case["longitude"],
        "elevation": 0,
        "reference_ambient": 10,
        "reference_pressure": [1000, 990],
        "TZ_database_name": case["timezone"],
    }
    store.write(site, config | more)


def test_events_are_tai_julian_dates_in_the_order_of_time(mrc: ApiClient, case: dict[str, Any]) -> None:
    answer = mrc.get("/events", params={"site": "mrc", "when": case["when"]})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert list(answer.json()) == list(case["events_tai_jd"])
    for name, expected in case["events_tai_jd"].items():
        assert answer.json()[name] == pytest.approx(expected, abs=1 / DAY_S, rel=0), name


@pytest.mark.parametrize("when", ["{}.0", " {} ", "{}e0", "{}."])
def test_parameter_when_in_other_number_formats(mrc: ApiClient, case: dict[str, Any], when: str) -> None:
    plain = mrc.get("/events", params={"site": "mrc", "when": case["when"]}).json()
    answer = mrc.get("/events", params={"site": "mrc", "when": when.format(case["when"])})
    assert answer.status_code == 200
    assert answer.json() == plain


@pytest.mark.parametrize("when", [None, 1_700_000_000, 1_700_000_000.5, "1700000000"])
def test_parameters_in_a_json_body(mrc: ApiClient, when: Any) -> None:
    answer = mrc.get("/events", json={"site": "mrc", "when": when})
    assert answer.status_code == 200
    params = {"site": "mrc"} if when is None else {"site": "mrc", "when": str(when)}
    assert answer.json() == mrc.get("/events", params=params).json()


def test_the_query_string_wins(mrc: ApiClient, case: dict[str, Any]) -> None:
    expected = mrc.get("/events", params={"site": "mrc", "when": case["when"]}).json()
    body = {"site": "nowhere", "when": 0}
    answer = mrc.get("/events", params={"site": "mrc", "when": case["when"]}, json=body)
    assert answer.json() == expected


def test_without_when_it_is_tonight(mrc: ApiClient) -> None:
    middle = mrc.get("/events?site=mrc").json()["Middle of Night"]
    # noon to noon: the middle of the night is at most a day from now
    assert abs(middle - tai_julian_date(time.time())) < 1


@pytest.mark.parametrize("when", ["0", "2145916799.5", "1e9", 2_145_916_799])
def test_the_years_that_can_be_computed(mrc: ApiClient, when: Any) -> None:
    answer = mrc.get("/events", params={"site": "mrc", "when": when})
    assert answer.status_code == 200
    assert len(answer.json()) >= 24


@pytest.mark.parametrize(
    "when",
    [
        *(
            "",
            "tonight",
            "NaN",
            "inf",
            "-inf",
            "1e999",
            "1_700_000_000",
            "0x10",
            "1,7",
            "2026-01-01",
            "\u0661\u0667",
        ),
        -5_364_662_400,  # 1800-01-01
        -1,
        2_145_916_800,
        4_102_444_799,
        253_370_764_800,  # 9999-01-01
        1_700_000_000_000,  # milliseconds, as JavaScript counts
        "9" * 400,
    ],
)
def test_an_invalid_parameter_when(mrc: ApiClient, when: Any) -> None:
    for route in ("/events", "/events/plot"):
        answer = mrc.get(route, params={"site": "mrc", "when": when})
        assert answer.status_code == 400
        assert answer.json() == {"error": WHEN_RULE}


@pytest.mark.parametrize("when", ["true", "[1]", "{}", '"x"', "1" * 400, "1e400"])
def test_an_invalid_parameter_when_in_a_body(mrc: ApiClient, when: str) -> None:
    answer = mrc.get("/events", data=f'{{"site": "mrc", "when": {when}}}')
    assert answer.status_code == 400
    assert answer.json() == {"error": WHEN_RULE}


@pytest.mark.parametrize("route", ["/events", "/events/plot"])
@pytest.mark.parametrize(
    ("query", "status", "error"),
    [
        ("", 400, "site is required: the code of a site."),
        ("?site=", 400, "site is required: the code of a site."),
        ("?site=m%20rc", 400, SITE_RULE),
        ("?site=%3Cscript%3E", 400, SITE_RULE),
        ("?site=nowhere", 500, "No config found for site nowhere."),
    ],
)
def test_an_unknown_or_missing_site(mrc: ApiClient, route: str, query: str, status: int, error: str) -> None:
    answer = mrc.get(f"{route}{query}")
    assert answer.status_code == status
    assert answer.json() == {"error": error}
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_body_that_is_no_json(mrc: ApiClient) -> None:
    answer = mrc.get("/events", data="{")
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("The body is not valid JSON")


@pytest.mark.parametrize("route", ["/events", "/events/plot"])
def test_a_database_that_does_not_answer(mrc: ApiClient, monkeypatch: pytest.MonkeyPatch, route: str) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    aws._made_client.cache_clear()  # so that the next client goes to the dead endpoint
    try:
        answer = mrc.get(f"{route}?site=mrc")
    finally:
        aws._made_client.cache_clear()
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]


@pytest.mark.parametrize("place", ["?lat=34.459375&lng=-119.681172", "?lat=34.459375&lng=-1.19681172e2"])
def test_moon(api: ApiClient, place: str) -> None:
    answer = api.get(f"{MOON}{place}&start=2026-07-30T00:00:00Z&end=2026-08-03T00:00:00Z")
    assert answer.status_code == 200
    assert [set(passage) for passage in answer.json()] == [{"rise", "set", "transit", "illumination"}] * 4
    # the full Moon of 2026-07-29 was at 14:36Z (USNO, Phases of the Moon)
    assert answer.json()[0]["illumination"] > 0.98
    for passage in answer.json():
        assert passage["rise"] < passage["transit"] < passage["set"]


def test_moon_with_its_parameters_in_a_json_body(api: ApiClient) -> None:
    body: dict[str, Any] = {
        "lat": 34.5,
        "lng": "-119.7",
        "start": "2026-07-30T00:00:00Z",
        "end": "2026-08-03T00:00:00Z",
    }
    found = api.get(MOON, json=body)
    assert found.status_code == 200
    assert found.json() == api.get(MOON, params=body).json() != []
    assert api.get(MOON, params=body, json={"lat": "x"}).json() == found.json()


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-07-30 00:00:00Z", "2026-08-03T00:00:00.000Z"),
        ("20260730T000000Z", "2026-08-03T00:00Z"),
    ],
)
def test_other_forms_of_a_date(api: ApiClient, start: str, end: str) -> None:
    where = {"lat": "34.5", "lng": "-119.7"}
    plain = where | {"start": "2026-07-30T00:00:00Z", "end": "2026-08-03T00:00:00Z"}
    found = api.get(MOON, params=where | {"start": start, "end": end})
    assert found.json() == api.get(MOON, params=plain).json()


def test_an_interval_without_a_whole_passage(api: ApiClient) -> None:
    answer = api.get(f"{MOON}?lat=0&lng=0&start=2026-07-30T00:00:00Z&end=2026-07-30T00:00:00Z")
    assert (answer.status_code, answer.json()) == (200, [])


@pytest.mark.parametrize(
    ("changes", "status", "sentence"),
    [
        ({"lat": None}, 400, LAT_RULE),
        ({"lat": ""}, 400, LAT_RULE),
        ({"lat": "91"}, 400, LAT_RULE),
        ({"lat": "nan"}, 400, LAT_RULE),
        ({"lat": "north"}, 400, LAT_RULE),
        ({"lng": None}, 400, LNG_RULE),
        ({"lng": "-180.1"}, 400, LNG_RULE),
        ({"lng": "inf"}, 400, LNG_RULE),
        ({"start": None}, 404, "start must be a UTC date like 2020-12-31T01:00:00Z."),
        ({"start": "2026-07-30T00:00:00"}, 404, "start must be a UTC date like 2020-12-31T01:00:00Z."),
        ({"start": "2026-07-30T00:00:00+00:00"}, 404, "start must be a UTC date like 2020-12-31T01:00:00Z."),
        ({"end": "2026-08-03"}, 404, "end must be a UTC date like 2020-12-31T01:00:00Z."),
        ({"end": "Z"}, 404, "end must be a UTC date like 2020-12-31T01:00:00Z."),
        ({"start": "yesterday"}, 404, "start must be a UTC date like 2020-12-31T01:00:00Z."),
        ({"start": "2026-02-30T00:00:00Z"}, 404, "start must be a UTC date like 2020-12-31T01:00:00Z."),
        ({"end": ""}, 404, "end must be a UTC date like 2020-12-31T01:00:00Z."),
        ({"end": "1790000000"}, 404, "end must be a UTC date like 2020-12-31T01:00:00Z."),
        ({"end": "2026-07-29T23:59:59Z"}, 404, "end must not be before start."),
        (
            {"end": "2027-07-31T00:00:01Z"},
            404,
            "The interval from start to end must not be longer than 366 days.",
        ),
        (
            {"end": "2036-07-30T00:00:00Z"},
            404,
            "The interval from start to end must not be longer than 366 days.",
        ),
        ({"start": "1800-01-01T00:00:00Z"}, 404, "start must be in the years 1970 to 2099."),
        ({"start": "0001-01-01T00:00:00Z"}, 404, "start must be in the years 1970 to 2099."),
        ({"end": "9999-12-31T23:59:59Z"}, 404, "end must be in the years 1970 to 2099."),
    ],
)
def test_what_moon_does_not_take(
    api: ApiClient, changes: dict[str, str | None], status: int, sentence: str
) -> None:
    good = {"lat": "34.5", "lng": "-119.7", "start": "2026-07-30T00:00:00Z", "end": "2026-08-03T00:00:00Z"}
    answer = api.get(MOON, params={**good, **changes})
    assert (answer.status_code, answer.text) == (status, sentence)


def test_the_longest_interval_of_moon_is_a_year(api: ApiClient) -> None:
    year = {"lat": "34.5", "lng": "-119.7", "start": "2026-07-30T00:00:00Z", "end": "2027-07-31T00:00:00Z"}
    answer = api.get(MOON, params=year)
    assert answer.status_code == 200
    # 366 days less the transits that the Moon falls behind in its 12.4 synodic months
    assert len(answer.json()) in (352, 353, 354)
