"""An image of the table, as the modules of this service hand it to each other."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db.header_text import Header, cards
from db.queries import NO_SORT_DATE

# All that a package, or the rule of smart stacks, needs of a header.
KEYWORDS = ("ORIGNAME", "SITEID", "INSTRUME", "DAY-OBS", "SMARTSTK", "SSTKNUM")

# A card has 80 characters, and more only where CONTINUE cards go on with it.
MAX_CARD_CHARACTERS = 1000


@dataclass(frozen=True, slots=True)
class Image:
    """A row of the image table, its header reduced to the few cards that are needed.

    Attributes
    ----------
    row
        The columns.
    header
        Those of `KEYWORDS` that the header has; None without a header.
    """

    row: Mapping[str, Any]
    header: Header | None

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> "Image":
        """Make an image of a row; the header's text is not kept, for there are thousands in a list."""
        return cls(row, cards(row.pop("header"), KEYWORDS))

    @property
    def id(self) -> int:
        """The row's key."""
        return int(self.row["image_id"])

    @property
    def order(self) -> tuple[datetime, int]:
        """What lists are sorted by, the highest first. Without a sort date an image is the oldest."""
        return self.row["sort_date"] or NO_SORT_DATE, self.id

    def card(self, keyword: str) -> Any:
        """Return a header card's value; "" where it is absent, null, NaN, or nothing that a card can hold."""
        value = (self.header or {}).get(keyword)
        is_card = isinstance(value, (str, int, float)) and len(str(value)) <= MAX_CARD_CHARACTERS
        return value if is_card else ""
