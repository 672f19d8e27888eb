"""Retries of requests to the table while it is busy or does not respond."""

import random
import time
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from common import request_context
from common.dynamodb import ConditionFailed, Table
from common.errors import Unavailable

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")

# PIPE computers give up after 20 s. A request that starts at the end of the budget can take 12 s more: three
# attempts by botocore, each with 2 s to connect and 2 s to read.
RETRY_FOR_S = 6.0
READ_TIMEOUT_S = 2.0
# The latest end of a budget that is restarted. A request that starts then still ends before API Gateway's 29
# s.
LONGEST_RETRY_S = 17.0
# Work on many rows stops after this time. The next request continues it. Lambda itself stops at 29 s.
LONG_WORK_S = 20.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.02, 0.5


def with_retries(function: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
    """Give `function` a retry budget of `RETRY_FOR_S` for its requests to a `RetryingTable`."""

    @wraps(function)
    def retrying(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
        request_context.update(retry_until_at_most=time.monotonic() + LONGEST_RETRY_S)
        restart_budget()
        try:
            return function(*args, **kwargs)
        finally:
            request_context.update(retry_until=0.0)

    return retrying


def restart_budget() -> None:
    """Restart the retry budget after a deliberate wait."""
    latest = request_context.current().retry_until_at_most
    request_context.update(retry_until=min(time.monotonic() + RETRY_FOR_S, latest))


def budget_is_spent() -> bool:
    """Return whether the retry budget is used up."""
    return time.monotonic() >= request_context.current().retry_until


class RetryingTable(Table):
    """A table whose requests are retried while it is busy or does not respond.

    Every write must be idempotent: a retry may follow a write that succeeded but whose response was lost.
    `ConditionFailed.retried` says whether that is possible.
    """

    def _request(self, operation: str, **arguments: Any) -> dict[str, Any]:
        pause_s, repeated = FIRST_PAUSE_S, False
        while True:
            try:
                return super()._request(operation, **arguments)
            except ConditionFailed as refusal:
                refusal.retried = refusal.retried or repeated
                raise
            except Unavailable:
                if time.monotonic() + pause_s > request_context.current().retry_until:
                    raise
            repeated = True
            time.sleep(pause_s * random.uniform(0.5, 1))  # noqa: S311 - spreads the callers, no secret
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
