"""Uploads over HTTP as a site computer sends them, and what astronomers see of them afterwards."""

import io
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from PIL import Image

from common import aws as aws_clients
from common.errors import Unavailable
from ingest import filing, upload_log
from ingest.notifications import StoredObject, parse_message
from local.deployment import PROJECT
from local.uploads import UploadPoller
from support.client import ApiClient
from tests.ingest.exposures import BASE, SITE, UPLOADS, exposure, fits_file, header_of, jpg, rows

pytestmark = pytest.mark.usefixtures("ingester")

TEXT, JPG, LARGE, SMALL = (
    f"{BASE}-{end}" for end in ("EX00.txt", "EX10.jpg", "EX00.fits.fz", "EX10.fits.fz")
)

NEXT_TEXT = TEXT.replace("0042-", "0043-")


def upload(api: ApiClient, name: str, content: bytes, **body: Any) -> None:
    """Upload a file as a site computer does: request a form and post the file with it."""
    form = api.post("/upload", json={"object_name": name, **body}).json()
    response = requests.post(form["url"], data=form["fields"], files={"file": content}, timeout=10)
    assert response.status_code == 204


def eventually(check: Callable[[], Any], within_s: float = 15) -> Any:
    """Return the result of `check` once it is true."""
    deadline = time.monotonic() + within_s
    while not (found := check()):
        assert time.monotonic() < deadline, "timed out"
        time.sleep(0.05)
    return found


def newest(api: ApiClient, query: str = "") -> dict[str, Any] | None:
    """Return the newest listed image of the site."""
    listed = api.get(f"/{SITE}/latest_images/1{query}").json()
    return listed[0] if listed else None


def complete(api: ApiClient, *flags: str) -> Callable[[], Any]:
    """Return a check for an image in the list that has its header and these flags."""

    def check() -> Any:
        image = newest(api)
        return image if image and image["filter_used"] and all(image[flag] for flag in flags) else None

    return check


def test_header_text_and_jpg_are_an_image(api: ApiClient) -> None:
    upload(api, TEXT, exposure()[TEXT])
    upload(api, JPG, exposure()[JPG])
    image = eventually(complete(api, "jpg_medium_exists", "jpg_small_exists"))
    assert (image["username"], image["user_id"]) == ("A. Observer", "auth0|6526b7c1")
    assert (image["filter_used"], image["exposure_time"]) == ("rp", 60.0)
    assert (image["right_ascension"], image["declination"]) == (10.684708, 41.26875)
    assert (image["SMARTSTK"], image["SSTKNUM"]) == ("030126040500", 3)
    thumbnail = requests.get(image["jpg_thumbnail_url"], timeout=10).content
    assert Image.open(io.BytesIO(thumbnail)).height == 128
    header = api.get(f"/fitsheader/{BASE}").json()
    assert (header["FILTER"], header["SSTKNUM"]) == ("rp", 3)
    assert newest(api, "?userid=auth0%7C6526b7c1") is not None
    assert newest(api, "?userid=auth0%7Canother") is None
    assert api.get(f"/image/{BASE}").json()["base_filename"] == BASE


@pytest.mark.parametrize("packed", [True, False])
def test_fits_without_header_text_is_enough(api: ApiClient, *, packed: bool) -> None:
    upload(api, LARGE if packed else LARGE.removesuffix(".fz"), fits_file("00", packed=packed))
    upload(api, JPG, exposure()[JPG])
    image = eventually(complete(api, "jpg_medium_exists", "fits_01_exists"))
    assert (image["filter_used"], image["right_ascension"]) == ("00", 10.5)
    assert api.get(f"/fitsheader/{BASE}").json()["RADEG"] == 10.5


def test_every_file_is_logged_once(api: ApiClient) -> None:
    names = {**exposure(), "ric2-weather.csv": b"1,2\n"}
    for name, content in names.items():
        upload(api, name, content)
    logged = eventually(
        lambda: log if len(log := api.get(f"/recentuploads?site={SITE}").json()) == len(names) else None
    )
    assert {item["filename"]: item["size_bytes"] for item in logged} == {
        f"data/{name}": len(content) for name, content in names.items()
    }
    assert all(abs(item["upload_timestamp_s"] - time.time()) < 30 for item in logged)


def test_an_info_image_is_shown_on_the_channel_that_awaits_it(api: ApiClient) -> None:
    for name, content in exposure().items():
        upload(api, name, content, s3_directory="info-images", info_channel=2)

    def shown() -> Any:
        response = api.get(f"/infoimage/{SITE}/2")
        record = response.json() if response.content and response.status_code == 200 else {}
        return record if {"jpg_url", "jpg_small_url", "fits_01_url", "fits_10_url"} <= record.keys() else None

    record = eventually(shown)
    assert (record["base_filename"], record["file_date"]) == (BASE, "20260102")
    assert record["header"]["FILTER"] == "rp"
    assert "header_rank" not in record
    assert requests.get(record["jpg_url"], timeout=10).content == exposure()[JPG]
    assert api.get(f"/infoimage/{SITE}/1").status_code == 204


