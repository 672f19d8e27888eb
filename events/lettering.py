"""How wide a line of text is, whatever font the viewer has."""

# Width of a letter, in sizes of the letters: on average, a little over Helvetica's; and at most, of small
# letters and of others, about as in DejaVu Sans Bold, the widest of the fonts that stand in for Helvetica.
LETTER = 0.55
SMALL_LETTER, WIDE_LETTER = 0.65, 1.0
_LAST_LATIN = "\u024f"


def shortened(content: str, length: int) -> str:
    """Answer a text, or as much of it as `length` letters allow with an ellipsis."""
    return content if len(content) <= length else f"{content[: length - 1]}…"


def fitting_size(content: str, size: float, room: float) -> float:
    """Answer the size of letters, at most `size`, in which a text surely takes no more than `room`."""
    return min(size, room / sum(map(_width, content))) if content else size


def _width(letter: str) -> float:
    return WIDE_LETTER if letter.isupper() or letter > _LAST_LATIN else SMALL_LETTER
