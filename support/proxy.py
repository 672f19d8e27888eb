"""A TCP proxy that can make a backend look killed, slow or cut off while it is in use."""

import asyncio
import socket
import struct
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from enum import Enum
from threading import Thread
from typing import Any

from local.server import HOST

_CHUNK_BYTES = 65536
_DRIBBLES = 20
_DRIBBLE_PAUSE_S = 0.002
_HEAD_END = b"\r\n\r\n"
_CHECKSUMS = (b"x-amz-crc32:", b"x-amz-checksum-", b"content-md5:")
# Closing a socket with this sends a reset.
_RESET = struct.pack("ii", 1, 0)


class Mode(Enum):
    """What the proxy does to connections, including open ones."""

    CALM = "calm"
    """Nothing."""

    KILLED = "killed"
    """Connections are reset, new ones at once."""

    SLOW = "slow"
    """Each response is delayed."""

    CUT = "cut"
    """Half of the first chunk of a response arrives, then the connection is reset."""

    SILENT = "silent"
    """Requests are dropped and never answered."""

    SHORT = "short"
    """Of HTTP: half of an answer's body arrives, less than its length says, and the connection ends.

    What answers HEAD has no body and arrives as it is, here and in `SHRUNK`.
    """

    SHRUNK = "shrunk"
    """Of HTTP: half of an answer's body arrives as if it were the whole, without a checksum."""

    DRIBBLING = "dribbling"
    """Each response comes in many small pieces."""


@dataclass(eq=False)
class _Connection:
    """A caller's connection and the matching one to the backend."""

    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    answer_is_due: bool = False
    is_dead: bool = False
    asks_for_head: bool = False

    def reset(self) -> None:
        for writer in self.writers:
            plain: socket.socket | None = writer.get_extra_info("socket")
            if plain is not None and plain.family == socket.AF_INET and plain.fileno() >= 0:
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()


class Proxy:
    """A proxy on its own port, in its own thread.

    Parameters
    ----------
    upstream
        The port of the backend on this machine, or the path of its Unix socket.
    delay_s
        How late an answer comes in `Mode.SLOW`.
    breaks_with
        Is called with the number of bytes of each block from a caller. If true, the block is lost and the
        connection is reset.
    """

    def __init__(
        self,
        upstream: int | str,
        delay_s: float,
        breaks_with: Callable[[int], bool] = lambda _count: False,
    ) -> None:
        self._upstream = upstream
        self._delay_s = delay_s
        self._breaks_with = breaks_with
        self._mode = Mode.CALM
        self._connections: set[_Connection] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server: asyncio.Server = self._do(asyncio.start_server(self._serve, HOST, 0))
        self.port: int = self._server.sockets[0].getsockname()[1]

    @property
    def url(self) -> str:
        """The proxy's URL, for a backend that speaks HTTP."""
        return f"http://{HOST}:{self.port}"

    def switch(self, mode: Mode) -> None:
        """Change what happens to connections."""
        self._do(self._switch(mode))

    def stop(self) -> None:
        """Close every connection, and stop listening."""
        self._do(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _switch(self, mode: Mode) -> None:
        self._mode = mode
        if mode is Mode.KILLED:
            self._reset_all()

    async def _stop(self) -> None:
        self._server.close()
        self._reset_all()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _reset_all(self) -> None:
        for connection in tuple(self._connections):
            connection.reset()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _Connection([writer])
        self._connections.add(connection)
        questions = None
        try:
            if self._mode is Mode.KILLED:
                return
            behind_reader, behind_writer = await self._connect()
            connection.writers.append(behind_writer)
            questions = asyncio.ensure_future(self._pump_questions(connection, reader, behind_writer))
            await self._pump_answers(connection, behind_reader, writer)
        except OSError:
            return  # the backend is down: its callers see a reset
        finally:
            if questions:
                questions.cancel()
            connection.reset()
            self._connections.discard(connection)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._upstream, str):
            return await asyncio.open_unix_connection(self._upstream)
        return await asyncio.open_connection(HOST, self._upstream)

    async def _pump_questions(
        self, connection: _Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while data := await _read(reader):
            if self._breaks_with(len(data)):
                break
            connection.is_dead = connection.is_dead or self._mode is Mode.SILENT
            if not connection.is_dead:
                connection.asks_for_head = data.startswith(b"HEAD ")
                connection.answer_is_due = True
                writer.write(data)
        connection.reset()

    async def _pump_answers(
        self, connection: _Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while data := await _read(reader):
            begins, connection.answer_is_due = connection.answer_is_due, False
            if begins and self._mode is Mode.SLOW:
                await asyncio.sleep(self._delay_s)
            if self._mode is Mode.SILENT:
                connection.is_dead = True
            elif self._mode is Mode.CUT:
                writer.write(data[: len(data) // 2])
                await asyncio.sleep(0)
                return
            elif self._mode in (Mode.SHORT, Mode.SHRUNK) and not connection.asks_for_head:
                writer.write(halved(await _whole_answer(data, reader), is_told=self._mode is Mode.SHRUNK))
                break
            elif self._mode is Mode.DRIBBLING:
                await _dribble(data, writer)
                continue
            if not connection.is_dead:
                writer.write(data)
                await writer.drain()
        # wait until the caller has received everything, because a reset would discard the rest
        await writer.drain()
        writer.close()
        await writer.wait_closed()


def halved(answer: bytes, *, is_told: bool) -> bytes:
    """Return an HTTP answer with the first half of its body.

    Parameters
    ----------
    answer
        A whole answer.
    is_told
        Whether to adapt Content-Length to the half and to remove checksums, so that nothing shows that a part
        is missing.
    """
    head, _, body = answer.partition(_HEAD_END)
    half = body[: len(body) // 2]
    if not is_told:
        return head + _HEAD_END + half
    status, *headers = head.split(b"\r\n")
    kept = [line for line in headers if not line.lower().startswith((b"content-length:", *_CHECKSUMS))]
    return b"\r\n".join([status, *kept, b"Content-Length: %d" % len(half)]) + _HEAD_END + half


async def _whole_answer(begun: bytes, reader: asyncio.StreamReader) -> bytes:
    """Read the rest of the HTTP response that begins with `begun`; return all of it."""
    while _bytes_missing(begun) and (more := await _read(reader)):
        begun += more
    return begun


def _bytes_missing(answer: bytes) -> bool:
    head, end, body = answer.partition(_HEAD_END)
    if not end:
        return True
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(lengths) and len(body) < int(lengths[0].partition(b":")[2])


async def _dribble(data: bytes, writer: asyncio.StreamWriter) -> None:
    step = max(1, len(data) // _DRIBBLES)
    for start in range(0, len(data), step):
        writer.write(data[start : start + step])
        await writer.drain()
        await asyncio.sleep(_DRIBBLE_PAUSE_S)


async def _read(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read(_CHUNK_BYTES)
    except OSError:
        return b""
