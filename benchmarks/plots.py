"""Draw benchmarks/results/ as pictures: `python -m benchmarks.plots` writes docs/pictures/*.svg.

Each picture contains both colour schemes. The browser shows the one that the viewer prefers.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any

from benchmarks import figures
from events.plot import svg
from events.plot.svg import Point
from local.deployment import PROJECT

PICTURES = PROJECT / "docs" / "pictures"
WIDTH = 980.0
# Of each class: the property, its value on light paper, its value on dark.
COLOURS = (
    (".paper", "fill", "#ffffff", "#0d1117"),
    ("text", "fill", "#1b2533", "#e6edf3"),
    (".soft", "fill", "#55637a", "#9aa8bd"),
    (".grid", "stroke", "#d5dce6", "#2b3442"),
    (".s0", "stroke", "#0b5cad", "#58a6ff"),
    (".s1", "stroke", "#c94a00", "#ffa657"),
    (".s2", "stroke", "#1a7f37", "#56d364"),
    (".s3", "stroke", "#8250df", "#d2a8ff"),
    (".s4", "stroke", "#b5179e", "#ff9bce"),
    (".s5", "stroke", "#7d6608", "#e3b341"),
    (".interpreter", "fill", "#9aa8bd", "#55637a"),
    (".import", "fill", "#0b5cad", "#58a6ff"),
    (".answer", "fill", "#e08a3c", "#ffa657"),
)
SHAPES = (
    "text{font:13px Helvetica,Arial,'Liberation Sans',sans-serif}.head{font-weight:bold;font-size:15px}"
    ".soft{font-size:12px}.way{fill:none;stroke-width:2.5;stroke-linejoin:round}.grid{stroke-width:1}"
)
PARTS = ("interpreter", "import", "answer")


def main() -> None:
    """Draw every picture."""
    for name, draw in PLOTS.items():
        (PICTURES / f"{name}.svg").write_text(draw() + "\n")


def cold_starts() -> str:
    """Draw a bar for each function, from its start to the first response, in three parts."""
    kept = figures.read("cold_starts")["figures"]["functions"]
    functions = {name: starts["after"] for name, starts in kept.items()}
    ordered = sorted(functions.items(), key=lambda item: -_whole(item[1]))
    longest = max(map(_whole, functions.values()))
    left, step, top = 230.0, 19.0, 64.0
    scale = (WIDTH - left - 70) / longest
    drawn = [_title("From a fresh interpreter to the first response, milliseconds"), *_key(left)]
    for row, (name, parts) in enumerate(ordered):
        y, x = top + row * step, left
        drawn.append(svg.text(name, (left - 10, y + 12), text_anchor="end"))
        for part in PARTS:
            width = parts[f"{part}_ms"] * scale
            drawn.append(svg.rectangle((x, y), (x + width, y + 14), class_=part))
            x += width
        drawn.append(svg.text(f"{_whole(parts):.0f}", (x + 8, y + 12), class_="soft"))
    return _picture(drawn, top + len(ordered) * step + 16)


def growth() -> str:
    """Draw the handlers' CPU time against the size of each kind of data, on logarithmic axes."""
    panels: dict[str, dict[str, Any]] = {}
    for route, kept in figures.read("growth")["figures"].items():
        panels.setdefault(kept["grows_with"], {})[route] = kept["points"]
    drawn, tops = [_title("CPU milliseconds of a call against the size of what it depends on")], [56.0, 56.0]
    for thing, routes in panels.items():
        column = tops.index(min(tops))
        height = 210 + 18 * len(routes)
        drawn += _panel((20 + column * 490.0, tops[column]), thing, routes)
        tops[column] += height
    return _picture(drawn, max(tops))


def soak() -> str:
    """Draw what the stack's process held through an undisturbed night."""
    samples = figures.read("soak")["figures"]["samples"]
    drawn = [_title("What the process that runs the gateway holds through the night, by minutes")]
    for at, (what, words) in enumerate(
        (("memory_mb", "memory, MB"), ("descriptors", "open files and sockets"), ("threads", "threads"))
    ):
        points = [(sample["at_s"] / 60, sample[what]) for sample in samples]
        drawn += _timeline((20.0 + at * 325, 56.0), words, points, f"s{at}")
    return _picture(drawn, 270)


def _whole(parts: dict[str, float]) -> float:
    return sum(parts[f"{part}_ms"] for part in PARTS)


