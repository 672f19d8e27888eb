"""Completes the records of info images: one for each channel of a site.

The site announces an image before it uploads its files: the row `{site}#metadata` then says which base
filename each channel awaits.
"""

import time
from typing import Any

from common.dynamodb import ConditionFailed, Item, Table
from common.errors import Unavailable
from ingest.file_names import ExposureFile, Kind, is_older
from ingest.header_cards import Header

CHANNELS = (1, 2, 3)
EXPIRES_AFTER_S = 48 * 3600
# A round fails only if another writer succeeded. There are never more than a few writers at the same time.
_ROUNDS = 10

# Where the record has the key of a file.
_PATHS = {
    Kind.LARGE_FITS: "fits_01_file_path",
    Kind.SMALL_FITS: "fits_10_file_path",
    Kind.MEDIUM_JPG: "jpg_10_file_path",
    Kind.SMALL_JPG: "jpg_11_file_path",
}

_table = Table("INFO_IMAGES_TABLE")


def channels_of(file: ExposureFile) -> list[int]:
    """Return the channels that the image belongs to: those that await it, and those that show it already."""
    awaited = _table.get({"pk": f"{file.site}#metadata"}) or {}
    return [
        channel
        for channel in CHANNELS
        if awaited.get(f"channel{channel}") == file.base_filename
        or (_table.get(_key(file, channel)) or {}).get("base_filename") == file.base_filename
    ]


def add_file(file: ExposureFile, channel: int, kind: Kind, key: str) -> bool:
    """Write that a file of the image is there; return whether the channel shows this image afterwards.

    Parameters
    ----------
    file
        The file that is being filed.
    channel
        1, 2 or 3.
    kind, key
        What file is there, and where: the file itself, or the thumbnail made of it.
    """
    attributes = {} if kind is Kind.HEADER_TEXT else {kind.value: True, _PATHS[kind]: key}
    return _complete(file, channel, attributes)


def add_header(file: ExposureFile, channel: int, header: Header) -> bool:
    """Write the header, unless the record has one that counts more.

    Return whether the channel shows this image.
    """
    return _complete(file, channel, {"header": header, "header_rank": file.header_rank})


def header_rank(file: ExposureFile, channel: int) -> int:
    """Return the rank of the header that the channel's record of this image has; 0 without one."""
    record = _table.get(_key(file, channel)) or {}
    return _rank(record) if record.get("base_filename") == file.base_filename else 0


def _complete(file: ExposureFile, channel: int, attributes: Item) -> bool:
    """Set attributes of the record, or begin a new record in place of an older image's."""
    for _ in range(_ROUNDS):
        record = _table.get(_key(file, channel)) or {}
        shown = record.get("base_filename")
        if shown is not None and shown != file.base_filename and is_older(file.base_filename, shown):
            return False
        try:
            if shown == file.base_filename:
                _update(file, channel, attributes, record)
            else:
                _replace(file, channel, attributes, shown)
        except ConditionFailed as refusal:
            if refusal.failed == (0,):
                # The site has announced another image for this channel meanwhile.
                return False
            continue
        return True
    raise Unavailable("Try again later: too many writers change one info image.")


def _update(file: ExposureFile, channel: int, attributes: Item, record: Item) -> None:
    if "header_rank" in attributes and _rank(record) > attributes["header_rank"]:
        return
    changes = {**_common(file), **attributes}
    names = {f"#{position}": name for position, name in enumerate(changes)}
    values = {f":{position}": value for position, value in enumerate(changes.values())}
    condition, seen = "base_filename = :base_filename", {":base_filename": file.base_filename}
    if "header_rank" in attributes:
        # No header that counts more may have come since the record was read.
        condition += " AND (attribute_not_exists(header_rank) OR header_rank <= :rank)"
        seen[":rank"] = attributes["header_rank"]
    _table.update(
        _key(file, channel),
        UpdateExpression="SET "
        + ", ".join(f"{name} = {value}" for name, value in zip(names, values, strict=True)),
        ConditionExpression=condition,
        ExpressionAttributeNames=names,
        ExpressionAttributeValues={**values, **seen},
    )


def _replace(file: ExposureFile, channel: int, attributes: Item, shown: str | None) -> None:
    """Begin a new record, if the channel awaits this image and still shows the image that was read."""
    awaited = {
        "Key": {"pk": f"{file.site}#metadata"},
        "ConditionExpression": "#channel = :base_filename",
        "ExpressionAttributeNames": {"#channel": f"channel{channel}"},
        "ExpressionAttributeValues": {":base_filename": file.base_filename},
    }
    put: dict[str, Any] = {
        "Item": {
            **_key(file, channel),
            "base_filename": file.base_filename,
            **_common(file),
            **attributes,
        },
        "ConditionExpression": "attribute_not_exists(base_filename)",
    }
    if shown is not None:
        put |= {
            "ConditionExpression": "base_filename = :shown",
            "ExpressionAttributeValues": {":shown": shown},
        }
    _table.transact([{"ConditionCheck": awaited}, {"Put": put}])


def _common(file: ExposureFile) -> Item:
    return {
        "data_type": file.data_type,
        "file_date": file.file_date,
        "expiration_timestamp": int(time.time()) + EXPIRES_AFTER_S,
    }


def _key(file: ExposureFile, channel: int) -> Item:
    return {"pk": f"{file.site}#{channel}"}


def _rank(record: Item) -> int:
    """Return the rank of a record's header; 0 without one, and for a header of another program."""
    return int(record.get("header_rank", 0))
