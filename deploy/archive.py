"""A zip file that depends on its content alone: the same files make the same bytes, whenever it is built."""

import hashlib
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path

# The oldest that a zip file can tell.
_TIMESTAMP = (1980, 1, 1, 0, 0, 0)
# Lambda runs as another user than the one who unpacks: everyone must be able to read.
_MODE = stat.S_IFREG | 0o644
_UNIX = 3


def write(target: Path, files: Mapping[str, Path]) -> None:
    """Write `files`, by their names within the archive, to `target`, which is whole or not there at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    half_written = target.with_suffix(".partial")
    with zipfile.ZipFile(half_written, "w") as archive:
        for name in sorted(files):
            archive.writestr(_entry(name), files[name].read_bytes())
    half_written.replace(target)


def sha256(path: Path) -> str:
    """Answer a file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def unzipped_bytes(path: Path) -> int:
    """Answer the sizes of an archive's files, added up."""
    with zipfile.ZipFile(path) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _TIMESTAMP)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = _UNIX
    entry.external_attr = _MODE << 16
    return entry
