"""The width of a line of text, for any font that the viewer may have."""

# Mean width of a letter, in units of the font size: a little more than Helvetica's.
LETTER = 0.55
# Widths of small and other letters for lines that must fit: a little more than those of DejaVu Sans, the
# widest substitute for Helvetica.
PLAIN, BOLD = (0.56, 0.8), (0.65, 1.0)
# Letters after the last Latin one may be as wide as they are high.
_LAST_LATIN = "\u024f"
_SQUARE = 1.0


def shortened(content: str, length: int) -> str:
    """Return a text, cut to `length` characters with an ellipsis if it is longer."""
    return content if len(content) <= length else f"{content[: length - 1]}…"


def fitting_size(content: str, size: float, room: float, widths: tuple[float, float]) -> float:
    """Return the largest font size, at most `size`, at which a text fits into `room`.

    Parameters
    ----------
    content
        The text.
    size, room
        Font size and width on the page.
    widths
        `PLAIN` or `BOLD`.
    """
    small, other = widths
    length = sum(
        _SQUARE if letter > _LAST_LATIN else other if letter.isupper() else small for letter in content
    )
    return min(size, room / length) if length else size
