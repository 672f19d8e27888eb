"""Reproducible zip files: the same content makes the same bytes.

The SHA-256 of an artifact then tells which commit a stage runs.
"""

import hashlib
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path

# The earliest time that a zip file can store.
_TIMESTAMP = (1980, 1, 1, 0, 0, 0)
# Lambda unpacks and runs the files as different users, so every user needs read permission.
_MODE = stat.S_IFREG | 0o644
_UNIX = 3


def write(target: Path, files: Mapping[str, Path]) -> None:
    """Write `files`, a mapping from names in the archive to paths, to `target`.

    The write is atomic: a failure leaves `target` unchanged.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".partial")
    with zipfile.ZipFile(partial, "w") as archive:
        for name in sorted(files):
            archive.writestr(_entry(name), files[name].read_bytes())
    partial.replace(target)


def sha256(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def unzipped_bytes(path: Path) -> int:
    """Return the total size of an archive's files, unzipped; bytes."""
    with zipfile.ZipFile(path) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _TIMESTAMP)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = _UNIX
    entry.external_attr = _MODE << 16
    return entry
