"""Reads stop in time for an answer; what changes something goes on."""

from collections.abc import Callable
from typing import Any

import pytest

from auth import site_keys
from auth.site_keys import SITE, Holder
from common import aws as aws_clients
from common import request_context, settings
from common.dynamodb import Table
from common.errors import Unavailable
from support.client import ApiClient

TABLE = Table("NIGHT_LOG_TABLE")
OF_MRC = {"KeyConditionExpression": "site = :site", "ExpressionAttributeValues": {":site": "mrc1"}}
READS: dict[str, Callable[[], Any]] = {
    "get": lambda: TABLE.get({"site": "mrc1"}),
    "query": lambda: list(TABLE.query(**OF_MRC)),
    "scan": lambda: list(TABLE.scan()),
    "secret": lambda: settings.secret("db-url"),
    "site keys": site_keys.read,
}


@pytest.fixture
def _something_to_read(aws: str) -> None:
    TABLE.put({"site": "mrc1"})
    aws_clients.client("ssm").put_parameter(Name="db-url", Value="a", Type="SecureString", Overwrite=True)
    site_keys.hand_out(Holder(SITE, "mrc1"))


@pytest.fixture
def _late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests have too little time left for a read."""
    monkeypatch.setattr(request_context, "RESPOND_WITHIN_S", 1.0)


@pytest.mark.usefixtures("_something_to_read", "_late")
@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_no_read_is_begun_that_could_end_too_late(read: Callable[[], Any]) -> None:
    with request_context.deadline(), pytest.raises(Unavailable) as raised:
        read()
    assert raised.value.body == "Try again later: the stored data is slow to answer."
    # outside a request there is time
    assert read()


@pytest.mark.usefixtures("_something_to_read", "_late")
def test_writes_go_on() -> None:
    with request_context.deadline():
        TABLE.put({"site": "mrc2"})
        TABLE.delete({"site": "mrc1"})
    assert [row["site"] for row in TABLE.scan()] == ["mrc2"]


@pytest.mark.usefixtures("_late")
def test_a_request_without_time_is_answered_503(api: ApiClient) -> None:
    answer = api.get("/all/config")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert api.post("/pipe/status", json={"pipe_id": "pipe1", "status": "idle"}).status_code == 200
