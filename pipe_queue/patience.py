"""Asking the table again while it is busy or silent, for as long as a caller can wait."""

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

# PIPE computers give a poll 20 s. A request that is begun at the last moment can take 12 s more: three
# attempts of boto3's, each 2 s to connect and 2 s to read.
PATIENCE_S = 6.0
READ_TIMEOUT_S = 2.0
# However often patience is renewed, a last request that is begun by then ends before API Gateway's 29 s.
LONGEST_PATIENCE_S = 17.0
# Work on a queue's many rows that takes longer goes on in the next request, before Lambda is stopped at 29 s.
LONG_WORK_S = 20.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.02, 0.5


def patient(function: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
    """Let the requests that `function` makes to a `PatientTable` be repeated for `PATIENCE_S` in all."""

    @wraps(function)
    def with_patience(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
        request_context.update(retry_until_at_most=time.monotonic() + LONGEST_PATIENCE_S)
        renew()
        try:
            return function(*args, **kwargs)
        finally:
            request_context.update(retry_until=0.0)

    return with_patience


def renew() -> None:
    """Begin the time again, as after a pause that was meant."""
    latest = request_context.current().retry_until_at_most
    request_context.update(retry_until=min(time.monotonic() + PATIENCE_S, latest))


def is_over() -> bool:
    """Return whether no request is repeated any more."""
    return time.monotonic() >= request_context.current().retry_until


class PatientTable(Table):
    """A table whose requests are repeated while it is busy or silent.

    Every write to it must do no harm when it is done twice: an attempt whose answer was lost may have been
    executed. `ConditionFailed.retried` tells when that is possible.
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
