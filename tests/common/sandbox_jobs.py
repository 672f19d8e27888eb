"""Jobs that behave as decoders of hostile files do."""

import atexit
import contextlib
import ctypes
import faulthandler
import json
import os
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from common.errors import TooLarge, Unprocessable
from common.sandbox_worker import Input

Arguments = dict[str, Any]

# Opened in the template: a job can open nothing.
_MAPS = Path("/proc/self/maps").open()  # noqa: SIM115 - open as long as the process
_MEMORY = Path("/proc/self/mem").open("rb", buffering=0)  # noqa: SIM115 - see above
# Some tests load these jobs into pytest's process, which warns of files that are still open at its end.
atexit.register(_MAPS.close)
atexit.register(_MEMORY.close)


def reverse(arguments: Arguments, source: Input) -> Iterator[bytes]:
    content = source.read_all(arguments["size"])
    yield bytes(content[::-1])
    yield b"!"


def count(arguments: Arguments, _source: Input) -> Iterator[bytes]:
    for _ in range(arguments["pieces_of_output"]):
        yield bytes(1024**2)


def refuse(arguments: Arguments, _source: Input) -> Iterator[bytes]:
    yield b"half of a result"
    raise {422: Unprocessable, 413: TooLarge}[arguments["status"]]("not like this")


def fail(_arguments: Arguments, _source: Input) -> Iterator[bytes]:
    raise KeyError("a card's text")


def crash(_arguments: Arguments, _source: Input) -> Iterator[bytes]:
    yield b"half of a result"
    # pytest would write the stacks of its own process, as if a test had crashed.
    faulthandler.disable()
    ctypes.string_at(1)


def leave(_arguments: Arguments, _source: Input) -> Iterator[bytes]:
    os._exit(0)


def compute(_arguments: Arguments, _source: Input) -> Iterator[bytes]:
    while True:
        pass


def wait(_arguments: Arguments, _source: Input) -> Iterator[bytes]:
    time.sleep(600)
    yield b"late"


def read_nothing(_arguments: Arguments, _source: Input) -> Iterator[bytes]:
    yield b"done"


def allocate(arguments: Arguments, _source: Input) -> Iterator[bytes]:
    yield str(len(bytearray(arguments["size"]))).encode()


def open_file(arguments: Arguments, _source: Input) -> Iterator[bytes]:
    with Path(arguments["path"]).open(arguments["mode"]):
        yield b"opened"


def connect(arguments: Arguments, _source: Input) -> Iterator[bytes]:
    with socket.create_connection(("127.0.0.1", arguments["port"])):
        yield b"connected"


def use_threads(_arguments: Arguments, _source: Input) -> Iterator[bytes]:
    with ThreadPoolExecutor(8) as pool:
        yield b"".join(pool.map(lambda number: b"%d" % number, range(8)))


def environment(_arguments: Arguments, _source: Input) -> Iterator[bytes]:
    yield json.dumps(dict(os.environ)).encode()


def dump_memory(_arguments: Arguments, _source: Input) -> Iterator[bytes]:
    """Return all writable memory of the template, which each job starts with."""
    for place in [line.split()[0] for line in _MAPS if line.split()[1].startswith("rw")]:
        start, end = (int(number, 16) for number in place.split("-"))
        _MEMORY.seek(start)
        with contextlib.suppress(OSError):
            yield _MEMORY.read(end - start)


def pid(_arguments: Arguments, _source: Input) -> Iterator[bytes]:
    yield str(os.getpid()).encode()
