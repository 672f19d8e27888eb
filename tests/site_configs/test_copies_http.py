"""The kept list of all configs equals the list in the table, costs little, and is never required."""

import json
import time
from typing import Any

import pytest

from common import s3
from common.dynamodb import Table
from common.errors import Unavailable
from common.responses import COMMON_HEADERS, Listing, ok, to_lambda
from site_configs import copies, handlers, listings, store, table
from site_configs.sameness import is_stored_as
from support.client import ApiClient
from tests.events import event

SMALL: dict[str, Any] = {
    "mrc1": {"name": "Mission Ridge", "latitude": 34.459375},
    "aro1": {"on": True, "é": [1, None]},
}
LARGE = {f"site{number:03d}": {"text": f"{number}" * 40_000} for number in range(20)}
OVER_6_MB = {f"site{number:03d}": {"text": "x" * 100_000} for number in range(70)}
OVER_12_MB = {f"site{number:03d}": {"text": "x" * 300_000} for number in range(50)}
KEY = "kept/all-configs.1"


def write(configs: dict[str, Any]) -> None:
    for site, config in configs.items():
        store.write(site, config)


def forget() -> None:
    """Empty the caches, as in a new process."""
    listings.forget()
    store.forget_site_codes()


def listed(accept: str, if_none_match: str = "") -> dict[str, Any]:
    headers = {"Accept-Encoding": accept, "If-None-Match": if_none_match}
    made = event(headers=headers)
    return handlers.get_all_configs({**made, "resource": "/all/config"}, None)


def read_plainly(accept: str, if_none_match: str = "") -> dict[str, Any]:
    """Return the answer as it was before there were copies."""
    listing = Listing(table.read_all(), lambda site: {"after": site}, is_object=True)
    return to_lambda(ok(listing), accepts_gzip=accept == "gzip", if_none_match=if_none_match)


