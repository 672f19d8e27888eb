"""Conversion of UTC to TAI, the time scale of the responses.

The leap seconds are those of the IERS (Bulletin C, https://hpiers.obspm.fr/iers/bul/bulc/Leap_Second.dat).
They are announced half a year ahead. A test compares this table with the newest one in astropy-iers-data, so
it fails after `make lock` when a line is missing.
"""

from bisect import bisect_right
from calendar import timegm

DAY_S = 86400
# Julian date of the Unix epoch, 1970-01-01T00:00Z.
UNIX_EPOCH_JD = 2440587.5

_LEAP_SECONDS = (
    (1972, 1, 10),
    (1972, 7, 11),
    (1973, 1, 12),
    (1974, 1, 13),
    (1975, 1, 14),
    (1976, 1, 15),
    (1977, 1, 16),
    (1978, 1, 17),
    (1979, 1, 18),
    (1980, 1, 19),
    (1981, 7, 20),
    (1982, 7, 21),
    (1983, 7, 22),
    (1985, 7, 23),
    (1988, 1, 24),
    (1990, 1, 25),
    (1991, 1, 26),
    (1992, 7, 27),
    (1993, 7, 28),
    (1994, 7, 29),
    (1996, 1, 30),
    (1997, 7, 31),
    (1999, 1, 32),
    (2006, 1, 33),
    (2009, 1, 34),
    (2012, 7, 35),
    (2015, 7, 36),
    (2017, 1, 37),
)
"""TAI-UTC (s) from the first day of a month (year, month) on."""

_STARTS = [timegm((year, month, 1, 0, 0, 0)) for year, month, _ in _LEAP_SECONDS]
_OFFSETS = [seconds for _, _, seconds in _LEAP_SECONDS]

# From 1968 to 1972 UTC had a fixed rate difference instead of leap seconds: TAI-UTC at the Unix epoch (s) and
# its growth (s/day) from 4.2131700 s + (MJD - 39126) x 0.002592 s
# (https://maia.usno.navy.mil/ser7/tai-utc.dat).
_EPOCH_OFFSET_S = 8.000082
_EPOCH_DRIFT_S = 0.002592


def tai_minus_utc(unix_s: float) -> float:
    """Return TAI-UTC (s) at a time after 1968 February 1.

    After the newest announced leap second, its offset is used.

    Parameters
    ----------
    unix_s
        Unix seconds, which count no leap seconds.
    """
    index = bisect_right(_STARTS, unix_s)
    if index == 0:
        return _EPOCH_OFFSET_S + _EPOCH_DRIFT_S * unix_s / DAY_S
    return _OFFSETS[index - 1]


def tai_julian_date(unix_s: float) -> float:
    """Return the Julian date in TAI, to 40 microseconds, of a time in Unix seconds."""
    return UNIX_EPOCH_JD + (unix_s + tai_minus_utc(unix_s)) / DAY_S
