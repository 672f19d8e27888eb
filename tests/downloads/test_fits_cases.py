"""FITS files that are odd, and what is read of them: see `tests/data/fits_cases/README.md`."""

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from astropy.io import fits

from common.errors import Unprocessable
from deploy import fits_cases
from downloads.pixels import STORED
from support.client import ApiClient
from support.contract import Contract
from support.images import Pixels, converted, image_in, packed, plain, put, sky, stored
from tests.downloads.tables import card, filled

CASES = Path(__file__).parents[1] / "data" / "fits_cases"
RIGHT = (CASES / "no-ztile-right.fits").read_bytes()
SAME_PIXELS = ("blank-empty", "blank-float", "blank-text", "nul")
INT16 = (sky(20, 30) - 1000).astype(np.int16)


def case(name: str) -> bytes:
    return (CASES / name).read_bytes()


def stored_in(content: bytes) -> Pixels:
    """The numbers of a plain file. Read without astropy, which warns of odd cards."""
    hdu, data = image_in(content)
    return np.frombuffer(data, STORED[hdu.bits]).reshape(hdu.axes[::-1])


def with_card(content: bytes, name: str, text: str) -> bytes:
    """The file with one more card in the header of its image, before END."""
    at = content.rindex(b"END" + b" " * 77)
    room = content[at + 80 : at + 160]
    assert room == b" " * 80
    return content[:at] + f"{name:8}= {text}".ljust(80).encode() + content[at : at + 80] + content[at + 160 :]


@pytest.mark.parametrize("name", SAME_PIXELS)
@pytest.mark.parametrize("suffix", [".fits", ".fits.fz"])
def test_an_odd_optional_card_is_ignored(name: str, suffix: str) -> None:
    np.testing.assert_array_equal(stored_in(converted(case(name + suffix))), stored_in(RIGHT))
    assert converted(case(name + suffix), "arcsinh") == converted(RIGHT, "arcsinh")


def test_without_ztile_a_tile_is_a_row() -> None:
    assert converted(case("no-ztile.fits.fz")) == RIGHT


def test_zscale_and_zzero_may_be_cards() -> None:
    made = converted(case("zscale-keyword.fits.fz"))
    np.testing.assert_array_equal(stored_in(made), stored_in(case("zscale-keyword-right.fits")))


@pytest.mark.parametrize("text", ["'small'", "", "nan", "T"])
def test_a_zscale_that_is_no_number_is_refused(text: str) -> None:
    content = case("zscale-keyword.fits.fz")
    broken = re.sub(rb"ZSCALE  =.{71}", f"ZSCALE  = {text}".ljust(80).encode(), content)
    with pytest.raises(Unprocessable, match="ZSCALE is no number"):
        converted(broken)


def test_headers_padded_by_nul_become_valid_ones() -> None:
    assert b"END".ljust(80) in converted(case("nul.fits"))
    assert converted(case("nul.fits")) == converted(case("nul.fits")).replace(b"END\0", b"END ")


def test_cards_may_be_padded_by_nul() -> None:
    content = plain(INT16)
    padded = content.replace(card("NAXIS1", 30), card("NAXIS1", 30).rstrip().ljust(80, b"\0"))
    padded = padded.replace(b"/ array data type", b"/ type\0\0\0\0\0\0\0\0\0\0\0")
    np.testing.assert_array_equal(stored_in(converted(padded)), INT16)


def test_the_image_after_random_groups_is_found() -> None:
    content = case("groups-image.fits")
    np.testing.assert_array_equal(stored_in(converted(content)), fits.getdata(io.BytesIO(content), 1))


def test_numbers_with_a_small_exponent() -> None:
    content = case("small-d.fits")
    assert b"3.2768d4" in content
    capital = content.replace(b"3.2768d4", b"3.2768D4").replace(b"1.0d0", b"1.0D0")
    assert converted(content, "linear") == converted(capital, "linear")


@pytest.mark.parametrize("path", fits_cases.HOSTILE, ids=lambda path: path.name.split(".")[0])
def test_hostile_files_are_refused_in_words(api: ApiClient, path: Path) -> None:
    put("data/hostile.fits.fz", path.read_bytes())
    for image_type in ("fits", "tif"):
        wanted = {"object_name": "hostile.fits.fz", "image_type": image_type}
        answer, again = (api.post("/download", json=wanted) for _ in range(2))
        assert (answer.status_code, again.status_code) == (422, 422), answer.text
        assert again.text == answer.text
        assert re.match(r"The FITS (image cannot be decoded: \w+|header has \w+)", answer.text)
    assert not any(stored("downloads/").values())


