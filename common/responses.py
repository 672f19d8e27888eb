"""Responses: status, body and headers, in the form that Lambda passes to API Gateway."""

import base64
import gzip
import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from common import etags, logs, request_context

# Lambda's limit on a response, 6 MB of JSON, minus room for status and headers.
MAX_BODY_BYTES = 6 * 1024 * 1024 - 4096
# In base64 four characters stand for three bytes.
_MAX_BINARY_BYTES = MAX_BODY_BYTES // 4 * 3
# The limit for the JSON of a list before gzip: twice what fits without gzip. Real lists shrink to a tenth, so
# they fit.
MAX_LISTING_BYTES = 2 * MAX_BODY_BYTES
# The limit for the JSON of one element: it fits into a response even if gzip cannot shrink it.
MAX_ELEMENT_BYTES = _MAX_BINARY_BYTES - 8192
# With less time left, a list ends with what was read and a Link header. A read of DynamoDB takes up to 8 s;
# the rest is for gzip and the way to the caller.
STOP_READING_S = 10.0
# Longer responses are gzipped if the caller accepts it.
GZIP_FROM_BYTES = 10 * 1024

COMMON_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Credentials": "true",
    "Access-Control-Expose-Headers": "ETag, Link, Retry-After",
    # A browser must trust the Content-Type and must not guess that a caller's text is a page.
    "X-Content-Type-Options": "nosniff",
}


class Listing:
    """A list, or an object with a member for each element, that may be too long for one response.

    Elements are read and encoded one by one until the response is full. So memory and time are limited by the
    size of a response, not by the length of the list.

    Parameters
    ----------
    elements
        Pairs of a mark and an element, in the order of the answer. The mark is what is needed to go on after
        the element; in an object it is also the member's name. Read only as far as they fit.
    next_query
        Given the mark of the last element that fits, the query string parameters with which the same route
        answers the elements after it.
    rest_query
        The query string parameters with which the route answers what follows `elements`. None if nothing
        follows.
    is_object
        Whether the answer is an object. Its members are sorted by their names within each answer.
    """

    def __init__(
        self,
        elements: Iterable[tuple[Any, Any]],
        next_query: Callable[[Any], Mapping[str, str]],
        rest_query: Mapping[str, str] | None = None,
        *,
        is_object: bool = False,
    ) -> None:
        self._next_query = next_query
        self._rest_query = rest_query
        self._is_object = is_object
        self._marks: list[Any] = []
        self._texts: list[bytes] = []
        self._is_cut = False
        # Whether time was short, so that another call may read further.
        self.is_cut_by_time = False
        self._read(elements)

    def text(self, count: int | None = None) -> bytes:
        """Return the JSON text of the first `count` elements; by default of all that were read."""
        texts = self._texts[:count]
        if self._is_object:
            return b"{" + b",".join(sorted(texts)) + b"}"
        return b"[" + b",".join(texts) + b"]"

    def fitting(self, limit: int) -> int:
        """Return the number of elements that fit into a response of `limit` bytes."""
        room = limit - len('"[]"')
        for count, text in enumerate(self._texts):
            room -= _escaped_size(text) + len(",")
            if room < 0:
                return count
        return len(self._texts)

    def __len__(self) -> int:
        return len(self._texts)

    def link_after(self, count: int) -> str | None:
        """Return the Link header (RFC 8288) to the page after the first `count` elements, if there is one."""
        cut = self._is_cut or count < len(self)
        query = self._next_query(self._marks[count - 1]) if cut else self._rest_query
        return None if query is None else f'<?{urlencode(query)}>; rel="next"'

    def _read(self, elements: Iterable[tuple[Any, Any]]) -> None:
        size = 0
        for mark, element in elements:
            if size > MAX_LISTING_BYTES:
                self._is_cut = True
                return
            text = self._encoded(mark, element)
            if text is None:
                continue
            self._marks.append(mark)
            self._texts.append(text)
            size += len(text) + len(",")
            if request_context.remaining_s() < STOP_READING_S:
                self._is_cut = self.is_cut_by_time = True
                return

    def _encoded(self, mark: Any, element: Any) -> bytes | None:
        """Return the JSON text of an element; None if it cannot be encoded or is too large."""
        try:
            text = json_text(element).encode()
            if self._is_object:
                text = json_text(mark).encode() + b":" + text
        except (TypeError, ValueError, RecursionError) as error:
            logs.logger.error("element left out of a list", extra={"fields": logs.failure(error)})
            return None
        if _escaped_size(text) > MAX_ELEMENT_BYTES:
            logs.logger.error("element left out of a list", extra={"fields": {"bytes": len(text)}})
            return None
        return text


