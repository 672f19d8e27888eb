"""Images for the tests of the image database."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest

from site_configs import store as site_configs
from support.image_rows import HEADER, WHOLE_ROW, insert_image_row
from support.network import BUCKET

Insert = Callable[..., int]


def without_urls(package: dict[str, Any]) -> dict[str, Any]:
    """Return an image package with S3 keys in place of its URLs, whose signatures change every second."""
    keys = {
        name: urlsplit(package[name]).path.removeprefix(f"/{BUCKET}/")
        for name in ("jpg_url", "jpg_thumbnail_url")
    }
    return {**package, **keys}


@pytest.fixture
def cursor(database: str) -> Iterator[Any]:
    """A cursor on the empty image table that commits at once."""
    connection = psycopg2.connect(database)
    connection.autocommit = True
    with connection.cursor() as cursor:
        yield cursor
    connection.close()


@pytest.fixture
def insert(cursor: Any) -> Insert:
    """Inserts `WHOLE_ROW` with changes: columns, or `cards` of its header. Answers the row's key."""

    def insert(cards: dict[str, Any] | None = None, **columns: Any) -> int:
        row = {**WHOLE_ROW, "header": json.dumps({**HEADER, **(cards or {})}), **columns}
        insert_image_row(cursor, row)
        cursor.execute("SELECT lastval()")
        return int(cursor.fetchone()[0])

    return insert


@pytest.fixture(autouse=True)
def _no_site_codes_of_another_test() -> None:
    site_configs.forget_site_codes()