def _key(left: float) -> Iterable[str]:
    for at, words in enumerate(("the interpreter starts", "the init phase", "the first response")):
        x = left + at * 190
        yield svg.rectangle((x, 38), (x + 14, 52), class_=PARTS[at])
        yield svg.text(words, (x + 20, 50), class_="soft")


def _panel(corner: Point, thing: str, routes: dict[str, Any]) -> list[str]:
    left, top, width, height = corner[0] + 60, corner[1] + 24, 370.0, 130.0
    sizes = sorted({int(size) for points in routes.values() for size in points})
    costs = [point["cpu_ms"] for points in routes.values() for point in points.values()]
    x = _logarithmic(sizes[0], sizes[-1], left, left + width)
    low, high = 10.0 ** math.floor(math.log10(min(costs))), 10.0 ** math.ceil(math.log10(max(costs)))
    y = _logarithmic(low, high, top + height, top)
    drawn = [svg.text(thing, (left, top - 8), class_="head")]
    for exponent in range(round(math.log10(low)), round(math.log10(high)) + 1):
        drawn += _tick((left, y(10.0**exponent)), width, f"{10.0**exponent:g}")
    drawn += [
        svg.text(f"{size:,}", (x(size), top + height + 18), class_="soft", text_anchor="middle")
        for size in sizes
    ]
    for at, (route, points) in enumerate(routes.items()):
        way = [(x(int(size)), y(point["cpu_ms"])) for size, point in points.items()]
        drawn.append(svg.polyline(way, class_=f"way s{at}"))
        level = top + height + 40 + 18 * at
        drawn.append(svg.polyline([(left, level - 4), (left + 22, level - 4)], class_=f"way s{at}"))
        drawn.append(svg.text(route, (left + 30, level)))
    return drawn


def _timeline(corner: Point, words: str, points: list[Point], colour: str) -> list[str]:
    left, top, width, height = corner[0] + 40, corner[1] + 24, 250.0, 140.0
    last, most = points[-1][0], _round_up(max(value for _, value in points))
    drawn = [svg.text(words, (left, top - 8), class_="head")]
    for share in (0, 0.5, 1):
        drawn += _tick((left, top + height * (1 - share)), width, f"{most * share:g}")
    for minute in range(0, int(last) + 1, max(1, int(last) // 5)):
        at = left + width * minute / last
        drawn.append(svg.text(str(minute), (at, top + height + 18), class_="soft", text_anchor="middle"))
    way = [(left + width * at / last, top + height * (1 - value / most)) for at, value in points]
    return [*drawn, svg.polyline(way, class_=f"way {colour}")]


def _tick(at: Point, width: float, words: str) -> list[str]:
    return [
        svg.line(at, (at[0] + width, at[1]), class_="grid"),
        svg.text(words, (at[0] - 6, at[1] + 4), class_="soft", text_anchor="end"),
    ]


def _logarithmic(first: float, last: float, start: float, end: float) -> Callable[[float], float]:
    def place(value: float) -> float:
        return start + (end - start) * math.log(value / first) / math.log(last / first)

    return place


def _round_up(value: float) -> float:
    step = 10.0 ** math.floor(math.log10(value))
    return math.ceil(value / step) * step


def _title(words: str) -> str:
    return svg.text(words, (20, 26), class_="head")


def _picture(drawn: Iterable[str], height: float) -> str:
    light, dark = _sheets()
    style = svg.element("style", f"{SHAPES}{light}@media (prefers-color-scheme:dark){{{dark}}}")
    paper = svg.rectangle((0, 0), (WIDTH, height), class_="paper")
    box = f"0 0 {WIDTH:.0f} {height:.0f}"
    return svg.element(
        "svg", style, paper, *drawn, xmlns="http://www.w3.org/2000/svg", viewBox=box, role="img"
    )


def _sheets() -> tuple[str, str]:
    """Return the colours on light paper and on dark."""
    return (
        "".join(f"{classes}{{{name}:{light}}}" for classes, name, light, _ in COLOURS),
        "".join(f"{classes}{{{name}:{dark}}}" for classes, name, _, dark in COLOURS),
    )


PLOTS: dict[str, Callable[[], str]] = {"cold-starts": cold_starts, "growth": growth, "soak": soak}


if __name__ == "__main__":
    main()
