"""The image database is brought up to date from inside its network, and a new one is made usable."""

from collections.abc import Callable

import psycopg2
import pytest

from common.aws import client
from ingest import handlers
from ingest.migration import READER, WRITER

PASSWORDS = {READER: "r%e/a@d", WRITER: "wri'te"}


def urls(owner: str) -> dict[str, str]:
    """Return the URLs of the users, as `make migrate` stores them."""
    place = owner.partition("@")[2]
    return {
        READER: f"postgresql://api:r%25e%2Fa%40d@{place}",
        WRITER: f"postgresql://ingest:wri'te@{place}",
    }


@pytest.fixture
def migrate(aws: str, own_database: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Runs the function; the secrets are in Parameter Store."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("DATABASE_URL_PARAMETER", "owner-db-url")
    for name, value in {**urls(own_database), "owner-db-url": own_database}.items():
        client("ssm").put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)

    def run(*, files_uploads: bool) -> list[str]:
        return handlers.migrate_database({"files_uploads": files_uploads}, None)

    return run


def ask(url: str, sql: str, *values: str) -> list[tuple[object, ...]]:
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def password_hash(owner: str, user: str) -> object:
    return ask(owner, "SELECT rolpassword FROM pg_authid WHERE rolname = %s", user)[0][0]


def test_a_new_database_gets_tables_indexes_and_users(
    migrate: Callable[..., list[str]], own_database: str
) -> None:
    said = migrate(files_uploads=True)
    assert said[-2:] == [
        "CREATE ROLE api, with the password of db-url.",
        "CREATE ROLE ingest, with the password of ingest-db-url.",
    ]
    indexes = {
        row[0] for row in ask(own_database, "SELECT indexname FROM pg_indexes WHERE tablename = 'images'")
    }
    assert {"images_newest_of_site", "images_one_per_name"} <= indexes
    for user in ("api", "ingest"):
        assert str(password_hash(own_database, user)).startswith("SCRAM-SHA-256$")


def test_the_reader_only_reads_and_the_writer_does_not_delete(
    migrate: Callable[..., list[str]], own_database: str
) -> None:
    migrate(files_uploads=True)
    reader, writer = urls(own_database).values()
    insert = "INSERT INTO images (base_filename, data_type) VALUES ('a', 'EX')"
    ask(writer, insert)
    ask(writer, "UPDATE images SET site = 'mrc1'")
    assert ask(reader, "SELECT site FROM images") == [("mrc1",)]
    for url, sql in ((reader, insert), (reader, "DELETE FROM images"), (writer, "DELETE FROM images")):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            ask(url, sql)


def test_another_program_s_table_gets_no_unique_index(
    migrate: Callable[..., list[str]], own_database: str
) -> None:
    assert migrate(files_uploads=False)[-1] == "CREATE ROLE api, with the password of db-url."
    assert ask(own_database, "SELECT 1 FROM pg_indexes WHERE indexname = 'images_one_per_name'") == []
    assert ask(own_database, "SELECT 1 FROM pg_roles WHERE rolname = 'ingest'") == []


def test_repeating_it_changes_only_passwords(migrate: Callable[..., list[str]], own_database: str) -> None:
    migrate(files_uploads=True)
    earlier = password_hash(own_database, "api")
    url = urls(own_database)[READER].replace("r%25e", "other")
    client("ssm").put_parameter(Name=READER, Value=url, Type="SecureString", Overwrite=True)
    assert migrate(files_uploads=True)[-2] == "ALTER ROLE api, with the password of db-url."
    assert password_hash(own_database, "api") != earlier


def test_a_secret_with_the_owner_s_url_leaves_the_owner_as_it_is(
    migrate: Callable[..., list[str]], own_database: str
) -> None:
    client("ssm").put_parameter(Name=READER, Value=own_database, Type="SecureString", Overwrite=True)
    before = password_hash(own_database, "postgres")
    assert migrate(files_uploads=False)[-1] == "postgres of db-url owns the table, and stays as it is."
    assert password_hash(own_database, "postgres") == before
