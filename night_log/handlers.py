"""Lambda entry points of the night log."""

import time

from auth.endpoints import endpoint
from common.requests import Request
from common.responses import Response, no_content, ok
from common.sites import check_site_code
from night_log import notes, store


@endpoint
def get_note(request: Request) -> Response:
    """`GET /nightlog/{site}`: the site's note; 204 without one or if it has expired."""
    note = store.read(check_site_code(request.path["site"]))
    if note is None or not notes.is_live(note, time.time()):
        return no_content()
    return ok(note)


@endpoint
def post_note(request: Request) -> Response:
    """`POST /nightlog/{site}`: store the site's note, replacing the earlier one."""
    site = check_site_code(request.path["site"])
    store.write(notes.new_note(site, request.json_object(), time.time()))
    return ok("Note created successfully")


@endpoint
def delete_note(request: Request) -> Response:
    """`DELETE /nightlog/{site}`: remove the site's note; 204, also if there was none."""
    store.delete(check_site_code(request.path["site"]))
    return no_content()
