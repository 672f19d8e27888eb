"""The table of info images: `{site}#metadata` says what a channel awaits, `{site}#{channel}` what it has."""

from typing import Any

from common.dynamodb import Table

_table = Table("INFO_IMAGES_TABLE")


def read(site: str, channel: int) -> dict[str, Any] | None:
    """Return the info image on a site's channel, or None. One read, consistent."""
    return _table.get({"pk": f"{site}#{channel}"})


def awaits_image(site: str) -> bool:
    """Return whether any channel of the site has ever been told to await an image. One read, consistent."""
    return _table.get({"pk": f"{site}#metadata"}) is not None


def await_image(site: str, channel: int, base_filename: str) -> None:
    """Note that the next info image of the site's channel is `base_filename`; other channels stay."""
    _table.update(
        {"pk": f"{site}#metadata"},
        UpdateExpression="SET #channel = :base_filename",
        ExpressionAttributeNames={"#channel": f"channel{channel}"},
        ExpressionAttributeValues={":base_filename": base_filename},
    )
