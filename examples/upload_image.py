#!/usr/bin/env python3
"""Uploads files as a site's computer does, with progress and retries.

    python examples/upload_image.py http://127.0.0.1:4000/api mrc1-sq01-20260101-00000001-EX00.fits.fz
    python examples/upload_image.py URL --directory info-images --channel 2 mrc1-a-20260101-00000001-EX10.jpg
    python examples/upload_image.py URL --resume mrc1-sq01-20260101-00000001-EX00.fits.fz

For each file, the program requests a form from the API and posts the file with this form to S3, block by
block. If the API or S3 cannot be reached or is busy, the upload is repeated. Each try uses a new form,
because a form is valid for only five minutes. A rejected upload is not tried again.

With --resume, the file is sent in pieces of 1 MiB. After a cut, only the pieces that are missing are sent,
also when the program has been stopped and is started again within two days.

A file name has the form `{site}-{instrument}-{yyyymmdd}-{8 digits}-{data type}{level}.{ext}`. The ingester
reads from it which image a file belongs to. If the stage requires a key, set the environment variable
SITE_KEY.

Exit status: 0 if all files were uploaded, 1 if not, 2 if the arguments are invalid. Needs the library
`requests`.
"""

import argparse
import hashlib
import io
import os
import random
import re
import sys
import time
import uuid
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import requests

OK, NO_CONTENT, FORBIDDEN, TOO_MANY, SERVER_ERROR = 200, 204, 403, 429, 500
FORM_TIMEOUT_S = 30
# Raised when no response comes, or only part of one.
AWAY = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)
# Timeout between two blocks, not for the whole file.
UPLOAD_TIMEOUT_S = 60
LONGEST_PAUSE_S = 30.0
# Of an upload with --resume. The API fixes the size.
PIECE_BYTES = 1024 * 1024

# Names that the ingester can read. It ignores the directory "test", so any name is allowed there.
NAME = re.compile(r"[A-Za-z0-9_.]+-[A-Za-z0-9_.]+-[0-9]{8}-[0-9]{8}-[A-Za-z]+[0-9]{2}\.[A-Za-z0-9.]+")
NAME_FORM = "{site}-{instrument}-{yyyymmdd}-{8 digits}-{data type}{level}.{ext}"

Progress = Callable[[int, int], None]


class Refused(Exception):
    """The upload was rejected. Retrying does not help."""


class Failed(Exception):
    """The upload failed. Retrying may help."""

    def __init__(self, why: str, wait_s: float = 0) -> None:
        super().__init__(why)
        self.wait_s = wait_s


class Multipart:
    """The body of a `multipart/form-data` request with one file at its end, read a block at a time.

    Parameters
    ----------
    fields
        The form's fields, which S3 wants before the file.
    file
        Open for reading at its start.
    name
        The file's name.
    size
        The file's size in bytes.
    progress
        Called with the number of bytes read so far and the total number.
    """

    def __init__(
        self, fields: dict[str, str], file: BinaryIO, name: str, size: int, progress: Progress
    ) -> None:
        boundary = uuid.uuid4().hex
        self.content_type = f"multipart/form-data; boundary={boundary}"
        before = "".join(
            _part(boundary, f'name="{field}"') + f"{value}\r\n" for field, value in fields.items()
        )
        before += _part(boundary, f'name="file"; filename="{name}"')
        self._before = before.encode()
        self._after = f"\r\n--{boundary}--\r\n".encode()
        self._file = file
        self._size = size
        self._read = 0
        self._progress = progress

    def __len__(self) -> int:
        return len(self._before) + self._size + len(self._after)

    def read(self, wanted: int = -1) -> bytes:
        """Return the next bytes, b"" at the end."""
        if self._read < len(self._before):
            block = self._before[self._read :]
        elif self._read < len(self._before) + self._size:
            left = len(self._before) + self._size - self._read
            block = self._file.read(left if wanted < 0 else min(wanted, left))
            if not block:
                raise Failed("the file became shorter while it was read")
        else:
            block = self._after[self._read - len(self._before) - self._size :]
        self._read += len(block)
        self._progress(self._read, len(self))
        return block


