"""Tile-compressed FITS files made of parts that need not fit each other.

A card is one 80-byte line of a header. The heap is the data after the table, where the tiles are.
"""

import struct
from collections.abc import Sequence
from typing import Any

BLOCK = 2880


def card(name: str, value: Any) -> bytes:
    if isinstance(value, bool):
        text = f"{'T' if value else 'F':>20}"
    elif isinstance(value, str):
        text = f"'{value:8}'"
    else:
        text = f"{value:>20}"
    return f"{name:8}= {text}"[:80].ljust(80).encode()


def header(cards: dict[str, Any]) -> bytes:
    """A header of these cards. Those that are None are left out."""
    content = b"".join(card(name, value) for name, value in cards.items() if value is not None)
    return filled(content + b"END".ljust(80), b" ")


def filled(content: bytes, padding: bytes = b"\0") -> bytes:
    return content + padding * (-len(content) % BLOCK)


PRIMARY = header({"SIMPLE": True, "BITPIX": 8, "NAXIS": 0, "EXTEND": True})


def file(cards: dict[str, Any], table: bytes, heap: bytes) -> bytes:
    """A file whose only image has this header, table and heap."""
    return PRIMARY + header(cards) + filled(table + heap)


def compressed(  # noqa: PLR0913
    codec: str,
    tiles: Sequence[bytes],
    *,
    shape: Sequence[int] = (10, 10),
    tile: Sequence[int] | None = None,
    bits: int = 16,
    element: str = "B",
    column: str = "COMPRESSED_DATA",
    descriptors: Sequence[tuple[int, int]] | None = None,
    **cards: Any,
) -> bytes:
    """Return a file of these tiles, one tile in each row of the table.

    Parameters
    ----------
    shape, tile
        The lengths of the axes, NAXIS1 first. Without `tile`, one tile is as large as the image.
    descriptors
        For a file that states wrong ones: the number of elements of each tile, and its place in the heap.
    cards
        More cards, or cards that replace the true ones.
    """
    size = {"B": 1, "I": 2, "J": 4, "E": 4, "D": 8}[element]
    places, place = [], 0
    for content in tiles:
        places.append((len(content) // size, place))
        place += len(content)
    table = b"".join(struct.pack(">ii", *pair) for pair in descriptors or places)
    heap = b"".join(tiles)
    given: dict[str, Any] = {"XTENSION": "BINTABLE", "BITPIX": 8, "NAXIS": 2, "NAXIS1": 8}
    given |= {"NAXIS2": len(table) // 8, "PCOUNT": len(heap), "GCOUNT": 1, "TFIELDS": 1}
    given |= {"TTYPE1": column, "TFORM1": f"1P{element}", "ZIMAGE": True, "ZCMPTYPE": codec}
    given |= {"ZBITPIX": bits, "ZNAXIS": len(shape)}
    given |= {f"ZNAXIS{n}": length for n, length in enumerate(shape, 1)}
    given |= {f"ZTILE{n}": length for n, length in enumerate(tile or shape, 1)}
    return file(given | cards, table, heap)


def settings(**values: Any) -> dict[str, Any]:
    """The cards of a codec's settings."""
    cards: dict[str, Any] = {}
    for number, (name, value) in enumerate(values.items(), 1):
        cards |= {f"ZNAME{number}": name, f"ZVAL{number}": value}
    return cards
