"""Nights: from one local noon to the next."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from pytz.tzinfo import BaseTzInfo

NOON = time(12)


@dataclass(frozen=True)
class Night:
    """From a local noon until the next (Unix seconds): 24 hours, or 23 or 25 if clocks change."""

    start: float
    end: float


def night_of(when: float, zone: BaseTzInfo) -> Night:
    """Return the night that contains a time (Unix seconds). A night starts at local noon."""
    today = datetime.fromtimestamp(when, UTC).date()
    # Zones are up to 14 h from UTC. Samoa skipped a day, 2011-12-30: its noon is the next day's.
    noons = [_noon(today + timedelta(days), zone) for days in range(-3, 4)]
    following = bisect_right(noons, when)
    return Night(noons[following - 1], noons[following])


def _noon(day: date, zone: BaseTzInfo) -> float:
    """Return the time of noon on a local day; if a zone skipped that noon, the time of the skip."""
    return zone.localize(datetime.combine(day, NOON)).timestamp()
