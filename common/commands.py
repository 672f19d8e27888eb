"""Runs commands at a terminal. If a backend fails, they end with a sentence and no traceback."""

import sys
from collections.abc import Callable

from common.aws import EndpointRefused
from common.errors import ApiError
from common.settings import SettingMissing

NO_CREDENTIALS = (
    "There are no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE."
)


def run(command: Callable[[], int]) -> int:
    """Run a command. Return its exit status, or 1 after a sentence on standard error that says why it failed.

    Errors of the project itself are raised with their traceback.
    """
    try:
        return command()
    except Exception as error:
        words = sentence(error)
        if words is None:
            raise
        sys.stderr.write(f"{words}\n")
        return 1


def sentence(error: Exception) -> str | None:
    """Return a sentence about a failure outside the project and what to do; None for other errors."""
    import psycopg2
    from botocore import exceptions

    words = None
    match error:
        case EndpointRefused() | SettingMissing() | ApiError():
            words = str(error)
        case exceptions.NoCredentialsError():
            words = NO_CREDENTIALS
        case exceptions.ClientError() | exceptions.BotoCoreError():
            words = f"AWS cannot be used: {error}"
        case psycopg2.Error():
            words = f"PostgreSQL cannot be used: {error}"
    return words and words.strip().partition("\n")[0]
