"""Prepares the image table for the ingester: `python -m ingest.schema`, with the URL in `DATABASE_URL`.

An image may have several rows, written by a program that knows no unique index. They are merged into one: no
flag and no header is lost. The removed rows are kept in the table `images_merged`; `--undo` brings them back.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from common import commands, database_url
from common.errors import Conflict, Unavailable
from db import schema

SCHEMA = Path(__file__).with_name("schema.sql")
# Another program may insert a second row between the merge and the index. Then both are done again.
_ROUNDS = 5

_FLAGS = ("fits_01_exists", "fits_10_exists", "jpg_medium_exists", "jpg_small_exists")
_VALUES = (
    *(
        "site",
        "capture_date",
        "sort_date",
        "right_ascension",
        "declination",
        "altitude",
        "azimuth",
        "airmass",
    ),
    *("exposure_time", "filter_used", "username", "user_id", "header"),
)

_MAKE_BACKUP_TABLE = """
CREATE TABLE IF NOT EXISTS images_merged (
    image_id  integer PRIMARY KEY,
    kept_id   integer NOT NULL,
    merged_at timestamp with time zone NOT NULL DEFAULT now(),
    content   jsonb NOT NULL
)
"""
_DUPLICATED_NAMES = """
SELECT base_filename, data_type FROM images
WHERE base_filename IS NOT NULL AND data_type IS NOT NULL
GROUP BY base_filename, data_type HAVING count(*) > 1
"""
# The row to keep comes first: one with a header that can be read, then one with a picture, then the oldest.
_ROWS_OF_NAME = """
SELECT image_id FROM images WHERE base_filename = %s AND data_type = %s
ORDER BY header IS NULL OR header NOT LIKE '{%%', jpg_medium_exists IS NOT TRUE, image_id
FOR UPDATE
"""
_COPY_ROWS = """
INSERT INTO images_merged (image_id, kept_id, content)
SELECT image_id, %(kept)s, to_jsonb(images) FROM images WHERE image_id = ANY(%(others)s)
ON CONFLICT (image_id) DO NOTHING
"""
_MERGE = f"""
UPDATE images SET
    {", ".join(f"{flag} = images.{flag} IS TRUE OR others.{flag}" for flag in _FLAGS)},
    {", ".join(f"{value} = COALESCE(images.{value}, others.{value})" for value in _VALUES)}
FROM (
    SELECT
        {", ".join(f"bool_or({flag} IS TRUE) AS {flag}" for flag in _FLAGS)},
        {
    ", ".join(
        f"(array_agg({value} ORDER BY image_id) FILTER (WHERE {value} IS NOT NULL))[1] AS {value}"
        for value in _VALUES
    )
}
    FROM images WHERE image_id = ANY(%(others)s)
) AS others
WHERE image_id = %(kept)s
"""  # noqa: S608 - the names of columns are this code's
_REMOVE = "DELETE FROM images WHERE image_id = ANY(%(others)s)"

_UNDO = (
    "DROP INDEX CONCURRENTLY IF EXISTS images_one_per_name",
    """
    INSERT INTO images SELECT (jsonb_populate_record(NULL::images, content)).* FROM images_merged
    ON CONFLICT (image_id) DO NOTHING
    """,
    "DROP TABLE IF EXISTS images_merged",
    "SET lock_timeout = '3s'",
    "ALTER TABLE images DROP COLUMN IF EXISTS header_rank",
)

_LOCKED = "A long query uses the image table: repeat this command when it has ended."

Say = Callable[[str], None]


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the process's exit status."""
    parser = argparse.ArgumentParser(prog="python -m ingest.schema", description=__doc__)
    parser.add_argument("--undo", action="store_true", help="remove the index and bring merged rows back")
    undo_wanted = parser.parse_args(arguments).undo
    action = undo if undo_wanted else apply
    return commands.run(lambda: _do(action))


def _do(action: Callable[[str, Say], None]) -> int:
    action(database_url.configured(), lambda words: print(words, flush=True))  # noqa: T201 - a command at a terminal
    return 0


def apply(url: str, say: Say = lambda _words: None) -> None:
    """Merge rows of the same image, then make the unique index. Repeating the call changes nothing.

    Parameters
    ----------
    url
        PostgreSQL's URL, for the owner of the image table.
    say
        Gets a sentence for each step.

    Raises
    ------
    Conflict
        If another program keeps inserting second rows.
    Unavailable
        If a query uses the table for long.
    """
    import psycopg2

    with _connected(url) as connection:
        _drop_unfinished_index(connection, say)
        for _ in range(_ROUNDS):
            _merge_all(connection, say)
            try:
                schema.run_statements(connection, schema.statements(SCHEMA.read_text()), say)
            except psycopg2.errors.UniqueViolation:
                say("Another program inserted a second row meanwhile; merging again.")
                _drop_unfinished_index(connection, say)
                continue
            return
        raise Conflict("Another program keeps inserting second rows: stop it, then repeat this command.")


def count_duplicates(url: str) -> int:
    """Return how many images have more than one row."""
    with _connected(url) as connection, connection.cursor() as cursor:
        cursor.execute(_DUPLICATED_NAMES)
        return len(cursor.fetchall())


def undo(url: str, say: Say = lambda _words: None) -> None:
    """Remove the index and the column, and bring back the rows that were merged away.

    The rows that were kept keep what they got from the others.

    Raises
    ------
    Unavailable
        If a query uses the table for long. Repeating the call completes the work.
    """
    with _connected(url) as connection:
        with connection.cursor() as cursor:
            cursor.execute(_MAKE_BACKUP_TABLE)
        schema.run_statements(connection, [statement.strip() for statement in _UNDO], say)


@contextmanager
def _connected(url: str) -> Iterator[Any]:
    """Connect in autocommit mode. Raise Unavailable if a statement waits too long for the table."""
    import psycopg2

    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        yield connection
    except psycopg2.errors.LockNotAvailable as error:
        raise Unavailable(_LOCKED) from error
    finally:
        connection.close()


def _drop_unfinished_index(connection: Any, say: Say) -> None:
    """Drop an index whose creation failed. It may still refuse second rows and updates of merged rows."""
    schema.run_statements(connection, [], say)


def _merge_all(connection: Any, say: Say) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_MAKE_BACKUP_TABLE)
        cursor.execute(_DUPLICATED_NAMES)
        names = cursor.fetchall()
        say(f"{len(names)} images have more than one row.")
        for base_filename, data_type in names:
            _merge_one(cursor, base_filename, data_type)
            say(f"Merged the rows of {base_filename}-{data_type}.")


def _merge_one(cursor: Any, base_filename: str, data_type: str) -> None:
    """Merge the rows of one image, in one transaction."""
    cursor.execute("BEGIN")
    try:
        cursor.execute(_ROWS_OF_NAME, (base_filename, data_type))
        kept, *others = [image_id for (image_id,) in cursor.fetchall()] or [None]
        if others:
            for statement in (_COPY_ROWS, _MERGE, _REMOVE):
                cursor.execute(statement, {"kept": kept, "others": others})
    except BaseException:
        cursor.execute("ROLLBACK")
        raise
    cursor.execute("COMMIT")


if __name__ == "__main__":
    sys.exit(main())
