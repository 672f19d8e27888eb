"""`GET /now` over HTTP: what it says of observatories, queues and PIPEs."""

import time
from typing import Any

import pytest

from common.dynamodb import Table
from common.responses import GZIP_FROM_BYTES
from now import answer, observatories
from site_configs import store as site_configs
from support.client import ApiClient
from support.legacy_queue import TABLE, write_legacy_item, write_legacy_queue, write_legacy_status
from tests.now.network import HOUR_S, NOON, UPLOADS, config, log_upload, put_image, put_site, row

NOTES = Table("NIGHT_LOG_TABLE")

pytestmark = pytest.mark.usefixtures("database")


def test_a_network_without_anything_has_an_empty_answer(api: ApiClient) -> None:
    before = int(time.time())
    found = api.get("/now").json()
    assert before <= found.pop("at") <= time.time() + 1
    assert found == {"attention": [], "observatories": [], "queues": [], "pipes": [], "unknown": []}


def test_an_observatory_has_its_sky_newest_image_last_upload_and_note(api: ApiClient) -> None:
    put_site("dark1", TZ_database_name="Asia/Tokyo")
    put_image("dark1", 1, 500)
    put_image("dark1", 2, 90)
    log_upload("dark1", 400, "data/older.txt")
    log_upload("dark1", 60, "data/newer.txt")
    api.post("/nightlog/dark1", json={"note_data": {"message": "Clear."}})
    before = time.time()
    found = row(api, "dark1")
    assert (found["site"], found["name"], found["time_zone"]) == ("dark1", "An Observatory", "Asia/Tokyo")
    assert found["sky"] == "night"
    assert found["sun_altitude"] < -60
    assert -90 <= found["moon_altitude"] <= 90
    assert 0 <= found["moon_illumination"] <= 1
    assert found["sky_note"] is None
    # Midnight of the place: the next event is in the morning.
    assert found["next_event"]["name"] in {"Middle of Night", "Final Clock & Auto Focus", "End Astro Dark"}
    assert 0 < found["next_event"]["at"] - before < 6 * HOUR_S
    image = found["newest_image"]
    assert image["base_filename"] == "mrc1-sq01-20260101-00000002"
    assert image["captured_at"] == pytest.approx(before - 90, abs=5)
    assert image["age_s"] == pytest.approx(90, abs=5)
    assert "/data/mrc1-sq01-20260101-00000002-EX11.jpg?" in image["jpg_thumbnail_url"]
    upload = found["last_upload"]
    assert upload["filename"] == "data/newer.txt"
    assert upload["at"] == pytest.approx(before - 60, abs=5)
    assert upload["age_s"] == pytest.approx(60, abs=5)
    assert found["night_log"] == "Clear."


def test_an_observatory_without_anything_has_null(api: ApiClient) -> None:
    put_site("light1", NOON)
    found = row(api, "light1")
    assert found["sky"] == "day"
    assert (found["newest_image"], found["last_upload"], found["night_log"]) == (None, None, None)


def test_an_image_without_thumbnail_or_dates(api: ApiClient) -> None:
    put_site("light1", NOON)
    put_image("light1", 1, 0, jpg_small_exists=None, capture_date=None, sort_date=None)
    assert row(api, "light1")["newest_image"] == {
        "base_filename": "mrc1-sq01-20260101-00000001",
        "captured_at": None,
        "age_s": None,
        "jpg_thumbnail_url": "",
    }


@pytest.mark.parametrize(
    ("note", "message"),
    [
        ({"note_data": "Clouds."}, "Clouds."),
        ({"note_data": {"message": "x" * 501}}, "x" * 500 + "…"),
        ({"note_data": {"message": 5}}, None),
        ({"note_data": {"username": "Ada"}}, None),
        ({"note_data": "Old.", "ttl_timestamp_seconds": 1}, None),
        ({}, None),
    ],
)
def test_the_words_of_a_note(api: ApiClient, note: dict[str, Any], message: str | None) -> None:
    put_site("light1", NOON)
    NOTES.put({"site": "light1", **note})
    assert row(api, "light1")["night_log"] == message


def test_a_site_has_the_coordinates_of_its_enclosure_and_an_enclosure_is_not_listed(api: ApiClient) -> None:
    put_site("dark", instance_type="wema")
    site_configs.write("dark1", {"instance_type": "obs", "wema_name": "dark"})
    found = api.get("/now").json()["observatories"]
    assert [(each["site"], each["sky"]) for each in found] == [("dark1", "night")]


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ({}, "lacks latitude"),
        ("a text", "lacks latitude"),
        ({**config(NOON), "longitude": 200}, "longitude 200"),
        ({**config(NOON), "TZ_database_name": "Nowhere"}, "not a time zone"),
        ({"wema_name": "gone"}, "WEMA gone has no config"),
    ],
)
def test_a_broken_config_hides_only_the_sky_of_its_site(api: ApiClient, broken: Any, words: str) -> None:
    site_configs.write("broken1", broken)
    put_site("light1", NOON)
    put_image("broken1", 1, 90)
    found = row(api, "broken1")
    assert (found["sky"], found["sun_altitude"], found["next_event"]) == (None, None, None)
    assert words in found["sky_note"]
    assert found["newest_image"]["age_s"] == pytest.approx(90, abs=5)
    assert row(api, "light1")["sky"] == "day"


