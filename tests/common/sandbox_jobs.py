"""Jobs that behave as decoders of hostile files do."""

import contextlib
import ctypes
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from common.errors import TooLarge, Unprocessable
from common.sandbox_worker import Input

Arguments = dict[str, Any]


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


def write_file(arguments: Arguments, _source: Input) -> Iterator[bytes]:
    Path(arguments["path"]).write_text("written")
    yield b"done"


def look_around(_arguments: Arguments, _source: Input) -> Iterator[bytes]:
    """Tell the environment and the open files."""
    files = []
    for descriptor in range(100):
        with contextlib.suppress(OSError):
            files.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
    yield json.dumps({"environment": dict(os.environ), "files": files}).encode()


def dump_memory(_arguments: Arguments, _source: Input) -> Iterator[bytes]:
    """Tell all of the memory that this process may write."""
    with Path("/proc/self/maps").open() as maps, Path("/proc/self/mem").open("rb", buffering=0) as memory:
        for place in [line.split()[0] for line in maps if line.split()[1].startswith("rw")]:
            start, end = (int(number, 16) for number in place.split("-"))
            memory.seek(start)
            with contextlib.suppress(OSError):
                yield memory.read(end - start)


def pid(_arguments: Arguments, _source: Input) -> Iterator[bytes]:
    yield str(os.getpid()).encode()