class Uploader:
    """Uploads files to one of the API's directories.

    Parameters
    ----------
    base_url
        The URL of the API, like "http://127.0.0.1:4000/api".
    options
        Members of the body of `POST /upload` besides the file's name.

    Attributes
    ----------
    stored_bytes
        How much of the current file S3 has, as far as known. Always 0 without pieces.
    """

    def __init__(self, base_url: str, options: dict[str, Any]) -> None:
        self._base_url = base_url.rstrip("/")
        self._options = options
        self._session = requests.Session()
        self.stored_bytes = 0
        self._headers = {"x-site-key": os.environ["SITE_KEY"]} if os.environ.get("SITE_KEY") else {}

    def upload(self, path: Path, progress: Progress) -> None:
        """Upload a file once, or raise `Refused` or `Failed`."""
        form = self._ask({"object_name": path.name, **self._options})
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            body = Multipart(form["fields"], file, path.name, size, progress)
            answer = self._post(form["url"], data=body, headers={"Content-Type": body.content_type})
        if answer.status_code == NO_CONTENT:
            return
        why = f"S3 answers {answer.status_code}: {answer.text[:300]}"
        if answer.status_code >= SERVER_ERROR or "expired" in answer.text:
            raise Failed(why)
        raise Refused(why)

    def resume(self, path: Path, progress: Progress) -> None:
        """Upload the missing pieces of a file, or raise `Refused` or `Failed`."""
        size, md5 = path.stat().st_size, digests(path)
        body = {
            "object_name": path.name,
            **self._options,
            "pieces": {"size_bytes": size, "md5": md5},
        }
        while True:
            said = self._ask(body).get("pieces")
            if said is None:
                raise Refused("this API does not take uploads in pieces; do without --resume")
            self.stored_bytes = said["stored_bytes"]
            progress(self.stored_bytes, size)
            if said["complete"]:
                return
            for wanted in said["missing"]:
                self._put(path, wanted)
                self.stored_bytes += wanted["size_bytes"]
                progress(self.stored_bytes, size)

    def _put(self, path: Path, wanted: dict[str, Any]) -> None:
        with path.open("rb") as file:
            file.seek(wanted["number"] * PIECE_BYTES)
            # As a file, the piece is sent block by block, and the timeout is for one block.
            piece = io.BytesIO(file.read(wanted["size_bytes"]))
        answer = self._send("PUT", wanted["url"], data=piece, headers=wanted["headers"])
        if answer.status_code == OK:
            return
        why = f"S3 answers {answer.status_code}: {answer.text[:300]}"
        # A URL is refused when it is an hour old. The next response of the API has a new one.
        if answer.status_code >= SERVER_ERROR or answer.status_code == FORBIDDEN:
            raise Failed(why)
        raise Refused(f"{why} Was the file changed while it was sent?")

    def _ask(self, body: dict[str, Any]) -> dict[str, Any]:
        answer = self._post(
            f"{self._base_url}/upload", json=body, headers=self._headers, timeout=FORM_TIMEOUT_S
        )
        if answer.status_code >= SERVER_ERROR or answer.status_code == TOO_MANY:
            raise Failed(f"the API answers {answer.status_code}", _seconds(answer))
        if answer.status_code != OK:
            raise Refused(f"{answer.status_code}: {answer.text}")
        try:
            said: dict[str, Any] = answer.json()
        except requests.exceptions.JSONDecodeError as error:
            if "json" in answer.headers.get("Content-Type", ""):
                raise Failed("the response was incomplete") from error
            raise Refused("the server at this address is not the Photon Ranch API") from error
        return said

    def _post(self, url: str, **arguments: Any) -> requests.Response:
        return self._send("POST", url, **arguments)

    def _send(self, method: str, url: str, **arguments: Any) -> requests.Response:
        arguments.setdefault("timeout", UPLOAD_TIMEOUT_S)
        try:
            return self._session.request(method, url, **arguments)
        except AWAY as error:
            raise Failed(f"no connection ({type(error).__name__})") from error


def main() -> int:
    """Upload the files; return the exit status."""
    options = _options()
    more: dict[str, Any] = {"s3_directory": options.directory}
    if options.directory == "info-images":
        more["info_channel"] = options.channel
    uploader = Uploader(options.base_url, more)
    try:
        send = uploader.resume if options.resume else uploader.upload
        done = [upload(uploader, send, path, options.attempts) for path in options.files]
    except KeyboardInterrupt:
        say("stopped")
        return 1
    return 0 if all(done) else 1


