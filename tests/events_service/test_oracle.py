"""The events against astropy and astroplan, at places and in nights that Hypothesis draws.

astropy has another theory of the Sun (ERFA's `epv00`) and of the Moon (`moon98`, Meeus's selection of
ELP 2000-82), another precession and nutation (IAU 2006/2000A) and the measured rotation of the Earth;
astroplan has its own way to find a crossing. Both run without network, on the data of astropy-iers-data.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import pytz
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from events import moon
from events.almanac import Almanac, almanac
from events.altitudes import Place
from events.observers import Observer
from events.schedule import EVENING, MORNING
from events.tracks import Track

# Two times are compared by their altitudes in the other theory, because the times themselves may differ much
# where the Sun or the Moon only grazes an altitude. The sky turns by 15 arcsec a second.
#
# The Sun: astropy uses UT1, the events use UTC. These differ by 0.25 s (3.8 arcsec) at most in the years
# whose UT1 is known. Theories, polar motion and diurnal aberration (0.3 arcsec each) add less than 1 arcsec.
SUN_ARCSEC = 5
# The Moon: as for the Sun, and 10 arcsec more. That is the accuracy that Meeus states for his selection of
# terms (Astronomical Algorithms, chapter 47).
MOON_ARCSEC = 15
# astroplan interpolates the altitude linearly between points 9.6 minutes apart, which leaves up to
# (2 pi / 86400 s)^2 x 57.3 deg x (576 s)^2 / 8 = 0.0126 deg.
ASTROPLAN_DEGREES = 0.0126 + MOON_ARCSEC / 3600
# Aberration puts ephem's Sun 20 arcsec away from astroplan's. That changes the illuminated part of the disc
# by 0.00005; `moon98` adds as much.
ILLUMINATION = 0.0003

# The same cases in every run. Without shrinking: astropy needs long for a night, and a smaller example would
# not be simpler.
CASES = settings(max_examples=25, deadline=None, derandomize=True, phases=[Phase.generate])

# ERFA and astropy warn of years whose leap seconds, rotation and polar motion (0.3 arcsec) are not known yet.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*dubious year"),
    pytest.mark.filterwarnings("ignore:Tried to get polar motions"),
    # for an event that does not happen, astroplan warns and returns a masked time
    pytest.mark.filterwarnings("ignore:Target with index 0 does not cross"),
]

nights = st.builds(
    lambda latitude, longitude, elevation, when: almanac(
        Observer(
            Place(latitude, longitude, elevation),
            pytz.FixedOffset(60 * round(longitude / 15)),  # type: ignore[arg-type]  # it is a time zone too
            "drawn",
        ),
        when,
    ),
    st.floats(-66, 66),
    st.floats(-180, 180),
    st.floats(0, 4000),
    # 2020-01-01 to 2035-12-31
    st.integers(1_577_836_800, 2_082_672_000),
)


@pytest.fixture(autouse=True, scope="module")
def offline() -> Iterator[None]:
    from astropy.utils import iers

    with (
        iers.conf.set_temp("auto_download", False),  # noqa: FBT003 - astropy's way
        iers.conf.set_temp("auto_max_age", None),
        iers.conf.set_temp("iers_degraded_accuracy", "ignore"),
    ):
        yield


def location(place: Place) -> Any:
    from astropy.coordinates import EarthLocation

    return EarthLocation.from_geodetic(place.longitude, place.latitude, place.elevation)


def altitudes(body: str, place: Place, times: list[float]) -> Any:
    """Altitudes by astropy (degrees)."""
    from astropy.coordinates import AltAz, get_body
    from astropy.time import Time

    moments = Time(times, format="unix")
    where = location(place)
    return get_body(body, moments, where).transform_to(AltAz(obstime=moments, location=where)).alt.deg


@CASES
@given(nights)
def test_the_sun_is_where_astropy_has_it(night: Almanac) -> None:
    wanted = EVENING | MORNING
    found = {name: time for name, time in night.events.items() if name in wanted}
    if not found:
        return
    there = altitudes("sun", night.observer.place, list(found.values()))
    errors = 3600 * np.abs(there - [wanted[name] for name in found])
    assert errors.max() < SUN_ARCSEC, dict(zip(found, errors, strict=True))


@CASES
@given(nights)
def test_the_moon_is_where_astropy_has_it(night: Almanac) -> None:
    times = [time for name, time in night.events.items() if name.startswith("Moon")]
    if not times:
        return
    there = altitudes("moon", night.observer.place, times)
    assert 3600 * np.abs(there - moon.HORIZON).max() < MOON_ARCSEC


@settings(parent=CASES, max_examples=12)
@given(nights)
def test_no_crossing_is_missed_or_made_up(night: Almanac) -> None:
    """The sequence of rises and sets, against astropy's altitudes every ten minutes."""
    times = [*np.arange(night.night.start, night.night.end, 600), night.night.end]
    for body, altitude, horizons in (
        ("sun", night.sun, {*EVENING.values(), *MORNING.values()}),
        ("moon", night.moon, {moon.HORIZON}),
    ):
        there = altitudes(body, night.observer.place, times)
        curve = night.curve(altitude)
        for horizon in horizons:
            up = there > horizon
            expected = [bool(now) for before, now in pairwise(up) if before != now]
            assert [crossing.rising for crossing in curve.crossings(horizon)] == expected, (body, horizon)


