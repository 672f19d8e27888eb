"""Values of FITS header cards, each 80 characters, read card by card.

The forms of values are those of the FITS Standard 4.0 (2018), section 4.2. A card that cannot be read is left
out: one bad card must not cost the rest of the header.
"""

import math
import re
from collections.abc import Iterable, Iterator

CARD_CHARACTERS = 80

Value = str | int | float | bool
Header = dict[str, Value]

# A keyword of up to eight characters, or a long one after HIERARCH, then the value and a comment after `/`.
_CARD = re.compile(
    r"(?:HIERARCH +(?P<long>[^=]+?) *|(?P<short>[A-Z0-9_-]{1,8}) *)= *(?P<rest>.*)", re.IGNORECASE
)
_TEXT = re.compile(r"'(?P<text>(?:[^']|'')*)' *(?:/.*)?")
_CONTINUED = re.compile(rf"CONTINUE +{_TEXT.pattern}", re.IGNORECASE)
_INTEGER = re.compile(r"[+-]?[0-9]+")
_FLOAT = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[EeDd][+-]?[0-9]+)?")
_LOGICAL = {"T": True, "F": False}


def split_cards(text: str) -> list[str]:
    """Return the cards of a header in a text, which has one card per line or per 80 characters."""
    if "\n" in text:
        return text.splitlines()
    return [text[start : start + CARD_CHARACTERS] for start in range(0, len(text), CARD_CHARACTERS)]


def parse_header(cards: Iterable[str]) -> Header:
    """Return the value of each keyword, up to the END card.

    The first card of a keyword counts. Cards without a value (COMMENT, HISTORY, blank values) and cards that
    cannot be read are left out, and so are numbers that are not finite.

    Parameters
    ----------
    cards
        At most 80 characters each.
    """
    header: Header = {}
    for keyword, rest in _keywords_and_values(cards):
        value = _parse_value(rest)
        if value is not None:
            header.setdefault(keyword, value)
    return header


def _keywords_and_values(cards: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each keyword with the text of its value; a text continued on further cards is put together."""
    pending: tuple[str, str] | None = None
    for card in cards:
        continuation = _CONTINUED.fullmatch(card.rstrip())
        if pending and continuation and _continues(pending[1]):
            pending = (pending[0], _joined(pending[1], continuation["text"]))
            continue
        if pending:
            yield pending
        pending = None
        if card.rstrip().upper() == "END":
            return
        if match := _CARD.fullmatch(card.rstrip()):
            pending = ((match["short"] or match["long"]).upper(), match["rest"])
    if pending:
        yield pending


def _continues(rest: str) -> bool:
    match = _TEXT.fullmatch(rest)
    return match is not None and match["text"].rstrip().endswith("&")


def _joined(rest: str, more: str) -> str:
    match = _TEXT.fullmatch(rest)
    before = match["text"].rstrip().removesuffix("&") if match else ""
    return f"'{before}{more}'"


def _parse_value(rest: str) -> Value | None:
    if match := _TEXT.fullmatch(rest):
        return match["text"].replace("''", "'").rstrip()
    plain = rest.partition("/")[0].strip()
    if plain in _LOGICAL:
        return _LOGICAL[plain]
    if _INTEGER.fullmatch(plain):
        return int(plain)
    if _FLOAT.fullmatch(plain):
        number = float(re.sub("[Dd]", "e", plain))
        return number if math.isfinite(number) else None
    return None
