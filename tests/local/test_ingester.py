"""The local ingester writes uploads to the log, the image table and the info images."""

import io
import json
import shutil
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import psycopg2
import psycopg2.extras
import pytest
import requests
from astropy.io import fits

from common import aws as aws_clients
from common import postgres
from common.dynamodb import Table
from common.errors import Unavailable
from local import ingested_columns
from local import ingester as ingester_module
from local.demo.images import DemoImage, images_of
from local.demo.sites import SITES
from local.deployment import PROJECT
from local.ingester import Ingester, LandedFile, ingest, log_upload
from support.client import ApiClient

UPLOADS = Table("UPLOADS_LOG_TABLE_NAME")
URLS = {"jpg_url", "jpg_small_url", "fits_01_url", "fits_10_url"}


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> DemoImage:
    """Return an image with real FITS and JPG files."""
    return images_of(tmp_path_factory.mktemp("demo"), [(SITES[0], date(2026, 1, 1))])[0]


def upload(api: ApiClient, path: Path, **body: Any) -> None:
    """Upload a file as a site computer does: request a form and post the file with it."""
    form = api.post("//upload/", json={"object_name": path.name, **body}).json()
    response = requests.post(form["url"], data=form["fields"], files={"file": path.read_bytes()}, timeout=10)
    assert response.status_code == 204


def eventually(check: Callable[[], Any], timeout_s: float = 15) -> Any:
    """Return the result of `check` once it is true."""
    deadline = time.monotonic() + timeout_s
    while not (found := check()):
        assert time.monotonic() < deadline, "timed out"
        time.sleep(0.05)
    return found


def rows(database: str) -> list[dict[str, Any]]:
    connection = psycopg2.connect(database, cursor_factory=psycopg2.extras.RealDictCursor)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT * FROM images")
        found = [dict(row) for row in cursor.fetchall()]
    connection.close()
    return found


@pytest.mark.usefixtures("ingester")
def test_a_site_computer_s_day(api: ApiClient, image: DemoImage) -> None:
    config = {"name": "Mission Ridge", "filler": ["x" * 100] * 120}
    put = api.put("/mrc1/config/", data=json.dumps(config), headers={"Content-Type": None})
    assert put.json()["ResponseMetadata"]["HTTPStatusCode"] == 200

    name, path = next((name, path) for name, path in image.files.items() if name.endswith("EX00.fits.fz"))
    upload(api, path)
    stored = aws_clients.client("s3").get_object(Bucket="photonranch-001", Key=f"data/{name}")["Body"].read()
    assert stored == path.read_bytes()
    logged = eventually(lambda: api.get(f"/recentuploads?site={image.site}").json())
    assert [(item["filename"], item["size_bytes"]) for item in logged] == [(f"data/{name}", len(stored))]
    assert abs(logged[0]["upload_timestamp_s"] - time.time()) < 30


@pytest.mark.usefixtures("ingester")
def test_the_files_of_an_image_become_one_row(api: ApiClient, database: str, image: DemoImage) -> None:
    for path in image.files.values():
        upload(api, path)
    flags = ("fits_01_exists", "fits_10_exists", "jpg_medium_exists", "jpg_small_exists")
    row = eventually(lambda: next((row for row in rows(database) if all(row[flag] for flag in flags)), None))
    assert len(rows(database)) == 1
    # the row has the header of the FITS file that arrived last
    exact = {name: value for name, value in image.row.items() if name != "header"}
    assert {name: row[name] for name in exact} == exact
    header = json.loads(row["header"])
    assert header["ORIGNAME"] == json.loads(image.row["header"])["ORIGNAME"]
    assert len(header) > 140


