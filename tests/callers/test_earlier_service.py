"""The earlier service beside this one on the same rows: what either writes, the other reads, at any time."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from local.deployment import PROJECT
from support.client import ApiClient
from tests.callers import earlier_service as earlier

PAGE = PROJECT / "docs" / "differences.md"
BASE = "mrc1-sq01-20260101-00000001"
CONFIG = {"name": "Mission Ridge", "elevation": 318, "empty": "", "none": None, "nested": [["lum", [0, 1]]]}
NOTE = {"message": "Clear.", "ttl_hours": 48}
UPLOAD = {"upload_timestamp_s": 1_790_000_000, "filename": f"data/{BASE}-EX10.jpg", "size_bytes": 5}
ROOM = {"site": "mrc1", "slug": "s", "room_id": "r", "url": "https://u", "config": {"url": "https://c"}}

# Both services' answers, as (status, body).
Answers = tuple[earlier.Answer, earlier.Answer]
Case = Callable[[ApiClient], Answers]


def here(api: ApiClient, method: str, path: str, **arguments: Any) -> earlier.Answer:
    """Return this service's answer in the form that the earlier service's model uses."""
    answer = api.request(method, path, **arguments)
    if not answer.content:
        return answer.status_code, None
    is_json = answer.headers["Content-Type"] == "application/json"
    return answer.status_code, answer.json() if is_json else answer.text


def config_of_the_earlier_service(api: ApiClient) -> Answers:
    earlier.put_config("mrc1", json.dumps(CONFIG))
    return earlier.get_config("mrc1"), here(api, "GET", "/mrc1/config")


def config_of_this_service(api: ApiClient) -> Answers:
    api.put("/mrc1/config", data=json.dumps(CONFIG))
    return earlier.get_config("mrc1"), here(api, "GET", "/mrc1/config")


def config_after_a_broken_body(api: ApiClient) -> Answers:
    earlier.put_config("mrc1", '{"name": "Mission Ridge"}')
    api.put("/mrc1/config", data='{"name": ')
    kept = here(api, "GET", "/mrc1/config")
    earlier.put_config("mrc1", '{"name": ')
    return earlier.get_config("mrc1"), kept


def broken_config(api: ApiClient) -> Answers:
    return earlier.put_config("mrc1", "{"), here(api, "PUT", "/mrc1/config", data="{")


def uploads_of_a_site(api: ApiClient) -> Answers:
    earlier.uploads.put({"site": "mrc1", **UPLOAD})
    return earlier.get_recent_uploads("mrc1"), here(api, "GET", "/recentuploads?site=mrc1")


def uploads_beyond_a_page(api: ApiClient) -> Answers:
    for second in range(5):
        earlier.uploads.put({**UPLOAD, "site": "mrc1", "upload_timestamp_s": second, "note": "x" * 300_000})
    return earlier.get_recent_uploads("mrc1"), here(api, "GET", "/recentuploads?site=mrc1")


def info_image_of_the_ingester(api: ApiClient) -> Answers:
    earlier.info_images.put({"pk": "mrc1#1", "base_filename": BASE, "data_type": "EX"})
    return earlier.get_info_image("mrc1", 1), here(api, "GET", "/infoimage/mrc1/1")


def no_info_image_of_a_known_site(api: ApiClient) -> Answers:
    earlier.configs.put({"site": "mrc1", "configuration": {}})
    return earlier.get_info_image("mrc1", 1), here(api, "GET", "/infoimage/mrc1/1")


def no_info_image_of_an_unknown_site(api: ApiClient) -> Answers:
    return earlier.get_info_image("nowhere", 1), here(api, "GET", "/infoimage/nowhere/1")


def note_of_the_earlier_service(api: ApiClient) -> Answers:
    earlier.post_note("mrc1", NOTE)
    return earlier.get_note("mrc1"), here(api, "GET", "/nightlog/mrc1")


def note_of_this_service(api: ApiClient) -> Answers:
    api.post("/nightlog/mrc1", json={"note_data": NOTE})
    return earlier.get_note("mrc1"), here(api, "GET", "/nightlog/mrc1")


def expired_note(api: ApiClient) -> Answers:
    earlier.post_note("mrc1", NOTE, now=time.time() - 50 * 3600)
    return earlier.get_note("mrc1"), here(api, "GET", "/nightlog/mrc1")


def room(api: ApiClient) -> Answers:
    earlier.rooms.put(ROOM)
    return earlier.get_room("mrc1"), here(api, "GET", "/control_room/mrc1")


def items_of_the_earlier_service(api: ApiClient) -> Answers:
    earlier.create_queue("q")
    earlier.enqueue("q", {"site": "mrc1"}, "mrc1")
    return earlier.peek("q"), here(api, "GET", "/pipe/queue/q")


def items_of_this_service(api: ApiClient) -> Answers:
    api.post("/pipe/queue", json={"queue_name": "q"})
    api.post("/pipe/enqueue", json={"queue_name": "q", "payload": {"site": "mrc1"}, "sender": "mrc1"})
    return earlier.peek("q"), here(api, "GET", "/pipe/queue/q")


def items_of_both(api: ApiClient) -> Answers:
    earlier.create_queue("q")
    api.post("/pipe/enqueue", json={"queue_name": "q", "payload": "here"})
    earlier.enqueue("q", "earlier")
    return earlier.peek("q"), here(api, "GET", "/pipe/queue/q")


def an_item_taken_by_the_earlier_service(api: ApiClient) -> Answers:
    items_of_this_service(api)
    assert earlier.dequeue("q")[0] == 200
    return earlier.dequeue("q"), here(api, "POST", "/pipe/queue/q/dequeue")


def an_item_taken_by_this_service(api: ApiClient) -> Answers:
    items_of_the_earlier_service(api)
    assert api.post("/pipe/queue/q/dequeue").status_code == 200
    return earlier.dequeue("q"), here(api, "POST", "/pipe/queue/q/dequeue")


def counts(api: ApiClient) -> Answers:
    items_of_the_earlier_service(api)
    return (200, {"q": earlier.count("q")}), here(api, "GET", "/pipe/queues")


def status_of_the_earlier_service(api: ApiClient) -> Answers:
    earlier.post_status("pipe1", "idle", {"load": 1})
    return earlier.get_status("pipe1"), here(api, "GET", "/pipe/status/pipe1")


def status_of_this_service(api: ApiClient) -> Answers:
    api.post("/pipe/status", json={"pipe_id": "pipe1", "status": "idle", "details": {"load": 1}})
    return earlier.get_status("pipe1"), here(api, "GET", "/pipe/status/pipe1")


# What is stored, the call, and a function that gets both services' answers.
CASES: list[tuple[str, str, Case]] = [
    ("a config that the earlier service stored", "`GET /{site}/config`", config_of_the_earlier_service),
    ("a config that this service stored", "`GET /{site}/config`", config_of_this_service),
    ("any config", "`PUT /{site}/config` of broken JSON", broken_config),
    ("a config, then `PUT` of broken JSON", "`GET /{site}/config`", config_after_a_broken_body),
    ("an upload of the ingester", "`GET /recentuploads`", uploads_of_a_site),
    ("uploads of 1.5 MB", "`GET /recentuploads`", uploads_beyond_a_page),
    ("an info image of the ingester", "`GET /infoimage/{site}/{channel}`", info_image_of_the_ingester),
    ("a site without an info image", "`GET /infoimage/{site}/{channel}`", no_info_image_of_a_known_site),
    ("nothing of a site", "`GET /infoimage/{site}/{channel}`", no_info_image_of_an_unknown_site),
    ("a note that the earlier service stored", "`GET /nightlog/{site}`", note_of_the_earlier_service),
    ("a note that this service stored", "`GET /nightlog/{site}`", note_of_this_service),
    ("an expired note that is still stored", "`GET /nightlog/{site}`", expired_note),
    ("a control room", "`GET /control_room/{site}`", room),
    (
        "a queue and item of the earlier service",
        "`GET /pipe/queue/{queue_name}`",
        items_of_the_earlier_service,
    ),
    ("a queue and item of this service", "`GET /pipe/queue/{queue_name}`", items_of_this_service),
    (
        "an item of this service, then one of the earlier service",
        "`GET /pipe/queue/{queue_name}`",
        items_of_both,
    ),
    ("an item that the earlier service took", "`POST …/dequeue`", an_item_taken_by_the_earlier_service),
    ("an item that this service took", "`POST …/dequeue`", an_item_taken_by_this_service),
    ("a queue of one item", "`GET /pipe/queues`", counts),
    (
        "a status that the earlier service stored",
        "`GET /pipe/status/{pipe_id}`",
        status_of_the_earlier_service,
    ),
    ("a status that this service stored", "`GET /pipe/status/{pipe_id}`", status_of_this_service),
]


@pytest.mark.parametrize(("stored", "call", "case"), CASES, ids=[case[2].__name__ for case in CASES])
def test_both_services_answer_as_the_table_says(api: ApiClient, stored: str, call: str, case: Case) -> None:
    of_earlier, of_this = case(api)
    line = f"| {stored} | {call} | {_cells(of_earlier, of_this)} |"
    assert line in PAGE.read_text().splitlines()


def test_the_table_has_no_other_line() -> None:
    _, _, rest = PAGE.read_text().partition("<!-- table: rows -->")
    table, end, _ = rest.partition("<!-- end of table -->")
    assert end
    lines = [line for line in table.splitlines() if line.startswith("| ")][2:]
    assert [line.split(" | ")[:2] for line in lines] == [[f"| {stored}", call] for stored, call, _ in CASES]


def _cells(of_earlier: earlier.Answer, of_this: earlier.Answer) -> str:
    """Return both answers as in the table; if they are equal, this service's is written "the same"."""
    if of_this == of_earlier:
        return f"{_told(of_earlier, with_objects=False)} | the same"
    both = of_earlier[1], of_this[1]
    if all(isinstance(body, dict) for body in both) and both[0].items() <= both[1].items():
        added = ", ".join(f"`{name}`" for name in sorted(both[1].keys() - both[0].keys()))
        return f"{_told(of_earlier, with_objects=False)} | the same, and {added}"
    return f"{_told(of_earlier, with_objects=True)} | {_told(of_this, with_objects=True)}"


def _told(answer: earlier.Answer, *, with_objects: bool) -> str:
    """Return an answer in words: its status, and its body if that is short and has no time of this run."""
    status, body = answer
    if body is None:
        return f"{status}, empty"
    if isinstance(body, str):
        return f"{status}, “{body}”"
    if isinstance(body, list):
        payloads = ", ".join(item["payload"] for item in body if isinstance(item.get("payload"), str))
        return f"{status}, {len(body)} of them" + (f": {payloads}" if payloads else "")
    text = json.dumps(body, default=int, ensure_ascii=False)
    return f"{status}, `{text}`" if with_objects and "timestamp" not in text else str(status)
