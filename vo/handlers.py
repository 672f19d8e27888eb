"""Lambda entry points of the Virtual Observatory's protocols."""

import json
import re
from collections.abc import Iterator
from http import HTTPStatus

from auth.endpoints import endpoint
from common import init_phase
from common.errors import ApiError, BadRequest, NotFound, Unavailable
from common.requests import Request
from common.responses import MAX_BODY_BYTES, Response
from vo import files, obscore, parameters, registry, store, votable
from vo.parameters import Query

_XML = {"Content-Type": "text/xml; charset=utf-8"}
# A host's name or address, and a port.
_HOST = re.compile(r"[A-Za-z0-9.-]+(:[0-9]+)?")


@init_phase.needs(init_phase.postgres)
@endpoint
def sia2(request: Request) -> Response:
    """`GET /vo/sia2`: return the images that match a query, as VOTable. Errors are VOTables too."""
    headers = {"Content-Type": votable.CONTENT_TYPE}
    try:
        query = parameters.read(request.repeated)
        return Response(HTTPStatus.OK, _table(query, _base(request)), headers)
    except ApiError as error:
        fault = "UsageFault" if error.status < HTTPStatus.INTERNAL_SERVER_ERROR else "TransientFault"
        return Response(error.status, votable.error(f"{fault}: {error.body}"), {**error.headers, **headers})


@endpoint
def capabilities(request: Request) -> Response:
    """`GET /vo/capabilities`: return what these routes offer, for registries and clients (VOSI 1.1).

    `GET /vo/sia2/capabilities` returns the same.
    """
    return Response(HTTPStatus.OK, registry.capabilities(_base(request)), _XML)


@init_phase.needs(init_phase.postgres)
@endpoint
def availability(_request: Request) -> Response:
    """`GET /vo/availability`: return whether the archive answers (VOSI 1.1)."""
    try:
        store.check_answers()
    except Unavailable as error:
        return Response(HTTPStatus.OK, registry.availability(str(error.body)), _XML)
    return Response(HTTPStatus.OK, registry.availability(None), _XML)


@init_phase.needs(init_phase.postgres, init_phase.S3, init_phase.signed_urls)
@endpoint
def get_file(request: Request) -> Response:
    """`GET /vo/file/{id}`: redirect to an image's FITS file."""
    row = store.identified(parameters.name(request.path["id"]))
    url = None if row is None else files.url(row)
    if url is None:
        raise NotFound("There is no FITS file of this image.")
    return Response(HTTPStatus.SEE_OTHER, "", {"Location": url, "Cache-Control": "no-store"})


def _table(query: Query, base_url: str) -> str:
    """Return the table of a query's images, as many as an answer holds."""
    rows = store.images(query, query.rows + 1) if query.rows else []
    authority = base_url.partition("//")[2].partition("/")[0].partition(":")[0]
    texts = (votable.row(obscore.values(row, authority, base_url)) for row in rows[: query.rows])
    fitting = list(_fitting(texts, MAX_BODY_BYTES - 16_384))
    overflow = len(rows) > len(fitting) or not query.rows
    return votable.head(obscore.FIELDS) + "".join(fitting) + votable.tail(overflow=overflow)


def _fitting(texts: Iterator[str], room: int) -> Iterator[str]:
    """Yield texts while they fit into `room` bytes of Lambda's answer, in which they are JSON."""
    for text in texts:
        room -= len(json.dumps(text))
        if room < 0:
            return
        yield text


def _base(request: Request) -> str:
    """Return the URL in front of every route, as the caller wrote it: "https://api.example.org/api"."""
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        raise BadRequest("The header Host must name this server.")
    scheme = request.headers.get("x-forwarded-proto", "http").partition(",")[0]
    segments = [segment for segment in request.url_path.split("/") if segment]
    prefix = "".join(f"/{segment}" for segment in segments[: segments.index("vo")])
    return f"{'https' if scheme == 'https' else 'http'}://{host}{prefix}"
