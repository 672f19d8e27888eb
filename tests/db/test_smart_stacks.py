"""The rule of smart stacks against its slow reference, in memory and page by page through PostgreSQL."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from psycopg2.extras import execute_values

from common.number_parsing import number
from db import arguments, image_lists, queries
from db.image import Image
from db.smart_stacks import without_intermediates
from support.image_rows import NIGHT
from tests.db import stacks

MINUTE = timedelta(minutes=1)


def either_way(numbers: st.SearchStrategy[int]) -> st.SearchStrategy[Any]:
    """Numbers as either kind of header has them: as numbers or as texts."""
    return st.one_of(numbers, numbers.map(str), numbers.map("{:04d}".format), numbers.map("{}.0".format))


STACKS = either_way(st.integers(0, 3)) | st.sampled_from(["no", None, "", "12a", True, "1e2", 100, -1, 2.5])
COUNTERS = either_way(st.integers(0, 12)) | st.sampled_from(["no", None, "", 1.5])
CARDS = st.fixed_dictionaries({}, optional={"SMARTSTK": STACKS, "SSTKNUM": COUNTERS})
NIGHTS = st.lists(CARDS, max_size=25)


def image(cards: dict[str, Any], age: int) -> Image:
    row: Any = {"image_id": 1000 - age, "sort_date": NIGHT - age * MINUTE, "header": json.dumps(cards)}
    return Image.from_row(row)


@given(NIGHTS)
def test_as_the_reference_has_it(night: list[dict[str, Any]]) -> None:
    kept = without_intermediates([image(cards, age) for age, cards in enumerate(night)])
    assert [1000 - each.id for each in kept] == [
        age for age, cards in enumerate(night) if any(cards is final for final in stacks.final_images(night))
    ]


def test_a_real_looking_night() -> None:
    """Two stacks interleaved, one of texts and one of integers, one cut short, one single image, flats."""
    night: list[dict[str, Any]] = [
        {"SMARTSTK": "1704855845", "SSTKNUM": "1"},
        {"SMARTSTK": 1704855999, "SSTKNUM": 1},
        {"SMARTSTK": "1704855845", "SSTKNUM": "9"},
        {"SMARTSTK": 1704855999, "SSTKNUM": 2},
        {"SMARTSTK": "1704855845", "SSTKNUM": "10"},
        {"SMARTSTK": "no", "SSTKNUM": "1"},
        {"SMARTSTK": "1704856111", "SSTKNUM": "1"},
        {"SMARTSTK": "no", "SSTKNUM": "1"},
        {},
        {"SMARTSTK": 1704855845, "SSTKNUM": 4},
    ]
    kept = without_intermediates([image(cards, age) for age, cards in enumerate(reversed(night))])
    assert [10 - 1 - (1000 - each.id) for each in kept] == [8, 7, 6, 5, 4, 3]


def rows_of(cursor: Any, night: list[dict[str, Any]]) -> None:
    """Fill the table with a night, newest first. The key of each image is its place from the end."""
    cursor.execute("TRUNCATE images RESTART IDENTITY")
    rows = [(NIGHT, "lum", True, json.dumps(cards)) for cards in reversed(night)]
    if rows:
        execute_values(
            cursor, "INSERT INTO images (sort_date, filter_used, jpg_medium_exists, header) VALUES %s", rows
        )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(night=NIGHTS, limit=st.integers(1, 8), at_once=st.integers(1, 7), max_rows=st.integers(1, 12))
def test_pages_together_are_the_whole_list(
    cursor: Any, night: list[dict[str, Any]], limit: int, at_once: int, max_rows: int
) -> None:
    rows_of(cursor, night)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(image_lists, "ROWS_AT_ONCE", at_once)
        patch.setattr(image_lists, "MAX_ROWS", max_rows)
        found, after = [], None
        while True:
            page = image_lists.newest_without_intermediates({"filter": "lum"}, limit, after)
            assert len(page.images) <= limit
            found += page.images
            if page.rest is None:
                break
            after = arguments.position("after", arguments.position_text(page.rest))
    assert [len(night) - each.id for each in found] == [
        age for age, cards in enumerate(night) if any(cards is final for final in stacks.final_images(night))
    ]


def test_a_stack_is_judged_by_the_images_that_meet_the_conditions(cursor: Any) -> None:
    rows_of(cursor, [{"SMARTSTK": 7, "SSTKNUM": counter} for counter in (4, 3, 2, 1)])
    cursor.execute("UPDATE images SET filter_used = 'ha' WHERE image_id IN (4, 2)")
    for limit in (1, 9):
        page = image_lists.newest_without_intermediates({"filter": "lum"}, limit, None)
        assert [each.id for each in page.images] == [3]
    cursor.execute("UPDATE images SET jpg_medium_exists = NULL WHERE image_id = 3")
    assert [
        each.id for each in image_lists.newest_without_intermediates({"filter": "lum"}, 1, None).images
    ] == [1]


NUMERALS = st.one_of(
    st.integers(-(10**30), 10**30),
    st.floats(),
    st.text(" +-.0123456789eE", max_size=12),
    st.text("0123456789", min_size=1, max_size=50),
    st.text(st.characters(exclude_categories=["C", "Z"]), max_size=8),
    st.none(),
    st.booleans(),
    st.lists(st.integers(0, 9), max_size=2),
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(value="0,", before="", after="", escaped=True)
@example(value="7}", before="", after="", escaped=True)
@given(value=NUMERALS, before=TEXTS, after=TEXTS, escaped=st.sampled_from([True, False]))
def test_the_index_sees_the_number_that_the_rule_sees(
    cursor: Any, value: Any, before: str, after: str, *, escaped: bool
) -> None:
    header = json.dumps({"A": before, "SMARTSTK": value, "Z": after}, ensure_ascii=escaped)
    cursor.execute(f"SELECT {queries._STACK} FROM (SELECT %s AS header) AS row", [header])  # noqa: S608
    assert cursor.fetchone() == (number(value),)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tail=st.text(' :"+-.,}0123456789eE\u0663\n\\', max_size=30))
def test_no_header_however_malformed_keeps_a_row_from_being_stored(cursor: Any, tail: str) -> None:
    cursor.execute(
        "INSERT INTO images (jpg_medium_exists, header) VALUES (true, %s)",
        [f'{{"SMARTSTK"{tail}"SSTKNUM"{tail}'],
    )
