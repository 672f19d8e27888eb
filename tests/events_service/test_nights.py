"""From local noon to local noon, whatever the zone does. Expected moments by the IANA zone database."""

from datetime import datetime

import pytest
import pytz
from hypothesis import given
from hypothesis import strategies as st

from events.nights import night_of


def utc(date: str) -> float:
    return datetime.fromisoformat(f"{date}Z").timestamp()


@pytest.mark.parametrize(
    ("zone", "when", "start", "end"),
    [
        # an ordinary night, seen from its evening and from its morning
        ("America/Los_Angeles", "2026-01-15T03:00", "2026-01-14T20:00", "2026-01-15T20:00"),
        ("America/Los_Angeles", "2026-01-15T19:59:59", "2026-01-14T20:00", "2026-01-15T20:00"),
        # noon itself begins a night
        ("America/Los_Angeles", "2026-01-15T20:00", "2026-01-15T20:00", "2026-01-16T20:00"),
        # clocks go forward: 23 hours
        ("America/Los_Angeles", "2026-03-08T05:00", "2026-03-07T20:00", "2026-03-08T19:00"),
        ("America/Los_Angeles", "2026-03-08T19:00", "2026-03-08T19:00", "2026-03-09T19:00"),
        # clocks go back: 25 hours
        ("America/Los_Angeles", "2026-11-01T19:59", "2026-10-31T19:00", "2026-11-01T20:00"),
        ("Australia/Melbourne", "2026-04-05T01:30", "2026-04-04T01:00", "2026-04-05T02:00"),
        # by half an hour only
        ("Australia/Lord_Howe", "2026-04-05T00:00", "2026-04-04T01:00", "2026-04-05T01:30"),
        # UTC+14, UTC-11, and half hours
        ("Pacific/Kiritimati", "2026-09-21T21:59", "2026-09-20T22:00", "2026-09-21T22:00"),
        ("Pacific/Pago_Pago", "2026-09-21T22:59", "2026-09-20T23:00", "2026-09-21T23:00"),
        ("Asia/Kolkata", "2026-09-21T06:30", "2026-09-21T06:30", "2026-09-22T06:30"),
        # one zone for a whole continent: noon is at 9:20 by the Sun in Ngari
        ("Asia/Shanghai", "2026-10-01T03:59", "2026-09-30T04:00", "2026-10-01T04:00"),
        # Samoa had no 30th of December 2011: noon on the 29th is followed by noon on the 31st, a day later
        ("Pacific/Apia", "2011-12-30T15:00", "2011-12-29T22:00", "2011-12-30T22:00"),
        # Sudan went from 12 straight to 13 on the 15th of January 2000
        ("Africa/Khartoum", "2000-01-15T09:59", "2000-01-14T10:00", "2000-01-15T10:00"),
        ("Africa/Khartoum", "2000-01-15T10:00", "2000-01-15T10:00", "2000-01-16T09:00"),
        # Kwajalein skipped the 21st of August 1993, from UTC-12 to UTC+12
        ("Pacific/Kwajalein", "1993-08-21T12:00", "1993-08-21T00:00", "1993-08-22T00:00"),
    ],
)
def test_a_night(zone: str, when: str, start: str, end: str) -> None:
    night = night_of(utc(when), pytz.timezone(zone))
    assert (night.start, night.end) == (utc(start), utc(end))


@given(
    when=st.integers(0, 2_000_000_000),
    zone=st.sampled_from(
        ["Pacific/Apia", "Pacific/Kiritimati", "Africa/Casablanca", "Antarctica/Troll", "Europe/London"]
    ),
)
def test_nights_begin_and_end_at_noon_and_hold_their_moment(when: int, zone: str) -> None:
    night = night_of(when, pytz.timezone(zone))
    assert night.start <= when < night.end
    for edge in (night.start, night.end):
        assert f"{datetime.fromtimestamp(edge, pytz.timezone(zone)):%H:%M:%S}" == "12:00:00"
    assert night_of(night.end, pytz.timezone(zone)).start == night.end
    assert 22 * 3600 <= night.end - night.start <= 26 * 3600