@pytest.mark.usefixtures("ingester")
def test_an_info_image_is_written_to_the_channel_that_expects_it(api: ApiClient, image: DemoImage) -> None:
    for path in image.files.values():
        upload(api, path, s3_directory="info-images", info_channel=2)

    def complete() -> Any:
        response = api.get(f"/infoimage/{image.site}/2")
        return response.json() if response.ok and len(URLS & response.json().keys()) == len(URLS) else None

    shown = eventually(complete)
    assert shown["base_filename"] == image.base_filename
    assert shown["file_date"] == image.base_filename.split("-")[2]
    assert shown["header"]["OBJECT"] == json.loads(image.row["header"])["OBJECT"]
    jpg = next(path for name, path in image.files.items() if name.endswith("EX10.jpg"))
    assert requests.get(shown["jpg_url"], timeout=10).content == jpg.read_bytes()
    assert api.get(f"/infoimage/{image.site}/1").status_code == 204


@pytest.mark.usefixtures("ingester")
def test_an_invalid_fits_file_is_logged_and_does_not_stop_others(
    api: ApiClient, image: DemoImage, tmp_path: Path
) -> None:
    broken = tmp_path / "mrc1-sq01-20260101-00000009-EX01.fits.fz"
    broken.write_bytes(b"not a FITS file")
    upload(api, broken)
    jpg = next(path for name, path in image.files.items() if name.endswith("EX11.jpg"))
    upload(api, jpg)
    eventually(lambda: len(api.get("/recentuploads?site=mrc1").json()) == 2)


@pytest.mark.usefixtures("ingester")
@pytest.mark.parametrize("directory", ["data", "info-images"])
def test_an_invalid_card_is_omitted(api: ApiClient, tmp_path: Path, directory: str) -> None:
    """A camera's program wrote `EXPTIME = nan`, which is not valid FITS; astropy rejects it."""
    name = "mrc1-sq01-20260101-00000001-EX00.fits.fz"
    path = tmp_path / name
    shutil.copy(PROJECT / "tests" / "data" / "nan-card.fits.fz", path)
    upload(api, path, s3_directory=directory, info_channel=1)
    if directory == "data":
        rows = eventually(lambda: postgres.query("SELECT fits_01_exists, exposure_time, header FROM images"))
        assert [(row["fits_01_exists"], row["exposure_time"]) for row in rows] == [(True, None)]
        header = json.loads(rows[0]["header"])
    else:
        record = eventually(lambda: (response := api.get("/infoimage/mrc1/1")).content and response.json())
        assert requests.get(record["fits_01_url"], timeout=10).content == path.read_bytes()
        header = record["header"]
    assert "EXPTIME" not in header
    assert header["NAXIS1"] == 50


@pytest.mark.parametrize(
    ("cards", "degrees"),
    [({"RA": 83.8, "RAHRS": 1.0}, 83.8), ({"RAHRS": 5.5}, 82.5), ({"RA": "05:30:00", "RAHRS": 5.5}, 82.5)],
)
def test_right_ascension_is_stored_in_degrees(cards: dict[str, Any], degrees: float) -> None:
    assert ingested_columns.columns(cards)["right_ascension"] == degrees


def test_a_card_of_another_type_fills_no_column(image: DemoImage) -> None:
    header = {**json.loads(image.row["header"]), "ALTITUDE": "n/a", "AIRMASS": True, "FILTER": 5}
    found = ingested_columns.columns(header)
    assert {"altitude", "airmass", "filter_used"}.isdisjoint(found)
    assert found["azimuth"] == image.row["azimuth"]


def test_infinite_values_are_omitted() -> None:
    # neither JSON nor DynamoDB has infinite numbers
    unit = fits.PrimaryHDU(np.zeros((2, 2)))
    unit.header["GAIN"] = 1.5
    content = io.BytesIO()
    unit.writeto(content)
    infinite = content.getvalue().replace(b"  1.5", b"1E999")
    assert "GAIN" not in ingested_columns.read_header(infinite)


