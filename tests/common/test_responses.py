"""Listings: an answer has as many whole elements as fit, and a link to the rest."""

import base64
import gzip
import json
import random
import tracemalloc
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common import request_context
from common.responses import (
    MAX_BODY_BYTES,
    MAX_LISTING_BYTES,
    Listing,
    Response,
    accepts_gzip,
    json_text,
    to_lambda,
)

LAMBDA_LIMIT = 6 * 1024 * 1024


def listing(elements: Iterable[Any]) -> Response:
    return Response(200, Listing(enumerate(elements), lambda place: {"after": str(place)}))


def counted(elements: Iterable[Any], read: list[Any]) -> Iterator[Any]:
    """The elements, each noted in `read` when it is asked for."""
    for element in elements:
        read.append(element)
        yield element


def body(answer: dict[str, Any]) -> Any:
    packed = answer["isBase64Encoded"]
    return json.loads(gzip.decompress(base64.b64decode(answer["body"])) if packed else answer["body"])


def wire_size(answer: dict[str, Any] | str) -> int:
    """The bytes that Lambda counts against its limit."""
    return len(json.dumps(answer, ensure_ascii=False).encode())


@given(st.lists(st.text(), max_size=30), st.integers(2, 400))
def test_fitting_returns_the_largest_number_that_fits(elements: list[str], limit: int) -> None:
    whole = Listing(enumerate(elements), lambda place: {"after": str(place)})
    count = whole.fitting(limit)
    if count < len(elements):
        # a comma is reckoned for the last element too, so one byte may be left unused
        assert wire_size(whole.text(count + 1).decode()) >= limit
    if count:
        assert wire_size(whole.text(count).decode()) <= limit


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
    whole = Listing(members.items(), lambda name: {"after": name}, is_object=True)
    answer = to_lambda(Response(200, whole), accepts_gzip=False)
    kept = json.loads(answer["body"])
    assert list(kept) == list(members)[: len(kept)]
    assert answer["headers"]["Link"] == f'<?after={list(kept)[-1]}>; rel="next"'


def test_members_are_sorted_within_an_answer_and_the_link_follows_the_reading_order() -> None:
    names = [f"site{number * 7 % 10}" for number in range(10)]
    members = {name: name * 100_000 for name in names}
    whole = Listing(members.items(), lambda name: {"after": name}, is_object=True)
    answer = to_lambda(Response(200, whole), accepts_gzip=False)
    assert list(json.loads(answer["body"])) == sorted(names)
    members = dict.fromkeys(names, "x" * 1000000)
    whole = Listing(members.items(), lambda name: {"after": name}, is_object=True)
    answer = to_lambda(Response(200, whole), accepts_gzip=False)
    assert list(json.loads(answer["body"])) == sorted(names[:6])
    assert answer["headers"]["Link"] == f'<?after={names[5]}>; rel="next"'


@pytest.mark.parametrize("gzip_accepted", [False, True])
def test_no_more_is_read_than_fits(gzip_accepted: bool) -> None:  # noqa: FBT001 - a table's column
    read: list[Any] = []
    endless = counted(({"text": "x" * 1000, "number": number} for number in range(10**9)), read)
    answer = to_lambda(listing(endless), accepts_gzip=gzip_accepted)
    assert len(read) * 1000 < MAX_LISTING_BYTES * 1.01
    assert answer["headers"]["Link"] == f'<?after={len(body(answer)) - 1}>; rel="next"'


def test_memory_does_not_grow_with_what_is_stored() -> None:
    endless = ([{"text": "x" * 100}] * 100 for _ in range(10**9))
    tracemalloc.start()
    answer = to_lambda(listing(endless), accepts_gzip=True)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "Link" in answer["headers"]
    assert peak < 3.3 * MAX_LISTING_BYTES


def test_a_list_ends_when_the_time_does(monkeypatch: pytest.MonkeyPatch) -> None:
    left = iter(range(15, 0, -1))
    monkeypatch.setattr(request_context, "remaining_s", lambda: next(left))
    answer = to_lambda(listing(range(100)), accepts_gzip=False)
    assert body(answer) == [0, 1, 2, 3, 4, 5, 6]
    assert answer["headers"]["Link"] == '<?after=6>; rel="next"'


def test_an_element_that_json_cannot_hold_hides_no_other() -> None:
    odd = [1, {"no JSON": object()}, 2, 3, "\ud800", 4, "x" * MAX_BODY_BYTES, 5]
    answer = to_lambda(listing(odd), accepts_gzip=False)
    assert body(answer) == [1, 2, 3, 4, 5]
    assert "Link" not in answer["headers"]


@pytest.mark.parametrize("gzip_accepted", [False, True])
@given(st.lists(st.integers(0, 1_500_000), max_size=12), st.booleans())
@settings(max_examples=15)
def test_following_the_links_gives_everything_once(
    gzip_accepted: bool,  # noqa: FBT001 - a table's column
    sizes: list[int],
    noisy: bool,  # noqa: FBT001 - as above
) -> None:
    noise = random.Random(1)
    elements = [noise.randbytes(size // 2).hex() if noisy else "x" * size for size in sizes]
    seen: list[str] = []
    while True:
        rest = list(enumerate(elements))[len(seen) :]
        page = Listing(rest, lambda place: {"after": str(place)})
        answer = to_lambda(Response(200, page), accepts_gzip=gzip_accepted)
        assert wire_size(answer) <= LAMBDA_LIMIT
        seen += body(answer)
        if "Link" not in answer["headers"]:
            break
        assert answer["headers"]["Link"] == f'<?after={len(seen) - 1}>; rel="next"'
    assert seen == elements


def test_an_answer_over_10_kb_is_gzipped_if_the_caller_accepts_it() -> None:
    for characters, packed in ((9_000, False), (11_000, True)):
        answer = to_lambda(listing(["x" * characters]), accepts_gzip=True)
        assert (answer["isBase64Encoded"], body(answer)) == (packed, ["x" * characters])
        assert not to_lambda(listing(["x" * characters]), accepts_gzip=False)["isBase64Encoded"]
        plain = to_lambda(Response(200, {"text": "x" * characters}), accepts_gzip=True)
        assert (plain["isBase64Encoded"], body(plain)) == (packed, {"text": "x" * characters})
        assert plain["headers"].get("Vary") == ("Accept-Encoding" if packed else None)


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