@pytest.mark.parametrize("directory", ["data", "info-images"])
def test_a_card_that_is_not_valid_costs_only_that_card(api: ApiClient, database: str, directory: str) -> None:
    """A camera's program wrote `EXPTIME = nan`, which is not valid FITS."""
    content = (PROJECT / "tests" / "data" / "nan-card.fits.fz").read_bytes()
    upload(api, LARGE, content, s3_directory=directory, info_channel=1)
    if directory == "data":
        row = eventually(lambda: next((row for row in rows(database) if row["header"]), None))
        assert (row["fits_01_exists"], row["exposure_time"]) == (True, None)
        header = header_of(row)
    else:
        header = eventually(
            lambda: (found := api.get(f"/infoimage/{SITE}/1")).content and found.json().get("header")
        )
    assert "EXPTIME" not in header
    assert header["NAXIS1"] == 50


def dead_letters() -> list[dict[str, Any]]:
    """Return the dead letters: body and reason."""

    received = aws_clients.client("sqs").receive_message(
        QueueUrl=os.environ["INGEST_DEAD_LETTERS_URL"], MaxNumberOfMessages=10, MessageAttributeNames=["All"]
    )
    return [
        {
            "key": parse_message(message["Body"])[0].key,
            "reason": message["MessageAttributes"]["reason"]["StringValue"],
        }
        for message in received.get("Messages", [])
    ]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        (LARGE, b"not a FITS file", "The object is not a FITS file."),
        (LARGE, fits_file("00", packed=False)[:400], "The FITS file is cut off, or its header has no END."),
        (JPG, b"not a JPG", "The file is not a JPG."),
        (JPG, jpg()[:500], "The JPG is broken."),
        (JPG, b"", "The file is empty."),
    ],
    ids=["no FITS", "a truncated FITS", "no JPG", "a truncated JPG", "nothing"],
)
def test_a_broken_file_is_a_dead_letter_and_stops_no_other(
    api: ApiClient, database: str, name: str, content: bytes, reason: str
) -> None:
    upload(api, name, content)
    upload(api, NEXT_TEXT, exposure()[TEXT])
    letters = eventually(dead_letters)
    assert letters == [{"key": f"data/{name}", "reason": reason}]
    assert len(api.get(f"/recentuploads?site={SITE}").json()) == 2
    *broken, row = rows(database)
    assert header_of(row)["FILTER"] == "rp"
    assert not any(row["header"] or row["jpg_small_exists"] for row in broken)


def test_a_header_of_5000_cards_is_filed(api: ApiClient, database: str) -> None:
    cards = [f"CARD{number:04d}= {number:>20}".ljust(80) for number in range(5000)]
    upload(api, TEXT, "".join(["FILTER  = 'rp'".ljust(80), *cards, "END".ljust(80)]).encode())
    row = eventually(lambda: next(iter(rows(database)), None))
    assert (
        header_of(eventually(lambda: next((r for r in rows(database) if r["header"]), None)))["CARD4999"]
        == 4999
    )
    assert row["site"] == SITE


@pytest.mark.parametrize("name", ["no-name", "a.fits", f"{BASE}-EX10.exe", "night report.pdf", f"{BASE}.jpg"])
def test_a_file_with_another_name_is_only_logged(api: ApiClient, database: str, name: str) -> None:
    upload(api, name, b"content")
    eventually(lambda: list(UPLOADS.scan()))
    assert rows(database) == []


def test_a_deleted_object_is_no_dead_letter(database: str) -> None:
    filing.file_object(StoredObject(f"data/{LARGE}", 10, time.time()))
    assert len(list(UPLOADS.scan())) == 1


def test_a_jpg_without_a_header_has_the_date_of_its_upload(api: ApiClient, database: str) -> None:
    upload(api, JPG, exposure()[JPG])
    row = eventually(lambda: next(iter(rows(database)), None))
    assert abs((datetime.now(UTC).replace(tzinfo=None) - row["sort_date"]).total_seconds()) < 30


def test_a_file_is_filed_after_an_outage(
    api: ApiClient, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    outages = iter([Unavailable("away"), Unavailable("away")])
    add = upload_log.add

    def add_with_outages(stored: StoredObject) -> None:
        add(stored)
        for outage in outages:
            # The upload is logged, but the response is lost.
            raise outage

    monkeypatch.setattr("ingest.upload_log.add", add_with_outages)
    upload(api, JPG, exposure()[JPG])
    eventually(lambda: rows(database))
    assert [item["filename"] for item in UPLOADS.scan()] == [f"data/{JPG}"]


def test_the_poller_goes_on_after_an_outage_of_the_queue(
    api: ApiClient, ingester: UploadPoller, monkeypatch: pytest.MonkeyPatch
) -> None:
    take, outages = ingester._take_batch, iter([ConnectionError(), ConnectionError()])

    def take_or_fail() -> None:
        for outage in outages:
            raise outage
        take()

    monkeypatch.setattr(ingester, "_take_batch", take_or_fail)
    upload(api, JPG, exposure()[JPG])
    eventually(lambda: len(list(UPLOADS.scan())) == 1)
