"""The image database's URL, in each form that people use, and the check of the server's certificate.

libpq, PostgreSQL's client, accepts only `postgresql://`, with escaped special characters in the password.
SQLAlchemy writes `postgresql+psycopg2://` and accepts an unescaped password.

By default, libpq encrypts but does not check the server's certificate. So every connection to another
machine checks it against the root certificates of AWS for the region, in common/certificates/rds.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

from common import aws
from common.errors import Unavailable
from common.settings import secret, setting

_SCHEME = re.compile(r"postgres(?:ql)?(?:\+\w+)?://")
# Keywords and values, libpq's other form: `host=… dbname=…`.
_KEYWORDS = re.compile(r"\w+\s*=")
_HOST = r"(?:[\w.%-]*|\[[0-9A-Fa-f:.%]+\])(?::\d*)?"
_AFTER_USER = re.compile(rf"{_HOST}(?:,{_HOST})*(?:/[^@/?#]*)?(?:\?.*)?", re.DOTALL)

CERTIFICATES = Path(__file__).parent / "certificates" / "rds"
# Servers on this machine: they need no TLS. An empty name is libpq's default, a socket file.
_LOCAL_HOSTS = frozenset({"", "localhost", "127.0.0.1", "::1"})
# `verify-ca` checks only who signed the certificate. It is needed if the database is called by another name
# (CNAME).
_CHECKED_MODES = frozenset({"verify-full", "verify-ca"})

_WRONG_FORM = (
    "The image database's URL (DATABASE_URL, or the secret db-url) is refused: it must have the form "
    "postgresql://user:password@host:port/database?option=value, with options that libpq knows."
)


class DatabaseUrlRefused(Unavailable):
    """The image database's URL cannot be used: 503. The sentence quotes no part of it."""

    def __init__(self, sentence: str = _WRONG_FORM) -> None:
        super().__init__(sentence)


def configured() -> str:
    """Return PostgreSQL's URL as libpq reads it: `DATABASE_URL` of the environment, or a secret.

    `DATABASE_URL_PARAMETER` names the secret, so that the ingester can have a user that may write. By default
    it is `db-url`.

    Raises
    ------
    common.settings.SettingMissing
        If `DATABASE_URL` is set and empty. Whoever sets it wants another database than the secret's.
    DatabaseUrlRefused
        If it is not a URL that PostgreSQL's client can use.
    """
    return with_tls(
        for_libpq(
            setting("DATABASE_URL")
            if "DATABASE_URL" in os.environ
            else secret(os.environ.get("DATABASE_URL_PARAMETER", "db-url"))
        )
    )


def with_tls(url: str) -> str:
    """Return a connection string with which libpq accepts only a server with a valid certificate.

    Parameters
    ----------
    url
        From `for_libpq`. It may name a file of other root certificates with `sslrootcert`, or ask with
        `sslmode=verify-ca` that the certificate's name is not compared with the host. Any other `sslmode`
        becomes `verify-full`. The URL of a server on this machine is returned unchanged.

    Raises
    ------
    DatabaseUrlRefused
        If there are no root certificates for the region.
    """
    from psycopg2.extensions import make_dsn, parse_dsn

    options = parse_dsn(url)
    if all(_is_local(host) for host in options.get("host", "").split(",")):
        return url
    if options.get("sslmode") not in _CHECKED_MODES:
        options["sslmode"] = "verify-full"
    options.setdefault("sslrootcert", _roots_of(aws.region()))
    return str(make_dsn(**options))


def _roots_of(region: str) -> str:
    """Return the path of the root certificates of a region's databases."""
    path = CERTIFICATES / f"{region}.pem"
    if not path.exists():
        raise DatabaseUrlRefused(
            f"There are no root certificates for databases in {region}: store the bundle of AWS as "
            f"common/certificates/rds/{path.name}, or name a file with sslrootcert in the database's URL."
        )
    return str(path)


def _is_local(host: str) -> bool:
    """Tell whether a host is this machine: by name, or because it is the folder of a socket file."""
    return host in _LOCAL_HOSTS or host.startswith(("/", "@"))


def for_libpq(written: str) -> str:
    """Return a database URL as libpq reads it.

    Parameters
    ----------
    written
        A URL that begins with `postgresql://` or `postgres://`, also with a driver (`postgresql+psycopg2://`),
        with or without escapes in user and password; or libpq's keywords and values. A percent sign that two
        hexadecimal digits follow begins an escape, any other stands for itself.

    Raises
    ------
    DatabaseUrlRefused
        If it has none of these forms.
    """
    for reading in _readings(written.strip()):
        if _libpq_reads(reading):
            return reading
    raise DatabaseUrlRefused


def _readings(text: str) -> Iterator[str]:
    """Yield each possible meaning of a text as a URL. A password may contain any character, also @."""
    scheme = _SCHEME.match(text)
    if not scheme:
        if _KEYWORDS.match(text):
            yield text
        return
    rest = text[scheme.end() :]
    if "@" not in rest and _AFTER_USER.fullmatch(rest):
        yield f"postgresql://{rest}"
    for at in re.finditer("@", rest):
        user_and_password, after = rest[: at.start()], rest[at.end() :]
        if _AFTER_USER.fullmatch(after):
            escaped = ":".join(_escaped(part) for part in user_and_password.split(":", maxsplit=1))
            yield f"postgresql://{escaped}@{after}"


def _escaped(part: str) -> str:
    return quote(unquote_to_bytes(part), safe="")


def _libpq_reads(url: str) -> bool:
    import psycopg2
    from psycopg2.extensions import parse_dsn

    try:
        parse_dsn(url)
    except psycopg2.Error:
        # Its text would quote the URL.
        return False
    return True
