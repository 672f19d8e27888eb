"""Control rooms: one room at RemoteHQ for each site, remembered in a table, deleted and made anew on demand.

The table changes last, after RemoteHQ has done its part, so that whatever fails the stored room stays. What a
failure leaves at RemoteHQ bears the site's name, and the next attempt begins with deleting it.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from common.errors import ApiError, NotFound
from remotehq import store
from remotehq.client import RemoteHq, RemoteHqFailed
from remotehq.turns import NotOurTurn, turn

UI = "https://dev.photonranch.org"
ICON = "https://photonranch.org/favicon.ico"
BROWSER_APP = "com.remotehq.app.cloudbrowser"
REGION = "us-west-1"


class RoomFailed(ApiError):
    """RemoteHQ did not do what was asked of it: 500, and the stored room is as it was."""

    status = 500


def get(site: str) -> dict[str, Any] | None:
    """Answer the stored room of `site`, or None."""
    room = store.read(site)
    return None if room is None else _public(room)


def make(site: str) -> dict[str, Any]:
    """Answer the room of `site`, made now unless another request has made it meanwhile.

    Raises
    ------
    RoomFailed
        If there is none and RemoteHQ makes none.
    """
    remote = RemoteHq()
    with _failure("failed to get room"), turn(site):
        return _public(store.read(site) or _make(remote, site))


def delete(site: str) -> bool:
    """Delete the room of `site` at RemoteHQ and here; answer whether there was one.

    Raises
    ------
    RoomFailed
        If RemoteHQ does not delete it. It is stored still.
    """
    if store.read(site) is None:
        return False
    remote = RemoteHq()
    with _failure("failed to delete room"), turn(site):
        room = store.read(site)
        if room is not None:
            remote.delete_room(room["slug"])
            store.delete(site)
    return room is not None


def restart(site: str) -> None:
    """Put a new room in the place of the room of `site`.

    Raises
    ------
    NotFound
        If it has none.
    RoomFailed
        If RemoteHQ fails. The earlier room is stored still.
    """
    _stored(site)
    remote = RemoteHq()
    with _failure({"message": "failed to restart control room", "site": site}), turn(site):
        slug = _stored(site)["slug"]
        if slug != _name(site):
            remote.delete_room(slug)
        _make(remote, site)


def _stored(site: str) -> dict[str, Any]:
    room = store.read(site)
    if room is None:
        raise NotFound(f"no control room found for site {site}")
    return room


def _make(remote: RemoteHq, site: str) -> dict[str, Any]:
    """Make a room at RemoteHQ in place of its namesake, and store it."""
    remote.delete_room(_name(site))
    made = remote.make_room(
        {
            "name": _name(site),
            "allowGuestAccess": True,
            "videoConferenceEnabled": True,
            "imageURL": ICON,
            "type": "collaboration",
        }
    )
    config = {
        "url": f"{UI}/cr/{site}",
        "region": REGION,
        "kioskModeEnabled": True,
        "incognitoModeEnabled": False,
    }
    _configure(remote, made.slug, config)
    room = {"site": site, "slug": made.slug, "room_id": made.id, "url": made.url, "config": config}
    store.write(room)
    return room


def _configure(remote: RemoteHq, slug: str, config: dict[str, Any]) -> None:
    """Give a new room its browser; a room that gets none is deleted again, as well as can be."""
    app = {"id": BROWSER_APP, "permissionMode": "editable", "autoStart": True, "config": config}
    try:
        remote.configure_room(slug, app)
    except RemoteHqFailed:
        # where RemoteHQ chose a slug other than the name, the next attempt would not find it
        with suppress(RemoteHqFailed):
            remote.delete_room(slug)
        raise


def _name(site: str) -> str:
    return f"control-room-{site}"


def _public(room: dict[str, Any]) -> dict[str, Any]:
    return {**room, "is_deleted": False}


@contextmanager
def _failure(body: str | dict[str, Any]) -> Iterator[None]:
    """Answer `body` for whatever goes wrong at RemoteHQ."""
    try:
        yield
    except (RemoteHqFailed, NotOurTurn) as error:
        raise RoomFailed(body) from error
