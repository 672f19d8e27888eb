"""Rows and tables that are not as they should be: on every image route, an odd row affects only itself."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
import requests

from site_configs import store as site_configs
from support.client import ApiClient
from support.image_rows import NIGHT, WHOLE_ROW
from support.images import put
from tests.db.conftest import Insert

NAME = WHOLE_ROW["base_filename"]
FILE = f"{NAME}-EX01.fits.fz"
ZIP = {
    "site": "mrc1",
    "start_timestamp_s": "2024-01-10",
    "end_timestamp_s": "2024-01-11",
    "fits_size": "large",
}
Ask = Callable[[ApiClient], requests.Response]
ROUTES: dict[str, Ask] = {
    "image": lambda api: api.get(f"/image/{NAME}"),
    "latest_images": lambda api: api.get("/mrc1/latest_images/100"),
    "latest_image_all_sites": lambda api: api.get("/latest_image_all_sites"),
    "fitsheader": lambda api: api.get(f"/fitsheader/{NAME}"),
    "filtered_images": lambda api: api.get("/filtered_images", params={"site": "mrc1"}),
    "downloadzip": lambda api: api.post("/downloadzip", json=ZIP),
}
# The columns that are read by routes that do not answer whole packages.
READ = {
    "latest_image_all_sites": {
        "image_id",
        "site",
        "base_filename",
        "data_type",
        "capture_date",
        "sort_date",
        "jpg_medium_exists",
        # `GET /now` reads the newest image of each site by the same query.
        "jpg_small_exists",
    },
    "fitsheader": {"base_filename", "header"},
    "downloadzip": {
        "image_id",
        "site",
        "capture_date",
        "base_filename",
        "data_type",
        "fits_01_exists",
        "fits_10_exists",
    },
}
COLUMNS = ["image_id", *WHOLE_ROW]
NUMBERS = ("right_ascension", "declination", "altitude", "azimuth", "airmass", "exposure_time")
TEXTS = ("filter_used", "username", "user_id")

_DEEP = "[" * 900 + "]" * 900
ODD_ROWS: dict[str, dict[str, Any]] = {
    "nothing but NULL": dict.fromkeys(WHOLE_ROW),
    "NULL where it may": {**dict.fromkeys(WHOLE_ROW), "site": "mrc1", "jpg_medium_exists": True},
    **{f"NULL {column}": {column: None} for column in WHOLE_ROW},
    "NaN": dict.fromkeys(NUMBERS, float("nan")),
    "Infinity": dict.fromkeys(NUMBERS, float("inf")),
    "-Infinity": dict.fromkeys(NUMBERS, float("-inf")),
    "the largest and the least": {"airmass": 1.7976931348623157e308, "altitude": 5e-324},
    "empty texts": dict.fromkeys([*TEXTS, "data_type", "header"], ""),
    "an empty name": {"base_filename": ""},
    "a path for a name": {"base_filename": "../../etc/passwd"},
    "an absolute path for a name": {"base_filename": "/etc/passwd"},
    "a path of another system": {"base_filename": "..\\..\\boot"},
    "a type that is a path": {"data_type": "/../EX"},
    "a name too long for a key": {"base_filename": "n" * 2000},
    "a name with control characters": {"base_filename": "a\nb\x01"},
    "a name that looks like a variable of an upload form": {"base_filename": "${filename}"},
    "a name with every odd character": {"base_filename": "ü %?#&+'\"<>|*"},
    "an invalid site": {"site": "no/such\nsite"},
    "dates before year 1": {"sort_date": "4000-01-01 BC", "capture_date": "4000-01-01 BC"},
    "dates after year 9999": {"sort_date": "20000-01-01", "capture_date": "20000-01-01"},
    "dates without end": {"sort_date": "infinity", "capture_date": "-infinity"},
    "a header that is cut": {"header": '{"SITEID": "mrc1", "SMART'},
    "a header that is no object": {"header": "[1, 2]"},
    "a header with NaN": {"header": '{"SMARTSTK": NaN, "SSTKNUM": -Infinity, "SITEID": NaN}'},
    "a header with absurd numbers": {"header": f'{{"SMARTSTK": {"9" * 4000}, "SSTKNUM": 1e400}}'},
    "a header with a number Python does not read": {"header": f'{{"SMARTSTK": {"9" * 5000}}}'},
    "a header with deep lists": {"header": f'{{"SMARTSTK": {_DEEP}, "ORIGNAME": {_DEEP}}}'},
    "a header deeper than Python reads": {"header": "[" * 100_000},
    "a header with odd kinds": {"header": '{"SMARTSTK": [1], "SSTKNUM": {"a": 1}, "SITEID": {}}'},
    "a header with half a character": {"header": '{"ORIGNAME": "\\ud83d", "\\ud83d": 1}'},
    "a text larger than an answer": {"filter_used": "x" * 7_000_000},
    "a card larger than an answer": {"header": json.dumps({"ORIGNAME": "x" * 7_000_000})},
}


@pytest.fixture
def _one_good_image(api: ApiClient, insert: Insert) -> None:
    """One image of mrc1, which is configured; its file is stored."""
    site_configs.write("mrc1", {})
    insert(sort_date=NIGHT, capture_date=NIGHT)
    put(f"data/{FILE}", b"pixels")


@pytest.mark.usefixtures("_one_good_image")
def test_odd_rows_affect_only_themselves(api: ApiClient, insert: Insert) -> None:
    newer = NIGHT.replace(hour=5)
    for odd in ODD_ROWS.values():
        insert(**{"base_filename": "other", "sort_date": newer, "capture_date": newer, **odd})
    answers = {name: ask(api) for name, ask in ROUTES.items()}
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(ROUTES, 200)
    for name in ("latest_images", "filtered_images"):
        assert NAME in [package["base_filename"] for package in answers[name].json()]
        assert "next" not in answers[name].links
    plainly = api.get("/mrc1/latest_images/100", headers={"Accept-Encoding": "identity"})
    assert NAME in [package["base_filename"] for package in plainly.json()]
    assert list(answers["latest_image_all_sites"].json()) == ["mrc1"]
    archive = zipfile.ZipFile(
        io.BytesIO(requests.get(answers["downloadzip"].json()["message"], timeout=30).content)
    )
    assert FILE in archive.namelist()
    assert all(".." not in name and not name.startswith("/") for name in archive.namelist())


ODD_HEADERS = [odd for odd, row in ODD_ROWS.items() if row.get("header")]


@pytest.mark.parametrize("odd", ODD_HEADERS)
def test_an_image_with_an_odd_header_is_answered(api: ApiClient, insert: Insert, odd: str) -> None:
    insert(**ODD_ROWS[odd])
    assert ROUTES["image"](api).status_code == 200
    if "larger" not in odd:
        assert ROUTES["fitsheader"](api).status_code == 200


@pytest.mark.usefixtures("_one_good_image")
@pytest.mark.parametrize("column", COLUMNS)
def test_a_table_that_lacks_a_column_is_unavailable_on_every_route_that_reads_it(
    api: ApiClient, cursor: Any, column: str
) -> None:
    cursor.execute(f"ALTER TABLE images DROP COLUMN {column} CASCADE")
    for name, ask in ROUTES.items():
        answer = ask(api)
        expected = 503 if column in READ.get(name, COLUMNS) else 200
        assert answer.status_code == expected, (name, answer.text)
        assert ("Retry-After" in answer.headers) == (expected == 503)


@pytest.mark.usefixtures("_one_good_image")
def test_a_table_that_is_not_there_is_unavailable(api: ApiClient, cursor: Any) -> None:
    cursor.execute("DROP TABLE images")
    for name, ask in ROUTES.items():
        answer = ask(api)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5"), name
