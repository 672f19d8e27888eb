"""`POST /download` of a large FITS: whoever asks for level 00 or 01 gets the one that is stored."""

from urllib.parse import urlsplit

import pytest
import requests

from support.client import ApiClient
from support.images import packed, put, sky, stored

BASE = "mrc1-sq01-20260101-00000001-EX"
SOURCE = packed(sky().astype("uint16"))


@pytest.mark.parametrize(("asked", "there"), [("00", "00"), ("01", "01"), ("00", "01"), ("01", "00")])
@pytest.mark.parametrize("image_type", ["fits", "tif", "original"])
def test_the_stored_level_is_what_the_url_leads_to(
    api: ApiClient, asked: str, there: str, image_type: str
) -> None:
    put(f"data/{BASE}{there}.fits.fz", SOURCE)
    body = {"object_name": f"{BASE}{asked}.fits.fz", "image_type": image_type}
    url = api.post("/download", json=body).text
    assert requests.get(url, timeout=30).status_code == 200
    assert f"{BASE}{there}." in urlsplit(url).path


def test_with_both_levels_stored_each_name_leads_to_its_own_file(api: ApiClient) -> None:
    put(f"data/{BASE}00.fits.fz", b"zero")
    put(f"data/{BASE}01.fits.fz", b"one")
    for level, content in (("00", b"zero"), ("01", b"one")):
        body = {"object_name": f"{BASE}{level}.fits.fz", "image_type": "original"}
        assert requests.get(api.post("/download", json=body).text, timeout=30).content == content


def test_both_names_share_one_conversion(api: ApiClient) -> None:
    put(f"data/{BASE}00.fits.fz", SOURCE)
    for level in ("00", "01"):
        api.post("/download", json={"object_name": f"{BASE}{level}.fits.bz2"}).raise_for_status()
    assert len(stored("downloads/fits/")) == 1


@pytest.mark.parametrize("name", [f"{BASE}01.fits.fz", f"{BASE}10.fits.fz"])
@pytest.mark.parametrize("image_type", ["fits", "original"])
def test_where_neither_is_stored_the_error_names_what_was_asked_for(
    api: ApiClient, name: str, image_type: str
) -> None:
    put(f"data/{BASE}11.fits.fz", SOURCE)
    put(f"data/{BASE}00.txt", b"header")
    answer = api.post("/download", json={"object_name": name, "image_type": image_type})
    assert (answer.status_code, answer.text) == (404, f"There is no object data/{name}.")
