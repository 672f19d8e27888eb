"""Lambda entry point of what an operator asks at night."""

from http import HTTPStatus

from auth.endpoints import endpoint
from common import etags, init_phase
from common.requests import Request
from common.responses import Response
from common.sites import check_site_code
from now import answer
from now.store import READ_TIMEOUT_S

# A browser asks each time, with the ETag of what it has.
_HEADERS = {"Cache-Control": "no-cache"}


@init_phase.needs(
    init_phase.client("dynamodb", read_timeout_s=READ_TIMEOUT_S), init_phase.postgres, init_phase.signed_urls
)
@endpoint
def get_now(request: Request) -> Response:
    """`GET /now?site=`: return the state of observatories, queues and PIPEs; 304 if the caller has it."""
    site = request.parameter("site")
    if site in (None, ""):
        found = answer.current()
    else:
        code = check_site_code(site)
        found = answer.current().of(code)
    headers = {**_HEADERS, "ETag": found.etag}
    if etags.matches(request.headers.get("if-none-match", ""), found.etag):
        return Response(HTTPStatus.NOT_MODIFIED, None, headers)
    return Response(HTTPStatus.OK, found.text, {**headers, "Content-Type": "application/json"})
