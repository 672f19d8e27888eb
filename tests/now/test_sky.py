"""The sky of `/now` against astropy, at thirty places and moments, and in polar nights and days."""

from collections.abc import Iterator
from typing import Any

import pytest
import pytz

from events.altitudes import Place
from events.observers import Observer
from now import sky

# Rounding to two decimals adds 0.005. The theories differ by 5 and 15 arcsec
# (see tests/events_service/test_oracle.py).
SUN_DEGREES, MOON_DEGREES = 0.0065, 0.0095
# Three decimals of the answer, and 0.0003 between the theories.
ILLUMINATION = 0.0008
# This near to the limit of a state, two theories may give different states.
UNSURE_DEGREES = 0.01
DAY_S = 86_400

PLACES = [
    ("Mission Ridge", 34.459375, -119.681172, 317.75, "America/Los_Angeles"),
    ("Apache Ridge", 35.554298, -105.870197, 2194.0, "America/Denver"),
    ("Eltham", -37.70097, 145.18982, 150.0, "Australia/Melbourne"),
    ("Quito", -0.1807, -78.4678, 2850.0, "America/Guayaquil"),
    ("Kiruna", 67.8558, 20.2253, 420.0, "Europe/Stockholm"),
    ("Longyearbyen", 78.2232, 15.6267, 10.0, "Arctic/Longyearbyen"),
    ("South Pole", -90.0, 0.0, 2835.0, "Antarctica/South_Pole"),
    ("London", 51.5074, -0.1278, 11.0, "Europe/London"),
    ("Kiritimati", 1.8721, -157.4278, 3.0, "Pacific/Kiritimati"),
    ("Cape Town", -33.9, 18.4, 15.0, "Africa/Johannesburg"),
]
# 2026-03-13 at 00:00, 2026-06-21 at 09:20 and 2026-12-21 at 18:53, UTC.
MOMENTS = [1_773_360_000.0, 1_782_033_600.0, 1_797_879_180.0]


def observer(name: str) -> Observer:
    (place,) = [each for each in PLACES if each[0] == name]
    return Observer(Place(*place[1:4]), pytz.timezone(place[4]), name)


@pytest.fixture(autouse=True, scope="module")
def offline() -> Iterator[None]:
    from astropy.utils import iers

    with (
        iers.conf.set_temp("auto_download", False),  # noqa: FBT003 - astropy's way
        iers.conf.set_temp("auto_max_age", None),
        iers.conf.set_temp("iers_degraded_accuracy", "ignore"),
    ):
        yield


def astropy_altitude(body: str, place: Place, when: float) -> float:
    from astropy.coordinates import AltAz, EarthLocation, get_body
    from astropy.time import Time

    moment = Time(when, format="unix")
    where = EarthLocation.from_geodetic(place.longitude, place.latitude, place.elevation)
    found: Any = get_body(body, moment, where).transform_to(AltAz(obstime=moment, location=where)).alt.deg
    return float(found)


def states_near(altitude: float) -> set[str]:
    """Return the states that are possible at an altitude: two near a limit, otherwise one.

    The limits are those of docs/events.md.
    """
    levels = {"day": (-0.25, 91), "civil": (-6, -0.25), "nautical": (-12, -6), "astronomical": (-18, -12)}
    levels["night"] = (-91, -18)
    return {
        name
        for name, (low, high) in levels.items()
        if low - UNSURE_DEGREES <= altitude <= high + UNSURE_DEGREES
    }


@pytest.mark.filterwarnings("ignore:.*dubious year")
@pytest.mark.filterwarnings("ignore:Tried to get polar motions")
@pytest.mark.parametrize("when", MOMENTS)
@pytest.mark.parametrize("name", [place[0] for place in PLACES])
def test_sun_moon_and_state_are_astropys(name: str, when: float) -> None:
    from astroplan.moon import moon_illumination  # type: ignore[import-untyped]
    from astropy.time import Time

    there = observer(name)
    found = sky.sky_at(there, when)
    sun = astropy_altitude("sun", there.place, when)
    assert found["sun_altitude"] == pytest.approx(sun, abs=SUN_DEGREES)
    moon = astropy_altitude("moon", there.place, when)
    assert found["moon_altitude"] == pytest.approx(moon, abs=MOON_DEGREES)
    lit = moon_illumination(Time(when, format="unix"))
    assert found["moon_illumination"] == pytest.approx(lit, abs=ILLUMINATION)
    assert found["sky"] in states_near(sun)


