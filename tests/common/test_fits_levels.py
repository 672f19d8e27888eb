"""The other level of a large FITS."""

import pytest

from common.fits_levels import other_level


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("mrc1-sq01-20260101-00000001-EX00.fits.fz", "mrc1-sq01-20260101-00000001-EX01.fits.fz"),
        ("mrc1-sq01-20260101-00000001-EX01.fits.fz", "mrc1-sq01-20260101-00000001-EX00.fits.fz"),
        ("a-b-ex01.FITS.bz2", "a-b-ex00.FITS.bz2"),
        ("a-EP01-EX00.fits", "a-EP01-EX01.fits"),
        ("night/a-EX00.fit", "night/a-EX01.fit"),
    ],
)
def test_the_large_fits_has_two_levels(name: str, other: str) -> None:
    assert other_level(name) == other
    assert other_level(other) == name


@pytest.mark.parametrize(
    "name",
    [
        "a-EX10.fits.fz",
        "a-EX00.txt",
        "a-EX01.jpg",
        "a-00.fits",
        "EX00.fits",
        "a-EX00fits",
        "a-EX100.fits",
        "",
    ],
)
def test_other_files_have_one(name: str) -> None:
    assert other_level(name) is None
