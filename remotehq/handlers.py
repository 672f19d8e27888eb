"""Lambda entry points of shared browsers and control rooms."""

from datetime import UTC, datetime
from typing import Any

from auth import access
from auth.access import check_user
from auth.endpoints import endpoint
from common import init_phase, logs, request_context
from common.errors import Unavailable
from common.requests import Request
from common.responses import Response, ok
from common.sites import check_site_code
from remotehq import daily_restart, rooms
from remotehq.browsers import parse_browser
from remotehq.client import RemoteHq, RemoteHqFailed


@init_phase.needs(init_phase.SECRETS, access.load_checks)
@endpoint
def new_browser(request: Request) -> Response:
    """`POST /new_remotehq_browser`: open a shared browser; return RemoteHQ's JSON."""
    browser = parse_browser(request.json_object() if request.text().strip() else {})
    try:
        return ok(RemoteHq().open_browser(browser))
    except RemoteHqFailed as error:
        raise Unavailable("Try again later: RemoteHQ opens no browser.") from error


@init_phase.needs(init_phase.DYNAMODB)
@endpoint
def get_control_room(request: Request) -> Response:
    """`GET /control_room/{site}`: return the site's control room; create it if it is or may be missing."""
    site = check_site_code(request.path["site"])
    room = rooms.get(site)
    if room is None:
        check_user(request)
        room = rooms.make(site)
    return ok(room)


@init_phase.needs(init_phase.DYNAMODB, init_phase.SECRETS, access.load_checks)
@endpoint
def delete_control_room(request: Request) -> Response:
    """`DELETE /control_room/{site}`: delete the site's control room; 200, also if there was none."""
    was_there = rooms.delete(check_site_code(request.path["site"]))
    return ok("room has been deleted" if was_there else "no such room found")


@init_phase.needs(init_phase.DYNAMODB, init_phase.SECRETS, access.load_checks)
@endpoint
def restart_control_room(request: Request) -> Response:
    """`GET /control_room/{site}/restart`: replace the site's control room."""
    rooms.restart(check_site_code(request.path["site"]))
    return ok("control room restarted successfully")


@init_phase.needs(init_phase.DYNAMODB, init_phase.SECRETS)
def restart_control_rooms_hourly(_event: dict[str, Any], context: Any) -> list[str]:
    """Restart the rooms of the sites where it is 15:00 to 16:00; return those sites. Runs every hour."""
    logs.set_up()
    request_context.update(request_id=context.aws_request_id)
    return daily_restart.restart_rooms(datetime.now(UTC), context.get_remaining_time_in_millis)
