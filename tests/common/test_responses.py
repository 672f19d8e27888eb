"""Listings: as much as fits, whole elements, and a way on."""

import base64
import gzip
import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.responses import MAX_BODY_BYTES, Listing, Response, accepts_gzip, json_text, to_lambda

LAMBDA_LIMIT = 6 * 1024 * 1024


def listing(elements: list[Any] | dict[str, Any]) -> Response:
    return Response(200, Listing(elements, lambda last: {"after": json.dumps(last)[:20]}))


def wire_size(answer: dict[str, Any]) -> int:
    """The bytes that Lambda counts against its limit."""
    return len(json.dumps(answer, ensure_ascii=False).encode())


@given(st.lists(st.text(), max_size=30), st.integers(2, 400))
def test_what_fits_is_the_most_that_fits(elements: list[str], limit: int) -> None:
    whole = Listing(elements, lambda last: {"after": last})
    count = whole.fitting(limit)
    if count < len(elements):
        # a comma is reckoned for the last element too, so one byte may be left unused
        assert len(json.dumps(whole.text(count + 1), ensure_ascii=False).encode()) >= limit
    if count:
        assert len(json.dumps(whole.text(count), ensure_ascii=False).encode()) <= limit


def test_a_long_list_is_cut_at_a_whole_element_and_says_how_to_go_on() -> None:
    elements = [{"number": number, "text": 'é"\\' * 200} for number in range(9000)]
    answer = to_lambda(listing(elements), accepts_gzip=False)
    kept = json.loads(answer["body"])
    assert kept == elements[: len(kept)]
    assert LAMBDA_LIMIT - 10_000 < wire_size(answer) <= LAMBDA_LIMIT
    assert answer["headers"]["Link"].startswith("<?after=")
    assert answer["headers"]["Link"].endswith('>; rel="next"')


def test_a_caller_that_takes_gzip_gets_all_of_it() -> None:
    elements = [{"number": number, "text": "x" * 1000} for number in range(9000)]
    answer = to_lambda(listing(elements), accepts_gzip=True)
    assert answer["isBase64Encoded"]
    assert json.loads(gzip.decompress(base64.b64decode(answer["body"]))) == elements
    assert "Link" not in answer["headers"]


def test_what_does_not_even_fit_gzipped_is_cut_too() -> None:
    noise = random.Random(1)
    elements = [noise.randbytes(5000).hex() for _ in range(1500)]
    answer = to_lambda(listing(elements), accepts_gzip=True)
    kept = json.loads(gzip.decompress(base64.b64decode(answer["body"])))
    assert kept == elements[: len(kept)]
    assert MAX_BODY_BYTES * 0.85 < wire_size(answer) <= LAMBDA_LIMIT
    assert "Link" in answer["headers"]


def test_an_object_is_cut_at_a_whole_member() -> None:
    members = {f"site{number:04d}": "x" * 10_000 for number in range(700)}
    answer = to_lambda(listing(members), accepts_gzip=False)
    kept = json.loads(answer["body"])
    assert list(kept) == list(members)[: len(kept)]
    assert answer["headers"]["Link"] == f'<?after=%22{list(kept)[-1]}%22>; rel="next"'


def test_a_short_list_is_plain_json() -> None:
    answer = to_lambda(listing([1, {"a": None}]), accepts_gzip=True)
    assert answer["body"] == json_text([1, {"a": None}]) == '[1,{"a":null}]'
    assert not answer["isBase64Encoded"]


@pytest.mark.parametrize(
    ("accept_encoding", "accepted"),
    [
        ("", False),
        ("identity", False),
        ("gzip", True),
        ("deflate, GZIP;q=0.5, br", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000, *", False),
        ("br, *;q=0.1", True),
        ("*;q=0", False),
        ("x-gzip-not", False),
    ],
)
def test_who_takes_gzip(accept_encoding: str, accepted: bool) -> None:  # noqa: FBT001 - a table's column
    assert accepts_gzip(accept_encoding) == accepted
