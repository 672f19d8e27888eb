"""Jobs of the sandbox, called in this process."""

import socket
from contextlib import suppress
from threading import Thread
from typing import Any

from common.sandbox_worker import Input, Job


def run_job(job: Job, arguments: dict[str, Any], content: bytes) -> bytes:
    """Return what a job makes of an input that comes over a socket."""
    caller, worker = socket.socketpair()
    sender = Thread(target=_send, args=(caller, content))
    with caller:
        sender.start()
        try:
            with worker:
                return b"".join(job(arguments, Input(worker)))
        finally:
            # The thread must end before its socket is closed. A job may refuse its input without reading all
            # of it. The job's end of the socket is closed by now, and that stops the thread.
            sender.join()


def _send(caller: socket.socket, content: bytes) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):
        caller.sendall(content)
