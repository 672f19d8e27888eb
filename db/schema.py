"""Applies schema.sql to the database: `python -m db.schema`, with PostgreSQL's URL in `DATABASE_URL`.

For whoever deploys, as the owner of the image table; no handler imports this.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from common import commands, database_url

SCHEMA = Path(__file__).with_name("schema.sql")

# What a CREATE INDEX CONCURRENTLY leaves that was stopped half-way: never used, but in the way of the next.
_UNFINISHED_INDEXES = """
SELECT format('DROP INDEX CONCURRENTLY %I.%I', nspname, index.relname)
FROM pg_index
JOIN pg_class AS index ON index.oid = indexrelid
JOIN pg_namespace ON pg_namespace.oid = index.relnamespace
WHERE indrelid = to_regclass('images') AND NOT indisvalid
"""


def main() -> int:
    """Apply the schema, saying what is done; return the process's exit status."""
    return commands.run(_apply_and_say)


def _apply_and_say() -> int:
    apply(database_url.configured(), say=lambda words: print(words, flush=True))  # noqa: T201 - a command at a terminal
    return 0


def apply(url: str, say: Callable[[str], None] = lambda _words: None) -> None:
    """Make the image table and its indexes where they are not there yet. Doing it again changes nothing.

    Parameters
    ----------
    url
        PostgreSQL's URL, for a user that may make tables and indexes.
    say
        Told the first line of each statement before it is run.
    """
    import psycopg2

    connection = psycopg2.connect(url)
    try:
        # Each statement on its own: what is done CONCURRENTLY cannot be done inside a transaction.
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(_UNFINISHED_INDEXES)
            for statement in [*(drop for (drop,) in cursor.fetchall()), *statements(SCHEMA.read_text())]:
                say(statement.partition("\n")[0])
                cursor.execute(statement)
    finally:
        connection.close()


def statements(sql: str) -> list[str]:
    """Answer the statements of a file whose semicolons all end one, without the lines that are comments."""
    lines = [line for line in sql.splitlines() if not line.startswith("--")]
    return [statement.strip() for statement in "\n".join(lines).split(";") if statement.strip()]


if __name__ == "__main__":
    sys.exit(main())