def upload(uploader: Uploader, send: Callable[[Path, Progress], None], path: Path, attempts: int) -> bool:
    """Upload a file, with retries; return whether it was uploaded. Tries that stored a piece do not count."""
    began = time.monotonic()
    attempt, waits = 1, pauses()
    uploader.stored_bytes = 0
    while True:
        stored_bytes = uploader.stored_bytes
        try:
            send(path, shown(path.name))
        except (Refused, OSError) as error:
            say(f"{path}: {error}")
            return False
        except Failed as failed:
            say(f"{path.name}: {failed}")
            if uploader.stored_bytes > stored_bytes:
                attempt, waits = 0, pauses()
            if attempt == attempts:
                say(f"{path}: given up after {attempts} tries")
                return False
            attempt += 1
            time.sleep(max(next(waits), failed.wait_s))
        else:
            say(f"{path.name}: uploaded in {time.monotonic() - began:.1f} s")
            return True


def digests(path: Path) -> list[str]:
    """Return the MD5 of each piece of a file, in base64."""
    with path.open("rb") as file:
        return [
            b64encode(hashlib.md5(piece, usedforsecurity=False).digest()).decode()
            for piece in iter(lambda: file.read(PIECE_BYTES), b"")
        ]


def shown(name: str) -> Progress:
    """Return a function that shows progress: one changing line on a terminal, each quarter in a log."""
    quarter = -1

    def progress(done: int, whole: int) -> None:
        nonlocal quarter
        words = f"{name}: {100 * done // whole} % of {whole / 1e6:.1f} MB"
        if sys.stderr.isatty():
            print(f"\r{words}", end="\n" if done == whole else "", file=sys.stderr, flush=True)
        elif 4 * done // whole > quarter:
            quarter = 4 * done // whole
            say(words)

    return progress


def pauses() -> Iterator[float]:
    """Return the pauses between retries in seconds: each longer, with random jitter."""
    longest_s = 1.0
    while True:
        yield random.uniform(longest_s / 2, longest_s)  # noqa: S311 - spreads the retries, not for security
        longest_s = min(2 * longest_s, LONGEST_PAUSE_S)


def say(words: str) -> None:
    """Print a message."""
    print(time.strftime("%H:%M:%S"), words, file=sys.stderr, flush=True)


def _part(boundary: str, disposition: str) -> str:
    return f"--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n"


def _seconds(answer: requests.Response) -> float:
    header = answer.headers.get("Retry-After", "")
    return float(header) if header.isdecimal() else 0.0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("base_url", help="the API's URL, like http://127.0.0.1:4000/api")
    parser.add_argument("files", nargs="+", type=Path, help="files to upload; each keeps its name")
    parser.add_argument(
        "--directory",
        default="data",
        choices=["data", "info-images", "allsky", "test"],
        help="directory to upload to (data)",
    )
    parser.add_argument(
        "--channel", type=int, default=1, choices=[1, 2, 3], help="channel of an info image (1)"
    )
    parser.add_argument(
        "--resume", action="store_true", help="send in pieces, so that an upload goes on after a cut"
    )
    parser.add_argument("--attempts", type=int, default=5, help="how often to try each file (5)")
    options = parser.parse_args()
    if not options.base_url.startswith(("http://", "https://")):
        parser.error(f"base_url must begin with http:// or https://, not {options.base_url!r}")
    if options.attempts < 1:
        parser.error("--attempts must be at least 1")
    for path in options.files:
        wrong = wrong_with(path, options.directory)
        if wrong:
            parser.error(wrong)
    return options


def wrong_with(path: Path, directory: str) -> str | None:
    """Return a sentence that says why a file cannot be uploaded to a directory; None if it can."""
    if not path.is_file():
        return f"there is no such file: {path}"
    if path.stat().st_size == 0:
        return f"the file is empty: {path}"
    if directory != "test" and not NAME.fullmatch(path.name):
        example = "mrc1-sq01-20260101-00000001-EX00.fits.fz"
        return f"the name {path.name} is not of the form {NAME_FORM}, like {example}"
    return None


if __name__ == "__main__":
    sys.exit(main())
