"""UTC to TAI, against the newest leap second table of the IERS that astropy brings."""

import erfa  # type: ignore[import-untyped]
import pytest
from astropy_iers_data import IERS_LEAP_SECOND_FILE  # type: ignore[import-untyped]

from events.tai import DAY_S, tai_julian_date, tai_minus_utc

UNIX_EPOCH_MJD = 40587


def iers_rows() -> list[tuple[float, int]]:
    """Pairs: a start (Unix seconds), and TAI-UTC in seconds from then on."""
    with open(IERS_LEAP_SECOND_FILE) as file:  # noqa: PTH123 - the package names its file as text
        rows = [line.split() for line in file if not line.startswith("#")]
    return [((float(row[0]) - UNIX_EPOCH_MJD) * DAY_S, int(row[4])) for row in rows]


@pytest.mark.parametrize(("start", "offset"), iers_rows())
def test_every_leap_second_of_the_iers(start: float, offset: int) -> None:
    assert tai_minus_utc(start) == offset
    assert tai_minus_utc(start + 180 * DAY_S) == offset


def test_no_more_leap_seconds_than_the_iers_has() -> None:
    assert tai_minus_utc(4e9) == iers_rows()[-1][1]


@pytest.mark.parametrize("day", [0, 1, 400, 729.999])
def test_the_years_before_leap_seconds(day: float) -> None:
    """erfa has the drifting offsets of 1960 to 1972 from IAU SOFA's `dat`."""
    year, month, whole_day, fraction = erfa.jd2cal(2440587.5, day)
    assert tai_minus_utc(day * DAY_S) == pytest.approx(erfa.dat(year, month, whole_day, fraction), abs=1e-9)


def test_a_julian_date() -> None:
    # 2000-01-01T12:00:00 TAI is JD 2451545.0 by definition; TAI-UTC was 32 s, so 11:59:28Z.
    assert tai_julian_date(946727968) == 2451545.0