@pytest.mark.usefixtures("aws", "database")
def test_the_ingester_continues_after_an_outage_of_the_queue(
    api: ApiClient, image: DemoImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingester = Ingester()
    receive = ingester._receive
    faults = iter([ConnectionError(), ConnectionError()])

    def sometimes() -> None:
        for fault in faults:
            raise fault
        receive()

    monkeypatch.setattr(ingester, "_receive", sometimes)
    ingester.start()
    upload(api, next(iter(image.files.values())))
    eventually(lambda: len(api.get(f"/recentuploads?site={image.site}").json()) == 1)
    ingester.stop()


@pytest.mark.usefixtures("aws", "database")
def test_a_file_is_ingested_after_an_outage_of_a_backend(
    api: ApiClient, database: str, image: DemoImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    outages = iter([Unavailable("away"), Unavailable("away")])

    def log(key: str, size: int, now: float) -> None:
        log_upload(key, size, now)
        for fault in outages:
            # the upload is logged, but the response is lost
            raise fault

    monkeypatch.setattr(ingester_module, "log_upload", log)
    monkeypatch.setattr(ingester_module, "_RETRY_AFTER_S", 0)
    ingester = Ingester()
    ingester.start()
    jpg = next(path for name, path in image.files.items() if name.endswith("EX10.jpg"))
    upload(api, jpg)
    eventually(lambda: rows(database))
    ingester.stop()
    assert [item["filename"] for item in UPLOADS.scan()] == [f"data/{jpg.name}"]


def test_ingesting_again_changes_nothing(aws: str, database: str) -> None:
    aws_clients.client("s3").put_object(Bucket="photonranch-001", Key="data/eco1-a-EX10.jpg", Body=b"jpg")
    for _ in range(2):
        ingest("data/eco1-a-EX10.jpg", 3, at_s=1_790_000_000.0)
    assert len(rows(database)) == len(list(UPLOADS.scan())) == 1


def test_an_image_without_fits_has_the_date_of_its_arrival(aws: str, database: str) -> None:
    aws_clients.client("s3").put_object(Bucket="photonranch-001", Key="data/eco1-a-EX10.jpg", Body=b"jpg")
    ingest("data/eco1-a-EX10.jpg", 3, time.time())
    (row,) = rows(database)
    assert (row["site"], row["jpg_medium_exists"], row["fits_01_exists"]) == ("eco1", True, None)
    assert abs((datetime.now(UTC).replace(tzinfo=None) - row["sort_date"]).total_seconds()) < 30


@pytest.mark.usefixtures("aws")
def test_uploads_at_the_same_time_are_all_logged() -> None:
    keys = ["data/mrc1-a-EX01.fits.fz", "data/mrc1-b-EX01.fits.fz", "info-images/mrc1-a-EX01.fits.fz"]
    for key in keys:
        log_upload(key, 1, now=1_790_000_000.0)
    logged = list(UPLOADS.scan())
    assert sorted(item["filename"] for item in logged) == keys
    assert {item["site"] for item in logged} == {"mrc1"}
    assert {item["expire_timestamp_s"] for item in logged} == {1_790_000_000 + 48 * 3600}


@pytest.mark.parametrize(
    ("key", "flag"),
    [
        ("data/mrc1-sq01-20260101-00000001-EX00.fits.fz", "fits_01_exists"),
        ("data/mrc1-sq01-20260101-00000001-EX01.fits", "fits_01_exists"),
        ("data/mrc1-sq01-20260101-00000001-EX10.fits.bz2", "fits_10_exists"),
        ("data/mrc1-sq01-20260101-00000001-EX10.jpg", "jpg_medium_exists"),
        ("data/mrc1-sq01-20260101-00000001-EX11.JPG", "jpg_small_exists"),
        ("data/mrc1-sq01-20260101-00000001-EX00.txt", None),
        ("data/notes.txt", None),
    ],
)
def test_a_file_s_kind_is_read_from_its_name(key: str, flag: str | None) -> None:
    landed = LandedFile.from_key(key)
    assert (landed.flag if landed else None) == flag
