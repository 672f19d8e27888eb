"""The unique index on a table that is in use and has images with several rows."""

import time
from contextlib import suppress
from datetime import datetime
from threading import Thread
from typing import Any

import psycopg2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.errors import Conflict, Unavailable
from db.schema import statements
from ingest import schema
from support.image_rows import insert_image_row
from tests.ingest.exposures import rows

NAME = "mrc1-sq01-20260101-{:08d}"


@pytest.fixture
def insert(database: str) -> Any:
    """Insert a row of the image table."""
    connection = psycopg2.connect(database)
    connection.autocommit = True

    def insert(number: int, **columns: Any) -> None:
        row = {"base_filename": NAME.format(number), "data_type": "EX", **columns}
        with connection.cursor() as cursor:
            insert_image_row(cursor, row)

    yield insert
    connection.close()


def test_rows_of_an_image_are_merged_without_losing_anything(database: str, insert: Any) -> None:
    insert(1, jpg_medium_exists=True, site="mrc1")
    insert(1, fits_01_exists=True, header='{"A": 1}', filter_used="rp")
    insert(1, fits_10_exists=True, jpg_small_exists=False, username="Ada")
    insert(2, jpg_medium_exists=True)
    said: list[str] = []
    assert schema.count_duplicates(database) == 1
    schema.apply(database, said.append)
    assert said[:2] == ["1 images have more than one row.", f"Merged the rows of {NAME.format(1)}-EX."]
    first, second = rows(database)
    assert (first["header"], first["filter_used"], first["username"], first["site"]) == (
        '{"A": 1}',
        "rp",
        "Ada",
        "mrc1",
    )
    flags = ("jpg_medium", "jpg_small", "fits_01", "fits_10")
    assert [first[f"{flag}_exists"] for flag in flags] == [True, False, True, True]
    assert second["jpg_medium_exists"]


def test_undo_brings_every_row_back(database: str, insert: Any) -> None:
    insert(1, jpg_medium_exists=True)
    insert(1, fits_01_exists=True, header="{}")
    insert(2)
    before = rows(database)
    schema.apply(database)
    schema.undo(database)
    after = rows(database)
    assert [row["image_id"] for row in after] == [row["image_id"] for row in before]
    assert after[0] == before[0]
    # Without the index a second row is allowed again.
    insert(2)


def test_applied_twice_it_changes_nothing(database: str, insert: Any) -> None:
    insert(1, header="{}")
    schema.apply(database)
    before = rows(database)
    schema.apply(database)
    assert rows(database) == before
    with pytest.raises(psycopg2.errors.UniqueViolation):
        insert(1)


def test_rows_without_a_name_are_left_alone(database: str, insert: Any) -> None:
    insert(1, data_type=None)
    insert(1, data_type=None)
    schema.apply(database)
    assert len(rows(database)) == 2


