"""FITS headers as the image table stores them: a JSON object of about 150 cards (keyword and value).

The text may also be missing or malformed.
"""

import json
import math
from collections.abc import Iterable
from typing import Any

Header = dict[str, Any]


def whole_header(text: str | None) -> Header:
    """Return every card of a header; an empty header if the text is missing or malformed."""
    return _read(text) or {}


def cards(text: str | None, keywords: Iterable[str]) -> Header | None:
    """Return those of the cards `keywords` that a header has.

    None if the text is NULL, not JSON, or not a JSON object.
    """
    return _read(text, keywords)


def _read(text: str | None, keywords: Iterable[str] | None = None) -> Header | None:
    if not text:
        return None
    try:
        header = json.loads(text)
        if not isinstance(header, dict):
            return None
        wanted = header if keywords is None else {name: header[name] for name in keywords if name in header}
        return {_plain(name): _plain(value) for name, value in wanted.items()}
    except (ValueError, RecursionError):
        return None


def _plain(value: Any) -> Any:
    """Return `value` in a form that strict JSON in UTF-8 allows.

    NaN and infinities become None. Unpaired surrogates become "?". Some ingesters write such values.
    """
    if isinstance(value, str):
        return value if value.isascii() else value.encode(errors="replace").decode()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {_plain(name): _plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_plain(member) for member in value]
    return value