@dataclass(frozen=True)
class Packed:
    """The JSON of an answer, gzipped in advance, with its headers.

    Attributes
    ----------
    gzipped
        The gzip of the JSON.
    size
        The bytes of the JSON.
    etag
        The answer's ETag.
    link
        The answer's Link header; None without one.
    fits_plain
        Whether the same answer fits into a response without gzip. If not, `gzipped` is only for callers that
        accept gzip.
    """

    gzipped: bytes
    size: int
    etag: str
    link: str | None
    fits_plain: bool

    def text(self) -> bytes:
        """Return the JSON."""
        return gzip.decompress(self.gzipped)


def packed(listing: Listing) -> Packed:
    """Return a list as an answer that is gzipped in advance."""
    text = listing.text()
    count, gzipped = _gzipped(listing, text)
    return Packed(
        gzipped=gzipped,
        size=len(text),
        etag=etags.weak(text),
        link=listing.link_after(count),
        fits_plain=listing.fitting(MAX_BODY_BYTES) == len(listing) == count,
    )


@dataclass(frozen=True)
class Response:
    """A response.

    Attributes
    ----------
    body
        A text is sent unchanged, as plain text unless `headers` have a Content-Type. Bytes are sent
        unchanged, None as an empty body, a `Listing` as far as it fits, a `Packed` as the JSON that it has,
        everything else as JSON.
    """

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


def ok(body: Any) -> Response:
    """Return 200."""
    return Response(HTTPStatus.OK, body)


def no_content() -> Response:
    """Return 204."""
    return Response(HTTPStatus.NO_CONTENT, None)


def json_text(value: Any) -> str:
    """Return compact JSON.

    Whole Decimals become integers, others floats, and null if no float can hold them. Sets become sorted
    lists, bytes become base64.
    """
    return _encoder.encode(value)


def _escaped_size(text: bytes) -> int:
    """Return the size of JSON `text` after it is quoted inside Lambda's own JSON response."""
    return len(text) + text.count(b'"') + text.count(b"\\")


def accepts_gzip(accept_encoding: str) -> bool:
    """Return whether a caller that sends this Accept-Encoding header (RFC 9110, 12.5.3) takes gzip."""
    choices = (choice.partition(";q=") for choice in accept_encoding.lower().replace(" ", "").split(","))
    weights = {coding: weight or "1" for coding, _, weight in choices}
    return weights.get("gzip", weights.get("*", "0")).strip("0.") != ""


def to_lambda(response: Response, *, accepts_gzip: bool, if_none_match: str | None = None) -> dict[str, Any]:
    """Return the response as API Gateway's proxy integration takes it.

    A body over `GZIP_FROM_BYTES` is gzipped if the caller accepts it; bytes are not. A `Listing` that does
    not fit into Lambda's 6 MB is cut at a whole element and gets a Link header to the next page.

    Parameters
    ----------
    response
        From the endpoint.
    accepts_gzip
        Whether the caller does.
    if_none_match
        Of a GET, the caller's header of this name, or "". A 200 then has an ETag, and becomes a 304 without a
        body if the caller has it already. None for other methods.
    """
    headers = {**COMMON_HEADERS, **response.headers}
    if response.body is None:
        return _result(response.status, headers, "")
    if isinstance(response.body, bytes):
        return _binary_answer(response.status, headers, response.body)
    text = b"" if isinstance(response.body, Packed) else _text(response.body)
    if if_none_match is not None and response.status == HTTPStatus.OK and "ETag" not in headers:
        headers["ETag"] = response.body.etag if isinstance(response.body, Packed) else etags.weak(text)
        if etags.matches(if_none_match, headers["ETag"]):
            return _result(HTTPStatus.NOT_MODIFIED, headers, "")
    if isinstance(response.body, str):
        headers = {"Content-Type": "text/plain; charset=utf-8", **headers}
    else:
        headers = {**headers, "Content-Type": "application/json"}
    if isinstance(response.body, Packed):
        return _packed_answer(response.status, headers, response.body, accepts_gzip=accepts_gzip)
    if isinstance(response.body, Listing):
        return _listing(response.status, response.body, text, headers, accepts_gzip=accepts_gzip)
    return _text_answer(response.status, headers, text, accepts_gzip=accepts_gzip)


