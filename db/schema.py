"""Applies schema.sql to the database: `python -m db.schema`, with PostgreSQL's URL in `DATABASE_URL`.

Run it as the owner of the image table, before a deployment. No handler imports it.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from common import commands, database_url

SCHEMA = Path(__file__).with_name("schema.sql")

# An interrupted CREATE INDEX CONCURRENTLY leaves an invalid index. It is never used, and its name is taken.
_UNFINISHED_INDEXES = """
SELECT format('DROP INDEX CONCURRENTLY %I.%I', nspname, index.relname)
FROM pg_index
JOIN pg_class AS index ON index.oid = indexrelid
JOIN pg_namespace ON pg_namespace.oid = index.relnamespace
WHERE indrelid = to_regclass('images') AND NOT indisvalid
"""


def main() -> int:
    """Apply the schema and print each step; return the exit status."""
    return commands.run(_apply_and_say)


def _apply_and_say() -> int:
    apply(database_url.configured(), say=lambda words: print(words, flush=True))  # noqa: T201 - a command at a terminal
    return 0


def apply(url: str, say: Callable[[str], None] = lambda _words: None) -> None:
    """Create the image table and its indexes if they do not exist. Repeating the call changes nothing.

    Parameters
    ----------
    url
        PostgreSQL's URL, for a user that may create tables and indexes.
    say
        Gets the first line of each statement before it runs.
    """
    import psycopg2

    connection = psycopg2.connect(url)
    try:
        # CREATE INDEX CONCURRENTLY cannot run inside a transaction.
        connection.autocommit = True
        run_statements(connection, statements(SCHEMA.read_text()), say)
    finally:
        connection.close()


def run_statements(connection: Any, wanted: list[str], say: Callable[[str], None]) -> None:
    """Drop unfinished indexes of the image table, then run the statements one by one.

    Parameters
    ----------
    connection
        A psycopg2 connection in autocommit mode.
    wanted
        SQL statements.
    say
        Gets the first line of each statement before it runs.
    """
    with connection.cursor() as cursor:
        cursor.execute(_UNFINISHED_INDEXES)
        for statement in [*(drop for (drop,) in cursor.fetchall()), *wanted]:
            say(statement.partition("\n")[0])
            cursor.execute(statement)


def statements(sql: str) -> list[str]:
    """Return the statements of an SQL file, without comment lines. Every semicolon must end a statement."""
    lines = [line for line in sql.splitlines() if not line.startswith("--")]
    return [statement.strip() for statement in "\n".join(lines).split(";") if statement.strip()]


if __name__ == "__main__":
    sys.exit(main())
