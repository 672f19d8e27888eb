"""The sentence that a command ends with, for each kind of failure outside the project."""

import psycopg2
import pytest
from botocore import exceptions

from common import commands
from common.errors import Unavailable


def raising(error: Exception) -> int:
    return commands.run(lambda: (_ for _ in ()).throw(error))


def test_a_command_that_succeeds_returns_its_status() -> None:
    assert commands.run(lambda: 3) == 3


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (Unavailable("Try again later: it is down."), "Try again later: it is down."),
        (exceptions.NoCredentialsError(), commands.NO_CREDENTIALS),
        (
            exceptions.ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetObject"),
            "AWS cannot be used: An error occurred (AccessDenied) when calling the GetObject operation: no",
        ),
        (
            psycopg2.OperationalError("connection refused\nIs the server running?"),
            "PostgreSQL cannot be used: connection refused",
        ),
    ],
)
def test_a_failure_outside_the_project_is_one_sentence(
    capsys: pytest.CaptureFixture[str], error: Exception, sentence: str
) -> None:
    assert raising(error) == 1
    assert capsys.readouterr().err == f"{sentence}\n"


def test_an_error_of_the_project_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        raising(ZeroDivisionError())
