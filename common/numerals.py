"""Numbers as callers write them: in JSON, or as text in a query string or a form."""

import math
from decimal import Decimal
from typing import Any


def as_number(given: Any) -> float:
    """Answer a number, or the number in a text; NaN for anything else, so that no comparison holds."""
    if isinstance(given, bool) or not isinstance(given, (int, float, Decimal, str)):
        return math.nan
    try:
        return float(given)
    except (ValueError, OverflowError):
        return math.nan
