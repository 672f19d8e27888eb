"""A network for tests of `/now`: observatories where it is dark or light now, and what they sent."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from common.dynamodb import Table
from events.altitudes import Place
from events.observers import Observer
from now import sky
from now.observatories import Observatory, Site
from site_configs import store as site_configs
from support.client import ApiClient
from tests.downloads.rows import image, insert

UPLOADS = Table("UPLOADS_LOG_TABLE_NAME")
DEGREES_PER_HOUR = 15
MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400
# On the equator the Sun is far below the horizon at local midnight, all year, and far above it at noon.
MIDNIGHT, NOON = 0, 12


def longitude(local_hour: float, when: float) -> float:
    """Return the longitude at which the mean solar time is `local_hour` at a moment."""
    degrees = (local_hour - when % DAY_S / HOUR_S) * DEGREES_PER_HOUR
    return (degrees + 180) % 360 - 180


def config(local_hour: float, **more: Any) -> dict[str, Any]:
    """Return the config of an observatory on the equator where it is now that hour."""
    return {
        "name": "An Observatory",
        "instance_type": "obs",
        "latitude": 0.0,
        "longitude": round(longitude(local_hour, time.time()), 3),
        "elevation": 100.0,
        "reference_ambient": [10.0],
        "reference_pressure": 977.83,
        "TZ_database_name": "UTC",
        **more,
    }


def put_site(site: str, local_hour: float = MIDNIGHT, **more: Any) -> None:
    site_configs.write(site, config(local_hour, **more))


def put_image(site: str, number: int, age_s: float, **columns: Any) -> None:
    """Store an image captured so long ago."""
    captured = (datetime.now(UTC) - timedelta(seconds=age_s)).replace(tzinfo=None)
    row = image(number, captured.isoformat(), jpg_medium_exists=True, jpg_small_exists=True)
    insert({**row, "site": site, "sort_date": captured, **columns})


def log_upload(site: str, age_s: float, filename: str = "data/file.txt") -> None:
    UPLOADS.put(
        {
            "site": site,
            "upload_timestamp_s": round(time.time() - age_s, 3),
            "filename": filename,
            "size_bytes": 1,
            "expire_timestamp_s": int(time.time()) + DAY_S,
        }
    )


def row(api: ApiClient, site: str) -> dict[str, Any]:
    """Return what `/now` says of an observatory."""
    (found,) = [each for each in api.get("/now").json()["observatories"] if each["site"] == site]
    return dict(found)


def dark_site(**changes: Any) -> Site:
    """Return an observatory where it is midnight at the moment 0."""
    import pytz

    place = Place(0.0, changes.get("longitude", longitude(MIDNIGHT, 0)))
    return Site("dark1", "Dark", Observer(place, pytz.utc, "Dark"))


def observatory(image_at: int | None = None, upload_at: int | None = None) -> Observatory:
    """Return a row with these times and nothing else."""
    return {
        "site": "dark1",
        "name": "Dark",
        "time_zone": "UTC",
        **sky.unknown(""),
        "newest_image": None
        if image_at is None
        else {"base_filename": "a", "captured_at": image_at, "age_s": None, "jpg_thumbnail_url": ""},
        "last_upload": None if upload_at is None else {"filename": "a", "at": upload_at, "age_s": 0},
        "night_log": None,
    }
