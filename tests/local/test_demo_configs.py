"""The demo network's configs have the shape of real ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import ephem
import pytest

from events.almanac import almanac, tai_events
from events.observers import observer_of
from local.demo.configs import site_configurations
from local.demo.sent_configs import sent_configurations
from local.demo.sites import CAMERA_BINNING, HEIGHT, WIDTH

SHAPES = json.loads((Path(__file__).parents[1] / "data" / "config_shapes.json").read_text(encoding="utf-8"))
ENCLOSURES = ("mrc", "aro", "eco")
OBSERVATORIES = ("mrc1", "aro1", "eco1")
TYPES: dict[str, type | tuple[type, ...]] = {
    "text": str,
    "true/false": bool,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}


def differences(value: Any, shape: Any, path: str = "") -> list[str]:
    """Return the paths where `value` has other keys or types than `shape`."""
    if isinstance(shape, str):
        fits = isinstance(value, TYPES[shape]) and isinstance(value, bool) == (shape == "true/false")
        return [] if fits else [f"{path}: {value!r} is not {shape}"]
    if "list of" in shape:
        if not isinstance(value, list) or not value:
            return [f"{path}: {value!r} is not a list"]
        return [line for item in value for line in differences(item, shape["list of"], f"{path}[]")]
    if not isinstance(value, dict):
        return [f"{path}: {value!r} is not an object"]
    lines = [f"{path}.{key}: only on one side" for key in value.keys() ^ shape.keys()]
    return lines + [
        line
        for key in value.keys() & shape.keys()
        for line in differences(value[key], shape[key], f"{path}.{key}")
    ]


def test_six_sites() -> None:
    assert sorted(site_configurations()) == sorted(ENCLOSURES + OBSERVATORIES)


@pytest.mark.parametrize("site", ENCLOSURES + OBSERVATORIES)
def test_has_every_key_with_the_right_type(site: str) -> None:
    shape = SHAPES["wema" if site in ENCLOSURES else "observatory"]
    assert differences(site_configurations()[site], shape) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": 1, "flag": True, "count": 2, "items": ["a"]},
        {"name": "x", "flag": 1, "count": 2, "items": ["a"]},
        {"name": "x", "flag": True, "count": True, "items": ["a"]},
        {"name": "x", "flag": True, "count": 2.5, "items": ["a"]},
        {"name": "x", "flag": True, "count": 2, "items": ["a", 1]},
        {"name": "x", "flag": True, "count": 2, "items": "a"},
        {"name": "x", "flag": True, "count": 2},
        {"name": "x", "flag": True, "count": 2, "items": ["a"], "more": 1},
    ],
)
def test_the_comparison_of_shapes_finds_differences(wrong: dict[str, Any]) -> None:
    shape = {
        "name": "text",
        "flag": "true/false",
        "count": "integer",
        "items": {"list of": "text", "length": 1},
    }
    assert len(differences(wrong, shape)) == 1


@pytest.mark.parametrize("site", ENCLOSURES + OBSERVATORIES)
def test_is_json_of_a_usual_size(site: str) -> None:
    config = site_configurations()[site]
    text = json.dumps(config, allow_nan=False)
    assert json.loads(text) == config
    assert 4_000 < len(text) < 13_000


@pytest.mark.parametrize(("observatory", "enclosure"), list(zip(OBSERVATORIES, ENCLOSURES, strict=True)))
def test_observatory_belongs_to_its_enclosure(observatory: str, enclosure: str) -> None:
    configs = site_configurations()
    assert configs[observatory]["wema_name"] == enclosure
    assert configs[observatory]["obs_id"] == observatory
    assert configs[enclosure]["obsp_ids"] == [observatory]
    assert not configs[observatory].keys() & {"latitude", "longitude", "elevation", "TZ_database_name"}


@pytest.mark.parametrize(
    ("enclosure", "latitude", "longitude", "elevation", "zone"),
    [
        ("mrc", 34.459375, -119.681172, 317.75, "America/Los_Angeles"),
        ("aro", 35.554298, -105.870197, 2194.0, "America/Denver"),
        ("eco", -37.70097222, 145.1918056, 150.0, "Australia/Melbourne"),
    ],
)
def test_where_enclosures_stand(
    enclosure: str, latitude: float, longitude: float, elevation: float, zone: str
) -> None:
    config = site_configurations()[enclosure]
    assert (config["latitude"], config["longitude"], config["elevation"]) == (latitude, longitude, elevation)
    assert ZoneInfo(config["TZ_database_name"]) == ZoneInfo(zone)


def test_cameras_and_telescopes_agree() -> None:
    for site in OBSERVATORIES:
        config = site_configurations()[site]
        tube, settings = config["telescope"]["Main OTA"], config["camera"]["camera_1_1"]["settings"]
        scale = 206.265 * settings["x_pixel"] / tube["focal_length"]
        assert settings["manual_onebyone_pix_scale"] == pytest.approx(scale, rel=1e-3)
        assert tube["f-ratio"] == pytest.approx(tube["focal_length"] / tube["aperture"], abs=0.01)


def test_a_sent_config_has_tonight_s_events_and_the_camera_s_size() -> None:
    """The web UI reads the events of a config, and draws the camera's field of view from its size."""
    now = 1773446400.0  # 2026-03-14, evening at mrc
    sent = sent_configurations(now)
    for site, config in site_configurations().items():
        added = {"events", *({"camera"} if site in OBSERVATORIES else set())}
        assert {name for name in sent[site] if sent[site][name] != config.get(name)} == added
        assert 4_000 < len(json.dumps(sent[site])) < 16_000
    camera = sent["mrc1"]["camera"]["camera_1_1"]
    assert (camera["camera_size_x"], camera["camera_size_y"]) == (
        WIDTH * CAMERA_BINNING,
        HEIGHT * CAMERA_BINNING,
    )


def test_events_of_a_config_are_dublin_julian_dates_of_the_night_at_the_site() -> None:
    now = 1773446400.0
    events = sent_configurations(now)["mrc1"]["events"]
    assert list(events.values()) == sorted(events.values())
    # ephem counts Dublin Julian days itself; 2026-03-13T19:02:06-07:00 is the sunset that README shows
    assert events["Sun Set"] == pytest.approx(ephem.Date("2026/3/14 02:02:06"), abs=1 / 86400)
    config = site_configurations()["mrc"]
    tai = tai_events(almanac(observer_of(config, config["TZ_database_name"], "mrc"), now))
    assert events.keys() == tai.keys()
    for name, date in tai.items():
        assert events[name] + 2415020 == pytest.approx(date - 37 / 86400, abs=1e-6)


def test_default_devices_and_filters_exist() -> None:
    for site in OBSERVATORIES:
        config = site_configurations()[site]
        for kind, name in config["defaults"].items():
            assert name is None or name in config[kind]
        wheel = config["filter_wheel"]["Dual filter wheel"]["settings"]
        names = {row[0] for row in wheel["filter_data"]}
        assert len(names) == 18
        assert {wheel["default_filter"], wheel["focus_filter"], *wheel["mono_RGB_colour_filters"]} <= names


def test_changing_a_config_does_not_change_the_next() -> None:
    site_configurations()["mrc1"]["camera"]["camera_1_1"]["name"] = "other"
    assert site_configurations()["mrc1"]["camera"]["camera_1_1"]["name"] == "sq01"
