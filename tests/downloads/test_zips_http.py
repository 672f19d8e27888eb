"""`POST /downloadzip`. It calls the zip function through Lambda's API."""

import io
import json
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from api import image_files, zips
from common import aws
from local.demo import load
from local.demo.images import make_images
from local.deployment import PROJECT
from support.client import ApiClient
from support.images import put, stored
from support.network import SERVICE
from support.permissions import Permissions
from tests.downloads.rows import image, insert
from zip_function import locks, store

EVENING = "2026-01-01T20:00:00"
DAY: dict[str, Any] = {
    "site": "mrc1",
    "start_timestamp_s": 1767225600.25,  # 2026-01-01 UTC
    "end_timestamp_s": 1767311999.75,
    "fits_size": "best",
}

pytestmark = pytest.mark.usefixtures("database")


def name(number: int, level: str) -> str:
    return f"mrc1-sq01-20260101-{number:08}-EX{level}.fits.fz"


def opened(answer: requests.Response) -> zipfile.ZipFile:
    """The zip that an answer leads to."""
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"message"}
    return zipfile.ZipFile(io.BytesIO(requests.get(answer.json()["message"], timeout=30).content))


def put_files(*numbers: int) -> None:
    for number in numbers:
        for level in ("01", "10"):
            put(f"data/{name(number, level)}", name(number, level).encode() * 1000)


@pytest.mark.parametrize(
    ("fits_size", "names"),
    [
        ("small", [name(1, "10"), name(2, "10")]),
        ("large", [name(1, "01"), name(3, "01")]),
        ("best", [name(1, "01"), name(2, "10"), name(3, "01")]),
    ],
)
def test_a_zip_has_the_files_of_the_size_asked_for(api: ApiClient, fits_size: str, names: list[str]) -> None:
    insert(
        image(1, EVENING),
        image(2, EVENING, fits_01_exists=False),
        image(3, EVENING, fits_10_exists=None),
        image(4, EVENING, fits_01_exists=None, fits_10_exists=False),
        image(5, EVENING, site="aro1"),
        image(6, "2026-01-02T00:00:00"),
        image(7, EVENING, data_type=None),
        image(8, EVENING, base_filename=None),
        image(9, EVENING, capture_date=None),
    )
    put_files(*range(1, 10))
    with opened(api.post("/downloadzip", json={**DAY, "fits_size": fits_size})) as archive:
        assert archive.namelist() == names
        assert archive.testzip() is None
        for file in names:
            assert archive.read(file) == file.encode() * 1000


@pytest.mark.parametrize(
    ("fits_size", "names"),
    [
        ("large", [name(1, "00"), name(2, "01"), "MISSING.txt"]),
        ("best", [name(1, "00"), name(2, "01"), name(3, "10"), "MISSING.txt"]),
    ],
)
def test_the_large_fits_that_exists_is_packed_and_best_falls_back_to_the_small_one(
    api: ApiClient, fits_size: str, names: list[str]
) -> None:
    """The table says that all files exist; in S3 the large ones are at one level or the other, or missing."""
    insert(*(image(number, EVENING) for number in range(1, 5)))
    for file in (name(1, "00"), name(1, "10"), name(2, "01"), name(2, "00"), name(3, "10")):
        put(f"data/{file}", file.encode())
    with opened(api.post("/downloadzip", json={**DAY, "fits_size": fits_size})) as archive:
        assert archive.namelist() == names
        assert all(archive.read(file) == file.encode() for file in names[:-1])
        missing = archive.read("MISSING.txt").decode().splitlines()[1:]
        assert missing == [name(number, "01") for number in range(3, 5) if name(number, "10") not in names]


def test_a_small_file_is_replaced_by_the_large_one_once_that_is_stored(api: ApiClient) -> None:
    insert(image(1, EVENING))
    put(f"data/{name(1, '10')}", b"small")
    with opened(api.post("/downloadzip", json=DAY)) as archive:
        assert archive.namelist() == [name(1, "10")]
    put(f"data/{name(1, '00')}", b"large")
    with opened(api.post("/downloadzip", json=DAY)) as archive:
        assert archive.namelist() == [name(1, "00")]
    # this is another zip: one with only large files never has a small one
    with opened(api.post("/downloadzip", json={**DAY, "fits_size": "large"})) as archive:
        assert archive.namelist() == [name(1, "00")]
    assert len(stored("downloads/")) == 2


