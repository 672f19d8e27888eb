"""The table of info images: `{site}#metadata` has what channels await, `{site}#{channel}` what a channel
shows.
"""

from typing import Any

from common.dynamodb import Table

_table = Table("INFO_IMAGES_TABLE")


def read(site: str, channel: int) -> dict[str, Any] | None:
    """Return the info image on a site's channel, or None. One consistent read."""
    return _table.get({"pk": f"{site}#{channel}"})


def has_awaited_image(site: str) -> bool:
    """Return whether any channel of the site ever awaited an image. One consistent read."""
    return _table.get({"pk": f"{site}#metadata"}) is not None


def await_image(site: str, channel: int, base_filename: str) -> None:
    """Store `base_filename` as the next info image of the site's channel; other channels do not change."""
    _table.update(
        {"pk": f"{site}#metadata"},
        UpdateExpression="SET #channel = :base_filename",
        ExpressionAttributeNames={"#channel": f"channel{channel}"},
        ExpressionAttributeValues={":base_filename": base_filename},
    )
