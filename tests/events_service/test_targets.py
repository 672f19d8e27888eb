"""Targets against astropy and astroplan, and what a night says of them in words."""

import warnings
from datetime import datetime
from typing import Any

import numpy as np
import pytest
import pytz
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from events.almanac import Almanac, almanac
from events.altitudes import Place
from events.observers import Observer
from events.targets import airmass, visibility
from support.client import ApiClient
from tests.events_service.test_events_http import case, mrc

__all__ = ["case", "mrc"]

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*dubious year"),
    pytest.mark.filterwarnings("ignore:Tried to get polar motions"),
]
CASES = settings(max_examples=25, deadline=None, derandomize=True, phases=[Phase.generate])
ARCMIN = 1 / 60
# 2026-03-13, in the evening of Mission Ridge.
EVENING = 1_773_446_400.0
MISSION_RIDGE = Place(34.46, -119.68, 0)


def night_at(latitude: float, longitude: float, when: float = EVENING, zone: str = "UTC") -> Almanac:
    return almanac(Observer(Place(latitude, longitude), pytz.timezone(zone), "site"), when)


def unix(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@CASES
@given(
    latitude=st.floats(-89, 89),
    longitude=st.floats(-180, 180),
    ra=st.floats(0, 360),
    dec=st.floats(-90, 90),
    when=st.integers(1_577_836_800, 1_798_761_600),
)
def test_altitudes_and_moon_distances_agree_with_astropy(
    latitude: float, longitude: float, ra: float, dec: float, when: int
) -> None:
    from astropy import units
    from astropy.coordinates import AltAz, EarthLocation, SkyCoord, get_body
    from astropy.time import Time

    found = visibility(night_at(latitude, longitude, when), ra, dec)["altitudes"]
    if not found:
        return
    shown = found[:: max(1, len(found) // 4)]
    location = EarthLocation(lat=latitude * units.deg, lon=longitude * units.deg)
    times = Time([unix(each["time"]) for each in shown], format="unix")
    frame = AltAz(obstime=times, location=location)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        target = SkyCoord(ra * units.deg, dec * units.deg).transform_to(frame)
        moon = get_body("moon", times, location).transform_to(frame)
    # The response is rounded to a hundredth of a degree.
    assert np.array([each["altitude"] for each in shown]) == pytest.approx(
        target.alt.deg, abs=ARCMIN + 0.005, rel=0
    )
    assert np.array([each["moon_distance"] for each in shown]) == pytest.approx(
        target.separation(moon).deg, abs=0.05 + ARCMIN, rel=0
    )


@pytest.mark.parametrize(
    ("latitude", "ra", "dec"),
    [
        (34.46, 83.82, -5.39),
        (34.46, 10.68, 41.27),
        (-30.17, 201.37, -43.02),
        (0.5, 279.23, 38.78),
        (60.0, 100, 20),
    ],
)
def test_rise_and_set_agree_with_astroplan(latitude: float, ra: float, dec: float) -> None:
    from astroplan import FixedTarget  # type: ignore[import-untyped]
    from astroplan import Observer as Astroplan
    from astropy import units
    from astropy.coordinates import EarthLocation, SkyCoord
    from astropy.time import Time

    night = night_at(latitude, -119.68)
    found = visibility(night, ra, dec)
    location = EarthLocation(lat=latitude * units.deg, lon=-119.68 * units.deg)
    observer = Astroplan(location)
    target = FixedTarget(SkyCoord(ra * units.deg, dec * units.deg))
    start = Time(night.night.start, format="unix")
    for name, theirs in (("rise", observer.target_rise_time), ("set", observer.target_set_time)):
        expected = theirs(start, target, which="next", n_grid_points=1000).unix
        assert unix(found[name]) == pytest.approx(expected, abs=30, rel=0)
    transit = observer.target_meridian_transit_time(start, target, which="next", n_grid_points=1000).unix
    assert unix(found["transit"]) == pytest.approx(transit, abs=30, rel=0)


def test_a_target_that_never_sets_or_never_rises() -> None:
    north = visibility(night_at(34.46, -119.68), 37.95, 89.26)
    assert (north["rise"], north["set"]) == (None, None)
    assert north["highest"]["altitude"] == pytest.approx(35, abs=1)
    south = visibility(night_at(34.46, -119.68), 0, -80)
    assert (south["rise"], south["set"]) == (None, None)
    assert south["summary"] == "Below the horizon while it is dark."
    assert {each["airmass"] for each in south["altitudes"]} == {None}


def test_a_summer_night_that_does_not_get_dark() -> None:
    june = datetime(2026, 6, 21, 12, tzinfo=pytz.UTC).timestamp()
    found = visibility(night_at(65, 20, june), 10, 41)
    assert (found["altitudes"], found["highest"]) == ([], None)
    assert found["summary"] == "It does not get dark: the Sun stays above -12°."


def test_the_summary_has_the_site_s_own_time() -> None:
    night = almanac(Observer(MISSION_RIDGE, pytz.timezone("America/Los_Angeles"), "mrc"), EVENING)
    found = visibility(night, 187.7, 12.39)
    assert found["summary"] == "Highest at 02:00, 68°, airmass 1.08; 115° from the Moon."


@pytest.mark.parametrize(("altitude", "expected"), [(90, 1.0), (30, 1.994), (10, 5.541), (0, 31.7)])
def test_airmass(altitude: float, expected: float) -> None:
    assert airmass(altitude) == pytest.approx(expected, rel=0.01)


def test_the_route_answers_with_the_night_of_events(mrc: ApiClient, case: dict[str, Any]) -> None:
    answer = mrc.get(
        "/events/visibility", params={"site": "mrc", "when": case["when"], "ra": 83.82, "dec": -5.39}
    )
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["highest"] in found["altitudes"]
    times = [unix(each["time"]) for each in found["altitudes"]]
    assert set(np.diff(times)) == {600}


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("ra=10", "dec must be a number of degrees from -90 to 90 (ICRS)."),
        ("dec=10", "ra must be a number of degrees from 0 to 360 (ICRS)."),
        ("ra=361&dec=0", "ra must be a number of degrees from 0 to 360 (ICRS)."),
        ("ra=nan&dec=0", "ra must be a number of degrees from 0 to 360 (ICRS)."),
        ("ra=0&dec=-90.1", "dec must be a number of degrees from -90 to 90 (ICRS)."),
        ("ra=M31&dec=0", "ra must be a number of degrees from 0 to 360 (ICRS)."),
    ],
)
def test_a_bad_target_is_refused_in_one_sentence(mrc: ApiClient, query: str, sentence: str) -> None:
    answer = mrc.get(f"/events/visibility?site=mrc&{query}")
    assert (answer.status_code, answer.json()) == (400, {"error": sentence})