def test_ways_to_write_a_range(api: ApiClient) -> None:
    insert(image(1, EVENING), image(2, "2026-01-01T19:59:58"), image(3, "2026-01-01T20:00:02"))
    put_files(1, 2, 3)
    for start, end in (
        (1767297600, 1767297600),
        (1767297599.5, 1767297600.5),
        ("1767297600", " 1767297600.0 "),
        ("1.7672976e9", "1767297601"),
        ("2026-01-01T20:00:00Z", "2026-01-01T20:00:00Z"),
        ("2026-01-01 20:00:00", "2026-01-01T21:00:00.500+01:00"),
    ):
        body = {**DAY, "start_timestamp_s": start, "end_timestamp_s": end}
        with opened(api.post("/downloadzip", json=body)) as archive:
            assert archive.namelist() == [name(1, "01")]
    for start, end in (("2026-01-01", "2026-01-02"), (-1e9, 2e11)):
        body = {**DAY, "start_timestamp_s": start, "end_timestamp_s": end}
        with opened(api.post("/downloadzip", json=body)) as archive:
            assert archive.namelist() == [name(number, "01") for number in (1, 2, 3)]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"site": None}, "site is required: the code of a site."),
        ({"site": "mrc 1"}, "site must be 1 to 64 of the characters A-Z a-z 0-9 _ . -"),
        ({"fits_size": "huge"}, "fits_size must be one of small, large, best."),
        ({"fits_size": None}, "fits_size must be one of small, large, best."),
        ({"fits_size": ["best"]}, "fits_size must be one of small, large, best."),
        (
            {"start_timestamp_s": 1767312000},
            "start_timestamp_s must not be after end_timestamp_s.",
        ),
    ],
)
def test_a_request_that_is_not_allowed(api: ApiClient, change: dict[str, Any], reason: str) -> None:
    answer = api.post("/downloadzip", json={**DAY, **change})
    assert (answer.status_code, answer.text) == (400, reason)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("member", ["start_timestamp_s", "end_timestamp_s"])
def test_what_is_no_time(api: ApiClient, member: str) -> None:
    for given in (None, True, "", "now", "nan", "1e99", 1e99, [1], "2026-13-01", "1_000"):
        answer = api.post("/downloadzip", json={**DAY, member: given})
        assert answer.status_code == 400
        assert answer.text.startswith(f"{member} must be Unix seconds, or a UTC date like ")


def test_nothing_found(api: ApiClient) -> None:
    insert(image(1, "2026-01-02T00:00:00"))
    for_nothing = api.post("/downloadzip", json=DAY)
    assert (for_nothing.status_code, for_nothing.text) == (404, "No images exist for the given query.")


def test_images_without_any_file_are_nothing_found(api: ApiClient) -> None:
    insert(image(1, EVENING), image(2, EVENING))
    answer = api.post("/downloadzip", json=DAY)
    assert (answer.status_code, answer.text) == (404, "No images exist for the given query.")
    assert stored("downloads/") == {}


def test_missing_files_are_listed(api: ApiClient) -> None:
    insert(*(image(number, EVENING) for number in range(1, 5)))
    put_files(1, 3)
    with opened(api.post("/downloadzip", json=DAY)) as archive:
        assert archive.namelist() == [name(1, "01"), name(3, "01"), "MISSING.txt"]
        listed = archive.read("MISSING.txt").decode().splitlines()[1:]
        assert listed == [name(2, "01"), name(4, "01")]


def test_a_range_of_years_is_bounded_by_the_number_of_images(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_files, "MAX_FILES", 3)
    insert(*(image(number, EVENING) for number in range(3)))
    put_files(1)
    years = {**DAY, "start_timestamp_s": "2000-01-01", "end_timestamp_s": "2100-01-01"}
    assert api.post("/downloadzip", json=years).status_code == 200
    insert(image(4, EVENING))
    answer = api.post("/downloadzip", json=years)
    assert answer.status_code == 400
    assert answer.text == "More than 3 images lie in this range; a zip holds at most that many."


def test_the_url_names_the_file_and_is_good_for_five_minutes(api: ApiClient) -> None:
    insert(image(1, EVENING))
    put_files(1)
    url = api.post("/downloadzip", json=DAY).json()["message"]
    assert "X-Amz-Expires=300&" in url
    disposition = requests.get(url, timeout=10).headers["Content-Disposition"]
    site, _, seconds = disposition.removeprefix('attachment; filename="').removesuffix('.zip"').partition("-")
    assert site == "mrc1"
    assert abs(int(seconds) - time.time()) < 60


def test_the_same_range_again_reuses_the_zip(api: ApiClient) -> None:
    insert(image(1, EVENING), image(2, EVENING))
    put_files(1, 2)
    opened(api.post("/downloadzip", json=DAY)).close()
    before = stored("downloads/")
    put(f"data/{name(1, '01')}", b"changed")
    opened(api.post("/downloadzip", json=DAY)).close()
    assert stored("downloads/") == before
    assert len(before) == 1


