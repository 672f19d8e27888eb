"""Outlines of images, judged by astropy."""

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.wcs import WCS
from hypothesis import given
from hypothesis import strategies as st

from vo import obscore


@given(
    ra=st.floats(0, 359.99),
    dec=st.floats(-90, 90),
    width=st.floats(0.05, 3),
    height=st.floats(0.05, 3),
)
def test_an_outline_has_the_corners_of_a_tangential_projection(
    ra: float, dec: float, width: float, height: float
) -> None:
    projection = WCS(naxis=2)
    projection.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    projection.wcs.crval = [ra, dec]
    projection.wcs.cdelt = [-1, 1]
    corners = np.reshape(obscore.outline(ra, dec, width, height), (4, 2))
    sides = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    expected = projection.wcs_pix2world(sides * [width / 2, height / 2], 1)
    apart = SkyCoord(corners, unit="deg").separation(SkyCoord(expected, unit="deg")).deg
    assert apart == pytest.approx(0, abs=1e-9)


@given(ra=st.floats(0, 359.99), dec=st.floats(-90, 90))
def test_an_outline_is_counter_clockwise_on_a_chart_with_east_to_the_left(ra: float, dec: float) -> None:
    corners = SkyCoord(np.reshape(obscore.outline(ra, dec, 0.8, 0.6), (4, 2)), unit="deg")
    angles = SkyCoord(ra, dec, unit="deg").position_angle(corners).deg
    # A position angle grows from north to east, counter-clockwise.
    assert ((np.roll(angles, -1) - angles) % 360 < 180).all()
