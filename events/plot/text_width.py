"""How wide a line of text is, whatever font the viewer has."""

# Mean width of a letter, in sizes of the letters: a little over Helvetica's.
LETTER = 0.55
# Widths to reckon with, of small letters and of others, where a line must not be longer than its room: a
# little over those of DejaVu Sans, the widest of the fonts that stand in for Helvetica.
PLAIN, BOLD = (0.56, 0.8), (0.65, 1.0)
# After the last Latin letter come those that may be as wide as high.
_LAST_LATIN = "\u024f"
_SQUARE = 1.0


def shortened(content: str, length: int) -> str:
    """Answer a text, or as much of it as `length` letters allow with an ellipsis."""
    return content if len(content) <= length else f"{content[: length - 1]}…"


def fitting_size(content: str, size: float, room: float, widths: tuple[float, float]) -> float:
    """Answer the size of letters, at most `size`, in which a text takes no more than `room`.

    Parameters
    ----------
    content
        The text.
    size, room
        On the page.
    widths
        `PLAIN` or `BOLD`.
    """
    small, other = widths
    length = sum(
        _SQUARE if letter > _LAST_LATIN else other if letter.isupper() else small for letter in content
    )
    return min(size, room / length) if length else size
