"""The plot of a night: its SVG is parsed, and its elements are checked."""

import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from itertools import combinations

import pytest
import pytz
from PIL import ImageFont

from events.almanac import Almanac, almanac
from events.altitudes import Place
from events.arguments import Target
from events.observers import Observer
from events.plot import night_plot, words
from events.plot.chart import clock
from events.plot.moon_phase import disc
from events.plot.svg import plain
from events.plot.target_curves import AIRMASSES
from events.targets import TargetNight, airmass, visibility
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
    "Kuusamo, no sunset": (66.46, 29.2, "Europe/Helsinki", 1_782_000_000),
    "Iqaluit, May": (63.7467, -68.517, "America/Iqaluit", 1_778_900_000),
    "Kiritimati": (1.87, -157.4, "Pacific/Kiritimati", 1_790_000_000),
    "Ngari": (32.3167, 80.0167, "Asia/Shanghai", 1_790_800_000),
    "Pune, half hours": (18.98, 73.5, "Asia/Kolkata", 1_769_000_000),
    "the longest name of a zone": (-45.86, -67.5, "America/Argentina/ComodRivadavia", 1_790_000_000),
    "a zone twelve hours off": (0.0, 180.0, "Europe/London", 1_769_000_000),
}

M31, ORION, POLARIS = Target(10.68, 41.27, "M 31"), Target(83.82, -5.39, "M 42"), Target(37.95, 89.26, "")
TARGETS = [
    M31,
    ORION,
    Target(201.37, -43.02, "A name of forty characters: MMMMMMMMMMMM"),
    Target(250.42, 36.46, "M 13"),
    POLARIS,
]
LONG_AGO = 0.0
MISSION_RIDGE = {
    "latitude": 34.459375,
    "longitude": -119.681172,
    "elevation": 317,
    "reference_ambient": 10,
    "reference_pressure": 980,
    "TZ_database_name": "America/Los_Angeles",
    "name": "Mission <Ridge>",
}


def picture(
    name: str, title: str = "Observatory", targets: Sequence[Target] = (), now: float = LONG_AGO
) -> tuple[Almanac, ET.Element]:
    latitude, longitude, zone, when = NIGHTS[name]
    night = almanac(Observer(Place(latitude, longitude), pytz.timezone(zone), title), when)
    return night, ET.fromstring(night_plot.svg(night, targets, now))  # noqa: S314 - the project's own


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
    title = "Observatory with the longest name that a title has room for, and a little more"
    night, _ = picture(name)
    start, end = night.night.start, night.night.end
    moments = (LONG_AGO, start, start + 3600, (start + end) / 2, end - 5400, end - 1)
    for targets, now in ((targets, now) for targets in ([], TARGETS) for now in moments):
        _, root = picture(name, title, targets, now)
        found = page(root, which.name)
        height = float(found.attrib["viewBox"].split()[3])
        boxes = {
            (text.text, index): corners(text, which.size)
            for index, text in enumerate(found.iterfind("svg:text", NS))
        }
        for (one, box), (other, box_of_other) in combinations(boxes.items(), 2):
            assert apart(box, box_of_other), (one, other)
        for text, box in boxes.items():
            for x, y in box:
                assert 0 <= x <= which.width, text
                assert 0 <= y <= height, text


