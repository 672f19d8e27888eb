"""Run the project's handlers in this process, as Lambda does."""

import importlib
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

from common.aws import region
from local.deployment import Function

# API Gateway's integration timeout.
TIMEOUT_S = 29.0


@dataclass(frozen=True)
class LambdaContext:
    """The context that Lambda passes to a handler with the event."""

    function_name: str
    memory_limit_in_mb: int = 512
    function_version: str = "$LATEST"
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    deadline: float = field(default_factory=lambda: time.monotonic() + TIMEOUT_S)

    @property
    def invoked_function_arn(self) -> str:
        """The function's ARN."""
        return f"arn:aws:lambda:{region()}:000000000000:function:{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until the function is stopped."""
        return max(0, int((self.deadline - time.monotonic()) * 1000))


class Invoker:
    """Runs each call of a handler in its own thread, so that it can be abandoned after the timeout.

    Parameters
    ----------
    timeout_s
        Longest duration of a call.
    """

    def __init__(self, timeout_s: float = TIMEOUT_S) -> None:
        self._timeout_s = timeout_s

    def __call__(self, function: Function, event: Any, timeout_s: float | None = None) -> Any:
        """Return the result of the function's handler for `event`, or raise its exception.

        Raises
        ------
        TimeoutError
            After the timeout. The call continues and its result is ignored.
        """
        timeout_s = timeout_s or self._timeout_s
        context = LambdaContext(function.deployed_name, deadline=time.monotonic() + timeout_s)
        result: Future[Any] = Future()
        # A daemon thread: the process can end while a handler hangs.
        Thread(target=_run, args=(function.handler, event, context, result), daemon=True).start()
        return result.result(timeout=timeout_s)


def _run(handler: str, event: Any, context: LambdaContext, result: Future[Any]) -> None:
    try:
        result.set_result(load_handler(handler)(event, context))
    except Exception as error:  # noqa: BLE001 - raised again by the thread that waits for the result
        result.set_exception(error)


def load_handler(handler: str) -> Callable[[Any, Any], Any]:
    """Return the function `package/module.function`; import its module on first use."""
    path, _, name = handler.rpartition(".")
    loaded: Callable[[Any, Any], Any] = getattr(importlib.import_module(path.replace("/", ".")), name)
    return loaded
