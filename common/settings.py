"""Settings and secrets, read on first use.

Settings come from the environment, which serverless.yml sets; secrets from SSM Parameter Store.
"""

import os
from functools import cache

from common import aws


class SettingMissing(Exception):
    """An environment variable that is needed is not set, or empty."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The environment variable {name} is not set, or empty.")


def setting(name: str) -> str:
    """Return the environment variable `name`.

    Raises
    ------
    SettingMissing
        If it is not set, or empty.
    """
    value = os.environ.get(name, "")
    if not value:
        raise SettingMissing(name)
    return value


@cache
def secret(name: str) -> str:
    """Return the parameter `name` of SSM Parameter Store, cached for the life of the process.

    Raises
    ------
    common.errors.Unavailable
        If Parameter Store does not answer.
    """
    with aws.faults("the parameter store"):
        answer = aws.client("ssm").get_parameter(Name=name, WithDecryption=True)
    return str(answer["Parameter"]["Value"])
