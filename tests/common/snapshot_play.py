"""Play snapshot and restore with one function: `python -m tests.common.snapshot_play < play.json`.

The process runs the function's init phase, a request, and the hooks before the snapshot. Two forks of it are
the copies: each gets the token of a new Lambda, runs the hooks after the restore, and handles a request.
"""

import json
import os
import random
import sys
import uuid
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import patch

TOKEN = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
COPIES = 2


class Runtime(ModuleType):
    """Lambda's module `snapshot_restore_py`, and the part of its Python that runs the hooks."""

    def __init__(self) -> None:
        super().__init__("snapshot_restore_py")
        self._before: list[Callable[[], object]] = []
        self._after: list[Callable[[], object]] = []

    def register_before_snapshot(self, hook: Callable[[], object]) -> None:
        """Keep a hook."""
        self._before.append(hook)

    def register_after_restore(self, hook: Callable[[], object]) -> None:
        """Keep a hook."""
        self._after.append(hook)

    def before(self) -> int:
        """Run the hooks before the snapshot, the last one first; return how many there are."""
        for hook in reversed(self._before):
            hook()
        return len(self._before)

    def after(self) -> None:
        """Run the hooks after the restore, the first one first."""
        for hook in self._after:
            hook()


def main() -> None:
    """Print what the snapshot holds, and what each copy did, as JSON."""
    play = json.load(sys.stdin)
    runtime = Runtime()
    sys.modules[runtime.__name__] = runtime
    os.environ[TOKEN] = "snapshot"
    handler = getattr(import_module(play["module"]), play["name"])
    # The worst case: the init phase did all that a request does.
    handler(play["events"][0], _context())
    hooks = runtime.before() if play["hooks"] else 0
    stored = {"hooks": hooks, "sockets": _sockets()}
    state = random.getstate()
    copies = [_in_fork(partial(_copy, runtime, play, handler, number, state)) for number in range(COPIES)]
    sys.stdout.write(json.dumps([stored, *copies]))


def _copy(
    runtime: Runtime, play: dict[str, Any], handler: Callable[..., Any], number: int, state: Any
) -> dict[str, Any]:
    """Restore a copy, and return what it did."""
    # Python seeds a fork anew. A snapshot has the state.
    random.setstate(state)
    os.environ[TOKEN] = f"copy-{number}"
    if play["hooks"]:
        runtime.after()
    sent: list[tuple[str, str]] = []
    _watch(sent)
    answer = handler(play["events"][number], _context())
    return {
        "status": answer["statusCode"],
        "body": answer["body"],
        "keys": sorted({authorization for _, authorization in sent if authorization}),
        "urls": sorted({url for url, _ in sent}),
        "random": random.random(),
        "uuid": uuid.uuid4().hex,
        "backend": _backend(),
    }


def _watch(sent: list[tuple[str, str]]) -> None:
    """Note the address of each request that botocore sends, and the id of the key that signed it."""
    from botocore.httpsession import URLLib3Session

    send = URLLib3Session.send

    def watched(self: Any, request: Any) -> Any:
        authorization = request.headers.get("Authorization", "")
        if isinstance(authorization, bytes):
            authorization = authorization.decode()
        _, _, key = authorization.partition("Credential=")
        sent.append((request.url, key.partition("/")[0]))
        return send(self, request)

    patch.object(URLLib3Session, "send", watched).start()


def _backend() -> int | None:
    """Return the process of PostgreSQL behind this copy's connection; None if it has none."""
    from common import postgres

    if not postgres._idle:
        return None
    return int(postgres.query("SELECT pg_backend_pid() AS pid")[0]["pid"])


def _context() -> Any:
    return SimpleNamespace(aws_request_id="one", get_remaining_time_in_millis=lambda: 29_000)


def _sockets() -> int:
    files = Path("/proc/self/fd").iterdir()
    return sum(file.is_symlink() and str(file.readlink()).startswith("socket:") for file in files)


def _in_fork(run: Callable[[], Any]) -> Any:
    """Return the result of something that a fork of this process does."""
    reader, writer = os.pipe()
    process = os.fork()
    if process:
        os.close(writer)
        with os.fdopen(reader) as pipe:
            text = pipe.read()
        os.waitpid(process, 0)
        return json.loads(text)
    status = 1
    try:
        with os.fdopen(writer, "w") as pipe:
            json.dump(run(), pipe)
        status = 0
    finally:
        os._exit(status)


if __name__ == "__main__":
    main()
