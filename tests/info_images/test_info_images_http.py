"""The info image route over HTTP."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from common import aws
from common.dynamodb import Table
from site_configs import store as site_configs
from support.client import ApiClient
from support.network import BUCKET

INFO_IMAGES = Table("INFO_IMAGES_TABLE")
BASE = "mrc1-sq01-20260101-00000001"


def record(**attributes: Any) -> dict[str, Any]:
    return {"pk": "mrc1#2", **attributes}


def test_a_whole_record_comes_with_a_url_for_each_file(api: ApiClient) -> None:
    stored = record(
        base_filename=BASE,
        data_type="EX",
        file_date="20260101",
        header={"EXPTIME": 30.5, "FILTER": "lum"},
        expiration_timestamp=1_900_000_000,
        jpg_medium_exists=True,
        jpg_small_exists=True,
        fits_01_exists=True,
        fits_10_exists=False,
        jpg_10_file_path=f"info-images/{BASE}-EX10.jpg",
        jpg_11_file_path=f"info-images/{BASE}-EX11.jpg",
        fits_01_file_path=f"info-images/{BASE}-EX01.fits.fz",
    )
    INFO_IMAGES.put(stored)
    answer = api.get("/infoimage/mrc1/2").json()
    urls = {name: answer.pop(name) for name in ("jpg_url", "jpg_small_url", "fits_01_url")}
    assert answer == {**stored, "site": "mrc1", "channel": "2", "s3_directory": "info-images"}
    for url, path in zip(urls.values(), ("EX10.jpg", "EX11.jpg", "EX01.fits.fz"), strict=True):
        assert urlsplit(url).path == f"/{BUCKET}/info-images/{BASE}-{path}"
        assert parse_qs(urlsplit(url).query)["X-Amz-Expires"] == ["604800"]


def test_a_url_fetches_the_file(api: ApiClient) -> None:
    key = f"info-images/{BASE}-EX10.jpg"
    aws.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"picture")
    INFO_IMAGES.put(record(base_filename=BASE, jpg_medium_exists=True, jpg_10_file_path=key))
    url = api.get("/infoimage/mrc1/2").json()["jpg_url"]
    assert requests.get(url, timeout=10).content == b"picture"


@pytest.mark.parametrize(
    "path", [{}, {"fits_10_file_path": None}, {"fits_10_file_path": ""}, {"fits_10_file_path": 5}]
)
def test_a_flag_without_a_path_still_answers(api: ApiClient, path: dict[str, Any]) -> None:
    INFO_IMAGES.put(record(fits_10_exists=True, **path))
    assert api.get("/infoimage/mrc1/2").json() == {
        **record(fits_10_exists=True, **path),
        "site": "mrc1",
        "channel": "2",
        "base_filename": "",
        "s3_directory": "info-images",
        "jpg_medium_exists": False,
        "jpg_small_exists": False,
        "fits_01_exists": False,
    }


@pytest.mark.parametrize(
    "known_by",
    [
        {"pk": "mrc1#metadata", "channel1": BASE},
        {"pk": "mrc1#3", "base_filename": BASE},
    ],
    ids=["awaits an image", "an image on another channel"],
)
def test_a_known_site_without_an_image_on_the_channel_has_no_content(
    api: ApiClient, known_by: dict[str, Any]
) -> None:
    INFO_IMAGES.put(known_by)
    answer = api.get("/infoimage/mrc1/2")
    assert (answer.status_code, answer.content) == (204, b"")


def test_a_site_that_has_only_a_config_has_no_content(api: ApiClient) -> None:
    site_configs.write("mrc1", {"name": "Mission Ridge"})
    assert api.get("/infoimage/mrc1/1").status_code == 204


@pytest.mark.parametrize(("site", "channel"), [("mrc2", "1"), ("mrc", "1"), ("metadata", "1")])
def test_an_unknown_site_is_not_found(api: ApiClient, site: str, channel: str) -> None:
    INFO_IMAGES.put(record(base_filename=BASE))
    answer = api.get(f"/infoimage/{site}/{channel}")
    assert (answer.status_code, answer.text) == (404, f"No info image for site {site}.")


@pytest.mark.parametrize("channel", ["0", "4", "02", "x", "metadata", "%C2%B2"])
def test_a_channel_that_does_not_exist_is_not_found(api: ApiClient, channel: str) -> None:
    INFO_IMAGES.put(record(base_filename=BASE))
    answer = api.get(f"/infoimage/mrc1/{channel}")
    assert (answer.status_code, answer.text) == (404, "No info image for site mrc1.")


def test_a_name_that_is_no_site_code_is_refused(api: ApiClient) -> None:
    assert api.get("/infoimage/mrc%231/1").status_code == 400
