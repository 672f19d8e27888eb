"""Print what each function loads in its init phase and in its first call, as JSON.

It runs a local stack, whose settings would disturb other tests of the same process.
"""

import json
import os
import subprocess
import sys
from typing import Any

from benchmarks import cold_starts, seeded_stack
from local.deployment import PROJECT

# Imports a handler and calls it. Prints the status, the addresses that the import connected to, and
# the modules and the number of clients after each of both steps.
_PROGRAM = """
import importlib, json, sys
from types import SimpleNamespace
module, name, event = json.load(sys.stdin)
connected = []
sys.addaudithook(lambda what, given: connected.append(str(given[1])) if what == "socket.connect" else None)
handler = getattr(importlib.import_module(module), name)
by_import = list(connected)
from common import aws
state = lambda: [sorted(sys.modules), aws._made_client.cache_info().currsize]
init = state()
context = SimpleNamespace(aws_request_id="first", get_remaining_time_in_millis=lambda: 900_000)
answer = handler(event, context)
status = answer.get("statusCode", 200) if isinstance(answer, dict) else 200
print(json.dumps([status, by_import, init, state()]))
"""


def main() -> None:
    """Print a JSON object by function. `getConfig elsewhere` is getConfig run as if not on AWS."""
    found = {}
    with seeded_stack.running() as seed:
        for name, handler, events in cold_starts.functions(seed):
            found[name] = _run(handler, next(events), {"_HANDLER": handler})
            if name == "getConfig":
                found["getConfig elsewhere"] = _run(handler, next(events), {})
    sys.stdout.write(json.dumps(found))


def _run(handler: str, event: Any, environment: dict[str, str]) -> Any:
    path, _, name = handler.rpartition(".")
    inherited = {key: value for key, value in os.environ.items() if key not in {"DATABASE_URL", "_HANDLER"}}
    ran = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        cwd=PROJECT,
        env=inherited | environment,
        input=json.dumps([path.replace("/", "."), name, event]),
        stdout=subprocess.PIPE,
        check=True,
        text=True,
        timeout=60,
    )
    return json.loads(ran.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
