"""Nights: from one local noon to the next."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from pytz.tzinfo import BaseTzInfo

NOON = time(12)


@dataclass(frozen=True)
class Night:
    """From a local noon up to, not at, the next (Unix seconds): 24 hours, or 23 or 25 when clocks change."""

    start: float
    end: float


def night_of(when: float, zone: BaseTzInfo) -> Night:
    """Answer the night, in a zone's clocks, to which a moment (Unix seconds) belongs; noon begins one."""
    today = datetime.fromtimestamp(when, UTC).date()
    # Zones are up to 14 h from UTC. The noon of a day that one skipped (Samoa, 2011-12-30) is the next day's.
    noons = [_noon(today + timedelta(days), zone) for days in range(-3, 4)]
    following = bisect_right(noons, when)
    return Night(noons[following - 1], noons[following])


def _noon(day: date, zone: BaseTzInfo) -> float:
    """Answer the moment of noon on a local day; of a noon that a zone skipped, the moment when it did."""
    return zone.localize(datetime.combine(day, NOON)).timestamp()
