"""What a function makes anew if it starts from a snapshot: the hooks for SnapStart of Lambda.

In a stage with `snapStart: on`, Lambda runs a function's init phase once, when the function is deployed, and
stores the memory of the process. Each new Lambda begins with a copy of it, perhaps weeks later. So copies
must not share what has to be unique, and must not use what has ended meanwhile: connections, credentials,
secrets, and values that are good for a limited time (the monotonic clock may stand anywhere after a restore).

The kernel gives each copy other random bytes, so `uuid4` and `secrets` need nothing. The copies would share
the state of the module `random`.

Only on AWS: elsewhere no process is stored. tests/common/test_process_state.py lists all that processes hold.
"""

import os
import random
import sys
from collections.abc import Callable
from importlib import import_module
from operator import attrgetter

# By module: the function that drops the state that no copy may take over. The init phase connects to nothing
# and reads no secret, so most of this state is empty then. Functions do not import all of these modules.
DROPPED_BY = {
    "auth.site_keys": "forget",
    "common.aws": "forget",
    "common.postgres": "close_idle",
    "common.presign": "forget",
    "common.settings": "secret.cache_clear",
    "now.answer": "forget",
    "pipe_queue.counting": "forget",
    "remotehq.locks": "forget",
    "site_configs.listings": "forget",
    "site_configs.store": "forget_site_codes",
}


def register(load: Callable[[], None]) -> None:
    """Register the hooks, if Lambda will store this process.

    Parameters
    ----------
    load
        Loads what the init phase loads. It runs again after a restore, so that the first request finds
        clients with new credentials.
    """
    if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") != "snap-start":
        return
    # Part of Lambda's Python.
    hooks = import_module("snapshot_restore_py")
    hooks.register_before_snapshot(drop)
    hooks.register_after_restore(random.seed)
    hooks.register_after_restore(load)


def drop() -> None:
    """Drop what no copy may take over."""
    for module, name in DROPPED_BY.items():
        if module in sys.modules:
            attrgetter(name)(sys.modules[module])()