def test_the_contract_shows_a_refusal_as_it_is(api: ApiClient, contract: Contract) -> None:
    put("data/none.fits", b"no FITS file")
    shown = contract.operation("post", "/download")["responses"]["422"]["content"]["text/plain"]["example"]
    assert api.post("/download", json={"object_name": "none.fits"}).text == shown


@pytest.mark.parametrize("path", fits_cases.ODD, ids=lambda path: path.name)
def test_odd_files_have_the_right_pixels_over_http(api: ApiClient, path: Path) -> None:
    put("data/odd.fits.fz", path.read_bytes())
    answer = api.post("/download", json={"object_name": "odd.fits.fz"})
    assert answer.status_code == 200, answer.text
    made = requests.get(answer.text, timeout=30).content
    assert fits_cases.data_of(made) == fits_cases.expected_data(path)
    assert api.post("/download", json={"object_name": "odd.fits.fz", "image_type": "tif"}).status_code == 200


# Values that other readers ignore: cfitsio when it reads the array's description, astropy with a warning.
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("BLANK", "'-32768'x"),
        ("BLANK", "1.5"),
        ("BLANK", "T"),
        ("BSCALE", "'one'"),
        ("BSCALE", ""),
        ("BSCALE", "nan"),
        ("BSCALE", "1_0"),
        ("BZERO", "'zero'"),
        ("BZERO", "1e999"),
        ("EXTNAME", "17"),
        ("EXTNAME", "'COMPRESSED_IMAGE"),
        ("ZBLANK", "'none'"),
        ("ZBLANK", ""),
        ("GROUPS", "'yes'"),
    ],
)
@pytest.mark.parametrize("make", [plain, packed])
def test_optional_cards_of_a_wrong_type_are_ignored(make: Any, name: str, text: str) -> None:
    content = with_card(make(INT16), name, text)
    np.testing.assert_array_equal(stored_in(converted(content)), INT16)
    assert converted(content, "linear") == converted(plain(INT16), "linear")


def test_of_a_doubled_keyword_the_first_counts() -> None:
    content = with_card(with_card(plain(INT16), "BZERO", "32768"), "BZERO", "7")
    first = with_card(plain(INT16), "BZERO", "32768")
    assert converted(content, "linear") == converted(first, "linear")


def test_keywords_in_small_letters() -> None:
    content = plain(INT16).replace(b"NAXIS1  =", b"naxis1  =")
    np.testing.assert_array_equal(stored_in(converted(content)), INT16)


def test_a_text_over_several_cards_does_no_harm() -> None:
    image = fits.PrimaryHDU(INT16)
    image.header["ORIGIN"] = "END of a long text " * 20
    file = io.BytesIO()
    image.writeto(file)
    assert b"CONTINUE" in file.getvalue()
    assert converted(file.getvalue()) == file.getvalue()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"NAXIS": 10}, "The FITS header has 10 axes; at most 9 are possible."),
        ({"NAXIS": -1}, "The FITS header has -1 axes; at most 9 are possible."),
        ({"GCOUNT": 0}, "The FITS header has a GCOUNT below 1 or a PCOUNT below 0."),
        ({"GCOUNT": -1}, "The FITS header has a GCOUNT below 1 or a PCOUNT below 0."),
        ({"PCOUNT": -1}, "The FITS header has a GCOUNT below 1 or a PCOUNT below 0."),
        ({"NAXIS1": "1_0"}, "The FITS header has no whole number as NAXIS1."),
    ],
)
def test_impossible_descriptions_are_refused(changes: dict[str, Any], reason: str) -> None:
    cards = {"SIMPLE": True, "BITPIX": 8, "NAXIS": 1} | {f"NAXIS{n}": 1 for n in range(1, 11)} | changes
    content = filled(b"".join(card(*pair) for pair in cards.items()) + b"END".ljust(80), b" ") + bytes(2880)
    with pytest.raises(Unprocessable, match=re.escape(reason)):
        converted(content)


def test_a_header_without_end_is_not_read_for_ever() -> None:
    endless = plain(INT16).replace(b"END".ljust(80), b"COMMENT".ljust(80))[:2880] + b" " * 2880 * 400
    with pytest.raises(Unprocessable, match="more than 300 blocks"):
        converted(endless)
