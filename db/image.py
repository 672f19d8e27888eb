"""A row of the image table, as the modules of this service pass it on."""

from dataclasses import dataclass
from datetime import datetime

from db.header_text import Header, cards
from db.queries import NO_SORT_DATE, ImageRow

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

    row: ImageRow
    header: Header | None

    @classmethod
    def from_row(cls, row: ImageRow) -> "Image":
        """Return the image of a row. The header's text is dropped: a list has thousands of rows."""
        header, row["header"] = row["header"], None
        return cls(row, cards(header, KEYWORDS))

    @property
    def id(self) -> int:
        """The row's key."""
        return self.row["image_id"]

    @property
    def order(self) -> tuple[datetime, int]:
        """The key by which lists are sorted, descending. An image without a sort date is the oldest."""
        return self.row["sort_date"] or NO_SORT_DATE, self.id

    def card(self, keyword: str) -> str | float:
        """Return a header card's value; "" if it is absent, null, NaN or not a value of a card."""
        value = (self.header or {}).get(keyword)
        if isinstance(value, (str, int, float)) and len(str(value)) <= MAX_CARD_CHARACTERS:
            return value
        return ""