def test_every_state_is_among_the_moments() -> None:
    found = {sky.sky_at(observer(place[0]), when)["sky"] for place in PLACES for when in MOMENTS}
    assert found == {"day", "civil", "nautical", "astronomical", "night"}


@pytest.mark.filterwarnings("ignore:.*dubious year")
@pytest.mark.filterwarnings("ignore:Tried to get polar motions")
def test_the_next_event_is_where_astropy_has_its_altitude() -> None:
    """Step from event to event through a day; check the altitude of some, and the order of all."""
    levels = {
        "Sun Set": -0.25,
        "Civil Dusk": -6,
        "Naut Dusk": -12,
        "Astro Dark": -18,
        "End Astro Dark": -18,
        "Naut Dawn": -12,
        "Civil Dawn": -6,
        "Sunrise": -0.25,
    }
    there, when = observer("Mission Ridge"), MOMENTS[0]
    seen = []
    while when < MOMENTS[0] + DAY_S:
        event = sky.sky_at(there, when)["next_event"]
        assert event
        assert event["at"] > when - 1
        seen.append(event["name"])
        if event["name"] in levels:
            altitude = astropy_altitude("sun", there.place, event["at"])
            # Half a second of rounding, and the theories.
            assert altitude == pytest.approx(levels[event["name"]], abs=0.005), event["name"]
        when = event["at"] + 1
    assert set(levels) <= set(seen)
    assert "Eve Bias Dark" in seen
    assert not {"Moon Rise", "Moon Set"} & set(seen)


def test_the_first_event_of_the_next_night_may_come_before_the_last_of_tonight() -> None:
    there = observer("Mission Ridge")
    # 2026-03-13 at 08:00 local time: Eve Bias Dark of the coming night is at 08:25, hours before its noon.
    event = sky.sky_at(there, 1_773_414_000.0)["next_event"]
    assert event is not None
    assert event["name"] == "Eve Bias Dark"


@pytest.mark.parametrize(
    ("name", "when", "event", "note"),
    [
        ("South Pole", 1_782_033_600, None, "The Sun stays at least 23.4° below the horizon all day."),
        ("South Pole", 1_797_879_180, None, "The Sun stays at least 23.4° above the horizon all day."),
        ("Longyearbyen", 1_782_033_600, None, "The Sun stays at least 11.7° above the horizon all day."),
        # It is dark at times, and never light.
        ("Longyearbyen", 1_797_879_180, "event", "The Sun stays at least 11.7° below the horizon all day."),
        ("Kiruna", 1_782_033_600, None, "The Sun stays at least 1.3° above the horizon all day."),
        ("London", 1_782_033_600, "event", None),
        ("Quito", 1_773_360_000, "event", None),
    ],
)
def test_polar_nights_and_days_are_described_in_words(
    name: str, when: float, event: str | None, note: str | None
) -> None:
    found = sky.sky_at(observer(name), when)
    assert (found["next_event"] is not None) == (event is not None)
    assert found["sky_note"] == note


@pytest.mark.parametrize(
    ("altitude", "state"),
    [
        (90, "day"),
        (-0.24, "day"),
        (-0.26, "civil"),
        (-6.1, "nautical"),
        (-12.1, "astronomical"),
        (-18.1, "night"),
    ],
)
def test_the_state_changes_at_the_events(altitude: float, state: str) -> None:
    assert sky.state(altitude) == state


def test_what_is_kept_changes_no_answer() -> None:
    """The same moments, with nothing kept in memory and with results of other moments kept."""
    there = [observer(place[0]) for place in PLACES]
    moments = [MOMENTS[0] + hour * 3600 for hour in (0, 30, 7, 49, 11, 12, 13)]
    seen = {(each.name, when): sky.sky_at(each, when) for when in moments for each in there}
    for (name, when), found in seen.items():
        sky.forget()
        assert sky.sky_at(observer(name), when) == found
