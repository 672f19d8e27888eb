"""The observatory's schedule of a night, which follows the Sun."""

from collections.abc import Mapping

from events.crossings import Curve

# Each event is the time at which the Sun's centre crosses this altitude (degrees, without refraction):
# setting in the evening, rising in the morning. Civil, nautical and astronomical twilight are as in the
# Explanatory Supplement to the Astronomical Almanac (2013, section 12.2.2). The other levels are the
# network's own. Its sunset differs from that of almanacs, which take a centre 50 arcmin below the horizon.
EVENING = {
    "Sun Set": -0.25,
    "Civil Dusk": -6.0,
    "End Eve Sky Flats": -11.75,
    "Naut Dusk": -12.0,
    "Astro Dark": -18.0,
}
MORNING = {
    "End Astro Dark": -18.0,
    "Naut Dawn": -12.0,
    "Morn Sky Flats": -11.75,
    "Civil Dawn": -6.0,
    "End Morn Sky Flats": -1.5,
    "Sunrise": -0.25,
}

# Events at a fixed time (s) after another event; before it if the time is negative.
FOLLOWING = (
    ("Ops Window Start", "Sun Set", -3600),
    ("Cool Down, Open", "Ops Window Start", 30),
    ("Eve Sky Flats", "Sun Set", -1800),
    ("Clock & Auto Focus", "End Eve Sky Flats", 60),
    ("Observing Begins", "Naut Dusk", 300),
    ("Observing Ends", "Naut Dawn", -300),
    ("Final Clock & Auto Focus", "Naut Dawn", -240),
    ("Ops Window Closes", "End Morn Sky Flats", 30),
    ("End Eve Scrn Flats", "Ops Window Start", -75),
    ("Eve Scrn Flats", "End Eve Scrn Flats", -5400),
    ("End Eve Bias Dark", "Eve Scrn Flats", -385),
    ("Eve Bias Dark", "End Eve Bias Dark", -28_800),
)


def schedule(sun: Curve) -> dict[str, float]:
    """Return the times (Unix seconds) of a night's events that depend on the Sun, by name.

    An event that does not happen is left out, together with the events derived from it.

    Parameters
    ----------
    sun
        The Sun's altitude from noon to noon.
    """
    events = _crossings(sun, EVENING, rising=False) | _crossings(sun, MORNING, rising=True)
    for name, cause, seconds in FOLLOWING:
        if cause in events:
            events[name] = events[cause] + seconds
    return events | _middle(events)


def _crossings(sun: Curve, altitudes: Mapping[str, float], *, rising: bool) -> dict[str, float]:
    times = {
        name: [crossing.time for crossing in sun.crossings(altitude) if crossing.rising == rising]
        for name, altitude in altitudes.items()
    }
    return {name: found[0] for name, found in times.items() if found}


def _middle(events: Mapping[str, float]) -> dict[str, float]:
    """Return the middle of the night, if the Sun sets and rises."""
    sunset, sunrise = events.get("Sun Set"), events.get("Sunrise")
    if sunset is None or sunrise is None or sunrise < sunset:
        return {}
    return {"Middle of Night": (sunset + sunrise) / 2}