def test_a_zip_that_takes_too_long_is_a_504_and_exists_later(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert(image(1, EVENING))
    put_files(1)
    real, packings = store.look_up, []

    def slow(key: str) -> Any:
        if key.startswith("data/"):
            packings.append(key)
            time.sleep(1.5)
        return real(key)

    monkeypatch.setattr(store, "look_up", slow)
    monkeypatch.setattr(zips, "WAIT_S", 0.5)
    answer = api.post("/downloadzip", json=DAY)
    assert answer.status_code == 504
    assert answer.text == "The zip is still being packed: ask again in half a minute."
    assert answer.headers["Retry-After"] == "30"
    deadline = time.monotonic() + 10
    while not stored("downloads/"):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    monkeypatch.setattr(zips, "WAIT_S", 22)
    opened(api.post("/downloadzip", json=DAY)).close()
    assert len(packings) == 1


def test_two_requests_for_one_list_get_one_zip(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    insert(image(1, EVENING))
    put_files(1)
    real, packings = store.look_up, []

    def slow(key: str) -> Any:
        packings.append(key)
        time.sleep(1.5)
        return real(key)

    monkeypatch.setattr(store, "look_up", slow)
    monkeypatch.setattr(zips, "LOOK_AGAIN_AFTER_S", 0.2)

    def ask(_number: int) -> requests.Response:
        return requests.post(f"{api.base_url}/downloadzip", json=DAY, timeout=35)

    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(ask, range(3)))
    for answer in answers:
        opened(answer).close()
    assert len(packings) == 1


def test_waiting_too_long_for_another_request_s_zip_is_a_504(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert(image(1, EVENING))
    put_files(1)
    taken = locks._taken
    monkeypatch.setattr(locks, "_taken", lambda _key: None)
    monkeypatch.setattr(zips, "LOOK_AGAIN_AFTER_S", 0.2)
    monkeypatch.setattr(zips, "WAIT_S", zips._LOOK_TIMEOUT_S + 1)
    answer = api.post("/downloadzip", json=DAY)
    assert answer.status_code == zips.StillPacking.status
    assert answer.text == "The zip is still being packed: ask again in half a minute."
    assert answer.headers["Retry-After"] == "30"
    monkeypatch.setattr(locks, "_taken", taken)
    opened(api.post("/downloadzip", json=DAY)).close()


@pytest.mark.parametrize("sent", [b"", b'{"statusCode": 200, "bo'])
def test_an_answer_of_the_zip_function_that_is_cut_short_is_unavailable(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    insert(image(1, EVENING))
    cut = SimpleNamespace(invoke=lambda **_: {"Payload": io.BytesIO(sent)})
    monkeypatch.setattr(aws, "client", lambda *_, **__: cut)
    answer = api.post("/downloadzip", json=DAY)
    assert answer.status_code == 503
    assert answer.text == "Try again later: the zip function's answer was cut short."


def test_the_zip_function_failing_is_unavailable(
    api: ApiClient, permissions: Permissions, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_key: str) -> Any:
        raise ValueError("secret")

    insert(image(1, EVENING))
    monkeypatch.setattr(store, "look_up", broken)
    answer = api.post("/downloadzip", json=DAY)
    assert (answer.status_code, answer.text) == (503, "Try again later: the zip function failed.")
    # This function raises an exception. Lambda reports that in its own format.
    monkeypatch.setenv("ZIP_FUNCTION_NAME", f"{SERVICE}-prod-authorizer")
    answer = api.post("/downloadzip", json=DAY)
    assert (answer.status_code, answer.text) == (503, "Try again later: the zip function failed.")
    # The role of downloadzip does not allow that call.
    assert {use.action for use in permissions.refused} == {"lambda:InvokeFunction"}
    permissions.refused.clear()


def test_a_night_of_the_demo_network_as_the_ui_asks_for_it(api: ApiClient) -> None:
    night = load.last_whole_night(datetime.now(UTC))
    images = [found for found in make_images(PROJECT / ".local", night, 1) if found.site == "mrc1"]
    for number, found in enumerate(images):
        names = {
            "base_filename": found.base_filename,
            "capture_date": datetime.fromisoformat(found.started),
        }
        insert(image(number, found.started) | names)
        for file, path in found.files.items():
            put(f"data/{file}", path.read_bytes())
    times = [datetime.fromisoformat(found.started).replace(tzinfo=UTC) for found in images]
    for start, end in (
        (min(times).timestamp(), max(times).timestamp()),
        (min(times).isoformat(), max(times).isoformat()),
    ):
        body = {"site": "mrc1", "start_timestamp_s": start, "end_timestamp_s": end, "fits_size": "best"}
        with opened(api.post("/downloadzip", data=json.dumps(body))) as archive:
            assert archive.testzip() is None
            assert len(archive.namelist()) == len(images)