def test_one_site(api: ApiClient) -> None:
    put_site("dark1")
    put_site("dark2")
    log_upload("dark1", HOUR_S)
    log_upload("dark2", HOUR_S)
    api.post("/pipe/status", json={"pipe_id": "pipe1", "status": "idle"})
    whole, one = api.get("/now").json(), api.get("/now?site=dark2").json()
    assert one["observatories"] == whole["observatories"][1:]
    assert [each["about"]["name"] for each in whole["attention"]] == ["dark1", "dark2"]
    assert [each["about"]["name"] for each in one["attention"]] == ["dark2"]
    assert (one["pipes"], one["at"]) == (whole["pipes"], whole["at"])
    assert api.request("GET", "/now", json={"site": "dark2"}).json() == one


def test_an_unknown_site_is_a_404_and_an_invalid_one_a_400(api: ApiClient) -> None:
    missing = api.get("/now?site=none1")
    assert (missing.status_code, missing.text) == (404, "No observatory has the code none1.")
    assert api.get("/now?site=a/b").status_code == 400


def test_an_odd_row_costs_nothing_else(api: ApiClient) -> None:
    put_site("light1", NOON)
    put_site("light2", NOON)
    UPLOADS.put({"site": "light1", "upload_timestamp_s": 10**30})
    TABLE.put({"pk": "STATUS#odd", "sk": "INFO", "status": {"a": 1}, "last_updated": "soon"})
    TABLE.put({"pk": "STATUSES", "sk": "odd", "pipe_id": "odd"})
    found = api.get("/now").json()
    assert found["observatories"][0]["last_upload"]["filename"] == ""
    assert found["pipes"] == [{"pipe_id": "odd", "status": None, "last_updated": None, "age_s": None}]
    assert found["unknown"] == []


def test_queues_and_pipes_of_the_earlier_service_are_there_at_once(api: ApiClient) -> None:
    write_legacy_queue("old")
    write_legacy_item("old", 1_700_000_000_000, 1)
    status = write_legacy_status("pipe9")
    found = api.get("/now").json()
    (queue,) = found["queues"]
    assert (queue["queue_name"], queue["waiting"]) == ("old", 1)
    assert queue["oldest_waiting_at"] == 1_700_000_000_000
    assert found["pipes"] == [
        {"pipe_id": "pipe9", "status": "idle", "last_updated": status["last_updated"], "age_s": 0}
    ]


def test_the_answer_is_kept_for_some_seconds(api: ApiClient) -> None:
    first = api.get("/now")
    put_site("light1", NOON)
    assert api.get("/now").json() == first.json()
    answer.forget()
    assert len(api.get("/now").json()["observatories"]) == 1


def test_the_etag_changes_with_the_facts_and_not_with_the_clock(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer, "SAME_FOR_S", 10**9)
    put_site("light1", NOON)
    log_upload("light1", 60)
    first = api.get("/now")
    monkeypatch.setattr(observatories, "STEADY_S", 1)
    time.sleep(1.1)
    answer.forget()
    later = api.get("/now")
    assert later.json() != first.json()
    assert later.headers["ETag"] == first.headers["ETag"]
    log_upload("light1", 1)
    answer.forget()
    assert api.get("/now").headers["ETag"] != first.headers["ETag"]


def test_an_answer_that_the_caller_has_is_a_304(api: ApiClient) -> None:
    put_site("light1", NOON)
    first = api.get("/now")
    etag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "no-cache"
    assert "ETag" in first.headers["Access-Control-Expose-Headers"]
    for known in (etag, etag.removeprefix("W/"), f'"other", {etag}', "*"):
        again = api.get("/now", headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", etag)
    assert api.get("/now", headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_long_answer_is_gzipped(api: ApiClient) -> None:
    # The next event's name depends on the hour, so 40 sites may stay below the length that is gzipped.
    for number in range(60):
        put_site(f"light{number}", NOON)
    packed = api.get("/now")
    assert packed.headers["Content-Encoding"] == "gzip"
    plain = api.get("/now", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert len(plain.content) > 1.2 * GZIP_FROM_BYTES
    assert plain.json() == packed.json()
    assert plain.headers["ETag"] == packed.headers["ETag"]


def test_a_thumbnails_url_is_signed_for_the_whole_hour(api: ApiClient) -> None:
    put_site("light1", NOON)
    put_image("light1", 1, 90)
    first = row(api, "light1")["newest_image"]["jpg_thumbnail_url"]
    signed = first.partition("X-Amz-Date=")[2][:16]
    assert signed.endswith("0000Z")
