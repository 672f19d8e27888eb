"""The picture of a night, taken apart."""

import math
import re
import xml.etree.ElementTree as ET
from itertools import combinations

import pytest
import pytz
from PIL import ImageFont

from events.almanac import Almanac, almanac
from events.altitudes import Place
from events.observers import Observer
from events.plot import night_plot
from events.plot.chart import clock
from events.plot.moon_phase import disc
from events.plot.svg import plain
from site_configs import store
from support.client import ApiClient

NS = {"svg": "http://www.w3.org/2000/svg"}

# Crowds of labels of every kind: long and short nights, polar day and night, odd zones, clocks that change.
NIGHTS = {
    "Mission Ridge, spring": (34.459375, -119.681172, "America/Los_Angeles", 1_773_468_000),
    "Mission Ridge, clocks go forward": (34.459375, -119.681172, "America/Los_Angeles", 1_772_946_000),
    "London, midsummer": (51.5074, -0.1278, "Europe/London", 1_782_000_000),
    "Eltham, midsummer": (-37.70097, 145.1918, "Australia/Melbourne", 1_797_890_000),
    "Longyearbyen, polar day": (78.2232, 15.6267, "Arctic/Longyearbyen", 1_782_000_000),
    "Longyearbyen, polar night": (78.2232, 15.6267, "Arctic/Longyearbyen", 1_797_890_000),
    "Iqaluit, May": (63.7467, -68.517, "America/Iqaluit", 1_778_900_000),
    "Kiritimati": (1.87, -157.4, "Pacific/Kiritimati", 1_790_000_000),
    "Ngari": (32.3167, 80.0167, "Asia/Shanghai", 1_790_800_000),
    "Pune, half hours": (18.98, 73.5, "Asia/Kolkata", 1_769_000_000),
    "the longest name of a zone": (-45.86, -67.5, "America/Argentina/ComodRivadavia", 1_790_000_000),
    "a zone twelve hours off": (0.0, 180.0, "Europe/London", 1_769_000_000),
}


def picture(name: str, title: str = "Observatory") -> tuple[Almanac, ET.Element]:
    latitude, longitude, zone, when = NIGHTS[name]
    night = almanac(Observer(Place(latitude, longitude), pytz.timezone(zone), title), when)
    return night, ET.fromstring(night_plot.svg(night))  # noqa: S314 - the project's own


def page(root: ET.Element, name: str) -> ET.Element:
    found = root.find(f"svg:svg[@class='{name}']", NS)
    assert found is not None
    return found


def texts(root: ET.Element, kind: str) -> list[ET.Element]:
    return root.findall(f"svg:text[@class='{kind}']", NS)


def corners(label: ET.Element, size: float) -> list[tuple[float, float]]:
    """The corners of a text's box, by the metrics of Pillow's own font (Aileron, as wide as Helvetica)."""
    size = float(label.get("font-size", size))
    width = ImageFont.load_default(size).getlength(label.text or "")
    start = {"middle": -width / 2, "end": -width}.get(label.get("text-anchor", ""), 0)
    x, y = float(label.get("x", 0)), float(label.get("y", 0))
    box = [(x + start, y - 0.75 * size), (x + start + width, y - 0.75 * size)]
    box += [(x + start + width, y + 0.2 * size), (x + start, y + 0.2 * size)]
    turned = re.fullmatch(r"translate\((\S+) (\S+)\) rotate\((\S+)\)", label.get("transform", ""))
    if turned is None:
        return box
    dx, dy, angle = (float(value) for value in turned.groups())
    cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    return [(dx + x * cosine - y * sine, dy + x * sine + y * cosine) for x, y in box]


def apart(one: list[tuple[float, float]], other: list[tuple[float, float]]) -> bool:
    """Whether two rectangles are apart: some edge of one of them divides them (separating axis theorem)."""
    for box in (one, other):
        for (x1, y1), (x2, y2) in ((box[0], box[1]), (box[1], box[2])):
            first, second = ([(x2 - x1) * x + (y2 - y1) * y for x, y in points] for points in (one, other))
            if max(first) <= min(second) or max(second) <= min(first):
                return True
    return False


