"""Numbers as headers and callers have them: some send 12, some "12"."""

import re
from decimal import Decimal
from typing import Any

# Also in schema.sql, where it reads the numbers of smart stacks from a header's text: PostgreSQL's regular
# expressions and Python's agree on every part of it.
NUMERAL = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?"

_NUMERAL = re.compile(NUMERAL)


def number(value: Any) -> Decimal | None:
    """Answer the number that a JSON value is, or that its text writes; None if there is none.

    NaN, infinities, booleans, and exponents of more than two digits are none.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal, str)):
        return None
    text = str(value).strip()
    return Decimal(text) if _NUMERAL.fullmatch(text) else None
