"""Control rooms: one room at RemoteHQ for each site, stored in a table, deleted and replaced on request.

Before a room is deleted or replaced, its row is marked as in doubt. The new row is written last. So after any
failure, or the death of a Lambda, the row exists and says whether the room may be gone. The next request
replaces a room in doubt. A room that a failure leaves at RemoteHQ has the site's name, and creating a room
deletes the one of the same name first.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from common.errors import ApiError, NotFound
from common.settings import setting
from remotehq import store
from remotehq.client import RemoteHq, RemoteHqFailed, RemoteHqRefused
from remotehq.locks import RoomIsLocked, locked
from remotehq.store import RoomRow

BROWSER_APP = "com.remotehq.app.cloudbrowser"
REGION = "us-west-1"

_NOT_GOT = "failed to get room"


class PublicRoom(RoomRow):
    """A room as callers see it."""

    is_deleted: bool


class RoomFailed(ApiError):
    """RemoteHQ failed, or the room is locked: 500. A stored room is still stored, perhaps in doubt."""


def get(site: str) -> PublicRoom | None:
    """Return the stored room of `site`, or None. A room in doubt is replaced.

    Raises
    ------
    RoomFailed
        If the stored one is in doubt and RemoteHQ makes none.
    """
    room = store.read(site)
    if room is not None and store.is_in_doubt(room):
        with _failure(_NOT_GOT), locked(site):
            room = _mended(RemoteHq(), store.read(site))
    return None if room is None else _public(room)


def make(site: str) -> PublicRoom:
    """Return the room of `site`. Create it unless another request did so meanwhile.

    Raises
    ------
    RoomFailed
        If there is none and RemoteHQ makes none.
    """
    remote = RemoteHq()
    with _failure(_NOT_GOT), locked(site):
        return _public(_mended(remote, store.read(site)) or _make(remote, site))


def delete(site: str) -> bool:
    """Delete the room of `site` at RemoteHQ and here; return whether there was one.

    Raises
    ------
    RoomFailed
        If RemoteHQ does not delete it. It is stored still, in doubt unless RemoteHQ refused.
    """
    if store.read(site) is None:
        return False
    remote = RemoteHq()
    with _failure("failed to delete room"), locked(site):
        room = store.read(site)
        if room is not None:
            _remove(remote, room)
            store.delete(site)
    return room is not None


def restart(site: str) -> None:
    """Replace the room of `site` by a new one.

    Raises
    ------
    NotFound
        If it has none.
    RoomFailed
        If RemoteHQ fails. The earlier room is stored still, in doubt unless RemoteHQ refused to delete it.
    """
    _stored(site)
    remote = RemoteHq()
    with _failure({"message": "failed to restart control room", "site": site}), locked(site):
        _replace(remote, _stored(site))


def _stored(site: str) -> RoomRow:
    room = store.read(site)
    if room is None:
        raise NotFound(f"no control room found for site {site}")
    return room


def _mended(remote: RemoteHq, room: RoomRow | None) -> RoomRow | None:
    """Return a stored room, or a replacement if it is in doubt."""
    return _replace(remote, room) if room is not None and store.is_in_doubt(room) else room


def _replace(remote: RemoteHq, room: RoomRow) -> RoomRow:
    """Replace a stored room by a new one and return it."""
    _remove(remote, room)
    return _make(remote, room["site"], deleted=_slug(room))


def _remove(remote: RemoteHq, room: RoomRow) -> None:
    """Mark a stored room as in doubt, then delete it at RemoteHQ."""
    was_in_doubt = store.is_in_doubt(room)
    if not was_in_doubt:
        store.write_in_doubt(room)
    try:
        remote.delete_room(_slug(room))
    except RemoteHqRefused:
        if not was_in_doubt:
            store.write(room)
        raise


def _make(remote: RemoteHq, site: str, deleted: str = "") -> RoomRow:
    """Create a room at RemoteHQ, replacing one of the same name, and store it.

    Parameters
    ----------
    remote, site
        RemoteHQ, and the room's site.
    deleted
        The slug of the room that was just deleted there, if any.
    """
    if deleted != _name(site):
        remote.delete_room(_name(site))
    made = remote.make_room(
        {
            "name": _name(site),
            "allowGuestAccess": True,
            "videoConferenceEnabled": True,
            "imageURL": setting("UI_ICON_URL"),
            "type": "collaboration",
        }
    )
    config = {
        "url": f"{setting('UI_URL')}/cr/{site}",
        "region": REGION,
        "kioskModeEnabled": True,
        "incognitoModeEnabled": False,
    }
    _configure(remote, made.slug, config)
    room: RoomRow = {"site": site, "slug": made.slug, "room_id": made.id, "url": made.url, "config": config}
    store.write(room)
    return room


def _configure(remote: RemoteHq, slug: str, config: dict[str, Any]) -> None:
    """Give a new room its browser. If that fails, try to delete the room again."""
    app = {"id": BROWSER_APP, "permissionMode": "editable", "autoStart": True, "config": config}
    try:
        remote.configure_room(slug, app)
    except RemoteHqFailed:
        # RemoteHQ may choose another slug than the name. Then the next attempt would not find the room.
        with suppress(RemoteHqFailed):
            remote.delete_room(slug)
        raise


def _slug(room: RoomRow) -> str:
    """Return a stored room's name in RemoteHQ's paths; the name of a new room if its row has none."""
    slug = room.get("slug")
    return slug if isinstance(slug, str) and slug else _name(room["site"])


def _name(site: str) -> str:
    return f"control-room-{site}"


def _public(room: RoomRow) -> PublicRoom:
    return {**room, "is_deleted": False}


@contextmanager
def _failure(body: str | dict[str, Any]) -> Iterator[None]:
    """Respond with `body` to any failure of RemoteHQ, and if the room stays locked."""
    try:
        yield
    except (RemoteHqFailed, RoomIsLocked) as error:
        raise RoomFailed(body) from error
