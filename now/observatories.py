"""What is known of each observatory: its sky, its newest image, its last upload and its note."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict

from common.dynamodb import Item
from common.presign import STEADY_S, get_url
from common.request_context import Pool
from db import queries
from db.packages import EPOCH, SMALL
from db.queries import NewestImage
from events.errors import BadConfig
from events.observers import Observer, find_among
from night_log import notes
from now import sky, store
from now.sky import Sky

# Enclosures have a config of their own, but no camera.
ENCLOSURE = "wema"
# The number of sites whose last upload is read at the same time.
_READERS = 16
# A note is a sentence or two. The rest of a longer one is at GET /nightlog/{site}.
MOST_CHARACTERS = 500


class Image(TypedDict):
    """The newest image; times in Unix seconds. "" stands for a missing thumbnail."""

    base_filename: str
    captured_at: int | None
    age_s: int | None
    jpg_thumbnail_url: str


class Upload(TypedDict):
    """The last upload; times in Unix seconds."""

    filename: str
    at: int
    age_s: int


class Observatory(Sky):
    """An observatory as callers see it. `time_zone` is a name of the IANA; None if the sky is unknown."""

    site: str
    name: str
    time_zone: str | None
    newest_image: Image | None
    last_upload: Upload | None
    night_log: str | None


@dataclass(frozen=True)
class Site:
    """A site that takes images.

    Attributes
    ----------
    code
        Site code.
    name
        Its full name, or the code.
    observer
        Its place; None if its config lacks it.
    problem
        A sentence that says what the config lacks; "" if nothing.
    """

    code: str
    name: str
    observer: Observer | None
    problem: str = ""


def sites_of(configs: Mapping[str, Mapping[str, Any]]) -> list[Site]:
    """Return the sites of all configs but the enclosures', sorted by code."""
    return [
        _site(configs, code)
        for code, config in sorted(configs.items())
        if config.get("instance_type") != ENCLOSURE
    ]


def _site(configs: Mapping[str, Mapping[str, Any]], code: str) -> Site:
    try:
        observer = find_among(configs.get, code)
    except BadConfig as error:
        name = configs[code].get("name")
        return Site(code, name if isinstance(name, str) and name else code, None, str(error.body))
    return Site(code, observer.name, observer)


def read_images(codes: list[str]) -> dict[str, NewestImage]:
    """Return each site's newest image. One statement."""
    return {row["site"]: row for row in queries.newest_of_each(codes)}


def read_uploads(codes: list[str]) -> dict[str, Item]:
    """Return each site's last upload. One query for each site."""
    with Pool(_READERS) as pool:
        rows = pool.map(store.last_upload, codes)
        return {code: row for code, row in zip(codes, rows, strict=True) if row is not None}


def observatory(
    site: Site, now: float, image: NewestImage | None, upload: Item | None, note: Item | None
) -> Observatory:
    """Return what is known of an observatory at a moment (Unix seconds)."""
    there = sky.unknown(site.problem) if site.observer is None else sky.sky_at(site.observer, now)
    return {
        "site": site.code,
        "name": site.name,
        "time_zone": None if site.observer is None else site.observer.zone.zone,
        **there,
        "newest_image": None if image is None else _image(image, now),
        "last_upload": None if upload is None else _upload(upload, now),
        "night_log": None if note is None else _message(note, now),
    }


def _image(row: NewestImage, now: float) -> Image:
    captured_at = _unix_s(row["capture_date"] or row["sort_date"])
    name = f"data/{row['base_filename']}-{row['data_type']}{SMALL}.jpg"
    return {
        "base_filename": row["base_filename"],
        "captured_at": captured_at,
        "age_s": None if captured_at is None else round(now - captured_at),
        "jpg_thumbnail_url": get_url(name, steady_s=STEADY_S) if row["jpg_small_exists"] else "",
    }


def _upload(row: Item, now: float) -> Upload:
    at = round(row["upload_timestamp_s"])
    return {"filename": str(row.get("filename", "")), "at": at, "age_s": round(now - at)}


def _message(note: Item, now: float) -> str | None:
    """Return the words of a note; None if it has expired or has none."""
    if not notes.is_live(note, now):
        return None
    data = note.get("note_data")
    message = data.get("message") if isinstance(data, dict) else data
    if not isinstance(message, str) or not message:
        return None
    return message if len(message) <= MOST_CHARACTERS else f"{message[:MOST_CHARACTERS]}…"


def _unix_s(date: datetime | None) -> int | None:
    return None if date is None else round((date - EPOCH).total_seconds())
