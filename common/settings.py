"""Settings and secrets, read when they are first needed.

Settings come from the environment, which serverless.yml sets; secrets from SSM Parameter Store.
"""

import os
from functools import cache

from common import aws
from common.database_url import for_libpq


class SettingMissing(Exception):
    """An environment variable that is needed is not set, or empty."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The environment variable {name} is not set, or empty.")


def setting(name: str) -> str:
    """Answer the environment variable `name`.

    Raises
    ------
    SettingMissing
        If it is not set, or empty.
    """
    value = os.environ.get(name, "")
    if not value:
        raise SettingMissing(name)
    return value


def database_url() -> str:
    """Return PostgreSQL's URL: `DATABASE_URL` from the environment, else the secret `db-url`.

    Raises
    ------
    SettingMissing
        If `DATABASE_URL` is set and empty. Who sets it means another database than the one of the secret.
    common.database_url.DatabaseUrlRefused
        If it is not a URL that PostgreSQL's client can use.
    """
    return for_libpq(setting("DATABASE_URL") if "DATABASE_URL" in os.environ else secret("db-url"))


@cache
def secret(name: str) -> str:
    """Answer the parameter `name` of SSM Parameter Store, fetched once in the life of the process.

    Raises
    ------
    common.errors.Unavailable
        If Parameter Store does not answer.
    """
    with aws.faults("the parameter store"):
        answer = aws.client("ssm").get_parameter(Name=name, WithDecryption=True)
    return str(answer["Parameter"]["Value"])