def at_noon(night: Almanac, time: float) -> bool:
    return min(abs(time - night.night.start), abs(time - night.night.end)) < 3600


@settings(parent=CASES, max_examples=8)
@given(nights)
def test_astroplan_finds_the_same_events(night: Almanac) -> None:
    from astroplan import Observer as Astroplan  # type: ignore[import-untyped]
    from astropy import units
    from astropy.time import Time

    observer = Astroplan(location=location(night.observer.place))
    noon = Time(night.night.start, format="unix")
    names = {
        "Sun Set": observer.sun_set_time(noon, "next", horizon=-0.25 * units.deg),
        "Civil Dusk": observer.twilight_evening_civil(noon, "next"),
        "Naut Dusk": observer.twilight_evening_nautical(noon, "next"),
        "Astro Dark": observer.twilight_evening_astronomical(noon, "next"),
        "End Astro Dark": observer.twilight_morning_astronomical(noon, "next"),
        "Naut Dawn": observer.twilight_morning_nautical(noon, "next"),
        "Civil Dawn": observer.twilight_morning_civil(noon, "next"),
        "Sunrise": observer.sun_rise_time(noon, "next", horizon=-0.25 * units.deg),
        "Moon Rise": observer.moon_rise_time(noon, "next", horizon=-34 * units.arcmin),
        "Moon Set": observer.moon_set_time(noon, "next", horizon=-34 * units.arcmin),
    }
    found = {name: time.unix for name, time in names.items() if not np.ma.is_masked(time.jd)}
    found = {name: time for name, time in found.items() if time < night.night.end}
    ours = {name: time for name, time in night.events.items() if name in names}
    # Near noon, an event may be in the night for one program and not for the other. astroplan looks a little
    # further than a day; if the Moon rises twice, it answers the later rise.
    unsure = {name for name, time in [*ours.items(), *found.items()] if at_noon(night, time)}
    assert set(found) - unsure == set(ours) - unsure
    for name in set(found) & set(ours):
        altitude = night.moon if name.startswith("Moon") else night.sun
        assert abs(altitude(found[name]) - altitude(ours[name])) < ASTROPLAN_DEGREES, name


@CASES
@given(st.integers(1_577_836_800, 2_082_672_000))
def test_illumination_is_astroplans(time: int) -> None:
    import ephem
    from astroplan.moon import moon_illumination  # type: ignore[import-untyped]
    from astropy.time import Time

    found = Track(ephem.Moon(), time, time).illumination(time)
    assert found == pytest.approx(moon_illumination(Time(time, format="unix")), abs=ILLUMINATION)
