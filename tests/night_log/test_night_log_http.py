"""The night log routes over HTTP, and how long a note lives."""

import time
from typing import Any

import pytest

from common.dynamodb import ConditionFailed
from night_log import history, notes, store
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
def test_an_invalid_time_to_live_is_refused_and_changes_nothing(api: ApiClient, ttl_hours: Any) -> None:
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


def post(api: ApiClient, message: str) -> None:
    api.post("/nightlog/mrc1", json={"note_data": message}).raise_for_status()


def earlier(api: ApiClient, count: int = 10) -> list[Any]:
    answer = api.get(f"/nightlog/mrc1?history={count}")
    assert answer.status_code == 200, answer.text
    return [note["note_data"] for note in answer.json()]


def test_earlier_notes_are_kept_the_newest_first(api: ApiClient, token: str) -> None:
    assert earlier(api) == []
    deep = {"message": "Fog.", "nested": [[{"a": 1.5, "b": None, "c": True}]]}
    api.post("/nightlog/mrc1", json={"note_data": deep}).raise_for_status()
    for message in ("Clear.", "Clouds.", "Clear."):
        post(api, message)
    # The last note repeats one of the last ten minutes, so it is not added again.
    assert earlier(api) == ["Clouds.", "Clear.", deep]
    assert earlier(api, 1) == ["Clouds."]
    api.delete("/nightlog/mrc1", headers={"Authorization": f"Bearer {token}"}).raise_for_status()
    assert api.get("/nightlog/mrc1").status_code == 204
    assert earlier(api) == ["Clouds.", "Clear.", deep]
    assert api.get("/nightlog/mrc2?history=5").json() == []


def test_an_earlier_note_says_when_and_where(api: ApiClient) -> None:
    post(api, "Clear.")
    (note,) = api.get("/nightlog/mrc1?history=1").json()
    assert note["site"] == "mrc1"
    assert time.time() - 60 < note["created_timestamp"] <= time.time()


@pytest.mark.parametrize("count", ["0", "-1", "x", "1.5", "1001", ""])
def test_a_bad_number_of_earlier_notes(api: ApiClient, count: str) -> None:
    answer = api.get(f"/nightlog/mrc1?history={count}")
    assert answer.status_code == 400
    assert answer.text.startswith("history must be a whole number from 1 to 1000")


def note(message: str, created: float) -> dict[str, Any]:
    return {"site": "mrc1", "created_timestamp": int(created), "note_data": message}


@pytest.mark.usefixtures("aws")
def test_notes_are_forgotten_after_90_days() -> None:
    now = 1_767_225_600.0
    for day in (0, 89, 91):
        history.add(note(f"day {day}", now + day * history.DAY_S))
    assert [each["note_data"] for each in history.last("mrc1", 9, now + 91 * history.DAY_S)] == [
        "day 91",
        "day 89",
    ]
    # The row itself ends with its last note.
    row = store.read("mrc1#history")
    assert row
    assert row["ttl_timestamp_seconds"] == now + (91 + 90) * history.DAY_S


@pytest.mark.usefixtures("aws")
def test_the_oldest_notes_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MOST_BYTES", 1000)
    for number in range(20):
        history.add(note(f"{number}" * 50, 1_767_225_600 + number))
    kept = [each["note_data"] for each in history.last("mrc1", 99, 1_767_225_600)]
    assert 3 < len(kept) < 15
    assert kept[0] == "19" * 50
    # One that does not fit at all is left out; the site's note itself is stored.
    history.add(note("x" * 2000, 1_767_225_700))
    assert [each["note_data"] for each in history.last("mrc1", 99, 1_767_225_600)] == kept


@pytest.mark.usefixtures("aws")
def test_a_note_that_comes_between_read_and_write_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    write = history._write

    def overtaken(*arguments: Any) -> None:
        monkeypatch.setattr(history, "_write", write)
        history.add(note("first", 1_767_225_600))
        write(*arguments)

    monkeypatch.setattr(history, "_write", overtaken)
    history.add(note("second", 1_767_225_601))
    assert [each["note_data"] for each in history.last("mrc1", 9, 1_767_225_601)] == ["second", "first"]


def test_a_site_at_which_others_write_all_the_time_is_a_503(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_row: Any) -> None:
        raise ConditionFailed

    monkeypatch.setattr(history, "_write", refuse)
    answer = api.post("/nightlog/mrc1", json={"note_data": "Clear."})
    assert answer.status_code == 503
    assert api.get("/nightlog/mrc1").json()["note_data"] == "Clear."
