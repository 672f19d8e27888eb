"""One image and its header, by name, over HTTP."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from common import aws
from support.client import ApiClient
from support.image_rows import HEADER, WHOLE_ROW
from support.network import BUCKET
from tests.db.conftest import Insert, without_urls

NAME = WHOLE_ROW["base_filename"]
COLUMNS_AS_STORED = WHOLE_ROW.keys() - {"header", "capture_date", "sort_date"}


def test_a_whole_package(api: ApiClient, insert: Insert) -> None:
    key = insert()
    answer = api.get(f"/image/{NAME}")
    assert answer.status_code == 200
    for url in ("jpg_url", "jpg_thumbnail_url"):
        assert parse_qs(urlsplit(answer.json()[url]).query)["X-Amz-Expires"] == ["604800"]
    assert without_urls(answer.json()) == {
        "image_id": key,
        "base_filename": "mrc1-sq01-20240110-00000001",
        "data_type": "EX",
        "site": "mrc1",
        "exposure_time": 30.0,
        "filter_used": "lum",
        "right_ascension": 83.82,
        "declination": -5.391,
        "azimuth": 181.5,
        "altitude": 48.25,
        "airmass": 1.34,
        "fits_01_exists": True,
        "fits_10_exists": False,
        "jpg_medium_exists": True,
        "jpg_small_exists": True,
        "s3_directory": "data",
        "username": "Ada Observer",
        "user_id": "auth0|ada",
        "fits_filename": "mrc1-sq01-20240110-00000001-EX00.fits.fz",
        "fits_path": "mrc1/sq01/20240110/raw",
        "SMARTSTK": "no",
        "SSTKNUM": "1",
        # date -u -d '2024-01-10 03:04:05.678' +%s%3N
        "capture_date": 1704855845678,
        "sort_date": 1704855846678,
        "jpg_url": f"data/{NAME}-EX10.jpg",
        "jpg_thumbnail_url": f"data/{NAME}-EX11.jpg",
    }


def test_a_row_of_nulls_is_a_package_with_every_key(api: ApiClient, insert: Insert) -> None:
    nulls = dict.fromkeys(WHOLE_ROW, None) | {"base_filename": "bare", "jpg_medium_exists": True}
    key = insert(**nulls)
    assert api.get("/image/bare").json() == {
        **{column: nulls[column] for column in COLUMNS_AS_STORED},
        "image_id": key,
        "s3_directory": "data",
        "fits_filename": "",
        "fits_path": "",
        "SMARTSTK": "",
        "SSTKNUM": "",
        "capture_date": None,
        "sort_date": None,
        "jpg_url": "",
        "jpg_thumbnail_url": "",
    }


@pytest.mark.parametrize(
    ("header", "cards"),
    [
        (None, ("", "", "", "")),
        ("", ("", "", "", "")),
        ('{"ORIGNAME": "a", "SITEI', ("", "", "", "")),
        ("{'ORIGNAME': 'a'}", ("", "", "", "")),
        ('["ORIGNAME"]', ("", "", "", "")),
        ('"ORIGNAME"', ("", "", "", "")),
        ("12", ("", "", "", "")),
        ("null", ("", "", "", "")),
        ("[" * 100_000, ("", "", "", "")),
        ("{}", ("", "///raw", "", "")),
        ('{"SITEID": "mrc1", "DAY-OBS": 20240110}', ("", "mrc1//20240110/raw", "", "")),
        ('{"SMARTSTK": 1704855845, "SSTKNUM": 3}', ("", "///raw", 1704855845, 3)),
        ('{"SMARTSTK": "1704855845", "SSTKNUM": "3"}', ("", "///raw", "1704855845", "3")),
        ('{"SMARTSTK": NaN, "SSTKNUM": null}', ("", "///raw", "", "")),
        ('{"SMARTSTK": 1e999, "SSTKNUM": 0}', ("", "///raw", "", 0)),
        ('{"SSTKNUM": 1, "SSTKNUM": 2, "X": {"SSTKNUM": 3}}', ("", "///raw", "", 2)),
        ('{"ORIGNAME": "caf\\u00e9\\ud83d", "SITEID": "\\ud83d\\ude00"}', ("café?", "😀///raw", "", "")),
    ],
)
def test_a_package_has_the_cards_that_its_header_has(
    api: ApiClient, insert: Insert, header: str | None, cards: tuple[Any, ...]
) -> None:
    insert(header=header)
    package = api.get(f"/image/{NAME}").json()
    found = tuple(package[key] for key in ("fits_filename", "fits_path", "SMARTSTK", "SSTKNUM"))
    assert found == cards
    assert list(map(type, found)) == list(map(type, cards))


def test_numbers_that_json_lacks_are_null(api: ApiClient, insert: Insert) -> None:
    insert(airmass=float("nan"), altitude=float("inf"), azimuth=float("-inf"))
    package = api.get(f"/image/{NAME}").json()
    assert [package[column] for column in ("airmass", "altitude", "azimuth")] == [None, None, None]


def test_without_a_small_jpg_there_is_no_thumbnail(api: ApiClient, insert: Insert) -> None:
    insert(jpg_small_exists=False)
    package = api.get(f"/image/{NAME}").json()
    assert package["jpg_thumbnail_url"] == ""
    assert package["jpg_url"] != ""


def test_the_url_fetches_the_jpg(api: ApiClient, insert: Insert) -> None:
    insert()
    key = f"data/{NAME}-EX10.jpg"
    aws.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"stars")
    assert requests.get(api.get(f"/image/{NAME}").json()["jpg_url"], timeout=10).content == b"stars"


@pytest.mark.parametrize("flag", [{"jpg_medium_exists": False}, {"jpg_medium_exists": None}])
def test_an_image_without_a_medium_jpg_is_not_found(
    api: ApiClient, insert: Insert, flag: dict[str, Any]
) -> None:
    insert(**flag)
    for slash in ("", "/"):
        answer = api.get(f"/image/{NAME}{slash}")
        assert (answer.status_code, answer.text) == (404, f"No results found for {NAME}")
    assert api.get(f"/fitsheader/{NAME}").json() == HEADER


def test_several_images_of_one_name(api: ApiClient, insert: Insert) -> None:
    insert()
    insert(jpg_medium_exists=False)
    assert api.get(f"/image/{NAME}").status_code == 200
    answer = api.get(f"/fitsheader/{NAME}")
    assert (answer.status_code, answer.text) == (
        404,
        f"Multiple fits headers found in the db for {NAME}",
    )
    insert()
    answer = api.get(f"/image/{NAME}")
    assert (answer.status_code, answer.text) == (404, f"Multiple images found for {NAME}")


def test_a_header_comes_whole(api: ApiClient, insert: Insert) -> None:
    header = (
        HEADER | {f"CARD{number}": number / 7 for number in range(150)} | {"é": "ü", "DEEP": [{"a": None}]}
    )
    insert(header=json.dumps(header))
    answer = api.get(f"/fitsheader/{NAME}/")
    assert answer.json() == header
    assert '"NAXIS1":9576,"EXPTIME":30.0,' in answer.text


@pytest.mark.parametrize("header", [None, "", "{", "[1]", "12", "{}", "[" * 100_000])
def test_an_invalid_header_is_an_empty_object(api: ApiClient, insert: Insert, header: str | None) -> None:
    insert(header=header)
    answer = api.get(f"/fitsheader/{NAME}")
    assert (answer.status_code, answer.text) == (200, "{}")


def test_a_header_with_what_json_lacks_is_valid_json(api: ApiClient, insert: Insert) -> None:
    insert(header='{"A": NaN, "B": [Infinity, -Infinity, 1e999], "C": "\\ud800", "\\udfff": {"D": NaN}}')
    text = api.get(f"/fitsheader/{NAME}").text
    assert text == '{"A":null,"B":[null,null,null],"C":"?","?":{"D":null}}'


def test_without_a_row_there_is_no_header(api: ApiClient, insert: Insert) -> None:
    answer = api.get("/fitsheader/nothing")
    assert (answer.status_code, answer.text) == (404, "No fits header found in the db for nothing")