@pytest.mark.parametrize("which", [night_plot.WIDE, night_plot.TALL], ids=lambda which: which.name)
@pytest.mark.parametrize("name", NIGHTS)
def test_no_text_overlaps_another_or_leaves_the_page(name: str, which: night_plot.Page) -> None:
    _, root = picture(name, "Observatory with the longest name that a title has room for, and a little more")
    boxes = {
        (text.text, index): corners(text, which.size)
        for index, text in enumerate(page(root, which.name).iterfind("svg:text", NS))
    }
    for (one, box), (other, box_of_other) in combinations(boxes.items(), 2):
        assert apart(box, box_of_other), (one, other)
    for text, box in boxes.items():
        for x, y in box:
            assert 0 <= x <= which.width, text
            assert 0 <= y <= which.height, text


@pytest.mark.parametrize("which", [night_plot.WIDE, night_plot.TALL], ids=lambda which: which.name)
@pytest.mark.parametrize(
    ("title", "letter"),
    # widths in DejaVu Sans Bold, which Linux has where it lacks Helvetica; of an ideograph in any font
    [
        ("Observatory of the mountains between the sea and the moon", 0.65),
        ("MOUNT MAGNUM COMMUNITY OBSERVATORY OF MANY MIRRORS, WEST", 0.8),
        ("西藏阿里国家天文台暗夜公园与北半球最高的巡天望远镜阵列观测站第一圆顶", 1.0),
    ],
    ids=["long", "capitals", "ideographs"],
)
def test_a_name_of_wide_letters_keeps_its_place(title: str, letter: float, which: night_plot.Page) -> None:
    _, root = picture("Mission Ridge, spring", title)
    (shown,) = texts(page(root, which.name), "title")
    end = float(shown.get("x", 0)) + len(shown.text or "") * letter * float(shown.get("font-size", 0))
    assert end < (which.legend if which is night_plot.WIDE else which.width)


@pytest.mark.parametrize("which", ["wide", "tall"])
@pytest.mark.parametrize("name", NIGHTS)
def test_every_event_has_its_label_and_a_dot_at_its_time(name: str, which: str) -> None:
    night, root = picture(name)
    zone = night.observer.zone
    expected = [f"{clock(time, zone)} {event}" for event, time in night.events.items()]
    assert [label.text for label in texts(page(root, which), "label")] == expected
    inside = [time for time in night.events.values() if night.night.start <= time <= night.night.end]
    dots = page(root, which).findall("svg:circle[@r='4']", NS)
    layout = {"wide": night_plot.WIDE, "tall": night_plot.TALL}[which]
    begin, end = (layout.top, layout.bottom) if layout.upright else (layout.left, layout.right)
    for dot, time in zip(dots, inside, strict=True):
        fraction = (time - night.night.start) / (night.night.end - night.night.start)
        along = float(dot.get("cy" if layout.upright else "cx", "nan"))
        assert along == pytest.approx(begin + fraction * (end - begin), abs=0.06)


@pytest.mark.parametrize(("time", "expected"), [(29.9, "00:00"), (30.1, "00:01"), (86_399, "00:00")])
def test_the_clock_shows_the_nearest_minute(time: float, expected: str) -> None:
    assert clock(time, pytz.utc) == expected


def test_the_ground_shows_day_twilights_and_night_in_turn() -> None:
    _, root = picture("Mission Ridge, spring")
    grounds = [rect.get("class") for rect in page(root, "wide").iterfind("svg:rect", NS)]
    evening = ["day", "civil", "nautical", "astronomical", "night"]
    assert [ground for ground in grounds if "swatch" not in str(ground)] == [*evening, *evening[-2::-1]]
    _, root = picture("Longyearbyen, polar day")
    grounds = [rect.get("class") for rect in page(root, "wide").iterfind("svg:rect", NS)]
    assert [ground for ground in grounds if "swatch" not in str(ground)] == ["day"]


