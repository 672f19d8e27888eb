"""A row of the image table, as the modules of this service pass it on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db.header_text import Header, cards
from db.queries import NO_SORT_DATE

# The only cards that packages and smart stacks need.
KEYWORDS = ("ORIGNAME", "SITEID", "INSTRUME", "DAY-OBS", "SMARTSTK", "SSTKNUM")

# A card has 80 characters. CONTINUE cards make longer values.
MAX_CARD_CHARACTERS = 1000


@dataclass(frozen=True, slots=True)
class Image:
    """A row of the image table, with only the needed cards of its header.

    Attributes
    ----------
    row
        The columns.
    header
        Those cards of `KEYWORDS` that the header has; None without a header.
    """

    row: Mapping[str, Any]
    header: Header | None

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> "Image":
        """Return the image of a row. The header's text is dropped: a list has thousands of rows."""
        return cls(row, cards(row.pop("header"), KEYWORDS))

    @property
    def id(self) -> int:
        """The row's key."""
        return int(self.row["image_id"])

    @property
    def order(self) -> tuple[datetime, int]:
        """The key by which lists are sorted, descending. An image without a sort date is the oldest."""
        return self.row["sort_date"] or NO_SORT_DATE, self.id

    def card(self, keyword: str) -> Any:
        """Return a header card's value; "" if it is absent, null, NaN or not a value of a card."""
        value = (self.header or {}).get(keyword)
        is_card = isinstance(value, (str, int, float)) and len(str(value)) <= MAX_CARD_CHARACTERS
        return value if is_card else ""
