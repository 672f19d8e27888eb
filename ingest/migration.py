"""Bring an image database up to date from inside its network: tables, indexes, and users."""

from common import database_url
from common.database_url import for_libpq
from common.settings import secret
from db import schema
from ingest import schema as ingest_schema

# The secrets with the URLs of the users, and what each may do.
READER, WRITER = "db-url", "ingest-db-url"
_GRANTS = {
    READER: ("GRANT SELECT ON images TO {user}",),
    WRITER: (
        "GRANT SELECT, INSERT, UPDATE ON images TO {user}",
        "GRANT USAGE ON SEQUENCE images_image_id_seq TO {user}",
    ),
}


def migrate(*, files_uploads: bool) -> list[str]:
    """Apply both schemas and make the users; return a sentence for each step. Repeating it changes nothing.

    The environment names the owner's URL. The secrets `db-url` and `ingest-db-url` hold those of the users.

    Parameters
    ----------
    files_uploads
        Whether this project's ingester writes the table. Its unique index would refuse second rows of an
        image, which another program may write.

    Raises
    ------
    common.errors.Unavailable
        If a query uses the image table for long, or a URL cannot be used.
    """
    # A process that served an earlier migration knows an earlier password.
    secret.cache_clear()
    owner = database_url.configured()
    said: list[str] = []
    schema.apply(owner, said.append)
    if files_uploads:
        ingest_schema.apply(owner, said.append)
    users = (READER, WRITER) if files_uploads else (READER,)
    return [*said, *(_make_user(owner, name) for name in users)]


def _make_user(owner: str, name: str) -> str:
    """Make the user of a secret's URL, or give an existing one the URL's password; return what was done."""
    import psycopg2
    from psycopg2 import sql
    from psycopg2.extensions import encrypt_password, parse_dsn

    given = parse_dsn(for_libpq(secret(name)))
    user, password = given["user"], given.get("password", "")
    if user == parse_dsn(owner).get("user"):
        return f"{user} of {name} owns the table, and stays as it is."
    connection = psycopg2.connect(owner)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [user])
            verb = "ALTER" if cursor.fetchone() else "CREATE"
            identifier = sql.Identifier(user)
            # Statements may be logged, so PostgreSQL gets the password's hash.
            hashed = encrypt_password(password, user, connection, "scram-sha-256")
            cursor.execute(
                sql.SQL(f"{verb} ROLE {{}} LOGIN PASSWORD {{}}").format(identifier, sql.Literal(hashed))
            )
            for grant in _GRANTS[name]:
                cursor.execute(sql.SQL(grant).format(user=identifier))
    finally:
        connection.close()
    return f"{verb} ROLE {user}, with the password of {name}."
