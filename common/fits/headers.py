"""FITS headers as in the file: cards of 80 characters, read without a library.

Terms and rules are those of the FITS Standard 4.0 (2018), sections 3 and 4.
"""

import math
import re
from collections.abc import Iterable
from math import prod
from typing import Protocol, runtime_checkable

from common.errors import Unprocessable

BLOCK_BYTES = 2880
CARD_BYTES = 80
KEYWORD_BYTES = 8

# 10,800 cards. Real headers have a few hundred, or a few thousand with a long HISTORY.
MAX_BLOCKS = 300
# The standard allows 999, numpy 64. No camera has more than this.
MAX_AXES = 9

# After the value indicator: a text in quotes, where '' means one quote, or anything up to the comment.
_VALUE = re.compile(r"= *(?:'(?P<text>(?:[^']|'')*)'|(?P<plain>[^/]*))")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([EeDd][+-]?[0-9]+)?")
_END = f"{'END':{CARD_BYTES}}"


class Stream(Protocol):
    """A source of bytes, read in order."""

    def read(self, size: int, /) -> bytes:
        """Return the next `size` bytes, fewer only at the end of the stream."""


@runtime_checkable
class SkippingStream(Stream, Protocol):
    """A source of bytes that can also skip bytes without reading them."""

    def skip(self, size: int, /) -> None:
        """Pass over the next `size` bytes."""


class Header:
    """The header of one HDU (header and data unit).

    Parameters
    ----------
    cards
        Of 80 characters each, without END.
    """

    def __init__(self, cards: Iterable[str]) -> None:
        self.cards = list(cards)
        self._first = {keyword(card): card for card in reversed(self.cards)}

    @classmethod
    def of_text(cls, text: str) -> "Header":
        """Return the header of the consecutive cards in `text`, without END."""
        return cls(text[start : start + CARD_BYTES] for start in range(0, len(text), CARD_BYTES))

    def __contains__(self, name: str) -> bool:
        return name in self._first

    def card(self, name: str) -> str:
        """Return the first card of a keyword.

        Raises
        ------
        Unprocessable
            If there is none.
        """
        if name not in self._first:
            raise Unprocessable(f"The FITS header has no {name}.")
        return self._first[name]

    def text(self, name: str) -> str:
        """Return a value as text, "" if there is none, without quotes and trailing spaces."""
        value = _VALUE.match(self._first.get(name, ""), KEYWORD_BYTES)
        if value is None:
            return ""
        return (value["plain"] or (value["text"] or "").replace("''", "'")).strip()

    def integer(self, name: str, default: int | None = None) -> int:
        """Return a whole number.

        Raises
        ------
        Unprocessable
            If the header has something else as `name`, or has no `name` and there is no default.
        """
        if default is not None and name not in self:
            return default
        value = self.optional_integer(name)
        if value is None:
            raise Unprocessable(f"The FITS header has no whole number as {name}.")
        return value

    def optional_integer(self, name: str) -> int | None:
        """Return a whole number; None if `name` is missing or not a whole number."""
        text = self.text(name)
        return int(text) if _INTEGER.fullmatch(text) else None

    def optional_number(self, name: str) -> float | None:
        """Return a finite number; None if `name` is missing or not a finite number."""
        text = self.text(name)
        value = float(re.sub("[Dd]", "e", text)) if _NUMBER.fullmatch(text) else math.inf
        return value if math.isfinite(value) else None

    def axes(self, prefix: str = "") -> tuple[int, ...]:
        """Return the lengths of the axes, NAXIS1 first; with prefix "Z" those of the compressed image.

        Raises
        ------
        Unprocessable
            If they are not there, are below 0, or are more than `MAX_AXES`.
        """
        number = self.integer(f"{prefix}NAXIS")
        if not 0 <= number <= MAX_AXES:
            raise Unprocessable(f"The FITS header has {number} axes; at most {MAX_AXES} are possible.")
        lengths = [self.integer(f"{prefix}NAXIS{axis}") for axis in range(1, number + 1)]
        if any(length < 0 for length in lengths):
            raise Unprocessable("The FITS header has an axis of negative length.")
        return tuple(lengths)

    @property
    def size_bytes(self) -> int:
        """The size of the header in the file, END and padding included."""
        return padded((len(self.cards) + 1) * CARD_BYTES)

    @property
    def data_bytes(self) -> int:
        """The size of the data that follow the header, without padding.

        Equations 1, 2 and 4 of the standard. The last one is for random groups, with NAXIS1 = 0.

        Raises
        ------
        Unprocessable
            If GCOUNT or PCOUNT is not possible.
        """
        axes = self.axes()
        if axes and axes[0] == 0 and self.text("GROUPS") == "T":
            axes = axes[1:]
        groups, parameters = self.integer("GCOUNT", 1), self.integer("PCOUNT", 0)
        if groups < 1 or parameters < 0:
            raise Unprocessable("The FITS header has a GCOUNT below 1 or a PCOUNT below 0.")
        elements = prod(axes) if axes else 0
        return abs(self.integer("BITPIX")) // 8 * groups * (parameters + elements)

    def to_bytes(self) -> bytes:
        """Return the header as bytes of a file, with END and padding."""
        content = "".join([*self.cards, _END])
        return content.ljust(padded(len(content))).encode("latin-1")


def read_header(stream: Stream, first_keyword: str) -> Header | None:
    """Return the header that starts here; None if there is none.

    NUL bytes become spaces. Some writers pad with them, and other readers accept that.

    Parameters
    ----------
    stream
        At the start of an HDU; afterwards at the start of its data.
    first_keyword
        The first keyword of the header: SIMPLE at the start of the file, XTENSION later.

    Raises
    ------
    Unprocessable
        If the header does not end.
    """
    cards: list[str] = []
    for _ in range(MAX_BLOCKS):
        # Latin-1 preserves every byte, also those that the standard does not allow.
        block = stream.read(BLOCK_BYTES).decode("latin-1").replace("\0", " ")
        for start in range(0, len(block), CARD_BYTES):
            card = block[start : start + CARD_BYTES]
            if keyword(card) == "END":
                return Header(cards)
            cards.append(card)
        if not cards or keyword(cards[0]) != first_keyword:
            return None
        if len(block) < BLOCK_BYTES:
            raise Unprocessable("The FITS file is cut off, or its header has no END.")
    raise Unprocessable(f"The FITS file has a header of more than {MAX_BLOCKS} blocks, or without END.")


def padded(size: int) -> int:
    """Return `size` rounded up to whole blocks."""
    return -(-size // BLOCK_BYTES) * BLOCK_BYTES


def keyword(card: str) -> str:
    """Return the keyword of a card in capitals. Other readers accept small letters too."""
    return card[:KEYWORD_BYTES].rstrip().upper()
