"""Answers: status, body and headers, in the form that Lambda hands to API Gateway."""

import base64
import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

# Lambda's limit on the JSON of an answer, 6 MB, less room for the status and headers around the body.
MAX_BODY_BYTES = 6 * 1024 * 1024 - 4096
# In base64 four characters stand for three bytes.
_MAX_BINARY_BYTES = MAX_BODY_BYTES // 4 * 3

COMMON_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Credentials": "true",
    "Access-Control-Expose-Headers": "Link, Retry-After",
    # A browser takes an answer for what its Content-Type says, never for a page that a caller has put there.
    "X-Content-Type-Options": "nosniff",
}


class Listing:
    """A list, or an object with a member for each element, that may be too long for one answer.

    Parameters
    ----------
    elements
        A list, or a dictionary for an object.
    next_query
        Given the last element (of a dictionary: its key) that fits, the query string parameters with which
        the same route answers the elements after it.
    rest_query
        The query string parameters with which the route answers what follows `elements`, where they are not
        all that there is.
    """

    def __init__(
        self,
        elements: list[Any] | dict[str, Any],
        next_query: Callable[[Any], Mapping[str, str]],
        rest_query: Mapping[str, str] | None = None,
    ) -> None:
        self._next_query = next_query
        self._rest_query = rest_query
        if isinstance(elements, dict):
            self._brackets = "{}"
            self._keys: list[Any] = list(elements)
            self._texts = [f"{json_text(key)}:{json_text(value)}" for key, value in elements.items()]
        else:
            self._brackets = "[]"
            self._keys = elements
            self._texts = [json_text(element) for element in elements]

    def text(self, count: int | None = None) -> str:
        """Answer the JSON text of the first `count` elements, of all by default."""
        return self._brackets[0] + ",".join(self._texts[:count]) + self._brackets[1]

    def fitting(self, limit: int) -> int:
        """Answer how many elements fit into an answer of `limit` bytes."""
        room = limit - len('"[]"')
        for count, text in enumerate(self._texts):
            room -= escaped_size(text) + len(",")
            if room < 0:
                return count
        return len(self._texts)

    def __len__(self) -> int:
        return len(self._texts)

    def link_after(self, count: int) -> str | None:
        """Answer the Link header (RFC 8288) that leads on after the first `count` elements, if any follow."""
        cut = count < len(self)
        query = self._next_query(self._keys[count - 1]) if cut else self._rest_query
        return None if query is None else f'<?{urlencode(query)}>; rel="next"'


@dataclass(frozen=True)
class Response:
    """An answer.

    Attributes
    ----------
    body
        A text is sent as it is, as plain text where `headers` have no Content-Type, bytes as they are, None
        as an empty body, a `Listing` as far as it fits, all else as JSON.
    """

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


def ok(body: Any) -> Response:
    """Answer 200."""
    return Response(200, body)


def no_content() -> Response:
    """Answer 204."""
    return Response(204, None)


def json_text(value: Any) -> str:
    """Answer compact JSON. Decimals become integers where they are whole, floats elsewhere."""
    return _encoder.encode(value)


def escaped_size(text: str) -> int:
    """Answer the bytes of JSON `text` once it is quoted again inside Lambda's own JSON answer."""
    return len(text.encode()) + text.count('"') + text.count("\\")


def accepts_gzip(accept_encoding: str) -> bool:
    """Answer whether a caller that sends this Accept-Encoding header (RFC 9110, 12.5.3) takes gzip."""
    choices = (choice.partition(";q=") for choice in accept_encoding.lower().replace(" ", "").split(","))
    weights = {coding: weight or "1" for coding, _, weight in choices}
    return weights.get("gzip", weights.get("*", "0")).strip("0.") != ""


def to_lambda(response: Response, *, accepts_gzip: bool) -> dict[str, Any]:
    """Answer the response as API Gateway's proxy integration takes it.

    A `Listing` over Lambda's 6 MB leaves gzipped for a caller that accepts it, and is cut at a whole
    element, with a Link header that leads on, where that is not enough.
    """
    headers = {**COMMON_HEADERS, **response.headers}
    if isinstance(response.body, Listing):
        return _listing(response.status, response.body, headers, accepts_gzip=accepts_gzip)
    if response.body is None:
        return _answer(response.status, headers, "")
    if isinstance(response.body, bytes):
        return _binary_answer(response.status, headers, response.body)
    if isinstance(response.body, str):
        return _answer(
            response.status, {"Content-Type": "text/plain; charset=utf-8", **headers}, response.body
        )
    return _answer(response.status, {**headers, "Content-Type": "application/json"}, json_text(response.body))


def _listing(status: int, listing: Listing, headers: dict[str, str], *, accepts_gzip: bool) -> dict[str, Any]:
    headers = {**headers, "Content-Type": "application/json"}
    count = listing.fitting(MAX_BODY_BYTES)
    if count < len(listing) and accepts_gzip:
        count, packed = _gzipped(listing)
        answer = _binary_answer(
            status, {**headers, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}, packed
        )
    else:
        answer = _answer(status, headers, listing.text(count))
    link = listing.link_after(count)
    if link is not None:
        answer["headers"]["Link"] = link
    return answer


def _gzipped(listing: Listing) -> tuple[int, bytes]:
    """Answer as many elements as fit, in base64, when gzipped, and the gzip of them."""
    count = len(listing)
    while True:
        packed = gzip.compress(listing.text(count).encode(), 5)
        if len(packed) <= _MAX_BINARY_BYTES:
            return count, packed
        # Elements compress much alike, so this nearly always fits at the second try.
        count = min(count - 1, int(count * 0.95 * _MAX_BINARY_BYTES / len(packed)))


def _binary_answer(status: int, headers: dict[str, str], body: bytes) -> dict[str, Any]:
    return {**_answer(status, headers, base64.b64encode(body).decode()), "isBase64Encoded": True}


def _answer(status: int, headers: dict[str, str], body: str) -> dict[str, Any]:
    return {"statusCode": status, "headers": headers, "body": body, "isBase64Encoded": False}


def _plain_number(value: Any) -> int | float:
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} has no JSON form")
    return int(value) if value == value.to_integral_value() else float(value)


# Kept, for to make one takes longer than to encode an element of a list.
_encoder = json.JSONEncoder(default=_plain_number, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
