"""The shapes of real configs, and what is wrong with others, over HTTP."""

from decimal import Decimal
from typing import Any

import pytest

from local.demo.configs import site_configurations
from site_configs import store
from support.client import ApiClient

WHEN = 1_773_468_000
CONFIG = {
    "latitude": 34.459375,
    "longitude": -119.681172,
    "elevation": 317.75,
    "reference_ambient": 14.5,
    "reference_pressure": 976,
    "TZ_database_name": "America/Los_Angeles",
}


@pytest.fixture
def expected(api: ApiClient) -> dict[str, float]:
    """The events with every parameter a plain number."""
    return events(api, CONFIG)


def events(api: ApiClient, config: dict[str, Any]) -> dict[str, float]:
    store.write("mrc", config)
    answer = api.get(f"/events?site=mrc&when={WHEN}")
    assert answer.status_code == 200, answer.text
    found: dict[str, float] = answer.json()
    return found


def error(api: ApiClient, config: dict[str, Any]) -> str:
    store.write("mrc", config)
    answer = api.get(f"/events?site=mrc&when={WHEN}")
    assert answer.status_code == 500
    assert set(answer.json()) == {"error"}
    return str(answer.json()["error"])


@pytest.mark.parametrize(
    "changes",
    [
        {"reference_ambient": [14.5, 10.1, 8.0], "reference_pressure": [Decimal("976.0"), 1]},
        {name: str(value) for name, value in CONFIG.items()},
        {"latitude": [Decimal("34.459375"), 10], "longitude": [Decimal("-119.681172"), None]},
        {"latitude": Decimal("34.459375"), "elevation": ["317.75"]},
        {"latitude": " 34.459375 ", "longitude": "-1.19681172E2"},
    ],
    ids=["lists", "texts", "lists of coordinates", "a list of text", "odd texts"],
)
def test_other_forms_of_a_number_give_the_same_events(
    api: ApiClient, expected: dict[str, float], changes: dict[str, Any]
) -> None:
    assert events(api, CONFIG | changes) == expected


@pytest.mark.parametrize("name", CONFIG)
@pytest.mark.parametrize("lacking", ["absent", "null", "an empty list"])
def test_a_lacking_parameter_is_named(api: ApiClient, name: str, lacking: str) -> None:
    config = {key: value for key, value in CONFIG.items() if key != name}
    if lacking != "absent":
        config[name] = None if lacking == "null" else []
    if name == "TZ_database_name" and lacking == "an empty list":
        assert error(api, config) == "The site's config has a TZ_database_name that is not a time zone."
    else:
        assert error(api, config) == f"The site's config lacks {name}."


@pytest.mark.parametrize("name", [name for name in CONFIG if name != "TZ_database_name"])
@pytest.mark.parametrize("value", ["", "north", "NaN", "inf", "1_0", True, {"deg": 34}, [[34]], "١٢"])
def test_what_is_no_number_is_named(api: ApiClient, name: str, value: Any) -> None:
    assert error(api, CONFIG | {name: value}) == f"The site's config has a {name} that is not a number."


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("latitude", 90.01, "The site's config has latitude 90.01, outside -90 to 90."),
        ("latitude", -119.68, "The site's config has latitude -119.68, outside -90 to 90."),
        ("longitude", 180.5, "The site's config has longitude 180.5, outside -180 to 180."),
        ("longitude", "-200", "The site's config has longitude -200, outside -180 to 180."),
        ("elevation", 31_775, "The site's config has elevation 31775, outside -500 to 9000."),
        ("elevation", -501, "The site's config has elevation -501, outside -500 to 9000."),
    ],
)
def test_coordinates_out_of_range_are_named(api: ApiClient, name: str, value: Any, sentence: str) -> None:
    assert error(api, CONFIG | {name: value}) == sentence


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "PST8", 5, "../../etc/passwd", "Zürich", True, {}])
def test_a_bad_zone_is_named(api: ApiClient, zone: Any) -> None:
    config = CONFIG | {"TZ_database_name": zone}
    assert error(api, config) == "The site's config has a TZ_database_name that is not a time zone."


@pytest.mark.parametrize(
    ("latitude", "longitude"), [(90, 0), (-90, 0), (90, 180), (0, -180), (0, 0), (89.999, 12)]
)
def test_the_ends_of_the_ranges_are_places(api: ApiClient, latitude: float, longitude: float) -> None:
    events(api, CONFIG | {"latitude": latitude, "longitude": longitude, "elevation": -500})


def test_an_observatory_without_coordinates_has_those_of_its_wema(api: ApiClient) -> None:
    configs = site_configurations()
    observatory, wema = configs["mrc1"], configs["mrc"]
    assert "latitude" not in observatory
    store.write("mrc1", observatory)
    store.write("mrc", wema)
    found = api.get(f"/events?site=mrc1&when={WHEN}")
    assert found.status_code == 200
    assert found.json() == api.get(f"/events?site=mrc&when={WHEN}").json()


def test_a_place_of_its_own_counts_more_than_the_wemas(api: ApiClient, expected: dict[str, float]) -> None:
    store.write("north", CONFIG | {"latitude": 60})
    assert events(api, CONFIG | {"wema_name": "north"}) == expected


def test_a_place_without_a_time_zone_has_the_wemas_zone(api: ApiClient, expected: dict[str, float]) -> None:
    store.write("north", CONFIG | {"latitude": 60})
    own = {name: value for name, value in CONFIG.items() if name != "TZ_database_name"}
    assert events(api, own | {"wema_name": "north"}) == expected


@pytest.mark.parametrize("own", [{"latitude": 34.459375}, {"elevation": 317.75}])
def test_half_a_place_is_not_mixed_with_the_wemas(api: ApiClient, own: dict[str, Any]) -> None:
    store.write("north", CONFIG)
    assert error(api, own | {"wema_name": "north"}) == (
        "The site's config lacks longitude." if "latitude" in own else "The site's config lacks latitude."
    )


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"wema_name": "mrc"}, "The site's config lacks latitude."),
        ({"wema_name": "other"}, "The site's config lacks latitude."),
        ({"wema_name": "gone"}, "The config has no coordinates, and its WEMA gone has no config."),
        ({"wema_name": ""}, "The site's config lacks latitude."),
        ({"wema_name": None}, "The site's config lacks latitude."),
        ({"wema_name": ["mrc"]}, "The site's config lacks latitude."),
        ({}, "The site's config lacks latitude."),
    ],
    ids=["itself", "a circle", "unknown", "empty", "null", "a list", "none"],
)
def test_a_wema_that_does_not_help(api: ApiClient, config: dict[str, Any], sentence: str) -> None:
    store.write("other", {"wema_name": "mrc"})
    assert error(api, config) == sentence


def test_an_unknown_site(api: ApiClient) -> None:
    answer = api.get("/events?site=nowhere")
    assert answer.status_code == 500
    assert answer.json() == {"error": "No config found for site nowhere."}
