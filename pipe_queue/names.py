"""Checks names of queues and PIPE machines, and ids that callers choose."""

import re
from typing import Any

from common.errors import ApiError, BadRequest, NotFound

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,80}")
# Queues of the earlier service may have any name. A key of DynamoDB has at most 2,048 bytes.
_MAX_LOOKUP_BYTES = 1024
MAX_ID_BYTES = 128


def check_new(field: str, name: Any) -> str:
    """Return `name` if it is allowed for a new queue or machine.

    Raises
    ------
    BadRequest
        If it is not 1 to 80 of A-Z a-z 0-9 _ . -
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise BadRequest(_sentence(field))
    return name


def check_known(field: str, name: Any) -> str:
    """Return `name` if an existing queue or machine may have it: the earlier service allowed any name.

    Raises
    ------
    BadRequest
        If it cannot be part of a DynamoDB key.
    """
    if not isinstance(name, str) or not 0 < _size(name) <= _MAX_LOOKUP_BYTES:
        raise BadRequest(_sentence(field))
    return name


def unknown(field: str, name: str, sentence: str) -> ApiError:
    """Return the error for an unknown name: 404, or 400 if the name is not allowed for new ones."""
    return NotFound(sentence) if _NAME.fullmatch(name) else BadRequest(_sentence(field))


def check_id(field: str, given: Any) -> str:
    """Return an id from a caller.

    Raises
    ------
    BadRequest
        If it is not a text of 1 to 128 bytes.
    """
    if not isinstance(given, str) or not 0 < _size(given) <= MAX_ID_BYTES:
        raise BadRequest(f"{field} must be a text of 1 to {MAX_ID_BYTES} bytes.")
    return given


def _sentence(field: str) -> str:
    return f"{field} must be 1 to 80 of the characters A-Z a-z 0-9 _ . -"


def _size(text: str) -> int:
    """Return the size of `text` in UTF-8 bytes; 0 if it has an unpaired surrogate."""
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        return 0