def test_hours_are_in_utc_and_in_the_clocks_of_the_site() -> None:
    _, root = picture("Mission Ridge, clocks go forward")
    hours = [hour.text for hour in texts(page(root, "tall"), "hour")]
    # noon of 2026-03-07 is at 20:00Z; at 10:00Z clocks go from 2 to 3
    utc = [f"{hour % 24:02d}" for hour in range(20, 44)]
    local = [f"{hour % 24:02d}" for hour in (*range(12, 26), *range(27, 37))]
    assert hours == ["UTC", *utc, "Local", *local]
    _, root = picture("Pune, half hours")
    assert [hour.text for hour in texts(page(root, "tall"), "hour")][1:3] == ["06:30", "07:30"]


@pytest.mark.parametrize(
    ("name", "notes"),
    [
        # astroplan.moon.moon_illumination(2026-03-14T07:00Z) is 0.236
        ("Mission Ridge, spring", {"Sun", "Moon, 24 % lit, waning"}),
        ("Longyearbyen, polar day", {"Sun, up all night"}),
        ("Longyearbyen, polar night", {"Sun, down all day"}),
    ],
)
def test_the_legend(name: str, notes: set[str]) -> None:
    _, root = picture(name)
    for which in ("wide", "tall"):
        assert notes <= {note.text for note in texts(page(root, which), "note")}


@pytest.mark.parametrize(
    ("illumination", "lit_right", "outer", "short", "inner"),
    [
        (0, True, 1, 10, 0),
        (0.25, True, 1, 5, 0),
        (0.75, True, 1, 5, 1),
        (1, False, 0, 10, 0),
        (0.5, False, 0, 0, 1),
    ],
)
def test_the_phase(illumination: float, lit_right: bool, outer: int, short: float, inner: int) -> None:  # noqa: FBT001 - a parameter of the test
    path = ET.fromstring(f"<g>{disc((50, 50), 10, illumination, lit_right=lit_right)}</g>")[1].get("d")  # noqa: S314 - the project's own
    # sweep 1 is the right half from the top down, and the left half from the bottom up
    assert path == f"M50.0 40.0A10 10 0 0 {outer} 50.0 60.0A{short:.1f} 10 0 0 {inner} 50.0 40.0Z"


def test_what_a_config_says_cannot_break_the_picture() -> None:
    title = "</title><script>alert(1)</script> & \"'\x00\x0b\ud800\uffff 🔭"
    _, root = picture("Mission Ridge, spring", title)
    assert root.find(".//svg:script", NS) is None
    assert texts(page(root, "wide"), "title")[0].text == "</title><script>alert(1)</script> & \"' 🔭"
    assert plain("a\x1bb<") == "ab&lt;"


def test_the_route(api: ApiClient) -> None:
    config = {
        "latitude": 34.459375,
        "longitude": -119.681172,
        "elevation": 317,
        "reference_ambient": 10,
        "reference_pressure": 980,
        "TZ_database_name": "America/Los_Angeles",
        "name": "Mission <Ridge>",
    }
    store.write("mrc", config)
    answer = api.get("/events/plot", params={"site": "mrc", "when": "1773468000"})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/svg+xml; charset=utf-8"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    root = ET.fromstring(answer.content)  # noqa: S314 - the project's own
    assert texts(page(root, "tall"), "title")[0].text == "Mission <Ridge>"
    assert "Night of Fri 13 March 2026 · America/Los_Angeles" in {
        note.text for note in texts(page(root, "wide"), "note")
    }
    assert len(texts(page(root, "wide"), "label")) == 26
    assert answer.elapsed.total_seconds() < 5
    store.write("mrc", config | {"name": 5})
    root = ET.fromstring(api.get("/events/plot?site=mrc").content)  # noqa: S314 - the project's own
    assert texts(page(root, "tall"), "title")[0].text == "mrc"
