"""A cut or changed answer of DynamoDB or SSM is requested again and never used."""

import json
import zlib
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from botocore import endpoint
from werkzeug import Request, Response

from auth import store as key_store
from common import aws, settings
from common.dynamodb import ConditionFailed, Table
from common.errors import Unavailable
from local.server import Server

TABLE = Table("CONFIG_TABLE_NAME")
KEY = {"site": "mrc1"}
ROW = {**KEY, "configuration": {"name": "é" * 40}}
WIRE_ROW = {"site": {"S": "mrc1"}, "configuration": {"M": {"name": {"S": "é" * 40}}}}
OF_MRC = {"KeyConditionExpression": "site = :site", "ExpressionAttributeValues": {":site": "mrc1"}}

WHOLE = {
    "GetItem": {"Item": WIRE_ROW},
    "Query": {"Items": [WIRE_ROW], "Count": 1},
    "Scan": {"Items": [WIRE_ROW], "Count": 1},
    "UpdateItem": {"Attributes": WIRE_ROW},
    "PutItem": {},
    "BatchWriteItem": {"UnprocessedItems": {}},
    "GetParameter": {"Parameter": {"Name": "db-url", "Value": "postgresql://"}},
    "GetParametersByPath": {"Parameters": []},
}
CALLS: dict[str, tuple[Callable[[], Any], Any]] = {
    "GetItem": (lambda: TABLE.get(KEY), ROW),
    "Query": (lambda: list(TABLE.query(**OF_MRC)), [ROW]),
    "Count": (lambda: TABLE.count(**OF_MRC), 1),
    "Scan": (lambda: list(TABLE.scan()), [ROW]),
    "UpdateItem": (lambda: TABLE.update(KEY, ReturnValues="ALL_NEW"), ROW),
    "BatchWriteItem": (lambda: TABLE.delete_many([KEY]), None),
    "GetParameter": (lambda: settings.secret("db-url"), "postgresql://"),
    "GetParametersByPath": (key_store.read_all, {}),
}


def checked(body: bytes, of: bytes | None = None) -> Response:
    """An answer with the checksum of a body, by default its own."""
    return Response(body, headers={"x-amz-crc32": str(zlib.crc32(body if of is None else of))})


BREAKS: dict[str, Callable[[bytes], Response]] = {
    "half of it": lambda body: Response(body[: len(body) // 2]),
    "half of it, the checksum of the whole": lambda body: checked(body[: len(body) // 2], body),
    "another, the checksum of the whole": lambda body: checked(b'{"Items": [], "Count": 0}', body),
    "nothing": lambda _body: Response(b""),
    "a page of a proxy": lambda _body: Response(b"<html>Bad gateway</html>", content_type="text/html"),
    "a page of a proxy that says 502": lambda _body: Response(b"<html>", 502, content_type="text/html"),
    "no object": lambda _body: Response(b"null"),
    "a refusal that is cut": lambda _body: Response(b'{"__type": "com.amazonaws.dynamod', 400),
}


class Backend:
    """DynamoDB and SSM, whose next answers are broken.

    Attributes
    ----------
    breaks
        How the next answers are broken, one after the other.
    asked
        The operations that were asked for.
    """

    def __init__(self) -> None:
        self.breaks: list[Callable[[bytes], Response]] = []
        self.asked: list[str] = []

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        request.get_data()
        operation = request.headers["X-Amz-Target"].partition(".")[2]
        self.asked.append(operation)
        body = json.dumps(WHOLE[operation]).encode()
        response = self.breaks.pop(0)(body) if self.breaks else checked(body)
        return response(environ, start_response)


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, Backend]]:
    backend = Backend()
    server = Server(0, backend)
    server.start()
    yield server.url, backend
    server.stop()


@pytest.fixture
def backend(server: tuple[str, Backend], aws_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Backend]:
    url, backend = server
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    monkeypatch.setattr(endpoint, "time", SimpleNamespace(sleep=lambda _seconds: None))
    backend.asked.clear()
    aws._made_client.cache_clear()
    settings.secret.cache_clear()
    yield backend
    aws._made_client.cache_clear()
    settings.secret.cache_clear()


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("how", BREAKS)
def test_what_is_broken_is_asked_for_again(backend: Backend, name: str, how: str) -> None:
    call, expected = CALLS[name]
    backend.breaks = [BREAKS[how]] * 2
    assert call() == expected
    assert len(backend.asked) == aws.ATTEMPTS


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("how", BREAKS)
def test_what_stays_broken_is_unavailable(backend: Backend, name: str, how: str) -> None:
    call, _ = CALLS[name]
    backend.breaks = [BREAKS[how]] * aws.ATTEMPTS
    with pytest.raises(Unavailable):
        call()
    assert len(backend.asked) == aws.ATTEMPTS


def test_a_write_whose_answer_was_broken_counts_as_sent_more_than_once(backend: Backend) -> None:
    refusal = json.dumps({"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"})
    backend.breaks = [BREAKS["half of it"], lambda _body: Response(refusal, 400)]
    with pytest.raises(ConditionFailed) as failed:
        TABLE.put(ROW)
    assert failed.value.retried
