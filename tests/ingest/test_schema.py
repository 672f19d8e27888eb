"""The unique index on a table that is in use and has images with several rows."""

from typing import Any

import psycopg2
import pytest

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
    with pytest.raises(RuntimeError, match="keeps inserting second rows"):
        schema.apply(database)


def test_the_command_says_what_it_does(
    database: str, insert: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    insert(1)
    assert schema.main([]) == 0
    assert capsys.readouterr().out.startswith("0 images have more than one row.\n")
    assert schema.main(["--undo"]) == 0