@pytest.mark.parametrize("which", [night_plot.WIDE, night_plot.TALL], ids=lambda which: which.name)
@pytest.mark.parametrize(
    ("title", "letter"),
    # widths of letters in DejaVu Sans Bold, which Linux uses instead of Helvetica; of ideographs in any font
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


def test_the_background_shows_day_twilights_and_night_in_turn() -> None:
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


def words_of(root: ET.Element, which: str) -> list[str | None]:
    return [line.text for line in texts(page(root, which), "words")]


def points_of(root: ET.Element, which: str, kind: str) -> list[tuple[float, float]]:
    lines = page(root, which).findall(f"svg:polyline[@class='{kind}']", NS)
    pairs = (pair.split(",") for line in lines for pair in line.attrib["points"].split())
    return [(float(x), float(y)) for x, y in pairs]


def test_a_target_is_drawn_while_it_is_above_the_horizon() -> None:
    night, root = picture("Mission Ridge, spring", targets=[M31, ORION])
    layout, target = night_plot.WIDE, TargetNight(night, ORION.ra, ORION.dec)
    start, length = night.night.start, night.night.end - night.night.start
    lowest, highest = -90, 90
    points = points_of(root, "wide", "way t2")
    for x, y in points:
        time = start + (x - layout.left) / (layout.right - layout.left) * length
        altitude = lowest + (layout.bottom - y) / (layout.bottom - layout.top) * (highest - lowest)
        assert altitude == pytest.approx(max(0, target.altitude(time)), abs=0.3)
    rises, sets = (crossing.time for crossing in target.curve.crossings(0))
    first, last = (
        layout.left + (time - start) / length * (layout.right - layout.left) for time in (rises, sets)
    )
    assert [points[0][0], points[-1][0]] == pytest.approx([first, last], abs=0.1)
    numbers = [text.text for text in texts(page(root, "wide"), "number")]
    # the first two are at the curves, the others before the words
    assert numbers == ["1", "2", "1", "2"]


def test_a_target_that_does_not_rise_has_words_and_no_curve() -> None:
    _, root = picture("Longyearbyen, polar night", targets=[Target(201.37, -43.02, "Centaurus A")])
    assert points_of(root, "wide", "way t1") == []
    assert words_of(root, "wide")[-1] == "Centaurus A: below the horizon while it is dark."
    assert words_of(root, "tall")[-2:] == ["Centaurus A", "Below the horizon while it is dark."]
    assert [text.text for text in texts(page(root, "wide"), "number")] == ["1"]


def test_the_words_of_a_target_are_the_summary_of_the_visibility_route() -> None:
    night, root = picture("Mission Ridge, spring", targets=[M31, POLARIS])
    of_m31 = visibility(night, M31.ra, M31.dec)["summary"]
    assert of_m31 == "Highest at 20:00, 25°, airmass 2.38; 96° from the Moon."
    assert words_of(root, "wide")[0] == "M 31: highest at 20:00, 25°, airmass 2.38; 96° from the Moon."
    description = root.find("svg:desc", NS)
    assert description is not None
    assert str(description.text).startswith("M 31: highest at 20:00, 25°, airmass 2.38;")


@pytest.mark.parametrize(("name", "altitude"), AIRMASSES.items())
def test_the_lines_of_airmass_are_where_the_formula_says(name: str, altitude: float) -> None:
    assert airmass(altitude) == pytest.approx(float(name), abs=0.01)


def test_airmass_is_shown_with_targets_only() -> None:
    for targets, expected in (([], 0), ([M31], 4)):
        _, root = picture("Mission Ridge, spring", targets=targets)
        assert len(page(root, "wide").findall("svg:line[@class='airmass']", NS)) == expected


def test_the_current_time_is_drawn_only_in_its_own_night() -> None:
    # astropy: at 2026-03-14T05:00Z the Sun is at -35.9 and the Moon at -77.3 degrees
    now = 1_773_464_400
    _, root = picture("Mission Ridge, spring", now=now + 59)
    assert words_of(root, "wide") == [
        "Now 22:00: Sun \N{MINUS SIGN}36°, Moon \N{MINUS SIGN}77°.",
        "Next: Middle of Night at 01:08, in 3 h 8 min.",
    ]
    (line,) = page(root, "wide").findall("svg:line[@class='now']", NS)
    layout = night_plot.WIDE
    # 2026-03-13 12:00 PDT is 19:00Z
    expected = layout.left + 10 / 24 * (layout.right - layout.left)
    assert float(line.attrib["x1"]) == float(line.attrib["x2"]) == pytest.approx(expected, abs=0.06)
    for other in (LONG_AGO, now - 86_400, now + 86_400):
        _, root = picture("Mission Ridge, spring", now=other)
        assert words_of(root, "wide") == []
        assert page(root, "wide").findall("svg:line[@class='now']", NS) == []


def test_a_picture_stays_the_same_within_a_minute() -> None:
    night, _ = picture("Mission Ridge, spring")
    drawn = [night_plot.svg(night, [M31], 1_773_464_400 + seconds) for seconds in (0, 59.9, 60)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_after_the_last_event_the_words_say_so() -> None:
    night, _ = picture("Mission Ridge, spring")
    assert words.now(night, night.night.end - 60)[1] == "No other event until noon."


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("Longyearbyen, polar night", "The Sun stays at least 11.7° below the horizon all day."),
        ("Longyearbyen, polar day", "The Sun stays at least 11.7° above the horizon all day."),
        ("Kuusamo, no sunset", "The Sun does not set: its lowest altitude is -0.1°."),
        ("Mission Ridge, spring", None),
    ],
)
def test_a_sun_that_does_not_rise_or_set_is_described_in_words(name: str, sentence: str | None) -> None:
    _, root = picture(name)
    for which in ("wide", "tall"):
        assert words_of(root, which) == ([sentence] if sentence else [])


@pytest.mark.parametrize(("seconds", "expected"), [(29, "0 min"), (2100, "35 min"), (4020, "1 h 7 min")])
def test_a_span_of_time_in_words(seconds: float, expected: str) -> None:
    assert words.span(seconds) == expected


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("ra=10", "ra and dec must be given equally often: each pair of them is a target."),
        ("ra=10&dec=5&ra=20", "ra and dec must be given equally often: each pair of them is a target."),
        ("ra=361&dec=5", "ra must be a number of degrees from 0 to 360 (ICRS)."),
        ("ra=1&dec=x", "dec must be a number of degrees from -90 to 90 (ICRS)."),
        ("name=M+31", "There are more names than targets: give ra and dec for each name."),
        ("&".join(["ra=10&dec=5"] * 6), "A plot shows at most 5 targets."),
        ("ra=1&dec=1&name=" + "x" * 41, "name must be a text of at most 40 characters."),
    ],
)
def test_targets_that_cannot_be_drawn_are_refused(api: ApiClient, query: str, sentence: str) -> None:
    answer = api.get(f"/events/plot?site=mrc&{query}")
    assert (answer.status_code, answer.json()) == (400, {"error": sentence})


def test_the_route_draws_repeated_targets(api: ApiClient) -> None:
    store.write("mrc", MISSION_RIDGE)
    path = "/events/plot?site=mrc&when=1773468000&ra=10.68&dec=41.27&name=M%2031&ra=83.82&dec=-5.39"
    root = ET.fromstring(api.get(path).content)  # noqa: S314 - the project's own
    assert [str(line).partition(":")[0] for line in words_of(root, "wide")] == ["M 31", "83.82° -5.39°"]
    targets = {"ra": [10.68, 83.82], "dec": [41.27, -5.39], "name": ["M 31"]}
    answer = api.get("/events/plot", json={"site": "mrc", "when": 1773468000, **targets})
    assert ET.tostring(ET.fromstring(answer.content)) == ET.tostring(root)  # noqa: S314 - the project's own


def test_the_route(api: ApiClient) -> None:
    store.write("mrc", MISSION_RIDGE)
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
    store.write("mrc", MISSION_RIDGE | {"name": 5})
    root = ET.fromstring(api.get("/events/plot?site=mrc").content)  # noqa: S314 - the project's own
    assert texts(page(root, "tall"), "title")[0].text == "mrc"
