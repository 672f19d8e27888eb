"""The table of control rooms: key `site`; `slug`, `room_id` and `url` of the room, `config` of its browser.

A row with `in_doubt` has a room that may be gone at RemoteHQ, because a request started to delete or replace
it. The lock of a site's room is a second row, whose key is not a valid site code.
"""

from typing import Any, NotRequired, TypedDict, cast

from common.dynamodb import Table

_table = Table("REMOTEHQ_ROOMS_TABLE")


class RoomRow(TypedDict):
    """A stored room. Another program's row may lack members or have other types: see `is_in_doubt`."""

    site: str
    slug: str
    room_id: str
    url: str
    config: dict[str, Any]
    in_doubt: NotRequired[bool]


def read(site: str) -> RoomRow | None:
    """Return the stored room of `site`, or None. One consistent read."""
    return cast("RoomRow | None", _table.get({"site": site}))


def read_all() -> list[RoomRow]:
    """Return every stored room. One scan, all pages."""
    return cast("list[RoomRow]", list(_table.scan(FilterExpression="attribute_exists(slug)")))


def is_in_doubt(room: RoomRow) -> bool:
    """Return whether a stored room may be gone at RemoteHQ, or its row is incomplete."""
    return bool(room.get("in_doubt")) or not all(_has_text(room, name) for name in ("slug", "url"))


def write_in_doubt(room: RoomRow) -> None:
    """Mark a stored room as in doubt. Storing another room removes the mark."""
    write({**room, "in_doubt": True})


def write(room: RoomRow) -> None:
    """Store `room`, replacing the site's earlier one."""
    _table.put({**room})


def delete(site: str) -> None:
    """Remove the room of `site`, if there is one."""
    _table.delete({"site": site})


def take_lock(site: str, holder_id: str, now: float, until: float) -> None:
    """Take the lock of the room of `site`.

    Parameters
    ----------
    site
        Site code.
    holder_id
        Identifies the holder of the lock.
    now, until
        The current time, and the expiry of the lock; Unix seconds.

    Raises
    ------
    common.dynamodb.ConditionFailed
        If another has the lock.
    """
    _table.put(
        {**_lock_key(site), "turn_id": holder_id, "turn_until": until},
        # A request that botocore sent twice finds its own lock.
        ConditionExpression="attribute_not_exists(site) OR turn_until < :now OR turn_id = :turn_id",
        ExpressionAttributeValues={":now": now, ":turn_id": holder_id},
    )


def release_lock(site: str, holder_id: str) -> None:
    """Release the lock.

    Raises
    ------
    common.dynamodb.ConditionFailed
        If the lock had passed to another.
    """
    _table.delete(
        _lock_key(site),
        ConditionExpression="attribute_not_exists(site) OR turn_id = :turn_id",
        ExpressionAttributeValues={":turn_id": holder_id},
    )


def _has_text(room: RoomRow, name: str) -> bool:
    """Return whether a row has a non-empty text. Another program's row may have another type."""
    value = room.get(name)
    return isinstance(value, str) and value != ""


def _lock_key(site: str) -> dict[str, str]:
    return {"site": f"{site}#turn"}
