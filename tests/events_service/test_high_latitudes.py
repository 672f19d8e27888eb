"""Nights in which not everything happens."""

from datetime import datetime

import pytest
import pytz

from events import moon
from events.almanac import Almanac, almanac
from events.altitudes import Place
from events.nights import Night
from events.observers import Observer
from events.schedule import EVENING, FOLLOWING, MORNING

DAY = 86_400

SITES = {
    "London": (51.5074, -0.1278, "Europe/London"),
    "Iqaluit": (63.7467, -68.5170, "America/Iqaluit"),
    "Longyearbyen": (78.2232, 15.6267, "Arctic/Longyearbyen"),
    "South Pole": (-90.0, 0.0, "Antarctica/South_Pole"),
}
SUNSET = {"Sun Set", "Eve Sky Flats", "Ops Window Start", "Cool Down, Open"} | {
    f"{edge}Eve {what}" for edge in ("", "End ") for what in ("Scrn Flats", "Bias Dark")
}
FLATS_EVENING = {"End Eve Sky Flats", "Clock & Auto Focus"}
NAUTICAL = {"Naut Dusk", "Observing Begins", "Naut Dawn", "Observing Ends", "Final Clock & Auto Focus"}
ASTRONOMICAL = {"Astro Dark", "End Astro Dark"}
SUNRISE = {"Sunrise", "End Morn Sky Flats", "Ops Window Closes"}
CIVIL = {"Civil Dusk", "Civil Dawn"}
FLATS = FLATS_EVENING | {"Morn Sky Flats"}
MIDDLE = {"Middle of Night"}
ALL = SUNSET | FLATS | NAUTICAL | ASTRONOMICAL | SUNRISE | CIVIL | MIDDLE


def seconds(date: str) -> float:
    return datetime.fromisoformat(date).timestamp()


def night_at(site: str, when: float) -> Almanac:
    latitude, longitude, zone = SITES[site]
    return almanac(Observer(Place(latitude, longitude), pytz.timezone(zone), site), when)


def test_the_sets_above_contain_every_event() -> None:
    assert {*EVENING, *MORNING, *MIDDLE, *(name for name, _, _ in FOLLOWING)} == ALL


@pytest.mark.parametrize(
    ("site", "when", "happening"),
    [
        # North of the tropics the Sun culminates at latitude + declination - 90 deg at midnight, and at
        # 90 deg - latitude + declination at noon. At the South Pole it stays at minus its declination.
        ("London", 1_782_000_000, ALL - ASTRONOMICAL),  # 2026-06-21: down to -15.1
        ("London", 1_797_890_000, ALL),  # 2026-12-21: from 15.1 to -61.9
        ("Iqaluit", 1_778_900_000, SUNSET | SUNRISE | CIVIL | MIDDLE),  # 2026-05-16: down to -7.2
        ("Iqaluit", 1_781_960_000, SUNSET | SUNRISE | MIDDLE),  # 2026-06-20: down to -2.8
        ("Longyearbyen", 1_782_000_000, set()),  # 2026-06-21: down to 11.7
        ("Longyearbyen", 1_797_890_000, FLATS | NAUTICAL | ASTRONOMICAL),  # 2026-12-21: from -11.7 to -35.2
        ("Longyearbyen", 1_773_500_000, ALL - ASTRONOMICAL),  # 2026-03-14: down to -14.4
        ("South Pole", 1_782_000_000, set()),  # 2026-06-21: -23.4
        ("South Pole", 1_797_890_000, set()),  # 2026-12-21: 23.4
    ],
)
def test_a_night_has_exactly_the_events_that_happen(site: str, when: float, happening: set[str]) -> None:
    found = {name for name in night_at(site, when).events if not name.startswith("Moon")}
    assert found == happening


@pytest.mark.parametrize("site", SITES)
def test_every_night_of_two_years_is_in_order(site: str) -> None:
    for day in range(0, 731, 3):
        night = night_at(site, 1_767_225_600 + day * DAY)
        times = list(night.events.values())
        assert times == sorted(times)
        for name in set(night.events) & ({*EVENING, *MORNING} | {"Moon Rise", "Moon Set"}):
            assert night.night.start <= night.events[name] < night.night.end
        for name, cause, _ in FOLLOWING:
            assert (name in night.events) == (cause in night.events)


def test_of_two_moonrises_in_a_night_the_first_counts() -> None:
    """In the Arctic the Moon may rise earlier from day to day, and so twice from noon to noon."""
    nights = [night_at("Longyearbyen", 1_767_225_600 + day * DAY) for day in range(731)]
    rises = {
        night: [
            crossing.time for crossing in night.curve(night.moon).crossings(moon.HORIZON) if crossing.rising
        ]
        for night in nights
    }
    twice = {night: times for night, times in rises.items() if len(times) == 2}
    assert twice
    for night, times in twice.items():
        assert night.events["Moon Rise"] == min(times)


def test_a_moon_that_is_up_for_days_transits_first_on_the_day_of_its_rise() -> None:
    passages = moon.passages(Place(78.2232, 15.6267), 1_767_225_600, 1_798_761_600)
    lasting = [
        passage for passage in passages if seconds(passage["set"]) - seconds(passage["rise"]) > 5 * DAY
    ]
    assert len(lasting) >= 12
    for passage in lasting:
        assert 0 < seconds(passage["transit"]) - seconds(passage["rise"]) < moon.LUNAR_DAY_S + 3600


@pytest.mark.parametrize("latitude", [90, 89.9, 85, 70, -66, -80, -90])
def test_a_transit_lies_between_rise_and_set_also_near_the_poles(latitude: float) -> None:
    start = 1_767_225_600
    passages = moon.passages(Place(latitude, 15), start, start + 366 * DAY)
    assert len(passages) >= 12
    for passage in passages:
        assert passage["rise"] <= passage["transit"] <= passage["set"]
        assert 0 <= passage["illumination"] <= 1


def test_no_middle_of_the_night_where_the_zone_puts_sunrise_before_sunset() -> None:
    """In a zone twelve hours off, the night between two local noons has its day in the middle."""
    observer = Observer(Place(0, 180), pytz.timezone("Europe/London"), "site")
    night = Almanac(observer, Night(1_767_268_800, 1_767_268_800 + DAY))
    assert night.events["Sunrise"] < night.events["Sun Set"]
    assert "Middle of Night" not in night.events
