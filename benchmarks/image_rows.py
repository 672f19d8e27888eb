"""Rows of the image table in any number, with headers of 150 cards and 8 KB, the same at every run.

A network of 200 sites, each of which took one image on the first evening. On each later night, the busy site
and one other site take 360 images each. The busy site takes them in smart stacks of ten, and has half of all
rows.
Rows come in the order of capture, as the ingester inserts them. Images are spread evenly over the sky.
"""

import io
import json
import math
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from ingest.columns import DEGREES_FROM, DEGREES_PER_HOUR

SITES = tuple(f"site{number:03d}" for number in range(200))
BUSY_SITE = SITES[0]
NIGHT = 360
STACK = 10
CARDS = 150
USERS = 50
OBJECTS = 500
FIRST_EVENING = datetime(2018, 1, 1, 18)  # noqa: DTZ001 - the table's times are UTC without saying so
EXPOSURE = timedelta(seconds=100)

COLUMNS = (
    "base_filename",
    "data_type",
    "site",
    "capture_date",
    "sort_date",
    "right_ascension",
    "declination",
    "altitude",
    "azimuth",
    "airmass",
    "exposure_time",
    "filter_used",
    "username",
    "user_id",
    "fits_01_exists",
    "fits_10_exists",
    "jpg_medium_exists",
    "jpg_small_exists",
    "header",
)

_FILTERS = ("lum", "red", "green", "blue", "ha")
_ROWS_A_COPY = 5000


def load(connection: Any, count: int) -> None:
    """Insert `count` rows into the empty image table, and analyze it."""
    rows = islice(image_rows(), count)
    with connection.cursor() as cursor:
        while block := "".join(islice(rows, _ROWS_A_COPY)):
            cursor.copy_from(io.StringIO(block), "images", columns=COLUMNS)
        cursor.execute("VACUUM ANALYZE images")


def image_rows() -> Iterator[str]:
    """Yield lines for COPY, the oldest image first. They never end."""
    maker = _Maker()
    for site in SITES:
        yield maker.row(site, FIRST_EVENING, stack_number=0)
    evening, turn = FIRST_EVENING, 0
    while True:
        turn += 1
        evening += timedelta(days=1)
        for number in range(NIGHT):
            moment = evening + number * EXPOSURE
            yield maker.row(BUSY_SITE, moment, number)
            yield maker.row(SITES[1 + turn % (len(SITES) - 1)], moment, number)


class _Maker:
    """Counts the images and writes their rows."""

    def __init__(self) -> None:
        self._random = random.Random(1)
        self._count = 0
        self._header = json.dumps(self._cards(), separators=(", ", ": "))

    def row(self, site: str, moment: datetime, stack_number: int) -> str:
        """Return the line for an image taken at `moment`, the `stack_number`-th of the night."""
        self._count += 1
        stack_index = stack_number % STACK
        day = f"{moment - timedelta(hours=12):%Y%m%d}"
        name = f"{site}-sq01-{day}-{self._count:08d}"
        user = (self._count // NIGHT) % USERS
        noise = self._random.random
        header = self._header % {
            "name": name,
            "site": site,
            "day": day,
            # the images of a stack are every second row, because two sites take turns
            "stack": self._count - 2 * stack_index if site == BUSY_SITE else "no",
            "number": stack_index + 1,
            "object": f"NGC {self._count // 20 % OBJECTS}",
            **{f"noise{place}": noise() * 10**place for place in range(5)},
        }
        values = (
            name,
            "EX",
            site,
            moment.isoformat(),
            moment.isoformat(),
            f"{noise() * 24 * (1 if moment < DEGREES_FROM else DEGREES_PER_HOUR):.6f}",
            f"{math.degrees(math.asin(noise() * 2 - 1)):.6f}",
            f"{30 + noise() * 60:.4f}",
            f"{noise() * 360:.4f}",
            f"{1 + noise():.4f}",
            str(30 * (1 + self._count % 4)),
            _FILTERS[self._count // 20 % len(_FILTERS)],
            f"User {user}",
            f"auth0|user-{user}",
            *"tttt",
            header,
        )
        return "\t".join(values) + "\n"

    def _cards(self) -> dict[str, Any]:
        """Return the header's cards, with placeholders for the values that differ from image to image."""
        cards: dict[str, Any] = {
            "ORIGNAME": "%(name)s-EX00.fits.fz",
            "FILENAME": "%(name)s-EX01.fits",
            "SITEID": "%(site)s",
            "INSTRUME": "sq01",
            "DAY-OBS": "%(day)s",
            "SMARTSTK": "%(stack)s",
            "SSTKNUM": "%(number)d",
            "OBJECT": "%(object)s",
        }
        for number in range(CARDS - len(cards)):
            keyword = f"CARD{number:04d}"
            if number % 3:
                cards[keyword] = f"[unit] {self._words(5)}"
            else:
                cards[keyword] = f"%(noise{number % 5})13.8f of {self._words(2)}"
        return cards

    def _words(self, count: int) -> str:
        return " ".join("".join(self._random.choices("aeinorst", k=7)) for _ in range(count))
