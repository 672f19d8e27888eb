"""Rows of DynamoDB that only other programs can write, not this API: an odd row affects only itself."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from common import aws
from common.dynamodb import Table
from support.client import ApiClient

# In DynamoDB's wire format. Binaries are missing: moto's server cannot answer them.
ODD_VALUES: dict[str, dict[str, Any]] = {
    "texts": {"SS": ["b", "a"]},
    "numbers": {"NS": ["10", "9.5"]},
    "deep": {"M": {"list": {"L": [{"SS": ["x"]}, {"NULL": True}]}}},
}
ANSWERED = {
    "texts": ["a", "b"],
    "numbers": [9.5, 10],
    "deep": {"list": [["x"], None]},
}


def put(setting_name: str, **row: Any) -> None:
    """Store a row in the wire format; plain texts and numbers may be given as they are."""
    wire = {name: _wire(value) for name, value in row.items()}
    aws.client("dynamodb").put_item(TableName=Table(setting_name).name, Item=wire)


def _wire(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        return {"S": value}
    return {"N": str(value)} if isinstance(value, (int, Decimal)) else value


def test_a_config_with_sets_is_answered_with_lists(api: ApiClient) -> None:
    put("CONFIG_TABLE_NAME", site="mrc1", configuration={"M": ODD_VALUES})
    assert api.get("/mrc1/config").json() == {"site": "mrc1", "configuration": ANSWERED}
    assert api.get("/all/config").json() == {"mrc1": ANSWERED}


@pytest.mark.parametrize("configuration", [{"L": []}, {"S": "x"}, {"NULL": True}, {"SS": ["a"]}, None])
def test_a_config_that_is_not_a_map_affects_only_its_site(
    api: ApiClient, configuration: dict[str, Any] | None
) -> None:
    api.put("/aro1/config", json={"name": "Apache Ridge"})
    put(
        "CONFIG_TABLE_NAME",
        site="mrc1",
        **({} if configuration is None else {"configuration": configuration}),
    )
    assert api.get("/all/config").json() == {"aro1": {"name": "Apache Ridge"}}
    assert api.get("/mrc1/config").status_code == 404
    assert api.get("/events?site=mrc1").json() == {"error": "No config found for site mrc1."}


def test_an_upload_with_odd_values_is_listed(api: ApiClient) -> None:
    put("UPLOADS_LOG_TABLE_NAME", site="mrc1", upload_timestamp_s=1, **ODD_VALUES)
    put("UPLOADS_LOG_TABLE_NAME", site="mrc1", upload_timestamp_s=2)
    listed = [
        {"site": "mrc1", "upload_timestamp_s": 1, **ANSWERED},
        {"site": "mrc1", "upload_timestamp_s": 2},
    ]
    assert api.get("/recentuploads?site=mrc1").json() == listed
    assert api.get("/recentuploads?site=all").json() == listed


def test_an_info_image_with_odd_values_is_answered(api: ApiClient) -> None:
    put("INFO_IMAGES_TABLE", pk="mrc1#1", header={"M": ODD_VALUES})
    assert api.get("/infoimage/mrc1/1").json()["header"] == ANSWERED


@pytest.mark.parametrize("path", [{"SS": ["a"]}, {"N": "1"}, {"M": {}}, {"BOOL": True}])
def test_an_info_image_with_an_invalid_path_has_no_url(api: ApiClient, path: dict[str, Any]) -> None:
    put("INFO_IMAGES_TABLE", pk="mrc1#1", jpg_medium_exists={"BOOL": True}, jpg_10_file_path=path)
    answer = api.get("/infoimage/mrc1/1")
    assert answer.status_code == 200
    assert "jpg_url" not in answer.json()


@pytest.mark.parametrize("ends", [{"S": "soon"}, {"SS": ["1"]}, {"NULL": True}])
def test_a_note_whose_end_is_no_number_is_answered(api: ApiClient, ends: dict[str, Any]) -> None:
    # the contract knows of no such note
    api = ApiClient(api.base_url)
    put("NIGHT_LOG_TABLE", site="mrc1", note_data={"M": ODD_VALUES}, ttl_timestamp_seconds=ends)
    assert api.get("/nightlog/mrc1").json()["note_data"] == ANSWERED


def test_a_room_with_odd_values_is_answered(api: ApiClient) -> None:
    put("REMOTEHQ_ROOMS_TABLE", site="mrc1", slug="s", room_id="r", url="https://u", config={"M": ODD_VALUES})
    assert api.get("/control_room/mrc1").json()["config"] == ANSWERED


def _dequeue(api: ApiClient) -> Any:
    return [api.post("/pipe/queue/q/dequeue").json()]


def _peek(api: ApiClient) -> Any:
    return api.get("/pipe/queue/q").json()


@pytest.mark.parametrize("look", [_peek, _dequeue])
def test_an_item_with_odd_values_is_handed_out(api: ApiClient, look: Callable[[ApiClient], Any]) -> None:
    put("PIPE_QUEUE_TABLE_NAME", pk="QUEUE#q", sk="METADATA", item_type="QUEUE_ITEM", queue_name="q")
    put("PIPE_QUEUE_TABLE_NAME", pk="QUEUE#q", sk="ITEM#1", id="1", payload={"M": ODD_VALUES})
    (item,) = look(api)
    assert item["payload"] == ANSWERED


@pytest.mark.parametrize("created_at", [{"S": "now"}, {"NULL": True}])
def test_an_item_that_does_not_say_when_it_came_does_not_stop_the_counting(
    api: ApiClient, created_at: dict[str, Any]
) -> None:
    put("PIPE_QUEUE_TABLE_NAME", pk="QUEUE#q", sk="METADATA", item_type="QUEUE_ITEM", queue_name="q")
    put("PIPE_QUEUE_TABLE_NAME", pk="QUEUE#q", sk="ITEM#1", id="1", created_at=created_at)
    answer = api.get("/pipe/queue/q/stats").json()
    assert (answer["waiting"], answer["oldest_age_ms"]) == (1, None)


def test_a_status_with_odd_values_is_listed_and_one_without_a_time_hides_no_other(api: ApiClient) -> None:
    put("PIPE_QUEUE_TABLE_NAME", pk="STATUS#p1", sk="INFO", last_updated=1, details={"M": ODD_VALUES})
    put("PIPE_QUEUE_TABLE_NAME", pk="STATUS#p2", sk="INFO", status="idle")
    (listed,) = api.get("/pipe/statuses").json()
    assert (listed["pipe_id"], listed["details"]) == ("p1", ANSWERED)
    assert api.get("/pipe/status/p1").json()["details"] == ANSWERED
    assert api.get("/pipe/status/p2").json()["status"] == "idle"
