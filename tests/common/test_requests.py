"""Requests: bodies, parameters and headers in the forms that API Gateway hands over."""

import base64
from decimal import Decimal
from unittest.mock import Mock

import pytest

from common import requests
from common.errors import BadRequest, TooLarge
from common.requests import MAX_JSON_CHARACTERS, Request
from tests.events import event


def request_with(**parts: object) -> Request:
    return Request.from_event({**event(), **parts})


def test_absent_parts_are_empty() -> None:
    request = Request.from_event({"headers": None, "body": None})
    assert (request.path, request.query, request.headers, request.text()) == ({}, {}, {}, "")


def test_header_names_do_not_mind_case() -> None:
    assert request_with(headers={"X-Site-KEY": "k"}).headers == {"x-site-key": "k"}


def test_a_base64_body_is_decoded() -> None:
    encoded = base64.b64encode('{"é": 0.10}'.encode()).decode()
    request = request_with(body=encoded, isBase64Encoded=True)
    assert request.json_object() == {"é": Decimal("0.10")}


@pytest.mark.parametrize("encoded", ["/w==", "a"])
def test_a_body_that_is_no_text_is_refused(encoded: str) -> None:
    with pytest.raises(BadRequest, match="not UTF-8"):
        request_with(body=encoded, isBase64Encoded=True).json_object()


def test_the_query_string_wins_over_the_body() -> None:
    request = request_with(queryStringParameters={"site": "mrc"}, body='{"site": "aro", "when": 5}')
    assert request.parameter("site") == "mrc"
    assert request.parameter("when") == 5
    assert request.parameter("other") is None


def test_a_body_that_is_not_needed_is_not_read() -> None:
    request = request_with(queryStringParameters={"site": "mrc"}, body="not JSON")
    assert request.parameter("site") == "mrc"
    with pytest.raises(BadRequest, match="not valid JSON"):
        request.parameter("when")


def test_a_body_larger_than_anything_that_can_be_stored_is_refused_unread() -> None:
    body = '{"a": ' + "[" * MAX_JSON_CHARACTERS
    with pytest.raises(
        TooLarge, match="The body is too large: 4194310 characters; at most 4194304 are allowed"
    ):
        request_with(body=body).json_object()


@pytest.mark.parametrize("number", ["0." + "1" * 4300, "1" * 4300 + ".5", "1e" + "0" * 4300, "9" * 4301])
def test_a_number_of_thousands_of_digits_is_refused(number: str) -> None:
    with pytest.raises(BadRequest, match="a number has too many digits"):
        request_with(body=f'{{"a": {number}}}').json_object()


def test_a_body_is_parsed_once_however_many_parameters_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    parse = Mock(wraps=requests.parse_json)
    monkeypatch.setattr(requests, "parse_json", parse)
    request = request_with(body='{"a": 1, "b": 2}')
    assert [request.parameter(name) for name in "abc"] == [1, 2, None]
    assert parse.call_count == 1
