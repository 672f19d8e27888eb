"""SVG elements as text."""

from collections.abc import Iterable
from typing import Any

from common.xml_text import escaped

Point = tuple[float, float]


def element(name: str, *children: str, **attributes: Any) -> str:
    """Return an element.

    Parameters
    ----------
    name
        The element's name.
    children
        SVG text, inserted unchanged.
    attributes
        By name, with `_` in place of `-`. A final `_` is removed (`class_`). Fractions get one decimal.
    """
    given = "".join(f' {_attribute(key)}="{_value(value)}"' for key, value in attributes.items())
    return f"<{name}{given}>{''.join(children)}</{name}>" if children else f"<{name}{given}/>"


def text(content: str, at: Point, **attributes: Any) -> str:
    """Return a line of text at a point."""
    return element("text", plain(content), x=at[0], y=at[1], **attributes)


def line(start: Point, end: Point, **attributes: Any) -> str:
    """Return a straight line."""
    return element("line", x1=start[0], y1=start[1], x2=end[0], y2=end[1], **attributes)


def polyline(points: Iterable[Point], **attributes: Any) -> str:
    """Return a line through points."""
    return element("polyline", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in points), **attributes)


def rectangle(corner: Point, opposite: Point, **attributes: Any) -> str:
    """Return the rectangle between two opposite corners."""
    (x1, y1), (x2, y2) = corner, opposite
    return element(
        "rect", x=min(x1, x2), y=min(y1, y2), width=abs(x2 - x1), height=abs(y2 - y1), **attributes
    )


def plain(content: str) -> str:
    """Return text escaped for XML."""
    return escaped(content, quote=True)


def _attribute(key: str) -> str:
    return key.removesuffix("_").replace("_", "-")


def _value(value: Any) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else plain(str(value))
