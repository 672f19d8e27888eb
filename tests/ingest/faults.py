"""Faults of backends, put in front of or behind single calls while the ingester works."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, repeat
from threading import Lock
from typing import Any

import botocore.client
import pytest

from common import postgres
from common.errors import Unavailable

# The method of botocore through which every call of AWS goes.
CALL = "_make_api_call"


class Crash(Exception):
    """The Lambda ends in the middle of its work."""


# What happens at a call: nothing, a crash before it, or a crash or lost answer after it has taken effect.
FINE, CRASH_BEFORE, CRASH_AFTER, LOST = "fine", "crash before", "crash after", "lost answer"
KINDS = (FINE, CRASH_BEFORE, CRASH_AFTER, LOST)


@contextmanager
def injected(plan: Sequence[str]) -> Iterator[None]:
    """Let the next calls of AWS and PostgreSQL go as `plan` says, and all calls after them go well."""
    steps, lock = chain(plan, repeat(FINE)), Lock()
    with pytest.MonkeyPatch.context() as patch:
        call_aws, query = getattr(botocore.client.BaseClient, CALL), postgres.query

        def follow(call: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
            with lock:
                step = next(steps)
            if step == CRASH_BEFORE:
                raise Crash
            result = call(*arguments, **keywords)
            if step == CRASH_AFTER:
                raise Crash
            if step == LOST:
                raise Unavailable("The answer was lost.")
            return result

        patch.setattr(
            botocore.client.BaseClient,
            CALL,
            lambda *arguments, **keywords: follow(call_aws, *arguments, **keywords),
        )
        patch.setattr(postgres, "query", lambda *arguments: follow(query, *arguments))
        yield
