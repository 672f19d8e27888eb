"""A small S3 server for zips of any size: it generates its objects, and stores no part in memory.

Runs in its own process, so that its memory does not count as the zip function's.

Objects are `data/{anything}-{size in bytes}`, of zeros with their name at the beginning of every mebibyte.
`PUT /control` sets what it does, `GET /control` tells what was done.
"""

import json
import os
import re
import threading
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from local.child import stay_until_parent_ends
from zip_function.locks import DIRECTORY as LOCKS
from zip_function.store import PART_BYTES

MIB = 1024**2
ETAG = '"0123456789abcdef0123456789abcdef"'
_NAME = re.compile(r".*-(\d+)")
_RANGE = re.compile(r"bytes=(\d+)-(\d+)")


class State:
    """The uploads, and the faults to play."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.reset({})

    def reset(self, control: dict[str, Any]) -> None:
        """Reset. `control` has `folder` (where objects are stored as sparse files) and the faults.

        `failing` names a step in which every request fails: "looking", "creating", "completing" or "answering
        completion".
        """
        self.folder = Path(control["folder"]) if control.get("folder") else None
        self.fail_parts_from: int = control.get("fail_parts_from", 10**9)
        self.fail_reads_from: int = control.get("fail_reads_from", 10**9)
        self.failed_aborts: int = control.get("failed_aborts", 0)
        self.failing: str = control.get("failing", "")
        self.lost_reads: int = control.get("lost_reads", 0)
        self.reads = self.uploads = 0
        self.open: dict[str, dict[int, tuple[int, str]]] = {}
        self.objects: dict[str, int] = {}

    def report(self) -> dict[str, Any]:
        """Return the uploads and counts."""
        return {
            "open": list(self.open),
            "objects": self.objects,
            "reads": self.reads,
            "uploads": self.uploads,
        }

    def begin(self) -> str:
        """Open an upload and return its id."""
        with self.lock:
            self.uploads += 1
            upload_id = f"upload{self.uploads}"
            self.open[upload_id] = {}
        if self.folder:
            (self.folder / upload_id).touch()
        return upload_id

    def save(self, upload_id: str, number: int, content: bytes) -> None:
        """Store a part. If there is a folder, write it at its place in a sparse file. All parts but the last
        have one size."""
        if self.folder:
            with (self.folder / upload_id).open("r+b") as file:
                file.seek((number - 1) * PART_BYTES)
                write_sparse(file, content)
        with self.lock:
            self.open[upload_id][number] = (len(content), ETAG)

    def complete(self, upload_id: str, key: str) -> None:
        """Join the parts to an object."""
        parts = self.open.pop(upload_id)
        size = self.objects[key] = sum(size for size, _ in parts.values())
        if self.folder:
            os.truncate(self.folder / upload_id, size)
            (self.folder / upload_id).rename(self.folder / key.rpartition("/")[2])


def write_sparse(file: Any, content: bytes) -> None:
    """Write `content`, with holes for its zeros."""
    for start in range(0, len(content), 65536):
        block = content[start : start + 65536]
        if block.count(0) == len(block):
            file.seek(len(block), 1)
        else:
            file.write(block)


def content_of(key: str, start: int, end: int) -> bytes:
    """Return the bytes of an object from `start` up to `end`, exclusive."""
    content = bytearray(end - start)
    mark = key.encode()
    for at in range(start // MIB * MIB, end, MIB):
        for index, byte in enumerate(mark, at):
            if start <= index < end:
                content[index - start] = byte
    return bytes(content)


STATE = State()


class Handler(BaseHTTPRequestHandler):
    """Serves the requests to S3 that a zip needs. Every lock is free."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_HEAD(self) -> None:
        """Send the headers of an object."""
        if STATE.failing == "looking" and self._key.startswith("data/"):
            return self._send(503, b"")
        return self._object(head=True)

    def do_GET(self) -> None:
        """Send an object or a range of it, or the report of `/control`."""
        if self.path == "/control":
            self._send(200, json.dumps(STATE.report()).encode())
        else:
            self._object(head=False)

    def do_PUT(self) -> None:
        """Store a part of an upload, or change the settings."""
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/control":
            STATE.reset(json.loads(content))
            return self._send(200, b"{}")
        if self._key.startswith(f"{LOCKS}/"):
            return self._send(200, b"", {"ETag": ETAG})
        query = parse_qs(urlsplit(self.path).query)
        number, upload_id = int(query["partNumber"][0]), query["uploadId"][0]
        if number >= STATE.fail_parts_from:
            return self._send(503, b"")
        STATE.save(upload_id, number, content)
        return self._send(200, b"", {"ETag": ETAG})

    def do_POST(self) -> None:
        """Start or complete an upload."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        query = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        if STATE.failing == ("creating" if "uploads" in query else "completing"):
            return self._send(503, b"")
        if "uploads" in query:
            return self._send(200, f"<Result><UploadId>{STATE.begin()}</UploadId></Result>".encode())
        if query["uploadId"][0] not in STATE.open:
            return self._send(404, b"<Error><Code>NoSuchUpload</Code></Error>")
        STATE.complete(query["uploadId"][0], self._key)
        if STATE.failing == "answering completion":
            self.close_connection = True
            return None
        return self._send(200, f"<Result><ETag>{ETAG}</ETag></Result>".encode())

    def do_DELETE(self) -> None:
        """Abort an upload."""
        if self._key.startswith(f"{LOCKS}/"):
            return self._send(204, b"")
        if STATE.failed_aborts:
            STATE.failed_aborts -= 1
            return self._send(503, b"")
        STATE.open.pop(parse_qs(urlsplit(self.path).query)["uploadId"][0], None)
        return self._send(204, b"")

    def log_message(self, *_arguments: Any) -> None:
        """Log nothing."""

    @property
    def _key(self) -> str:
        return unquote(urlsplit(self.path).path).split("/", 2)[2]

    def _object(self, *, head: bool) -> None:
        match = _NAME.fullmatch(self._key) if self._key.startswith("data/") else None
        size = int(match[1]) if match else STATE.objects.get(self._key)
        if size is None:
            return self._send(404, b"")
        modified = "Thu, 01 Jan 2026 01:02:04 GMT" if match else formatdate(usegmt=True)
        marks = {"ETag": ETAG, "Last-Modified": modified}
        if head:
            return self._send(200, b"", {**marks, "Content-Length": str(size)})
        with STATE.lock:
            STATE.reads += 1
            reads = STATE.reads
            lost = STATE.lost_reads > 0
            STATE.lost_reads -= lost
        if reads >= STATE.fail_reads_from:
            return self._send(503, b"")
        start, end = map(int, _RANGE.fullmatch(self.headers["Range"]).groups())  # type: ignore[union-attr]
        content = content_of(self._key, start, end + 1)
        if lost:
            # the connection breaks in the middle of the body
            self.send_response(206)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2])
            self.close_connection = True
            return None
        return self._send(206, content, {**marks, "Content-Range": f"bytes {start}-{end}/{size}"})

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    """Serve on a free port, print the URL, and end when the parent ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    stay_until_parent_ends({"url": f"http://127.0.0.1:{server.server_port}"})


if __name__ == "__main__":
    main()
