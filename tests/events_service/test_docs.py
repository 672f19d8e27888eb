"""The documentation's example does what it says."""

import contextlib
import io
import re
from pathlib import Path

import pytest
import pytz

from events.almanac import almanac, tai_events
from events.altitudes import Place
from events.observers import Observer
from events.tai import tai_minus_utc

TEXT = (Path(__file__).parents[2] / "docs" / "events.md").read_text()
FIGURE = 2461113.5852211043


def test_the_python_example_prints_the_local_time_it_says() -> None:
    [code] = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    said = code.strip().rpartition("\n")[2].removeprefix("# ")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, {})  # noqa: S102 - the project's own documentation
    assert printed.getvalue().strip() == said == "2026-03-13T19:02:06-07:00"


def test_the_figure_is_the_answer_for_that_night() -> None:
    mission_ridge = Observer(
        Place(34.459375, -119.681172, 317.75), pytz.timezone("America/Los_Angeles"), "mrc"
    )
    assert tai_events(almanac(mission_ridge, 1_773_468_000))["Sun Set"] == pytest.approx(
        FIGURE, abs=1e-6, rel=0
    )
    assert TEXT.count(str(FIGURE)) == 3


def test_the_offset_in_the_examples_is_todays() -> None:
    offset = tai_minus_utc(4e9)
    assert f"TAI_MINUS_UTC = {offset} " in TEXT
    assert f"* 86400 - {offset}) * 1000" in TEXT
