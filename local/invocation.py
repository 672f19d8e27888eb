"""Running the project's handlers in this process, as Lambda would."""

import importlib
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

from local.deployment import Function

# API Gateway's integration timeout.
TIMEOUT_S = 29.0


@dataclass(frozen=True)
class LambdaContext:
    """What Lambda hands to a handler beside the event."""

    function_name: str
    memory_limit_in_mb: int = 512
    function_version: str = "$LATEST"
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    deadline: float = field(default_factory=lambda: time.monotonic() + TIMEOUT_S)

    @property
    def invoked_function_arn(self) -> str:
        """The function's ARN."""
        return f"arn:aws:lambda:us-east-1:000000000000:function:{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        """Answer the milliseconds until the function is stopped."""
        return max(0, int((self.deadline - time.monotonic()) * 1000))


class Invoker:
    """Runs handlers, each call in a thread of its own, so that one that hangs can be given up on.

    Parameters
    ----------
    timeout_s
        How long a call may take.
    """

    def __init__(self, timeout_s: float = TIMEOUT_S) -> None:
        self._timeout_s = timeout_s

    def __call__(self, function: Function, event: Any, timeout_s: float | None = None) -> Any:
        """Answer what the function's handler answers to `event`; its exceptions come through.

        Raises
        ------
        TimeoutError
            If it takes longer than the timeout. The call goes on, its answer unheard.
        """
        timeout_s = timeout_s or self._timeout_s
        context = LambdaContext(function.deployed_name, deadline=time.monotonic() + timeout_s)
        answer: Future[Any] = Future()
        # A daemon, so that the process can end while a handler hangs.
        Thread(target=_run, args=(function.handler, event, context, answer), daemon=True).start()
        return answer.result(timeout=timeout_s)


def _run(handler: str, event: Any, context: LambdaContext, answer: Future[Any]) -> None:
    try:
        answer.set_result(load_handler(handler)(event, context))
    except Exception as error:  # noqa: BLE001 - it is raised again where the answer is awaited
        answer.set_exception(error)


def load_handler(handler: str) -> Callable[[Any, Any], Any]:
    """Answer the function that `package/module.function` names, importing it the first time."""
    path, _, name = handler.rpartition(".")
    loaded: Callable[[Any, Any], Any] = getattr(importlib.import_module(path.replace("/", ".")), name)
    return loaded
