"""Commands where something outside the project is wrong: they end in one sentence, with status 1."""

import os
import subprocess
import sys
from collections.abc import Iterator
from threading import Thread
from wsgiref.simple_server import WSGIServer, make_server

import pytest
from werkzeug import Request, Response

from common import aws
from local.deployment import PROJECT

KEYS = ["auth.keys", "list"]
SCHEMA = ["db.schema"]
# An administrator's computer without any AWS account, which makes no request to the Internet.
BARE = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    # any request to the real AWS fails here at once
    "HTTPS_PROXY": "http://127.0.0.1:9",
}
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}


def run(command: list[str], **environment: str) -> tuple[int, str]:
    ran = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=PROJECT,
        env={**BARE, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return ran.returncode, ran.stderr


@pytest.mark.parametrize("command", [KEYS, ["auth.keys", "make", "site", "mrc1"], SCHEMA])
def test_without_credentials(command: list[str]) -> None:
    said = "There are no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE.\n"
    assert run(command) == (1, said)


@pytest.mark.parametrize("command", [KEYS, SCHEMA])
def test_without_a_network(command: list[str]) -> None:
    said = "Try again later: the parameter store does not answer.\n"
    assert run(command, **CREDENTIALS, AWS_ENDPOINT_URL="http://127.0.0.1:9") == (1, said)


@pytest.mark.parametrize("command", [KEYS, SCHEMA])
@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SSM"])
@pytest.mark.parametrize("value", ["", "localhost:4566"])
def test_an_endpoint_that_is_empty_or_no_url_does_not_lead_to_aws(
    command: list[str], name: str, value: str
) -> None:
    status, said = run(command, **CREDENTIALS, **{name: value})
    assert status == 1
    assert (
        said == f"{name} is {value!r}: give it an http:// or https:// URL, or unset it to use AWS itself.\n"
    )


def test_a_profile_that_is_not_there() -> None:
    said = "AWS cannot be used: The config profile (nobody) could not be found\n"
    assert run(KEYS, AWS_PROFILE="nobody") == (1, said)


@pytest.fixture
def refusing() -> Iterator[str]:
    """An AWS that lets these credentials do nothing."""

    @Request.application
    def answer(_request: Request) -> Response:
        body = '{"__type": "AccessDeniedException", "Message": "not you"}'
        return Response(body, status=400, content_type="application/x-amz-json-1.1")

    server: WSGIServer = make_server("127.0.0.1", 0, answer)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("command", [KEYS, SCHEMA])
def test_credentials_without_permission(command: list[str], refusing: str) -> None:
    status, said = run(command, **CREDENTIALS, AWS_ENDPOINT_URL=refusing)
    assert status == 1
    assert said.startswith("AWS cannot be used: An error occurred (AccessDeniedException)")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://127.0.0.1:9/images", "PostgreSQL cannot be used: connection to server at"),
        ("hunter2 words", "The image database's URL (DATABASE_URL, or the secret db-url) is refused: "),
        (
            "postgresql://me:hunter2@127.0.0.1/images?no=such",
            "The image database's URL (DATABASE_URL, or the secret db-url) is refused: ",
        ),
        ("", "The environment variable DATABASE_URL is not set, or empty."),
    ],
)
def test_a_database_url_that_is_wrong(url: str, said: str) -> None:
    status, heard = run(SCHEMA, DATABASE_URL=url)
    assert (status, heard.count("\n")) == (1, 1)
    assert heard.startswith(said)
    assert "hunter2" not in heard


def test_a_database_user_without_permission_to_create_tables(database: str) -> None:
    status, said = run(SCHEMA, DATABASE_URL=f"{database}&options=-cdefault_transaction_read_only%3Don")
    assert (status, said.count("\n")) == (1, 1)
    assert said.startswith("PostgreSQL cannot be used: cannot execute")


def test_an_endpoint_of_one_service_comes_before_that_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:2")
    assert aws.custom_endpoint("s3") == "http://127.0.0.1:2"
    assert aws.custom_endpoint("ssm") == "http://127.0.0.1:1"


def test_an_invalid_base_url_is_an_error_at_once() -> None:
    status, said = run(["deploy.smoke", "api.example.org/dev"])
    assert status == 2
    assert said.endswith("'api.example.org/dev' is not an http:// or https:// URL\n")
