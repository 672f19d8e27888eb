"""PostgreSQL connections, reused between requests.

A Lambda process serves one request at a time, so it has one connection. The local gateway serves several and
has as many as were needed at once.

An idle connection is closed after `IDLE_S`, and every connection when it is `OLDEST_S` old. A Lambda that is
not called is frozen and cannot close anything, so PostgreSQL ends idle sessions itself.
"""

import select
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from common import database_url, logs, request_context
from common.database_url import DatabaseUrlRefused
from common.errors import Unavailable

CONNECT_TIMEOUT_S = 5
# Two slow statements in a row still end before API Gateway's 29 s, with a proper response.
STATEMENT_TIMEOUT_MS = 10_000
# A server that hangs does not stop a statement at its timeout. After this additional time the connection is
# closed.
GRACE_S = 1.0

# How long an idle connection stays open. docs/operations.md calculates the number of connections.
IDLE_S = 60
# The longest life of a connection, so that a new address or a failover is noticed within this time.
OLDEST_S = 900
# PostgreSQL ends an idle session this much later than this process, so that they seldom collide.
_SERVER_IDLE_MARGIN_S = 15

_AWAY = "Try again later: the image database does not answer."
_BAD_CERTIFICATE = (
    "the certificate of the image database was rejected: see docs/operations.md, PostgreSQL over TLS"
)

# Of `timestamp without time zone`, in pg_type.
_TIMESTAMP_OID = 1114


@dataclass(frozen=True)
class _IdleConnection:
    """An open connection, and the times (`time.time()`) at which it was made and last used.

    Not `time.monotonic()`: it may stop while a Lambda is frozen.
    """

    connection: Any
    made: float
    used: float

    def is_good(self) -> bool:
        now = time.time()
        return now - self.used < IDLE_S and now - self.made < OLDEST_S


# The connection that was used last is at the right end.
_idle: deque[_IdleConnection] = deque()


class StatementTimeout(Unavailable):
    """A query took longer than `STATEMENT_TIMEOUT_MS` and was stopped: 503."""


class NoAnswer(Unavailable):
    """PostgreSQL, or a proxy before it, accepts connections or statements and does not respond: 503."""

    def __init__(self) -> None:
        super().__init__(_AWAY)


class QueryFailed(Exception):
    """PostgreSQL rejected a query; the cause says why."""


class TableDiffers(Unavailable):
    """The image table is missing, or lacks a column that a query needs: 503."""


class BadValue(QueryFailed):
    """PostgreSQL cannot read a value, such as an invalid date or a number out of range."""


def query(sql: str, parameters: Mapping[str, Any] | Sequence[Any] = ()) -> list[dict[str, Any]]:
    """Run a statement in its own transaction; return its rows as dictionaries.

    If the server has closed the connection meanwhile, the statement runs again on a new one. So a write must
    be idempotent.

    Parameters
    ----------
    sql
        The statement, with psycopg2's placeholders.
    parameters
        Their values, bound, never pasted in.

    Raises
    ------
    BadValue
        If a value does not have the type that the statement needs.
    QueryFailed
        If PostgreSQL refused the statement for any other reason.
    StatementTimeout
        If it took too long.
    TableDiffers
        If the table or a column is not there.
    Unavailable
        If PostgreSQL cannot be reached.
    """
    with _faults():
        idle = _take_idle()
        if idle is not None:
            try:
                return _query_on(idle.connection, idle.made, sql, parameters)
            except NoAnswer:
                # A retry would only wait again.
                raise
            except Exception:
                if not idle.connection.closed:
                    raise
                close_idle()
        return _query_on(_connect(), time.time(), sql, parameters)


@contextmanager
def _faults() -> Iterator[None]:
    import psycopg2

    try:
        yield
    except psycopg2.errors.QueryCanceled as error:
        raise StatementTimeout(
            f"The query took longer than {STATEMENT_TIMEOUT_MS / 1000:g} s and was stopped; narrow it."
        ) from error
    except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
        # An outage passes, a rejected certificate does not: the log must say which it is.
        if "certificate" in str(error):
            logs.logger.error(_BAD_CERTIFICATE, extra={"fields": logs.failure(error)})
        raise Unavailable(_AWAY) from error
    except psycopg2.DataError as error:
        raise BadValue from error
    except (psycopg2.errors.UndefinedTable, psycopg2.errors.UndefinedColumn) as error:
        logs.logger.error("the image table differs from db/schema.sql", extra={"fields": logs.failure(error)})
        raise TableDiffers(
            "Try again later: the image table is missing, or lacks a column that this answer needs."
        ) from error
    except psycopg2.DatabaseError as error:
        if type(error) is psycopg2.DatabaseError and error.pgcode is None:
            # Not an error of PostgreSQL or psycopg2: the response was cut or changed on its way.
            raise Unavailable(_AWAY) from error
        raise QueryFailed from error


