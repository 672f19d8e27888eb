"""Numbers as callers, configs and headers have them: in JSON, or as text. Some send 12, others "12"."""

import math
import re
from decimal import Decimal
from typing import Any

# Also in schema.sql, where it reads the numbers of smart stacks from a header's text: PostgreSQL's regular
# expressions and Python's agree on every part of it.
NUMERAL = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?"

_NUMERAL = re.compile(NUMERAL)


def number(given: Any) -> Decimal | None:
    """Return the number in a JSON value, which may be a number or a text; None if it is not a number.

    These are not numbers: NaN, infinities, booleans, exponents of more than two digits, digits other than 0
    to 9, and forms of Python alone (`1_000`). Blanks around a number are ignored.
    """
    if isinstance(given, bool) or not isinstance(given, (int, float, Decimal, str)):
        return None
    text = str(given).strip()
    return Decimal(text) if _NUMERAL.fullmatch(text) else None


def whole_number(given: Any) -> int | None:
    """Return a whole number, written as 5, +5 or 5.0; None for anything else."""
    found = number(given)
    return int(found) if found is not None and found == found.to_integral_value() else None


def as_float(given: Any) -> float:
    """Return the finite number that `number` reads; NaN for anything else, so that no comparison holds."""
    found = number(given)
    value = math.nan if found is None else float(found)
    return value if math.isfinite(value) else math.nan
