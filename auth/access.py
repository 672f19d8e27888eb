"""What each route requires of its caller, and the check that every entry point starts with."""

import json
import os
from enum import Enum, auto
from http import HTTPStatus
from typing import Any

from auth import site_keys
from auth.site_keys import PIPE, SITE, Holder
from common import init_phase, request_context
from common.errors import ApiError, Forbidden
from common.object_names import given_name, site_of
from common.requests import Request

KEY_HEADER = "x-site-key"

# The words in the log for callers without a name. Operators have saved searches with these words, so do not
# change them.
ANYBODY = "anybody"
UNKNOWN = "nobody known"


class Need(Enum):
    """What a route requires of its caller in a protected stage.

    In open stages only `TOKEN` and `GATEWAY` require anything: a token. In protected stages a user also needs
    one of the `writer_roles`, except for `TOKEN`.
    """

    NOTHING = auto()
    """The route changes no stored data, or only data that can be made again."""

    TOKEN = auto()
    """The token of any user, in every stage. API Gateway asks the authorizer before the entry point runs."""

    GATEWAY = auto()
    """As `TOKEN`, for a route that changes something: in protected stages the user needs a role as well."""

    USER = auto()
    """A user with a role."""

    USER_TO_MAKE = auto()
    """Nothing if the requested thing exists. If it must be created first, the handler calls `check_user`."""

    SITE = auto()
    """A user with a role, or the key of the site in the path."""

    UPLOAD = auto()
    """A user with a role, or the key of the site whose file is uploaded."""

    PIPE = auto()
    """A user with a role, or the key of a PIPE."""


# Downloads count as reads: they store only a copy of the image in another form, which can be made again.
NEEDS = {
    "GET /": Need.NOTHING,
    "POST /dummy-requires-auth": Need.TOKEN,
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
    "PUT /pipe/queue/{queue_name}": Need.PIPE,
    "DELETE /pipe/queue/{queue_name}": Need.PIPE,
    "GET /pipe/queues": Need.NOTHING,
    "POST /pipe/status": Need.PIPE,
    "GET /pipe/status/{pipe_id}": Need.NOTHING,
    "DELETE /pipe/status/{pipe_id}": Need.PIPE,
    "GET /pipe/statuses": Need.NOTHING,
    "GET /events": Need.NOTHING,
    "GET /events/plot": Need.NOTHING,
    "GET /events/visibility": Need.NOTHING,
    "GET /events/moon/rise-set-illum": Need.NOTHING,
    "GET /now": Need.NOTHING,
    "GET /vo/sia2": Need.NOTHING,
    "GET /vo/capabilities": Need.NOTHING,
    "GET /vo/sia2/capabilities": Need.NOTHING,
    "GET /vo/availability": Need.NOTHING,
    "GET /vo/file/{id}": Need.NOTHING,
    "GET /openapi.json": Need.NOTHING,
    "GET /docs": Need.NOTHING,
    "GET /docs/{asset}": Need.NOTHING,
    "GET /console": Need.NOTHING,
}


class Unauthorized(ApiError):
    """The caller sent no key and no valid token: 401, with API Gateway's message."""

    status = HTTPStatus.UNAUTHORIZED

    def __init__(self) -> None:
        super().__init__({"message": "Unauthorized"})


def load_checks() -> None:
    """Load the client that reads the site keys, if the stage is protected: see `common.init_phase`."""
    if protected():
        init_phase.SECRETS()


def check(route: str, request: Request) -> None:
    """Allow a request, or raise before anything changes.

    On a route that needs something, the request context contains the caller afterwards.

    If the request has a key, only the key counts; otherwise its bearer token.

    Parameters
    ----------
    route
        Method and resource, a key of `NEEDS`.
    request
        What was sent.

    Raises
    ------
    KeyError
        If this stage is protected and the route is not in `NEEDS`.
    Unauthorized
        If there is no key and no valid token.
    Forbidden
        If the key is not known or does not allow this, or if the user has none of the roles that may.
    """
    need = NEEDS[route] if protected() else NEEDS.get(route, Need.NOTHING)
    if need is Need.NOTHING:
        return
    request_context.update(caller=ANYBODY)
    if need in (Need.TOKEN, Need.GATEWAY):
        _check_authorized(need, request)
    elif not protected() or need is Need.USER_TO_MAKE:
        return
    elif KEY_HEADER in request.headers:
        _check_key(need, request)
    else:
        check_user(request)


def check_user(request: Request) -> None:
    """Check that the caller is a user who may change things. In open stages allow every caller.

    Raises
    ------
    Unauthorized
        If the caller has no valid token.
    Forbidden
        If the user has none of the roles that may change things.
    """
    if not protected():
        return
    # Imported here because these modules are slow to import and few requests need them.
    from auth import users

    request_context.update(caller=UNKNOWN)
    try:
        user = users.caller(request.headers)
    except users.REFUSALS as error:
        raise Unauthorized from error
    request_context.update(caller=_user(user.subject))
    _check_roles(user.roles)


def _check_authorized(need: Need, request: Request) -> None:
    """Allow a user whom the authorizer has checked already."""
    request_context.update(caller=_user(request.authorizer.get("principalId", "")))
    if need is Need.GATEWAY and protected():
        _check_roles(json.loads(request.authorizer.get("userRoles", "[]")))


def _check_roles(roles: list[Any]) -> None:
    if not any(role in writer_roles() for role in roles):
        raise Forbidden(f"Your token is good, but this needs one of the roles {', '.join(writer_roles())}.")


def _user(subject: str) -> str:
    return f"user {subject}"


def _check_key(need: Need, request: Request) -> None:
    request_context.update(caller=UNKNOWN)
    holder = site_keys.holder(request.headers[KEY_HEADER])
    if holder is None:
        raise Forbidden(f"The key in {KEY_HEADER} is not valid.")
    request_context.update(caller=str(holder))
    if not _reaches(holder, need, request):
        raise Forbidden(f"The key in {KEY_HEADER} is that of {holder} and does not allow this.")


def _reaches(holder: Holder, need: Need, request: Request) -> bool:
    """Return whether a key of `holder` allows a route."""
    if need is Need.PIPE:
        return holder.kind == PIPE
    if need is Need.SITE:
        return holder == Holder(SITE, request.path.get("site", ""))
    if need is Need.UPLOAD:
        return holder == Holder(SITE, site_of(given_name(request.json_object())))
    return False


def protected() -> bool:
    """Return whether this stage is protected. An unknown value of the setting means protected."""
    return os.environ.get("WRITE_ACCESS", "") not in ("", "open")


def writer_roles() -> list[str]:
    """Return the roles that may change things in a protected stage; [] means no user may."""
    roles = os.environ.get("WRITER_ROLES", "").split(",")
    return [role.strip() for role in roles if role.strip()]
