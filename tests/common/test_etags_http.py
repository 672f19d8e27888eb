"""A poll that brings nothing new gets a 304 without a body; anything new gets all of it."""

from datetime import datetime
from typing import Any

import pytest

from common import presign
from common.dynamodb import Table
from db import packages
from support.client import ApiClient
from tests.db.conftest import Insert, cursor, insert

__all__ = ["cursor", "insert"]

CONFIG = {"site": "mrc1", "camera": {"name": "sq01"}}
LISTS = ["/mrc1/latest_images/5", "/filtered_images?site=mrc1", "/latest_image_all_sites"]
PATHS = ["/mrc1/config", "/all/config", "/recentuploads?site=mrc1", "/nightlog/mrc1", "/pipe/queues", *LISTS]


@pytest.fixture
def network(api: ApiClient, insert: Insert, monkeypatch: pytest.MonkeyPatch) -> ApiClient:
    """A site with a config, an image, an upload, a note and a queue; signed URLs do not change."""
    monkeypatch.setattr(packages, "STEADY_S", 10**9)
    api.put("/mrc1/config", json=CONFIG).raise_for_status()
    api.post("/nightlog/mrc1", json={"note_data": {"message": "clear"}}).raise_for_status()
    api.post("/pipe/queue", json={"queue_name": "jobs"}).raise_for_status()
    log_upload(1)
    insert(site="mrc1")
    return api


def log_upload(number: int) -> None:
    Table("UPLOADS_LOG_TABLE_NAME").put(
        {
            "site": "mrc1",
            "upload_timestamp_s": number,
            "filename": f"data/{number}",
            "expire_timestamp_s": 2**33,
        }
    )


@pytest.mark.parametrize("path", PATHS)
def test_what_is_unchanged_is_not_sent_again(network: ApiClient, path: str) -> None:
    first = network.get(path)
    assert first.status_code == 200
    again = network.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Access-Control-Allow-Origin"] == "*"
    assert "ETag" in again.headers["Access-Control-Expose-Headers"]
    assert network.get(path, headers={"If-None-Match": 'W/"other"'}).json() == first.json()


def test_what_has_changed_is_sent(network: ApiClient) -> None:
    path = "/recentuploads?site=mrc1"
    first = network.get(path)
    log_upload(2)
    later = network.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert later.status_code == 200
    assert len(later.json()) == 2
    assert later.headers["ETag"] != first.headers["ETag"]


def test_a_gzipped_answer_has_the_etag_of_the_same_answer_in_plain(network: ApiClient) -> None:
    config: dict[str, Any] = {**CONFIG, "notes": "x" * 20_000}
    network.put("/mrc1/config", json=config).raise_for_status()
    plain = network.get("/all/config", headers={"Accept-Encoding": "identity"})
    packed = network.get("/all/config", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["ETag"] == plain.headers["ETag"]


def test_writes_and_errors_have_no_etag(network: ApiClient) -> None:
    assert "ETag" not in network.put("/mrc1/config", json=CONFIG).headers
    missing = network.get("/none1/config", headers={"If-None-Match": "*"})
    assert missing.status_code == 404
    assert "ETag" not in missing.headers


def test_links_of_pictures_stay_the_same_for_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock(datetime):
        moment = 1_767_225_600.0

        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.fromtimestamp(cls.moment, tz)

    monkeypatch.setenv("S3_BUCKET_NAME", "images")
    monkeypatch.setattr(presign, "datetime", Clock)
    urls = []
    for moment in (0.0, 3599.9, 3600.0):
        Clock.moment = 1_767_225_600 + moment
        urls.append(presign.get_url("data/a.jpg", steady_s=presign.STEADY_S))
    assert urls[0] == urls[1] != urls[2]
