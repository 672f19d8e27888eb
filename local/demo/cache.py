"""The folder that keeps made images: whole files only, and a list for each finished night."""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from local.demo.sites import Site

VERSION: Final = 2
"""To be raised whenever other files would be made, so that old ones are not used any more."""
DATES: Final = ("capture_date", "sort_date")


@dataclass(frozen=True)
class Entry:
    """One image in a night's list: its row in the table and the names of its files."""

    row: dict[str, Any]
    files: tuple[str, ...]


def open_folder(cache: Path) -> Path:
    """The folder within `cache` for what this version makes; it is there afterwards."""
    folder = cache / f"demo-images-v{VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write(path: Path, content: bytes) -> None:
    """Write a file so that nobody ever sees half of it, even if two processes write it at once."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".making-", delete=False) as file:
        partial = Path(file.name)
        try:
            file.write(content)
            file.close()
            partial.replace(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise


def write_entries(folder: Path, site: Site, night: date, entries: list[Entry]) -> None:
    """List a night's images; to be done last, as the list says that the night is finished."""
    listed = [asdict(entry) for entry in entries]
    write(_list_of(folder, site, night), json.dumps(listed, default=datetime.isoformat).encode())


def read_entries(folder: Path, site: Site, night: date) -> list[Entry] | None:
    """A night's images, or None if they are not finished or a file of theirs is gone."""
    try:
        listed = json.loads(_list_of(folder, site, night).read_bytes())
    except FileNotFoundError:
        return None
    entries = [Entry(_with_dates(entry["row"]), tuple(entry["files"])) for entry in listed]
    whole = all((folder / name).is_file() for entry in entries for name in entry.files)
    return entries if whole else None


def _with_dates(row: dict[str, Any]) -> dict[str, Any]:
    """A row whose times are datetimes again."""
    return row | {column: datetime.fromisoformat(row[column]) for column in DATES}


def _list_of(folder: Path, site: Site, night: date) -> Path:
    """Path of a night's list."""
    return folder / f"{site.observatory}-{night:%Y%m%d}.json"
