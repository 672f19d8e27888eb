"""Lambda entry points of the night log."""

import time

from auth import access
from auth.endpoints import endpoint
from common import init_phase
from common.requests import Request
from common.responses import Response, no_content, ok
from common.sites import check_site_code
from night_log import history, notes, store


@init_phase.needs(init_phase.DYNAMODB)
@endpoint
def get_note(request: Request) -> Response:
    """`GET /nightlog/{site}`: return the site's note; 204 without one or if it has expired.

    With `?history={n}`, its last n notes of 90 days, the newest first.
    """
    site = check_site_code(request.path["site"])
    wanted = request.parameter("history")
    if wanted is not None:
        return ok(history.last(site, history.parse_count(wanted), time.time()))
    note = store.read(site)
    if note is None or not notes.is_live(note, time.time()):
        return no_content()
    return ok(note)


@init_phase.needs(init_phase.DYNAMODB, access.load_checks)
@endpoint
def post_note(request: Request) -> Response:
    """`POST /nightlog/{site}`: store the site's note, replacing the earlier one."""
    site = check_site_code(request.path["site"])
    note = notes.new_note(site, request.json_object(), time.time())
    store.write(note)
    history.add(note)
    return ok("Note created successfully")


@init_phase.needs(init_phase.DYNAMODB)
@endpoint
def delete_note(request: Request) -> Response:
    """`DELETE /nightlog/{site}`: remove the site's note; 204, also if there was none."""
    store.delete(check_site_code(request.path["site"]))
    return no_content()