def _query_on(connection: Any, made: float, sql: str, parameters: Any) -> list[dict[str, Any]]:
    """Run a statement on `connection`, opened at `made`, and keep the connection unless it broke."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            _wait(connection, STATEMENT_TIMEOUT_MS / 1000 + GRACE_S)
            names = [column.name for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    finally:
        if not connection.closed:
            _idle.append(_IdleConnection(connection, made, time.time()))
            _close_unused()


def _connect() -> Any:
    import psycopg2
    from psycopg2.extensions import new_type, parse_dsn, register_type

    url = _url()
    given = parse_dsn(url).get("options", "")
    connection = psycopg2.connect(
        url,
        # Without async, libpq waits for ever for a server that hangs. Each statement is its own transaction.
        async_=True,
        options=f"{given} {_session_options()}".strip(),
        application_name="photonranch-api",
        keepalives_idle=30,
        keepalives_interval=5,
        keepalives_count=3,
        tcp_user_timeout=STATEMENT_TIMEOUT_MS + 5_000,
    )
    _wait(connection, CONNECT_TIMEOUT_S)
    register_type(new_type((_TIMESTAMP_OID,), "TIMESTAMP", _timestamp), connection)
    return connection


def _session_options() -> str:
    idle_ms = round((IDLE_S + _SERVER_IDLE_MARGIN_S) * 1000)
    return (
        f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c idle_session_timeout={idle_ms} -c TimeZone=UTC"
        # Starting parallel workers takes 25 ms, longer than most queries, and gains little in long ones.
        " -c max_parallel_workers_per_gather=0"
    )


def _url() -> str:
    try:
        return database_url.configured()
    except DatabaseUrlRefused as error:
        logs.logger.error(error.body)
        raise


def _wait(connection: Any, timeout_s: float) -> None:
    """Wait until `connection` has finished its last operation.

    Raises
    ------
    NoAnswer
        If that takes longer than `timeout_s`, or than the request's remaining time. The connection is closed.
    """
    from psycopg2.extensions import POLL_OK, POLL_READ

    end = time.monotonic() + min(timeout_s, request_context.remaining_s())
    while (state := connection.poll()) != POLL_OK:
        poller = select.poll()
        poller.register(connection, select.POLLIN if state == POLL_READ else select.POLLOUT)
        if not poller.poll(max(0.0, end - time.monotonic()) * 1000):
            connection.close()
            raise NoAnswer


def _timestamp(text: str | bytes | None, cursor: Any) -> datetime | None:
    """Return a Python datetime; for years before 1 and after 9999 the first or last one.

    Otherwise one row with a mistyped year would break every list that contains it.
    """
    from psycopg2.extensions import PYDATETIME

    try:
        read: datetime | None = PYDATETIME(text, cursor)
    except ValueError:
        return datetime.min if str(text).endswith("BC") else datetime.max  # noqa: DTZ901 - it has no zone
    return read


def _take_idle() -> _IdleConnection | None:
    """Return the connection that was used last; None if no usable one is open."""
    while (idle := _pop_idle()) is not None:
        if idle.is_good():
            return idle
        idle.connection.close()
    return None


def _pop_idle() -> _IdleConnection | None:
    try:
        return _idle.pop()
    except IndexError:
        return None


def _close_unused() -> None:
    """Close connections that were idle for too long. They are at the left end."""
    while True:
        try:
            idle = _idle.popleft()
        except IndexError:
            return
        if idle.is_good():
            _idle.appendleft(idle)
            return
        idle.connection.close()


def close_idle() -> None:
    """Close all connections. If the server closed one, it closed the others too."""
    while (idle := _pop_idle()) is not None:
        idle.connection.close()
