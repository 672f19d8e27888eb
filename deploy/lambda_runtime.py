"""Runs what is in an unpacked artifact as Lambda does: Python's own library, the artifact, and nothing else.

A program for another interpreter, started as `python3.13 -I -S lambda_runtime.py FOLDER`; it imports nothing
of the project but from there. Standard input says in JSON what to do, standard output answers in JSON.
"""

import importlib
import importlib.util
import json
import sys
import time
from types import SimpleNamespace
from typing import Any


def main() -> None:
    """Do what standard input asks for."""
    sys.path.insert(0, sys.argv[1])
    asked = json.load(sys.stdin)
    answer_to = sys.stdout
    # what a handler or a library prints is not the answer
    sys.stdout = sys.stderr
    answer = _run(**asked["run"]) if "run" in asked else {"failures": _failures(asked["import"])}
    json.dump(answer, answer_to)


def _run(handler: str, event: Any, name: str, request_id: str, timeout_s: float) -> dict[str, Any]:
    """Answer what a handler answers, or what it raises, as Lambda tells of it."""
    deadline = time.monotonic() + timeout_s
    context = SimpleNamespace(
        function_name=name,
        aws_request_id=request_id,
        get_remaining_time_in_millis=lambda: max(0, int((deadline - time.monotonic()) * 1000)),
    )
    try:
        return {"answer": _load(handler)(event, context)}
    except Exception as error:  # noqa: BLE001 - Lambda reports whatever a function raises
        return {"errorMessage": str(error), "errorType": type(error).__name__}


def _failures(names: list[str]) -> dict[str, str]:
    """Answer why each of `names` that cannot be imported cannot; handlers are `folder/module.function`."""
    failures = {}
    for name in names:
        try:
            _load(name) if "/" in name else importlib.import_module(name)
        except Exception as error:  # noqa: BLE001 - importing runs code, which may raise anything
            failures[name] = f"{type(error).__name__}: {error}"
    return failures


def _load(handler: str) -> Any:
    path, _, name = handler.rpartition(".")
    return getattr(importlib.import_module(path.replace("/", ".")), name)


if __name__ == "__main__":
    main()
