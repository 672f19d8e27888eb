"""What each route needs of its caller, in one table, and the check that every entry point begins with."""

import os
from enum import Enum, auto
from typing import Any

from auth import site_keys
from auth.site_keys import PIPE, SITE, Holder
from common.errors import ApiError, Forbidden
from common.requests import Request

KEY_HEADER = "x-site-key"


class Need(Enum):
    """What a caller must have, in stages whose `WRITE_ACCESS` is protected, to be let in.

    In open stages all but `GATEWAY` ask for nothing.
    """

    NOTHING = auto()
    """The route changes nothing that anyone would miss."""

    GATEWAY = auto()
    """A user's token, in every stage: API Gateway asks the authorizer before the entry point runs."""

    USER = auto()
    """A user's token."""

    USER_TO_MAKE = auto()
    """Nothing where the thing exists; where it must be made first, `check_user` is the handler's to call."""

    SITE = auto()
    """A user's token, or the key of the site in the path."""

    UPLOAD = auto()
    """A user's token, or the key of the site whose file is uploaded."""

    PIPE = auto()
    """A user's token, or the key of a PIPE."""


# Downloads read: what they store is a copy of the image in another form, made again whenever it is missing.
NEEDS = {
    "GET /": Need.NOTHING,
    "POST /dummy-requires-auth": Need.GATEWAY,
    "POST /upload": Need.UPLOAD,
    "POST /download": Need.NOTHING,
    "POST /downloadzip": Need.NOTHING,
    "GET /recentuploads": Need.NOTHING,
    "GET /infoimage/{site}/{channel}": Need.NOTHING,
    "GET /image/{base_filename}": Need.NOTHING,
    "GET /{site}/latest_images/{n}": Need.NOTHING,
    "GET /latest_image_all_sites": Need.NOTHING,
    "GET /fitsheader/{base_filename}": Need.NOTHING,
    "GET /filtered_images": Need.NOTHING,
    "GET /{site}/config": Need.NOTHING,
    "GET /all/config": Need.NOTHING,
    "PUT /{site}/config": Need.SITE,
    "PUT /all/config": Need.SITE,
    "DELETE /{site}/config": Need.SITE,
    "DELETE /all/config": Need.SITE,
    "POST /new_remotehq_browser": Need.GATEWAY,
    "GET /control_room/{site}": Need.USER_TO_MAKE,
    "DELETE /control_room/{site}": Need.USER,
    "GET /control_room/{site}/restart": Need.USER,
    "GET /nightlog/{site}": Need.NOTHING,
    "POST /nightlog/{site}": Need.SITE,
    "DELETE /nightlog/{site}": Need.GATEWAY,
    "POST /pipe/queue": Need.PIPE,
    "POST /pipe/enqueue": Need.PIPE,
    "GET /pipe/queue/{queue_name}": Need.NOTHING,
    "POST /pipe/queue/{queue_name}/dequeue": Need.PIPE,
    "POST /pipe/queue/{queue_name}/ack": Need.PIPE,
    "POST /pipe/queue/{queue_name}/nack": Need.PIPE,
    "POST /pipe/queue/{queue_name}/extend": Need.PIPE,
    "GET /pipe/queue/{queue_name}/stats": Need.NOTHING,
    "GET /pipe/queue/{queue_name}/dead_letters": Need.NOTHING,
    "POST /pipe/queue/{queue_name}/redrive": Need.PIPE,
    "DELETE /pipe/queue/{queue_name}": Need.PIPE,
    "GET /pipe/queues": Need.NOTHING,
    "POST /pipe/status": Need.PIPE,
    "GET /pipe/status/{pipe_id}": Need.NOTHING,
    "DELETE /pipe/status/{pipe_id}": Need.PIPE,
    "GET /pipe/statuses": Need.NOTHING,
    "GET /events": Need.NOTHING,
    "GET /events/plot": Need.NOTHING,
    "GET /events/moon/rise-set-illum": Need.NOTHING,
    "GET /openapi.json": Need.NOTHING,
    "GET /docs": Need.NOTHING,
    "GET /docs/{asset}": Need.NOTHING,
    "GET /console": Need.NOTHING,
}

_ASK_NOTHING_HERE = frozenset({Need.NOTHING, Need.GATEWAY, Need.USER_TO_MAKE})


class Unauthorized(ApiError):
    """The caller showed neither key nor good token: 401, in the words of API Gateway."""

    status = 401

    def __init__(self) -> None:
        super().__init__({"message": "Unauthorized"})


def check(route: str, request: Request) -> None:
    """Let a request in, or raise; nothing has changed by then.

    A request with a key is judged by the key, one without by its bearer token.

    Parameters
    ----------
    route
        Method and resource, as `NEEDS` has them.
    request
        What was sent.

    Raises
    ------
    KeyError
        If this stage is protected and the route is in no table: what nobody judged, nobody may do.
    Unauthorized
        If there is no key, and no token that is good.
    Forbidden
        If the key is nobody's, or does not reach so far.
    """
    if not protected():
        return
    need = NEEDS[route]
    if need in _ASK_NOTHING_HERE:
        return
    if KEY_HEADER in request.headers:
        _check_key(need, request)
    else:
        check_user(request)


def check_user(request: Request) -> None:
    """Let the request of a user in, in open stages every request.

    Raises
    ------
    Unauthorized
        If it has no token that is good.
    """
    if not protected():
        return
    # signatures and certificates take long to import, and most requests have nothing to do with them
    from auth import users

    try:
        users.caller(request.headers)
    except users.REFUSALS as error:
        raise Unauthorized from error


def _check_key(need: Need, request: Request) -> None:
    holder = site_keys.holder(request.headers[KEY_HEADER])
    if holder is None:
        raise Forbidden(f"The key in {KEY_HEADER} is not valid.")
    if not _reaches(holder, need, request):
        raise Forbidden(f"The key in {KEY_HEADER} is that of {holder} and does not allow this.")


def _reaches(holder: Holder, need: Need, request: Request) -> bool:
    """Answer whether a key of `holder` is enough for a route."""
    if need is Need.PIPE:
        return holder.kind == PIPE
    if need is Need.SITE:
        return holder == Holder(SITE, request.path.get("site", ""))
    if need is Need.UPLOAD:
        return holder == Holder(SITE, _uploading_site(request.json_object()))
    return False


def _uploading_site(body: dict[str, Any]) -> str:
    """Answer the site in the name of a file, which is what stands before the first dash; "" in a folder.

    Who files what has landed goes by the name alone, so a folder must not stand for another site's name.
    """
    name = str(body.get("object_name", body.get("filename")))
    return "" if "/" in name else name.split("-", maxsplit=1)[0]


def protected() -> bool:
    """Answer whether this stage is protected. A word that is neither of the two does not open it."""
    return os.environ.get("WRITE_ACCESS", "") not in ("", "open")
