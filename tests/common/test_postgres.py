"""Reads of PostgreSQL: their results, their errors and the names of these, and lost connections."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import Mock
from urllib.parse import parse_qs, urlsplit

import psycopg2
import pytest

from common import logs, postgres, request_context
from common.errors import Unavailable
from support.proxy import Mode, Proxy

pytestmark = pytest.mark.usefixtures("fresh")


@pytest.fixture
def fresh(database: str) -> None:
    """No connection kept from another test."""
    postgres.close_idle()


def backend() -> int:
    """The server process behind the connection that is used next."""
    return int(postgres.query("SELECT pg_backend_pid() AS pid")[0]["pid"])


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until a condition is true. The limit only guards against a test that hangs."""
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


def end_backend(url: str, pid: int) -> None:
    """End a server process, as a restart or a failover does, and wait until it has ended."""
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])
        assert cursor.fetchone() == (True,)
    connection.close()


def keep(connection: Any, *, used_s_ago: float = 0, made_s_ago: float = 0) -> Any:
    """Return an idle connection that looks as if it was made and used some time ago."""
    now = time.time()
    postgres._idle.append(postgres._IdleConnection(connection, now - made_s_ago, now - used_s_ago))
    return connection


def sessions(url: str) -> int:
    """How many sessions of this project PostgreSQL has."""
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'photonranch-api'")
        (count,) = cursor.fetchone() or (0,)
    connection.close()
    return int(count)


def test_rows_are_dictionaries_and_parameters_are_bound() -> None:
    sql = "SELECT %(text)s AS text, %(number)s AS number, NULL AS nothing FROM generate_series(1, 2)"
    row = {"text": "'; DROP TABLE images; --", "number": 1.5, "nothing": None}
    assert [{**each, "number": float(each["number"])} for each in postgres.query(sql, row)] == [row, row]


def test_sessions_are_in_utc() -> None:
    assert postgres.query("SHOW TimeZone") == [{"TimeZone": "UTC"}]


def test_options_of_the_url_are_kept(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"{database}&options=-c%20work_mem%3D5MB")
    assert postgres.query("SHOW work_mem") == [{"work_mem": "5MB"}]
    assert postgres.query("SHOW TimeZone") == [{"TimeZone": "UTC"}]


def test_a_connection_is_kept() -> None:
    assert backend() == backend()


def test_queries_at_once_have_connections_of_their_own() -> None:
    with ThreadPoolExecutor(4) as pool:
        sql = "SELECT pg_backend_pid() AS pid, pg_sleep(0.5)"
        pids = [rows[0]["pid"] for rows in pool.map(postgres.query, [sql] * 4)]
    assert len(set(pids)) == 4


def test_a_connection_that_the_server_closed_is_replaced_unnoticed(database: str) -> None:
    before = backend()
    end_backend(database, before)
    assert backend() != before


def test_all_kept_connections_go_with_the_first_that_was_closed(database: str) -> None:
    kept = [keep(postgres._connect()) for _ in range(3)]
    end_backend(database, kept[-1].info.backend_pid)
    backend()
    assert [bool(connection.closed) for connection in kept] == [True, True, True]
    assert len(postgres._idle) == 1


@pytest.mark.parametrize("past", [{"used_s_ago": postgres.IDLE_S + 1}, {"made_s_ago": postgres.OLDEST_S + 1}])
def test_a_connection_that_is_old_or_long_unused_is_replaced(past: dict[str, float]) -> None:
    old = keep(postgres._connect(), **past)
    pid = old.info.backend_pid
    assert backend() != pid
    assert old.closed
    assert len(postgres._idle) == 1


def test_a_connection_keeps_its_age_however_often_it_is_used() -> None:
    keep(postgres._connect(), made_s_ago=postgres.OLDEST_S - 60)
    made = postgres._idle[0].made
    assert backend() == backend()
    assert [kept.made for kept in postgres._idle] == [made]


def test_the_connections_of_a_peak_end_after_it(database: str) -> None:
    for _ in range(5):
        keep(postgres._connect(), used_s_ago=postgres.IDLE_S + 1)
    keep(postgres._connect())
    assert sessions(database) == 6
    backend()
    assert len(postgres._idle) == 1
    wait_for(lambda: sessions(database) == 1)


def test_postgresql_ends_the_session_of_a_lambda_that_is_frozen(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "IDLE_S", 0.2)
    monkeypatch.setattr(postgres, "_SERVER_IDLE_MARGIN_S", 0)
    keep(postgres._connect())
    # nothing runs here that could close it
    wait_for(lambda: sessions(database) == 0)
    monkeypatch.undo()
    monkeypatch.setenv("DATABASE_URL", database)
    assert backend()


