"""Run handlers of an unpacked artifact as Lambda does, with the standard library and the artifact only.

Another interpreter runs this program: `python3.13 -I -S lambda_runtime.py FOLDER`. It imports the project
only from FOLDER. It reads a command as JSON from standard input, and writes the result as JSON to standard
output.
"""

import importlib
import importlib.util
import json
import sys
import time
from types import SimpleNamespace
from typing import Any


def main() -> None:
    """Run the command from standard input."""
    sys.path.insert(0, sys.argv[1])
    command = json.load(sys.stdin)
    output = sys.stdout
    # Handlers and libraries may print. Only the result goes to standard output.
    sys.stdout = sys.stderr
    result = _run(**command["run"]) if "run" in command else {"failures": _failures(command["import"])}
    json.dump(result, output)


def _run(handler: str, event: Any, name: str, request_id: str, timeout_s: float) -> dict[str, Any]:
    """Return a handler's response, or its exception in the form that Lambda reports."""
    deadline = time.monotonic() + timeout_s
    context = SimpleNamespace(
        function_name=name,
        aws_request_id=request_id,
        get_remaining_time_in_millis=lambda: max(0, int((deadline - time.monotonic()) * 1000)),
    )
    try:
        return {"response": _load(handler)(event, context)}
    except Exception as error:  # noqa: BLE001 - Lambda reports every exception
        return {"errorMessage": str(error), "errorType": type(error).__name__}


def _failures(names: list[str]) -> dict[str, str]:
    """Return the error of each of `names` that cannot be imported. Handlers are `folder/module.function`."""
    failures = {}
    for name in names:
        try:
            _load(name) if "/" in name else importlib.import_module(name)
        except Exception as error:  # noqa: BLE001 - a module may raise any exception
            failures[name] = f"{type(error).__name__}: {error}"
    return failures


def _load(handler: str) -> Any:
    path, _, name = handler.rpartition(".")
    return getattr(importlib.import_module(path.replace("/", ".")), name)


if __name__ == "__main__":
    main()
