"""`make migrate`: it reads a stack's outputs, stores secrets, and calls the function that migrates."""

import json
from typing import Any
from urllib.parse import urlsplit

import boto3
import psycopg2
import pytest

from common.aws import client
from deploy import migrate, network
from deploy.account import Account
from ingest.migration import READER, WRITER
from support.network import REGION, SERVICE


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The network, with `ingest: make` for prod: its own ingester handles the uploads."""
    names = network.read(network.path())
    names["stages"]["prod"]["ingest"] = "make"
    monkeypatch.setattr(network, "read", lambda _path: names)
    return names


@pytest.fixture
def terminal(
    aws: str, gateway_url: str, names: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> pytest.MonkeyPatch:
    """Set the environment of the operator's command.

    Functions are called through the gateway. They connect as the database's owner.
    """
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("DATABASE_URL_PARAMETER", "owner-db-url")
    return monkeypatch


def parameters() -> dict[str, str]:
    found = client("ssm").get_parameters_by_path(Path="/", Recursive=True, WithDecryption=True)["Parameters"]
    return {each["Name"]: each["Value"] for each in found}


def test_a_database_of_the_stage_is_migrated_with_new_users(
    terminal: pytest.MonkeyPatch, own_database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place = urlsplit(own_database)
    terminal.setattr(migrate, "_owner_url", lambda _account: own_database)
    assert migrate.main(["prod"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("Stored the URL of a new user, api, as db-url.\n")
    assert told.endswith("The image database is up to date.\n")
    stored = parameters()
    assert set(stored) == {READER, WRITER}
    for url in stored.values():
        parts = urlsplit(url)
        assert (parts.hostname, parts.port, parts.path) == (place.hostname, place.port, place.path)
        assert len(parts.password or "") >= 32
        assert str(parts.password) not in told
        psycopg2.connect(url).close()
    # The second time the users keep their passwords.
    assert migrate.main(["prod"]) == 0
    assert parameters() == stored
    assert "new user" not in capsys.readouterr().out


def make_stack(outputs: dict[str, str]) -> None:
    template = {
        "Resources": {"Alarms": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {name: {"Value": value} for name, value in outputs.items()},
    }
    boto3.client("cloudformation", region_name=REGION).create_stack(
        StackName=f"{SERVICE}-prod", TemplateBody=json.dumps(template)
    )


def test_the_owner_s_url_comes_from_the_stack_and_its_secret(aws: str, names: dict[str, Any]) -> None:
    owner = {"username": "owner", "password": "p@ss/w%rd"}
    secret = boto3.client("secretsmanager", region_name=REGION).create_secret(
        Name="rds!db", SecretString=json.dumps(owner)
    )
    make_stack({"DatabaseHost": "db.example", "DatabaseSecret": secret["ARN"]})
    url = migrate._owner_url(Account(names, "prod"))
    assert url == "postgresql://owner:p%40ss%2Fw%25rd@db.example:5432/images"


def test_without_a_database_of_its_own_the_stage_needs_a_url(
    terminal: pytest.MonkeyPatch, own_database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert migrate.main(["prod"]) == 1
    assert f"The stack {SERVICE}-prod has not made a database." in capsys.readouterr().err
    terminal.setenv("DATABASE_URL", own_database)
    assert migrate.main(["prod"]) == 0


def test_a_failure_of_the_function_is_reported_and_leaves_no_owner_s_url(
    terminal: pytest.MonkeyPatch, own_database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal.setattr(migrate, "_owner_url", lambda _account: own_database.replace("/own_", "/no_"))
    assert migrate.main(["prod"]) == 1
    assert f"The function {SERVICE}-prod-migrateDatabase failed: " in capsys.readouterr().err
    assert "owner-db-url" not in parameters()


def test_a_stage_without_the_function_is_reported(
    terminal: pytest.MonkeyPatch, own_database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal.setattr(migrate, "_owner_url", lambda _account: own_database)
    assert migrate.main(["dev"]) == 1
    assert f"There is no function {SERVICE}-dev-migrateDatabase." in capsys.readouterr().err


def test_an_account_that_does_not_answer_is_one_error_sentence(
    terminal: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert migrate.main(["prod"]) == 1
    assert capsys.readouterr().err.startswith("AWS says: Could not connect to the endpoint URL")
