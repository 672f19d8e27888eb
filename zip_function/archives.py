"""Zips of stored files: packed once for the same names, and again when missing files arrive."""

import hashlib
import re
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import NamedTuple
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from common.errors import Conflict, NotFound, Unavailable
from common.parallel import in_order
from common.presign import get_url
from zip_function import choices, locks, store
from zip_function.choices import DIRECTORY, Choice
from zip_function.locks import Lock
from zip_function.store import StoredFile, StoredZip

GOOD_FOR_S = 300
# Objects in `downloads/` expire after 8 days (docs/operations.md). An older zip is packed again before that.
FRESH_FOR_S = 7 * 24 * 3600
# Remaining time of the function at which packing stops, so that the upload can be aborted.
RESERVE_S = 15

_LOOKING_THREADS, _LOOKED_AHEAD = 16, 64
_READING_THREADS, _READ_AHEAD = 6, 6

_MODE = 0o644 << 16
_MISSING = "MISSING.txt"
_MISSING_HEAD = "These files were asked for and do not exist:\n"
_UNSAFE = re.compile(r"[^A-Za-z0-9_.]")


class _Contents(NamedTuple):
    """The content of a zip.

    Attributes
    ----------
    files
        The stored files.
    missing
        Names of files that are not stored.
    lacking
        Number of files that are missing or replaced by a smaller one.
    """

    files: list[StoredFile]
    missing: list[str]
    lacking: int


class StillPacking(Conflict):
    """Another request is packing the same files: 409."""

    def __init__(self) -> None:
        super().__init__("The zip is still being packed.")


def url_of(wanted: list[Choice], seconds_left: Callable[[], float]) -> str:
    """Return a presigned URL of a zip of files. Pack it unless it exists.

    A zip that lacks files, or has smaller ones in their place, is packed again when more are stored: the last
    files of a night may arrive late. A zip that will expire soon is packed again too.

    Parameters
    ----------
    wanted
        The files to pack, from `choices.parse`.
    seconds_left
        Returns the remaining time in seconds.

    Raises
    ------
    NotFound
        If none of the files exists.
    StillPacking
        If another request is packing them.
    Unavailable
        If S3 is down or busy, a file changes meanwhile, or time runs out. Then the upload is aborted.
    """
    key = _key(wanted)
    if not _is_final(store.zip_at(key)):
        with locks.locked(key) as lock:
            if lock is None:
                raise StillPacking
            # Another request may have packed it before this one got the lock.
            present = store.zip_at(key)
            if not _is_final(present):
                _bring_up_to_date(key, wanted, present, lock, seconds_left)
    return _url(key, wanted)


def url_of_packed(wanted: list[Choice]) -> str:
    """Return a presigned URL of a zip that another request packed. Nothing is packed here.

    Raises
    ------
    StillPacking
        If it is not there yet.
    Unavailable
        If S3 is down or busy.
    """
    key = _key(wanted)
    if locks.is_locked(key) or store.zip_at(key) is None:
        raise StillPacking
    return _url(key, wanted)


def _key(wanted: list[Choice]) -> str:
    """Return the key of the zip. Fallbacks are part of it, because they may change the content."""
    lines = [choice.name + ("" if choice.fallback is None else f"\t{choice.fallback}") for choice in wanted]
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return f"downloads/{digest}.zip"


def _url(key: str, wanted: list[Choice]) -> str:
    site = _site(wanted[0].name)
    return get_url(key, GOOD_FOR_S, f'attachment; filename="{site}-{int(time.time())}.zip"')


def _is_final(present: StoredZip | None) -> bool:
    return present is not None and not present.lacking and not _expires_soon(present)


def _expires_soon(present: StoredZip) -> bool:
    return (datetime.now(UTC) - present.modified).total_seconds() > FRESH_FOR_S


def _bring_up_to_date(
    key: str, wanted: list[Choice], present: StoredZip | None, lock: Lock, seconds_left: Callable[[], float]
) -> None:
    """Pack the zip, unless the stored one has all files that could be packed now."""
    contents = _looked_up(wanted)
    if present is not None:
        gained = present.lacking - contents.lacking
        if gained < 0 or (gained == 0 and not _expires_soon(present)):
            return
    _make(key, contents, lock, seconds_left)


def _site(name: str) -> str:
    return _UNSAFE.sub("", name.partition("-")[0])


def _looked_up(wanted: list[Choice]) -> _Contents:
    """Return the stored files of the choices."""
    found = list(in_order(choices.look_up, wanted, _LOOKING_THREADS, _LOOKED_AHEAD))
    # By key, because two names may mean one file.
    files = {one.file.key: one.file for one in found if one.file}
    missing = [choice.name for choice, one in zip(wanted, found, strict=True) if not one.file]
    return _Contents(list(files.values()), missing, sum(not one.as_asked for one in found))


def _make(key: str, contents: _Contents, lock: Lock, seconds_left: Callable[[], float]) -> None:
    if not contents.files:
        raise NotFound("None of the files exists.")
    blocks = (block for file in contents.files for block in file.blocks())
    read = in_order(store.read_block, blocks, _READING_THREADS, _READ_AHEAD)
    chunks = zip_chunks(contents.files, _in_time(read, lock, seconds_left), contents.missing)
    store.upload(key, chunks, contents.lacking, lock.note_upload)


def _in_time(contents: Iterable[bytes], lock: Lock, seconds_left: Callable[[], float]) -> Iterator[bytes]:
    """Return the same contents while time is left, and renew the lock meanwhile."""
    for content in contents:
        lock.renew_if_due()
        if seconds_left() < RESERVE_S:
            raise Unavailable("The files are too large to be packed in time: ask for fewer.")
        yield content


def zip_chunks(files: list[StoredFile], contents: Iterator[bytes], missing: list[str]) -> Iterator[bytes]:
    """Return the bytes of a zip, chunk by chunk, stored without compression, zip64 where needed.

    Parameters
    ----------
    files
        The files, in this order.
    contents
        The contents of all blocks of all files.
    missing
        Names for the list of files that do not exist.
    """
    outlet = _Outlet()
    with ZipFile(outlet, "w", ZIP_STORED) as archive:  # type: ignore[call-overload]  # writes, and no more
        for file in files:
            with archive.open(_entry(file), "w") as entry:
                for content in islice(contents, len(file.blocks())):
                    entry.write(content)
                    yield outlet.taken()
        if missing:
            archive.writestr(ZipInfo(_MISSING), _MISSING_HEAD + "".join(f"{name}\n" for name in missing))
    yield outlet.taken()


def _entry(file: StoredFile) -> ZipInfo:
    """Return the zip's entry for a file. Its known size decides on zip64."""
    entry = ZipInfo(file.key.removeprefix(f"{DIRECTORY}/"), file.modified.timetuple()[:6])
    entry.file_size = file.size
    entry.external_attr = _MODE
    return entry


class _Outlet:
    """The output of a zip: not seekable; it holds written bytes until they are taken."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []

    def write(self, content: bytes) -> int:
        """Store `content`."""
        self._chunks.append(bytes(content))
        return len(content)

    def flush(self) -> None:
        """Do nothing: written bytes are stored at once."""

    def taken(self) -> bytes:
        """Return the bytes written since the last call."""
        content, self._chunks = b"".join(self._chunks), []
        return content
