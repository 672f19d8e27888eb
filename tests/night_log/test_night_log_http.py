"""The night log routes over HTTP, and how long a note lives."""

import time
from typing import Any

import pytest

from night_log import notes, store
from support.client import ApiClient

NOTE = {
    "site": "mrc1",
    "username": "Observer",
    "userid": "auth0|1",
    "message": "Clear since dusk.",
    "ttl_hours": 12,
    "selected_image": "mrc1-sq01-20260101-00000001",
}


def test_a_note_comes_back_with_its_times(api: ApiClient) -> None:
    before = int(time.time())
    answer = api.post("/nightlog/mrc1", json={"note_data": NOTE})
    assert (answer.status_code, answer.text) == (200, "Note created successfully")
    stored = api.get("/nightlog/mrc1").json()
    created = stored["created_timestamp"]
    assert before <= created <= time.time()
    assert stored == {
        "site": "mrc1",
        "created_timestamp": created,
        "ttl_timestamp_seconds": created + 12 * 3600,
        "note_data": NOTE,
    }


def test_a_note_may_be_a_text_and_lives_48_hours_by_default(api: ApiClient) -> None:
    api.post("/nightlog/mrc1", json={"note_data": "Clouds."})
    stored = api.get("/nightlog/mrc1").json()
    assert stored["note_data"] == "Clouds."
    assert stored["ttl_timestamp_seconds"] - stored["created_timestamp"] == 48 * 3600


@pytest.mark.parametrize(
    ("body", "hours"),
    [
        ({"note_data": {"ttl_hours": "0.5"}}, 0.5),
        ({"note_data": {"ttl_hours": 1.25}}, 1.25),
        ({"note_data": {"ttl_hours": None}}, 48),
        ({"note_data": {"ttl_hours": ""}}, 48),
        ({"note_data": "text", "ttl_hours": 3}, 3),
        ({"note_data": {"ttl_hours": 2}, "ttl_hours": 3}, 2),
    ],
)
def test_how_long_a_note_lives(body: dict[str, Any], hours: float) -> None:
    note = notes.new_note("mrc1", body, now=1_000_000.0)
    assert note["ttl_timestamp_seconds"] == 1_000_000 + hours * 3600


@pytest.mark.parametrize("ttl_hours", ["soon", 0, -1, "nan", "inf", 1e300, 87_601, True, [], {}])
def test_a_time_to_live_that_is_none_is_refused_and_changes_nothing(api: ApiClient, ttl_hours: Any) -> None:
    api.post("/nightlog/mrc1", json={"note_data": NOTE})
    answer = api.post("/nightlog/mrc1", json={"note_data": {"message": "x", "ttl_hours": ttl_hours}})
    assert answer.status_code == 400
    assert answer.text == "ttl_hours must be a number of hours above 0, at most 87600."
    assert api.get("/nightlog/mrc1").json()["note_data"] == NOTE


@pytest.mark.parametrize("body", [{}, {"note_data": None}, {"note_data": ""}, {"note_data": ["x"]}])
def test_a_note_without_data_is_refused(api: ApiClient, body: dict[str, Any]) -> None:
    answer = api.post("/nightlog/mrc1", json=body)
    assert answer.status_code == 400
    assert answer.text == "note_data is required: an object or a text."


def test_a_note_that_dynamodb_cannot_hold_is_refused(api: ApiClient) -> None:
    assert api.post("/nightlog/mrc1", json={"note_data": "x" * 410_000}).status_code == 413


def test_no_note_and_an_expired_one_are_no_content(api: ApiClient) -> None:
    assert api.get("/nightlog/mrc1").status_code == 204
    note = notes.new_note("mrc1", {"note_data": "old", "ttl_hours": 1}, time.time() - 3601)
    store.write(note)
    answer = api.get("/nightlog/mrc1")
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_delete_needs_a_token(api: ApiClient, token: str) -> None:
    api.post("/nightlog/mrc1", json={"note_data": NOTE})
    refused = api.delete("/nightlog/mrc1")
    assert (refused.status_code, refused.json()) == (401, {"message": "Unauthorized"})
    assert api.get("/nightlog/mrc1").status_code == 200

    for _ in range(2):
        answer = api.delete("/nightlog/mrc1", headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.content) == (204, b"")
    assert api.get("/nightlog/mrc1").status_code == 204
