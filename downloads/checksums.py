"""The checksums of a FITS file, after appendix J of the FITS Standard 4.0 (2018)."""

from collections.abc import Sequence

import numpy as np

from common.fits.headers import Header

_ALL_ONES = 0xFFFFFFFF
_DIGIT_ZERO = 0x30
# Characters between digits, capitals and small letters are not allowed.
_EXCLUDED = frozenset([*range(0x3A, 0x41), *range(0x5B, 0x61)])
_ZERO = "0" * 16


def ones_sum(data: bytes | bytearray | memoryview, total: int = 0) -> int:
    """Return the 32-bit ones' complement sum of big-endian words, continuing from `total`.

    Parameters
    ----------
    data
        Padded with zeros to whole words.
    """
    whole = len(data) // 4 * 4
    words = np.frombuffer(data, ">u4", whole // 4)
    total += int(words.sum(dtype=np.uint64)) + int.from_bytes(bytes(data[whole:]).ljust(4, b"\0"), "big")
    while total > _ALL_ONES:
        total = (total >> 32) + (total & _ALL_ONES)
    return total


def encoded(total: int) -> str:
    """Return the 16 characters of CHECKSUM with which the sum of the HDU becomes all ones.

    Parameters
    ----------
    total
        `ones_sum` of the HDU while its CHECKSUM is 16 zeros.
    """
    # Each byte of the complement becomes four characters whose sum is the byte plus four zeros.
    columns = [_characters(byte) for byte in (total ^ _ALL_ONES).to_bytes(4, "big")]
    text = "".join(chr(columns[index % 4][index // 4]) for index in range(16))
    return text[-1] + text[:-1]


def with_valid_sums(header: Header, data: bytes | bytearray | memoryview) -> Header:
    """Return the header with its checksums corrected for `data`.

    Parameters
    ----------
    header
        Without checksums it does not change.
    data
        The data as in the file, without padding.
    """
    data_sum = ones_sum(data)
    if "DATASUM" in header and header.text("DATASUM") != str(data_sum):
        header = _with_text(header, "DATASUM", str(data_sum))
    if "CHECKSUM" in header and ones_sum(header.to_bytes(), data_sum) not in (0, _ALL_ONES):
        zeroed = _with_text(header, "CHECKSUM", _ZERO)
        header = _with_text(header, "CHECKSUM", encoded(ones_sum(zeroed.to_bytes(), data_sum)))
    return header


def _characters(byte: int) -> Sequence[int]:
    quotient, remainder = divmod(byte, 4)
    characters = [quotient + _DIGIT_ZERO + (remainder if place == 0 else 0) for place in range(4)]
    while any(character in _EXCLUDED for character in characters):
        for place in (0, 2):
            if {characters[place], characters[place + 1]} & _EXCLUDED:
                characters[place] += 1
                characters[place + 1] -= 1
    return characters


def _with_text(header: Header, name: str, text: str) -> Header:
    """Return the header with another text in its first card `name`, with the same comment."""
    old = header.card(name)
    comment = old.partition(" / ")[2].rstrip()
    quoted = f"'{text:8}'"
    card = f"{name:8}= {quoted:20} / {comment}"[:80]
    return Header(f"{card:80}" if known is old else known for known in header.cards)