def test_the_server_waits_longer_than_the_pool() -> None:
    shown = postgres.query("SHOW idle_session_timeout")[0]["idle_session_timeout"]
    assert shown == f"{postgres.IDLE_S + postgres._SERVER_IDLE_MARGIN_S}s" == "75s"


def test_no_query_waits_for_parallel_workers_to_start() -> None:
    assert postgres.query("SHOW max_parallel_workers_per_gather")[0]["max_parallel_workers_per_gather"] == "0"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://127.0.0.1:1/postgres",
        "postgresql://postgres@/postgres?host=/nonexistent",
        "postgresql://no-such-host.invalid/postgres",
    ],
)
def test_a_server_that_cannot_be_reached_is_unavailable(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(Unavailable) as raised:
        postgres.query("SELECT 1")
    assert raised.value.body == "Try again later: the image database does not answer."
    assert raised.value.headers == {"Retry-After": "5"}


def test_a_slow_query_is_stopped_and_its_connection_is_still_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "STATEMENT_TIMEOUT_MS", 250)
    before = backend()
    with pytest.raises(postgres.StatementTimeout) as raised:
        postgres.query("SELECT pg_sleep(20)")
    assert raised.value.body == "The query took longer than 0.25 s and was stopped; narrow it."
    assert raised.value.status == 503
    assert backend() == before
    postgres.close_idle()


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("SELECT %s::timestamp", "2024-13-01"),
        ("SELECT %s::timestamp", "no date"),
        ("SELECT %s::int", "99999999999"),
        ("SELECT 'a' LIKE %s", "\\"),
    ],
)
def test_a_value_that_cannot_be_read(sql: str, value: Any) -> None:
    before = backend()
    with pytest.raises(postgres.BadValue):
        postgres.query(sql, [value])
    assert backend() == before


@pytest.mark.parametrize("sql", ["SELEC", "SELECT 1 FROM images WHERE site", "SELECT no_function()"])
def test_a_statement_that_is_refused(sql: str) -> None:
    with pytest.raises(postgres.QueryFailed) as raised:
        postgres.query(sql)
    assert not isinstance(raised.value, postgres.BadValue)
    assert isinstance(raised.value.__cause__, psycopg2.ProgrammingError)


@pytest.mark.parametrize("sql", ["SELECT * FROM nothing", "SELECT nothing FROM images"])
def test_a_table_or_a_column_that_is_not_there_is_unavailable(
    sql: str, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.set_up()
    with pytest.raises(postgres.TableDiffers) as raised:
        postgres.query(sql)
    assert raised.value.headers == {"Retry-After": "5"}
    assert "nothing" not in str(raised.value.body)
    assert "the image table differs from db/schema.sql" in capsys.readouterr().err


def test_importing_it_and_the_handlers_imports_no_driver_and_needs_no_environment() -> None:
    program = "import sys, common.postgres, db.handlers; sys.exit('psycopg2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], env={}, check=False).returncode == 0


@pytest.fixture
def proxy(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """A proxy in front of PostgreSQL that can hang; each answer must come within half a second."""
    folder = parse_qs(urlsplit(database).query)["host"][0]
    proxy = Proxy(f"{folder}/.s.PGSQL.5432", delay_s=0)
    monkeypatch.setenv("DATABASE_URL", f"postgresql://postgres@127.0.0.1:{proxy.port}/postgres")
    for name, value in {"CONNECT_TIMEOUT_S": 0.5, "STATEMENT_TIMEOUT_MS": 400, "GRACE_S": 0.1}.items():
        monkeypatch.setattr(postgres, name, value)
    yield proxy
    postgres.close_idle()
    proxy.stop()


def test_a_server_that_hangs_times_out(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    backend()
    connect = Mock(side_effect=postgres._connect)
    monkeypatch.setattr(postgres, "_connect", connect)
    proxy.switch(Mode.SILENT)
    with pytest.raises(postgres.NoAnswer) as raised:
        backend()
    assert raised.value.body == "Try again later: the image database does not answer."
    # the caller waited only for the kept connection: no new one was tried
    assert connect.call_count == 0
    with pytest.raises(postgres.NoAnswer):
        backend()
    assert connect.call_count == 1
    proxy.switch(Mode.CALM)
    assert backend()


def test_no_query_takes_longer_than_its_request_may(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "STATEMENT_TIMEOUT_MS", 3_600_000)
    monkeypatch.setattr(request_context, "RESPOND_WITHIN_S", 0.5)
    backend()
    proxy.switch(Mode.SILENT)
    with request_context.deadline(), pytest.raises(postgres.NoAnswer):
        backend()
