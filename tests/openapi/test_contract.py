"""The judge of the HTTP suite's answers sees what is wrong."""

import json

import pytest
import requests

from support.contract import Contract

COMMON = {"Access-Control-Allow-Origin": "*", "X-Content-Type-Options": "nosniff"}
STATUS = {"pipe_id": "pipe-1", "status": "idle", "last_updated": 1, "details": {}}


def answer(method: str, status: int, body: str, kind: str | None, **headers: str) -> requests.Response:
    made = requests.Response()
    made.status_code = status
    made._content = body.encode()
    made.headers.update({**COMMON, **({"Content-Type": kind} if kind else {}), **headers})
    made.request = requests.Request(method, "http://127.0.0.1").prepare()
    return made


GOOD = [
    ("/pipe/status/p", answer("GET", 200, json.dumps(STATUS), "application/json")),
    ("//pipe/statuses/?after=p", answer("GET", 200, json.dumps([STATUS]), "application/json")),
    ("/pipe/status/p", answer("GET", 404, "PIPE machine not found: p", "text/plain; charset=utf-8")),
    ("/nightlog/mrc1", answer("DELETE", 204, "", None)),
    ("/pipe/queues", answer("GET", 503, "later", "text/plain", **{"Retry-After": "5"})),
    ("/no/such/route", answer("GET", 403, "{}", "application/json")),
]
BAD = [
    ("a key is missing", "/pipe/status/p", answer("GET", 200, '{"pipe_id": "p"}', "application/json")),
    (
        "a key too many",
        "/pipe/status/p",
        answer("GET", 200, json.dumps({**STATUS, "x": 1}), "application/json"),
    ),
    ("another type", "/pipe/statuses", answer("GET", 200, json.dumps(STATUS), "application/json")),
    ("an unknown status", "/pipe/statuses", answer("GET", 404, "no", "text/plain")),
    ("another content type", "/pipe/queues", answer("GET", 200, "{}", "text/plain")),
    ("a body where none may be", "/nightlog/mrc1", answer("DELETE", 204, "gone", "text/plain")),
    ("no Retry-After", "/pipe/queues", answer("GET", 503, "later", "text/plain")),
    ("an invalid Link", "/pipe/queues", answer("GET", 200, "{}", "application/json", Link="next")),
    ("another sentence", "/", answer("GET", 200, "Hello", "text/plain")),
]


@pytest.mark.parametrize(("path", "good"), GOOD)
def test_what_is_right_passes(contract: Contract, path: str, good: requests.Response) -> None:
    contract.check(path, good)


@pytest.mark.parametrize(("why", "path", "bad"), BAD, ids=[why for why, _, _ in BAD])
def test_what_is_wrong_is_seen(contract: Contract, why: str, path: str, bad: requests.Response) -> None:
    with pytest.raises(AssertionError):
        contract.check(path, bad)


@pytest.mark.parametrize("header", COMMON)
def test_an_answer_without_a_common_header_is_seen(contract: Contract, header: str) -> None:
    bare = answer("GET", 200, "{}", "application/json")
    del bare.headers[header]
    with pytest.raises(KeyError):
        contract.check("/pipe/queues", bare)
