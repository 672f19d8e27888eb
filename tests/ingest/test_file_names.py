"""What names of uploaded files say."""

import itertools

import pytest

from ingest.file_names import OTHER_PROGRAMS_RANK, ExposureFile, Kind, is_older, parse_key, site_of

BASE = "saf-sq01-20240110-00000123"


def parsed(key: str) -> ExposureFile:
    file = parse_key(key)
    assert file is not None
    return file


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("EX00.txt", Kind.HEADER_TEXT),
        ("EX00.fits.fz", Kind.LARGE_FITS),
        ("EX01.fits.bz2", Kind.LARGE_FITS),
        ("EX10.fits.gz", Kind.SMALL_FITS),
        ("EX13.fits", Kind.SMALL_FITS),
        ("EX10.jpg", Kind.MEDIUM_JPG),
        ("EP13.JPG", Kind.MEDIUM_JPG),
        ("EX11.jpg", Kind.SMALL_JPG),
    ],
)
@pytest.mark.parametrize("directory", ["data", "info-images"])
def test_files_of_an_exposure(directory: str, name: str, kind: Kind) -> None:
    file = parsed(f"{directory}/{BASE}-{name}")
    assert (file.kind, file.base_filename, file.data_type) == (kind, BASE, name[:2])
    assert (file.site, file.directory, file.file_date) == ("saf", directory, "20240110")
    assert file.thumbnail_key == f"{directory}/{BASE}-{name[:2]}11.jpg"


@pytest.mark.parametrize(
    "key",
    [
        f"allsky/{BASE}-EX10.jpg",
        f"downloads/{BASE}-EX10.jpg",
        f"data/{BASE}-EX10.png",
        f"data/{BASE}-EX11.fits",
        f"data/{BASE}-EX99.jpg",
        f"data/{BASE}-10.jpg",
        f"data/{BASE}-EX10",
        "data/EX10.jpg",
        "data/-EX10.jpg",
        "data/",
        "",
        f"{BASE}-EX10.jpg",
    ],
)
def test_other_keys_are_no_files_of_an_exposure(key: str) -> None:
    assert parse_key(key) is None


def test_site_of_any_key() -> None:
    assert site_of("allsky/mrc-cam.jpg") == "mrc"
    assert site_of("data/readme.txt") == "readme.txt"
    assert site_of("data/") == "unknown"


def test_headers_have_one_order() -> None:
    names = [
        *(
            f"EX{level}.fits{packing}"
            for level in ("13", "10", "01", "00")
            for packing in (".bz2", ".gz", "", ".fz")
        ),
        "EX01.txt",
        "EX00.txt",
    ]
    ranks = [parsed(f"data/{BASE}-{name}").header_rank for name in names]
    assert ranks == sorted(set(ranks))
    assert ranks[0] > 0
    assert ranks[-3] < OTHER_PROGRAMS_RANK < ranks[-2]
    assert parsed(f"data/{BASE}-EX10.jpg").header_rank == 0


def test_order_of_images() -> None:
    in_order = [
        f"saf-sq01-2024{month}10-0000{number}"
        for month, number in (("01", "0123"), ("01", "0124"), ("02", "0001"))
    ]
    for older, newer in itertools.combinations(in_order, 2):
        assert is_older(older, newer)
        assert not is_older(newer, older)
    assert not is_older(in_order[0], in_order[0])


def test_numbers_of_two_cameras_are_not_compared() -> None:
    assert not is_older("saf-sq01-20240110-00000123", "saf-sq02-20240110-00000124")
    assert not is_older("saf-test", "saf-sq02-20240110-00000124")
