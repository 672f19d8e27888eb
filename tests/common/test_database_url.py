"""The forms in which a database URL is written, and how one is refused that cannot be read."""

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from psycopg2.extensions import parse_dsn

from common import postgres
from common.database_url import DatabaseUrlRefused, for_libpq
from deploy import smoke
from deploy.probes import ProbeClient
from support.client import ApiClient

SECRET = "hunter2"


def read(url: str) -> dict[str, str]:
    parts: dict[str, str] = parse_dsn(for_libpq(url))
    return parts


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg2", "postgresql+psycopg"])
def test_the_driver_that_sqlalchemy_names_is_left_out(scheme: str) -> None:
    assert read(f"{scheme}://api:pw@host.example:5433/images?sslmode=require") == {
        "user": "api",
        "password": "pw",
        "host": "host.example",
        "port": "5433",
        "dbname": "images",
        "sslmode": "require",
    }


@pytest.mark.parametrize(
    "password",
    [
        "a@b",
        "a:b",
        "a/b",
        "a#b",
        "100%",
        "50%off",
        "a?b",
        "@",
        "a@b/c:d#e%f?g",
        "p w",
        "é+&=",
        "a@host:x/b@c",
    ],
)
@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg2"])
def test_a_password_may_have_any_character_unescaped(scheme: str, password: str) -> None:
    parts = read(f"{scheme}://api:{password}@host:5432/images?sslmode=require")
    assert (parts["user"], parts["password"], parts["host"]) == ("api", password, "host")
    assert (parts["dbname"], parts["sslmode"]) == ("images", "require")


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0%"), min_size=1))
def test_every_password_without_escapes_is_read_as_it_is(password: str) -> None:
    assert read(f"postgresql+psycopg2://api:{password}@db.example:5432/images")["password"] == password


def test_escapes_are_read_as_escapes() -> None:
    parts = read("postgresql+psycopg2://a%40b:p%40%2F%25@host/images")
    assert (parts["user"], parts["password"]) == ("a@b", "p@/%")


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("postgresql://host/images", {"host": "host", "dbname": "images"}),
        ("postgresql:///images?host=/tmp", {"host": "/tmp", "dbname": "images"}),  # noqa: S108 - never opened
        ("postgresql://api@server:pw@server.example/i", {"user": "api@server", "host": "server.example"}),
        ("postgresql://api:p@[::1]:5432/images", {"host": "::1", "port": "5432"}),
        ("postgresql://api:p@one:1,two:2/images", {"host": "one,two", "port": "1,2"}),
        ("postgresql://api:p@host/i?application_name=a@b", {"host": "host", "application_name": "a@b"}),
        (" postgresql://api:p@host/images\n", {"dbname": "images"}),
        ("host=db.example dbname=images password='a b'", {"host": "db.example", "password": "a b"}),
    ],
)
def test_other_forms_of_libpq_still_work(url: str, parts: dict[str, str]) -> None:
    assert read(url).items() >= parts.items()


REFUSED = [
    f"mysql://api:{SECRET}@host/images",
    f"api:{SECRET}@host/images",
    f"postgresql://api:{SECRET}",
    f"postgresql://api:{SECRET}@host:port/images",
    f"postgresql://api:{SECRET}@host/images?charset=utf8",
    f"password={SECRET} nonsense=1",
    f"postgresql://api:{SECRET}@ho st/images",
    "nonsense",
]


@pytest.mark.parametrize("url", REFUSED)
def test_any_other_is_refused_in_a_sentence_that_quotes_nothing(
    url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(DatabaseUrlRefused) as raised:
        postgres.query("SELECT 1")
    said = str(raised.value.body)
    assert said.startswith(
        "The image database's URL (DATABASE_URL, or the secret db-url) is refused: it must "
    )
    assert {record.getMessage() for record in caplog.records} == {said}
    assert SECRET not in said
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


def test_a_query_goes_through_a_url_as_sqlalchemy_writes_it(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres.close_idle()
    user, at, rest = database.removeprefix("postgresql://").partition("@")
    assert at
    monkeypatch.setenv("DATABASE_URL", f"postgresql+psycopg2://{user.partition(':')[0]}:p@s/s%@{rest}")
    assert postgres.query("SELECT 1 AS one") == [{"one": 1}]


def test_a_refused_url_is_reported_by_the_response_and_the_smoke_test(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", REFUSED[0])
    answer: requests.Response = api.get("/latest_image_all_sites")
    assert answer.status_code == 503
    monkeypatch.setattr(smoke, "PROBES", smoke.PROBES[3:4])
    with ProbeClient(api.base_url, attempts=1) as client:
        wrong = smoke.failures(client)
    assert wrong[0] == f"GET /latest_image_all_sites returns 503, not 200: {answer.text}"
    assert "db-url) is refused: it must have the form postgresql://" in wrong[0]
    assert SECRET not in wrong[0]
