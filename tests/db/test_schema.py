"""schema.sql on a table in use."""

from threading import Event, Thread
from typing import Any

import psycopg2
import pytest

from db import cone, queries, schema
from tests.db.conftest import Insert


def indexes(cursor: Any) -> dict[str, bool]:
    """The indexes of the table, and whether each is valid."""
    cursor.execute(
        "SELECT indexrelid::regclass::text, indisvalid FROM pg_index WHERE indrelid = 'images'::regclass"
    )
    return dict(cursor.fetchall())


@pytest.fixture
def production(database: str, cursor: Any) -> list[str]:
    """The table without this project's indexes, with rows. Answers the indexes that are missing."""
    missing = [name for name in indexes(cursor) if name != "images_pkey"]
    for name in missing:
        cursor.execute(f"DROP INDEX {name}")
    cursor.execute(
        """INSERT INTO images (base_filename, jpg_medium_exists, header)
        SELECT n, true, format('{"SMARTSTK": %s}', n) FROM generate_series(1, 20000) AS n"""
    )
    return missing


def test_applied_twice_it_keeps_table_rows_and_indexes(database: str, cursor: Any, insert: Insert) -> None:
    insert()
    before = indexes(cursor)
    said: list[str] = []
    schema.apply(database, said.append)
    assert indexes(cursor) == before
    assert len(said) == len(before) + len(["ANALYZE images"])
    cursor.execute("SELECT count(*) FROM images")
    assert cursor.fetchone() == (1,)


def test_the_ingester_writes_while_indexes_are_built(
    database: str, cursor: Any, production: list[str]
) -> None:
    """Each statement runs while another connection inserts; an insert fails if it waits too long."""
    written, done = [], Event()

    def write() -> None:
        connection = psycopg2.connect(database)
        connection.autocommit = True
        with connection.cursor() as own:
            own.execute("SET lock_timeout = '50ms'")
            while not done.is_set():
                own.execute("INSERT INTO images (base_filename, jpg_medium_exists) VALUES ('new', true)")
                written.append(1)
        connection.close()

    writer = Thread(target=write)
    writer.start()
    schema.apply(database)
    done.set()
    writer.join()
    assert all(indexes(cursor).values())
    assert set(production) < set(indexes(cursor))
    cursor.execute("SELECT count(*) FROM images WHERE base_filename = 'new'")
    assert cursor.fetchone() == (len(written),)
    assert len(written) > 20


def test_an_index_that_was_left_half_built_is_built_anew(
    database: str, cursor: Any, production: list[str]
) -> None:
    # How long PostgreSQL takes until it has noted the index depends on the machine's load.
    for timeout_ms in (5, 10, 20, 40, 80, 160):
        cursor.execute(f"SET statement_timeout = {timeout_ms}")
        with pytest.raises(psycopg2.errors.QueryCanceled):
            cursor.execute(
                "CREATE INDEX CONCURRENTLY images_final_of_stack ON images (md5(repeat(base_filename, 999)))"
            )
        cursor.execute("RESET statement_timeout")
        if "images_final_of_stack" in indexes(cursor):
            break
    assert indexes(cursor) == {"images_pkey": True, "images_final_of_stack": False}
    schema.apply(database)
    assert indexes(cursor) == dict.fromkeys(["images_pkey", *production], True)


def test_expressions_of_the_queries_are_those_of_the_indexes() -> None:
    sql = schema.SCHEMA.read_text()
    for expression in (queries._STACK, queries._COUNTER, queries.SORT_DATE, queries.OBJECT, cone.PLACE):
        assert expression in sql


def test_the_command_prints_each_statement(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert schema.main() == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("CREATE TABLE IF NOT EXISTS images")
    assert len(printed) == len(schema.statements(schema.SCHEMA.read_text()))