def test_a_second_row_inserted_meanwhile_is_merged_too(
    database: str, insert: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    merge, late = schema._merge_all, iter([1])

    def merge_then_insert(connection: Any, say: schema.Say) -> None:
        merge(connection, say)
        for number in late:
            insert(number)
            insert(number)

    monkeypatch.setattr(schema, "_merge_all", merge_then_insert)
    schema.apply(database)
    assert len(rows(database)) == 1


def test_a_program_that_keeps_inserting_is_an_error(
    database: str, insert: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    merge = schema._merge_all

    def merge_then_insert(connection: Any, say: schema.Say) -> None:
        merge(connection, say)
        insert(1)
        insert(1)

    monkeypatch.setattr(schema, "_merge_all", merge_then_insert)
    with pytest.raises(Conflict, match="keeps inserting second rows"):
        schema.apply(database)
    # What is left of the index refuses nothing.
    insert(1)


@pytest.mark.parametrize("action", [schema.apply, schema.undo])
def test_a_long_query_is_not_waited_for(database: str, insert: Any, action: Any) -> None:
    insert(1, jpg_medium_exists=True)
    other = psycopg2.connect(database)
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM images")
            with pytest.raises(Unavailable, match="A long query uses the image table"):
                action(database)
            other.rollback()
    finally:
        other.close()
    action(database)


def test_the_command_says_what_it_does(
    database: str, insert: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    insert(1)
    assert schema.main([]) == 0
    assert capsys.readouterr().out.startswith("0 images have more than one row.\n")
    assert schema.main(["--undo"]) == 0


def build_phase(database: str) -> str:
    """Return what the building of the index does now, as PostgreSQL tells it; "" without one."""
    connection = psycopg2.connect(database)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT phase FROM pg_stat_progress_create_index")
        found = cursor.fetchone()
    connection.close()
    return found[0] if found else ""


def await_phase(database: str, phase: str) -> None:
    end = time.monotonic() + 10
    while build_phase(database) != phase:
        assert time.monotonic() < end, phase
        time.sleep(0.01)


class Writer:
    """Another program that writes the table in a transaction."""

    def __init__(self, database: str) -> None:
        self._connection = psycopg2.connect(database)
        self._cursor = self._connection.cursor()

    def insert(self, number: int, **columns: Any) -> None:
        insert_image_row(self._cursor, {"base_filename": NAME.format(number), "data_type": "EX", **columns})

    def end(self) -> None:
        self._connection.commit()
        self._connection.close()


def test_second_rows_that_come_while_the_index_is_built_are_merged(database: str, insert: Any) -> None:
    insert(2)
    said: list[str] = []

    def write_meanwhile(earlier: Writer) -> None:
        await_phase(database, "waiting for writers before build")
        later = Writer(database)
        later.insert(1, jpg_medium_exists=True)
        later.insert(1, header="{}")
        earlier.end()
        await_phase(database, "waiting for writers before validation")
        later.end()

    def say(words: str) -> None:
        said.append(words)
        if words.startswith("CREATE UNIQUE INDEX") and not writers:
            earlier = Writer(database)
            earlier.insert(3)
            writers.append(Thread(target=write_meanwhile, args=[earlier]))
            writers[0].start()

    writers: list[Thread] = []
    schema.apply(database, say)
    writers[0].join()
    assert said.count("Another program inserted a second row meanwhile; merging again.") == 1
    first, *_ = rows(database)
    assert (first["jpg_medium_exists"], first["header"]) == (True, "{}")
    assert [row["base_filename"] for row in rows(database)] == [NAME.format(number) for number in (1, 2, 3)]


FLAGS = ("fits_01_exists", "fits_10_exists", "jpg_medium_exists", "jpg_small_exists")
CAPTURED = ("2026-01-01T02:03:04.567890", "9999-12-31T23:59:59.999999")
VALUES = ("site", "username", "header", "airmass", "capture_date")
images = st.lists(
    st.fixed_dictionaries(
        {"number": st.integers(1, 3)},
        optional={
            **dict.fromkeys(FLAGS, st.booleans()),
            "site": st.sampled_from(["mrc1", "", "ü\\\"'\n"]),
            "username": st.sampled_from(["Ada", "Grace"]),
            "header": st.sampled_from(["{}", '{"A": "\\u0000"}', "", "no JSON", '{"B": 1.0}']),
            "airmass": st.sampled_from([1.1, 1 / 3, float("inf"), -0.0, 1e-300]),
            "capture_date": st.sampled_from(CAPTURED).map(datetime.fromisoformat),
        },
    ),
    max_size=6,
)
each_example = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


def fill(database: str, insert: Any, drawn: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Have these rows in the table, and return them as they are stored."""
    connection = psycopg2.connect(database)
    with connection, connection.cursor() as cursor:
        cursor.execute("TRUNCATE images RESTART IDENTITY")
    connection.close()
    for row in drawn:
        insert(**row)
    return rows(database)


def crash_after(count: int) -> schema.Say:
    """Return a function that accepts `count` sentences and raises an error at the next."""
    left = [count]

    def say(words: str) -> None:
        if not left[0]:
            raise InterruptedError(words)
        left[0] -= 1

    return say


@each_example
@given(drawn=images)
def test_any_rows_are_merged_without_losing_a_flag_or_a_header(
    database: str, insert: Any, drawn: list[dict[str, Any]]
) -> None:
    before = fill(database, insert, drawn)
    schema.apply(database)
    after = rows(database)
    names = {row["base_filename"] for row in before}
    assert sorted(row["base_filename"] for row in after) == sorted(names)
    for row in after:
        same = [other for other in before if other["base_filename"] == row["base_filename"]]
        for flag in FLAGS:
            assert bool(row[flag]) == any(other[flag] for other in same)
        for column in VALUES:
            found = [other[column] for other in same if other[column] is not None]
            assert row[column] in (found or [None])
        readable = [other["header"] for other in same if (other["header"] or "").startswith("{")]
        assert not readable or row["header"] in readable
    kept = {row["image_id"] for row in after}
    schema.undo(database)
    restored = {row["image_id"]: row for row in rows(database)}
    assert list(restored) == [row["image_id"] for row in before]
    # Rows that the merge removed are as before. Rows that it kept have lost no value.
    for row in before:
        changed = {name for name, value in row.items() if restored[row["image_id"]][name] != value}
        assert all(row[name] is None or name in FLAGS for name in changed)
        assert not changed or row["image_id"] in kept


@each_example
@given(drawn=images, applied=st.integers(0, 6), undone=st.integers(0, 5))
def test_interrupted_anywhere_both_commands_can_be_repeated(
    database: str, insert: Any, drawn: list[dict[str, Any]], applied: int, undone: int
) -> None:
    before = fill(database, insert, drawn)
    schema.apply(database)
    expected = rows(database)
    schema.undo(database)
    assert fill(database, insert, drawn) == before
    with suppress(InterruptedError):
        schema.apply(database, crash_after(applied))
    schema.apply(database)
    assert rows(database) == expected
    with suppress(InterruptedError):
        schema.undo(database, crash_after(undone))
    schema.undo(database)
    assert [row["image_id"] for row in rows(database)] == [row["image_id"] for row in before]


def test_undo_before_anything_was_applied_changes_nothing(database: str, insert: Any) -> None:
    insert(1)
    insert(1)
    before = rows(database)
    for _ in range(2):
        schema.undo(database)
        assert rows(database) == before


def test_only_rows_of_the_same_name_and_type_are_refused(database: str, insert: Any) -> None:
    insert(1)
    schema.apply(database)
    insert(1, data_type="EP")
    insert(2)
    insert(3, data_type=None)
    insert(3, data_type=None)
    with pytest.raises(psycopg2.errors.UniqueViolation):
        insert(1)
    assert len(rows(database)) == 5


def test_the_index_of_an_interrupted_command_is_made_again(database: str, insert: Any) -> None:
    insert(1, jpg_medium_exists=True)
    insert(1, header="{}")
    connection = psycopg2.connect(database)
    connection.autocommit = True
    [make_index] = [s for s in statements(schema.SCHEMA.read_text()) if s.startswith("CREATE UNIQUE INDEX")]
    with connection.cursor() as cursor, pytest.raises(psycopg2.errors.UniqueViolation):
        cursor.execute(make_index)
    connection.close()
    schema.apply(database)
    with pytest.raises(psycopg2.errors.UniqueViolation):
        insert(1)