def _text(body: Any) -> bytes:
    """Return the whole text of a body that is a text, a `Listing` or JSON."""
    if isinstance(body, Listing):
        return body.text()
    return (body if isinstance(body, str) else json_text(body)).encode()


def _text_answer(status: int, headers: dict[str, str], text: bytes, *, accepts_gzip: bool) -> dict[str, Any]:
    if accepts_gzip and len(text) > GZIP_FROM_BYTES:
        return _gzip_result(status, headers, gzip.compress(text, 5))
    return _result(status, headers, text.decode())


def _packed_answer(
    status: int, headers: dict[str, str], body: Packed, *, accepts_gzip: bool
) -> dict[str, Any]:
    if body.link is not None:
        headers = {**headers, "Link": body.link}
    if accepts_gzip and body.size > GZIP_FROM_BYTES:
        return _gzip_result(status, headers, body.gzipped)
    return _result(status, headers, body.text().decode())


def _listing(
    status: int, listing: Listing, text: bytes, headers: dict[str, str], *, accepts_gzip: bool
) -> dict[str, Any]:
    """Return a list, of which `text` has all elements, as far as it fits."""
    if accepts_gzip and len(text) > GZIP_FROM_BYTES:
        count, packed = _gzipped(listing, text)
        result = _gzip_result(status, headers, packed)
    else:
        count = listing.fitting(MAX_BODY_BYTES)
        result = _result(status, headers, (text if count == len(listing) else listing.text(count)).decode())
    link = listing.link_after(count)
    if link is not None:
        result["headers"]["Link"] = link
    return result


def _gzipped(listing: Listing, text: bytes) -> tuple[int, bytes]:
    """Return the number of elements that fit when gzipped and in base64, and their gzip; `text` has all."""
    count = len(listing)
    while True:
        packed = gzip.compress(text, 5)
        if len(packed) <= _MAX_BINARY_BYTES:
            return count, packed
        # Elements compress similarly, so the second try nearly always fits.
        count = max(1, min(count - 1, int(count * 0.95 * _MAX_BINARY_BYTES / len(packed))))
        text = listing.text(count)


def _gzip_result(status: int, headers: dict[str, str], packed: bytes) -> dict[str, Any]:
    return _binary_answer(status, {**headers, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}, packed)


def _binary_answer(status: int, headers: dict[str, str], body: bytes) -> dict[str, Any]:
    return {**_result(status, headers, base64.b64encode(body).decode()), "isBase64Encoded": True}


def _result(status: int, headers: dict[str, str], body: str) -> dict[str, Any]:
    return {"statusCode": status, "headers": headers, "body": body, "isBase64Encoded": False}


def _plain(value: Any) -> Any:
    """Return the JSON form of a DynamoDB value that Python's encoder does not know."""
    if isinstance(value, Decimal):
        return _plain_number(value)
    if isinstance(value, set):
        return sorted(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _plain_number(number: Decimal) -> int | float | None:
    if not math.isfinite(float(number)):
        return None
    return int(number) if number == number.to_integral_value() else float(number)


# Cached: building one takes longer than encoding an element of a list.
_encoder = json.JSONEncoder(default=_plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
