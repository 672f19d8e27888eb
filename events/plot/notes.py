"""Lines of words below the chart."""

from dataclasses import dataclass

from events.plot.svg import text
from events.plot.target_curves import RADIUS, badge
from events.plot.text_width import PLAIN, fitting_size

# In font sizes: the distance between lines, from the chart to the first, and from the last to the page's end.
_PITCH, _BEFORE, _AFTER = 1.6, 1.5, 0.7


@dataclass(frozen=True)
class Note:
    """A line of words.

    Attributes
    ----------
    words
        A sentence.
    name, number
        Of the target that it is about; "" and 0 if it is about the whole night.
    """

    words: str
    name: str = ""
    number: int = 0

    @property
    def sentence(self) -> str:
        """The words, after the target's name if there is one."""
        return f"{self.name}: {self.words[0].lower()}{self.words[1:]}" if self.name else self.words


@dataclass(frozen=True)
class Layout:
    """Where notes go on a page.

    Attributes
    ----------
    left, right
        Their edges.
    top
        The end of what is above them.
    size
        Font size.
    narrow
        Whether a target's name and its words need a line each.
    """

    left: float
    right: float
    top: float
    size: float
    narrow: bool


def drawn(notes: list[Note], layout: Layout) -> str:
    """Return the notes as SVG."""
    return "".join(
        _line(number, content, layout, index) for index, (number, content) in enumerate(_lines(notes, layout))
    )


def bottom(notes: list[Note], layout: Layout) -> float:
    """Return the height of a page with these notes."""
    count = len(_lines(notes, layout))
    return layout.top + layout.size * (_BEFORE + _PITCH * (count - 1) + _AFTER) if count else layout.top


def _lines(notes: list[Note], layout: Layout) -> list[tuple[int, str]]:
    """Return the lines, each with the number that is drawn before it; 0 for none."""
    lines = []
    for note in notes:
        if layout.narrow and note.name:
            lines += [(note.number, note.name), (0, note.words)]
        else:
            lines.append((note.number, note.sentence))
    return lines


def _line(number: int, content: str, layout: Layout, index: int) -> str:
    size = layout.size
    x, y = layout.left, layout.top + size * (_BEFORE + _PITCH * index)
    mark = badge((x + RADIUS * size, y - 0.3 * size), number, size) if number else ""
    start = x + 1.8 * size if number else x
    fitting = fitting_size(content, size, layout.right - start, PLAIN)
    return mark + text(content, (start, y), class_="words", font_size=fitting)
