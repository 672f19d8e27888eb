"""FITS headers as they stand in the file: cards of 80 characters, read without any library.

Terms and rules are those of the FITS Standard 4.0 (2018), sections 3 and 4.
"""

import re
from collections.abc import Iterable
from math import prod
from typing import Protocol

from common.errors import Unprocessable

BLOCK_BYTES = 2880
CARD_BYTES = 80
KEYWORD_BYTES = 8

# 36,000 cards: more is no header of an image but another kind of file, or a broken one.
MAX_BLOCKS = 1000

# After the value indicator: a text in quotes, in which '' is one quote, or anything up to the comment.
_VALUE = re.compile(r"= *(?:'(?P<text>(?:[^']|'')*)'|(?P<plain>[^/]*))")
_END = f"{'END':{CARD_BYTES}}"


class Stream(Protocol):
    """Where bytes are read from, one after the other."""

    def read(self, size: int, /) -> bytes:
        """Answer the next `size` bytes, fewer only where the stream ends."""


class Header:
    """The header of one HDU.

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
        """Return the header whose cards stand one after the other in `text`, without END."""
        return cls(text[start : start + CARD_BYTES] for start in range(0, len(text), CARD_BYTES))

    def __contains__(self, name: str) -> bool:
        return name in self._first

    def card(self, name: str) -> str:
        """Answer the first card of a keyword.

        Raises
        ------
        Unprocessable
            If there is none.
        """
        if name not in self._first:
            raise Unprocessable(f"The FITS header has no {name}.")
        return self._first[name]

    def text(self, name: str) -> str:
        """Answer a value as text, "" where there is none. Quotes and spaces after the text do not count."""
        value = _VALUE.match(self._first.get(name, ""), KEYWORD_BYTES)
        if value is None:
            return ""
        return (value["plain"] or (value["text"] or "").replace("''", "'")).strip()

    def integer(self, name: str, default: int | None = None) -> int:
        """Answer a whole number.

        Raises
        ------
        Unprocessable
            If there is none, and no default.
        """
        if default is not None and name not in self:
            return default
        try:
            return int(self.text(name))
        except ValueError as error:
            raise Unprocessable(f"The FITS header has no whole number as {name}.") from error

    def number(self, name: str, default: float) -> float:
        """Answer a number; `default` where the header has none.

        Raises
        ------
        Unprocessable
            If it has something else.
        """
        if name not in self:
            return default
        try:
            return float(self.text(name).replace("D", "E"))
        except ValueError as error:
            raise Unprocessable(f"The FITS header has no number as {name}.") from error

    def axes(self, prefix: str = "") -> tuple[int, ...]:
        """Answer the lengths of the axes, NAXIS1 first; with prefix "Z" those of the compressed image.

        Raises
        ------
        Unprocessable
            If they are not there, or below 0.
        """
        lengths = [
            self.integer(f"{prefix}NAXIS{axis}") for axis in range(1, self.integer(f"{prefix}NAXIS") + 1)
        ]
        if any(length < 0 for length in lengths):
            raise Unprocessable("The FITS header has an axis of negative length.")
        return tuple(lengths)

    @property
    def data_bytes(self) -> int:
        """The size of the data that follow the header, without padding (equation 2 of the standard)."""
        axes = self.axes()
        elements = prod(axes) if axes else 0
        groups, parameters = self.integer("GCOUNT", 1), self.integer("PCOUNT", 0)
        size = abs(self.integer("BITPIX")) // 8 * groups * (parameters + elements)
        if size < 0:
            raise Unprocessable("The FITS header gives its data a negative size.")
        return size

    def to_bytes(self) -> bytes:
        """Answer the header as it stands in a file, END and padding included."""
        content = "".join([*self.cards, _END])
        return content.ljust(padded(len(content))).encode("latin-1")


def read_header(stream: Stream, first_keyword: str) -> Header | None:
    """Answer the header that begins here; None if none does.

    Parameters
    ----------
    stream
        At the beginning of an HDU; afterwards at the beginning of its data.
    first_keyword
        What a header begins with: SIMPLE at the beginning of the file, XTENSION later.

    Raises
    ------
    Unprocessable
        If the header does not end.
    """
    cards: list[str] = []
    for _ in range(MAX_BLOCKS):
        # Latin-1 keeps every byte as it is, also those that the standard does not allow.
        block = stream.read(BLOCK_BYTES).decode("latin-1")
        for start in range(0, len(block), CARD_BYTES):
            card = block[start : start + CARD_BYTES]
            if keyword(card) == "END":
                return Header(cards)
            cards.append(card)
        if not cards or keyword(cards[0]) != first_keyword:
            return None
        if len(block) < BLOCK_BYTES:
            break
    raise Unprocessable("The FITS file is cut off, or its header has no END.")


def padded(size: int) -> int:
    """Answer the bytes that `size` bytes take in a file, which goes by whole blocks."""
    return -(-size // BLOCK_BYTES) * BLOCK_BYTES


def keyword(card: str) -> str:
    """Answer the keyword of a card."""
    return card[:KEYWORD_BYTES].rstrip()
