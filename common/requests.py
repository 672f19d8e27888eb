"""Requests, read from API Gateway's REST proxy events."""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any, NoReturn

from common.errors import BadRequest, TooLarge

# DynamoDB stores at most 400 KB, which are 2.4 MB of JSON if every character is escaped. Parsing ten
# megabytes of brackets would take 400 MB of memory.
MAX_JSON_CHARACTERS = 4 * 1024 * 1024
# The longest integer that Python reads; the same for numbers with a fraction.
MAX_NUMERAL_CHARACTERS = 4300


@dataclass(frozen=True)
class Request:
    """A request.

    Attributes
    ----------
    path
        Path parameters, decoded.
    query
        Query string parameters; if one is repeated, the last value counts.
    repeated
        All values of each query string parameter, in their order.
    headers
        By lower-case name.
    raw_body
        The body as the event has it, base64 or not; None without one.
    base64_body
        Whether `raw_body` is base64.
    id
        API Gateway's request id, which logs and error responses contain.
    url_path
        The path of the URL that was called, including the part before the route.
    address
        The IP address that called, as API Gateway saw it.
    authorizer
        The context that the authorizer gave to API Gateway, on routes with an authorizer: `principalId`,
        `userRoles`.
    """

    path: Mapping[str, str]
    query: Mapping[str, str]
    repeated: Mapping[str, Sequence[str]]
    headers: Mapping[str, str]
    raw_body: str | None
    base64_body: bool
    id: str
    url_path: str
    address: str
    authorizer: Mapping[str, Any]

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> "Request":
        """Read a REST proxy (v1) event."""
        headers = event.get("headers") or {}
        query = event.get("queryStringParameters") or {}
        context = event.get("requestContext") or {}
        return cls(
            path=event.get("pathParameters") or {},
            query=query,
            repeated=event.get("multiValueQueryStringParameters")
            or {name: [value] for name, value in query.items()},
            headers={name.lower(): value for name, value in headers.items()},
            raw_body=event.get("body"),
            base64_body=bool(event.get("isBase64Encoded")),
            id=context.get("requestId", ""),
            url_path=context.get("path", ""),
            address=(context.get("identity") or {}).get("sourceIp", ""),
            authorizer=context.get("authorizer") or {},
        )

    def text(self) -> str:
        """Return the body as text, "" without one.

        Raises
        ------
        BadRequest
            If it is not UTF-8.
        """
        if not self.raw_body:
            return ""
        if not self.base64_body:
            return self.raw_body
        try:
            return base64.b64decode(self.raw_body).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise BadRequest("The body is not UTF-8 text.") from error

    def json_object(self) -> dict[str, Any]:
        """Return the body, a JSON object, whatever the Content-Type says.

        Fractions come as Decimal, so that they can be stored as they were sent.

        Raises
        ------
        BadRequest
            If the body is anything else.
        TooLarge
            If it is longer than anything that can be stored.
        """
        return self._object

    @cached_property
    def _object(self) -> dict[str, Any]:
        """The body, parsed once, because `parameter` needs it repeatedly."""
        text = self.text()
        if len(text) > MAX_JSON_CHARACTERS:
            raise TooLarge(
                f"The body is too large: {len(text)} characters; at most {MAX_JSON_CHARACTERS} are allowed."
            )
        if not text.strip():
            raise BadRequest("The body is empty; a JSON object is needed.")
        value = parse_json(text)
        if not isinstance(value, dict):
            raise BadRequest("The body must be a JSON object.")
        return value

    def parameter(self, name: str) -> Any:
        """Return a parameter that callers give in the query string or in a JSON body; the query string wins.

        None if it is in neither.

        Raises
        ------
        BadRequest
            If it is not in the query string and the body is no JSON object.
        """
        if name in self.query:
            return self.query[name]
        return self.json_object().get(name) if self.text().strip() else None

    def parameters(self, name: str) -> list[Any]:
        """Return all values of a parameter: repeated in the query string, or a list in a JSON body.

        The query string wins. An empty list if it is in neither.

        Raises
        ------
        BadRequest
            If it is not in the query string and the body is no JSON object.
        """
        if name in self.repeated:
            return list(self.repeated[name])
        value = self.parameter(name)
        if value is None:
            return []
        return value if isinstance(value, list) else [value]


def parse_json(text: str) -> Any:
    """Return the value of a strict JSON text, with fractions as Decimal.

    Raises
    ------
    BadRequest
        If it is not JSON. NaN and Infinity are not.
    """
    try:
        return json.loads(text, parse_float=_decimal, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise BadRequest(
            f"The body is not valid JSON: {error.msg} at line {error.lineno} column {error.colno}."
        ) from error
    except RecursionError as error:
        raise BadRequest("The body is not valid JSON: nested too deeply.") from error
    except ValueError as error:
        raise BadRequest("The body is not valid JSON: a number has too many digits.") from error


def _decimal(text: str) -> Decimal:
    if len(text) > MAX_NUMERAL_CHARACTERS:
        raise BadRequest("The body is not valid JSON: a number has too many digits.")
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise BadRequest(
            f"The body is not valid JSON: the number {text[:40]} is too large or too small."
        ) from error


def _refuse_constant(constant: str) -> NoReturn:
    raise BadRequest(f"The body is not valid JSON: {constant} is not a JSON number.")
