"""PostgreSQL over TLS: only a server whose certificate is good gets the password and the queries."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg2
import pytest
from cryptography import x509
from psycopg2.extensions import parse_dsn

from common import database_url, logs, postgres
from common.database_url import CERTIFICATES, DatabaseUrlRefused, with_tls
from common.errors import Unavailable
from support.proxy import Proxy
from tests.common.tls_files import NOW, server_context

HOST = "db.southern-sky.example"
SSL_REQUEST = bytes.fromhex("0000000804d2162f")


class TlsServer:
    """Speaks TLS as PostgreSQL does, and passes what it decrypts on to a PostgreSQL without TLS.

    Parameters
    ----------
    folder
        For its files; `root.pem` there is the root that signed its certificate.
    upstream
        The path of PostgreSQL's socket.
    """

    def __init__(self, folder: Path, upstream: str) -> None:
        self._upstream = upstream
        self._context = server_context(folder, HOST)
        self.root = folder / "root.pem"
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        # A close alone does not end an accept() that waits.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                caller = self._listener.accept()[0]
                threading.Thread(target=self._serve, args=[caller], daemon=True).start()

    def _serve(self, caller: socket.socket) -> None:
        # A client that rejects the certificate hangs up.
        with suppress(OSError), caller:
            assert caller.recv(len(SSL_REQUEST), socket.MSG_WAITALL) == SSL_REQUEST
            caller.sendall(b"S")
            with (
                self._context.wrap_socket(caller, server_side=True) as inner,
                socket.socket(socket.AF_UNIX) as upstream,
            ):
                upstream.connect(self._upstream)
                back = threading.Thread(target=self._pass_on, args=[upstream, inner], daemon=True)
                back.start()
                self._pass_on(inner, upstream)
                back.join()

    @staticmethod
    def _pass_on(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


def socket_of(database: str) -> str:
    return f"{parse_dsn(database)['host']}/.s.PGSQL.5432"


@pytest.fixture
def server(tmp_path: Path, database: str) -> Iterator[TlsServer]:
    postgres.close_idle()
    server = TlsServer(tmp_path, socket_of(database))
    yield server
    postgres.close_idle()
    server.stop()


def url(server: TlsServer, host: str = HOST, **options: str) -> str:
    """Return a URL of the server by a name that no name server knows."""
    given = "&".join(f"{name}={value}" for name, value in {"hostaddr": "127.0.0.1", **options}.items())
    return f"postgresql://postgres@{host}:{server.port}/postgres?{given}"


def ask(monkeypatch: pytest.MonkeyPatch, address: str) -> bool:
    """Return whether the session of a query is encrypted on the client's side."""
    monkeypatch.setenv("DATABASE_URL", address)
    assert postgres.query("SELECT 1 AS one") == [{"one": 1}]
    return bool(postgres._idle[-1].connection.info.ssl_in_use)


def test_a_good_certificate_is_accepted(server: TlsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(monkeypatch, url(server, sslrootcert=str(server.root)))


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer", "require"])
def test_a_weaker_mode_does_not_switch_the_check_off(
    server: TlsServer, mode: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # AWS's roots, which have not signed this server's certificate.
    monkeypatch.setattr(logs.logger, "propagate", True)
    with pytest.raises(Unavailable):
        ask(monkeypatch, url(server, sslmode=mode))
    assert "certificate of the image database was rejected" in caplog.text


def test_a_certificate_of_another_host_is_rejected(
    server: TlsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Unavailable):
        ask(monkeypatch, url(server, "other.example", sslrootcert=str(server.root)))
    # A network's own name for the database is not in its certificate.
    assert ask(monkeypatch, url(server, "other.example", sslrootcert=str(server.root), sslmode="verify-ca"))


def test_a_server_without_tls_gets_nothing(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = Proxy(socket_of(database), 0)
    try:
        address = f"postgresql://postgres@{{}}:{proxy.port}/postgres?hostaddr=127.0.0.1"
        assert not ask(monkeypatch, address.format("localhost"))
        postgres.close_idle()
        with pytest.raises(Unavailable):
            ask(monkeypatch, address.format(HOST))
    finally:
        proxy.stop()


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-2", "ap-southeast-2"])
def test_the_roots_are_those_of_the_region(region: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGION", region)
    options = parse_dsn(with_tls(f"postgresql://api:p%40ss@{HOST}:5432/images"))
    assert options["sslmode"] == "verify-full"
    assert options["sslrootcert"] == str(CERTIFICATES / f"{region}.pem")
    assert (options["host"], options["password"], options["dbname"]) == (HOST, "p@ss", "images")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", ""])
def test_a_server_on_this_machine_needs_no_tls(host: str) -> None:
    assert with_tls(f"postgresql://me@{host}/images") == f"postgresql://me@{host}/images"


def test_tls_is_needed_if_one_of_several_hosts_is_another_machine() -> None:
    assert parse_dsn(with_tls(f"postgresql://me@localhost:1,{HOST}:2/i"))["sslmode"] == "verify-full"


def test_a_region_without_roots_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGION", "mars-north-1")
    with pytest.raises(DatabaseUrlRefused, match=r"rds/mars-north-1\.pem"):
        with_tls(f"postgresql://me@{HOST}/images")


@pytest.mark.parametrize("file", sorted(CERTIFICATES.glob("*.pem")), ids=lambda file: file.stem)
def test_every_file_has_the_valid_roots_of_its_region(file: Path) -> None:
    roots = x509.load_pem_x509_certificates(file.read_bytes())
    assert len(roots) == 3
    for root in roots:
        assert root.subject == root.issuer
        assert f"Amazon RDS {file.stem} Root CA" in root.subject.rfc4514_string()
        assert root.not_valid_after_utc > NOW
        root.verify_directly_issued_by(root)


def test_the_commands_at_a_terminal_check_the_server_too(
    server: TlsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", url(server))
    with pytest.raises(psycopg2.OperationalError, match="certificate"):
        psycopg2.connect(database_url.configured())