def without_time(answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer without the time in the header of its gzip (RFC 1952, MTIME: bytes 4 to 7)."""
    if not answer["isBase64Encoded"]:
        return answer
    # 4 characters of base64 are 3 bytes
    return {**answer, "body": answer["body"][:4] + answer["body"][12:]}


@pytest.fixture
def requests_sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    sent: list[str] = []
    request, to_s3 = Table._request, s3.request

    def counted(self: Table, operation: str, **arguments: Any) -> Any:
        sent.append(operation)
        return request(self, operation, **arguments)

    def counted_s3(operation: str, **arguments: Any) -> Any:
        sent.append(operation)
        return to_s3(operation, **arguments)

    monkeypatch.setattr(Table, "_request", counted)
    monkeypatch.setattr(s3, "request", counted_s3)
    return sent


@pytest.mark.parametrize("configs", [{"mrc1": {}}, SMALL, LARGE, OVER_6_MB, OVER_12_MB], ids=len)
@pytest.mark.parametrize("accept", ["gzip", "identity"])
def test_a_copy_is_answered_as_the_table_is(aws: str, configs: dict[str, Any], accept: str) -> None:
    write(configs)
    plain = without_time(read_plainly(accept))
    first, again = listed(accept), listed(accept)
    forget()
    of_bucket = listed(accept)
    assert [without_time(answer) for answer in (first, again, of_bucket)] == [plain] * 3
    etag = plain["headers"]["ETag"]
    assert listed(accept, etag) == read_plainly(accept, etag)
    assert listed(accept, etag)["headers"] == {**COMMON_HEADERS, "ETag": etag}


def test_a_poll_with_nothing_new_reads_one_row(aws: str, requests_sent: list[str]) -> None:
    write(SMALL)
    listed("gzip")
    requests_sent.clear()
    listed("gzip")
    assert requests_sent == ["get_item"]
    forget()
    requests_sent.clear()
    listed("gzip")
    assert requests_sent == ["get_item", "get_object"]


def test_every_change_is_listed_at_once_also_by_another_process(api: ApiClient) -> None:
    for number in range(3):
        api.put("/mrc1/config", json={"number": number})
        assert api.get("/all/config").json() == {"mrc1": {"number": number}}
        forget()
        assert api.get("/all/config").json() == {"mrc1": {"number": number}}
    api.delete("/mrc1/config")
    assert api.get("/all/config").json() == {}


def test_the_same_config_again_is_not_written(aws: str, requests_sent: list[str]) -> None:
    write(SMALL)
    version = table.version()
    requests_sent.clear()
    response = store.write("mrc1", {"latitude": 34.459375, "name": "Mission Ridge"})
    assert requests_sent == ["get_item"]
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert table.version() == version


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"a": True}, {"a": 1}),
        ({"a": 0}, {"a": False}),
        ({"a": None}, {}),
        ({"a": "1"}, {"a": 1}),
        ({"a": [1, 2]}, {"a": [2, 1]}),
        ({"a": [1]}, {"a": [1, 1]}),
        ({"a": 0.1}, {"a": 0.10000000000000001e-1}),
        ({"a": {"b": 1}}, {"a": {"c": 1}}),
        ({"a": ""}, {"a": None}),
    ],
)
def test_another_config_is_written(api: ApiClient, before: dict[str, Any], after: dict[str, Any]) -> None:
    for config in (before, after, before):
        api.put("/mrc1/config", json=config)
        assert api.get("/mrc1/config").text == json.dumps(
            {"site": "mrc1", "configuration": config}, separators=(",", ":")
        )
        assert api.get("/all/config").json() == {"mrc1": config}


def test_a_row_with_more_than_a_config_is_not_the_same(aws: str) -> None:
    row = {"site": "mrc1", "configuration": {}}
    assert is_stored_as(row, row)
    assert not is_stored_as(row, {**row, "note": ""})


def test_a_change_of_another_program_is_listed_after_a_while(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(SMALL)
    assert api.get("/all/config").json() == SMALL
    Table("CONFIG_TABLE_NAME").put({"site": "mrc1", "configuration": {}})
    assert api.get("/all/config").json() == SMALL
    later = time.time() + copies.GOOD_FOR_S
    monkeypatch.setattr("site_configs.copies.time.time", lambda: later)
    assert api.get("/all/config").json() == {**SMALL, "mrc1": {}}


def test_a_copy_from_the_future_is_not_used(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    write(SMALL)
    with monkeypatch.context() as patch:
        future = time.time() + 1e6
        patch.setattr("site_configs.listings.time.time", lambda: future)
        api.get("/all/config")
    Table("CONFIG_TABLE_NAME").put({"site": "mrc1", "configuration": {}})
    assert api.get("/all/config").json() == {**SMALL, "mrc1": {}}


@pytest.mark.parametrize("content", [b"", b"{}", b"[]\n", b'{"version": 1}\nx', b"\xff\n{}"])
def test_an_object_that_is_no_copy_is_replaced(api: ApiClient, content: bytes) -> None:
    write(SMALL)
    s3.request("put_object", Key=KEY, Body=content)
    assert api.get("/all/config").json() == SMALL
    forget()
    assert (s3.read(KEY) or b"").startswith(b'{"version": ')
    assert api.get("/all/config").json() == SMALL


def test_without_the_bucket_the_table_is_listed(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[str] = []

    def down(operation: str, **_arguments: Any) -> Any:
        tries.append(operation)
        raise Unavailable("Try again later: the image store does not answer.")

    write(SMALL)
    monkeypatch.setattr(s3, "request", down)
    monkeypatch.setattr(listings, "_copies", copies.Copies("all-configs.1"))
    for number in range(3):
        api.put("/mrc1/config", json={"number": number})
        assert api.get("/all/config").json() == {**SMALL, "mrc1": {"number": number}}
    # it is left alone for a while
    assert tries == ["get_object"]


def test_a_bucket_that_refuses_is_left_alone(aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write(SMALL)
    monkeypatch.setattr(listings, "_copies", copies.Copies("all-configs.1"))
    monkeypatch.setenv("S3_BUCKET_NAME", "no-such-bucket")
    assert json.loads(listed("identity")["body"]) == SMALL


def test_a_list_that_a_time_limit_ended_is_not_kept(aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write(SMALL)
    with monkeypatch.context() as patch:
        patch.setattr("common.responses.STOP_READING_S", 1e6)
        assert len(json.loads(listed("identity")["body"])) == 1
    assert json.loads(listed("identity")["body"]) == SMALL


def test_a_table_without_a_version_is_read(api: ApiClient) -> None:
    by_another = Table("CONFIG_TABLE_NAME")
    for number in range(2):
        by_another.put({"site": "mrc1", "configuration": {"number": number}})
        assert api.get("/all/config").json() == {"mrc1": {"number": number}}


def test_site_codes_are_kept_until_a_site_comes_or_goes(aws: str, requests_sent: list[str]) -> None:
    write(SMALL)
    assert store.site_codes() == ["aro1", "mrc1"]
    store.write("mrc1", {"changed": True})
    forget()
    requests_sent.clear()
    assert store.site_codes() == ["aro1", "mrc1"]
    assert requests_sent == ["get_item", "get_object"]
    store.delete("aro1")
    assert store.site_codes() == ["mrc1"]
    store.write("eco1", {})
    assert store.site_codes() == ["eco1", "mrc1"]


def test_a_site_deleted_during_its_change_counts_as_new(aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write(SMALL)
    read = Table.get_with_response

    def deleted_after(self: Table, key: Any, **how: Any) -> Any:
        found = read(self, key, **how)
        monkeypatch.setattr(Table, "get_with_response", read)
        table.delete("mrc1")
        assert store.site_codes() == ["aro1"]
        return found

    monkeypatch.setattr(Table, "get_with_response", deleted_after)
    store.write("mrc1", {"changed": True})
    assert store.site_codes() == ["aro1", "mrc1"]


def test_a_change_that_a_busy_table_refuses_is_repeated(aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    request, tries = Table._request, [0]

    def busy(self: Table, operation: str, **arguments: Any) -> Any:
        if operation == "transact_write_items":
            tries[0] += 1
            if tries[0] < 3:
                raise Unavailable("Try again later: the table is busy.")
        return request(self, operation, **arguments)

    monkeypatch.setattr(Table, "_request", busy)
    monkeypatch.setattr("site_configs.table.time.sleep", lambda _s: None)
    store.write("mrc1", {})
    assert tries == [3]
    assert store.read("mrc1") == {}
