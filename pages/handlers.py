"""Lambda entry points of the pages."""

from functools import cache
from html import escape
from http import HTTPStatus
from pathlib import Path

from auth import access
from auth.endpoints import endpoint
from common.requests import Request
from common.responses import Response, accepts_gzip
from common.settings import setting
from pages import assets

DOCUMENT = Path(__file__).parent / "openapi.json"

_COMMON = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; "
)
# Swagger UI sets styles on its elements and draws its icons from data URLs.
DOCS_POLICY = _COMMON + "style-src 'self' 'unsafe-inline'; img-src 'self' data:"
# Images come from S3: in AWS, or on this machine.
CONSOLE_POLICY = _COMMON + "style-src 'self'; img-src 'self' https://*.amazonaws.com http://127.0.0.1:*"

DAY_S = 24 * 3600

# The addresses of a made-up network in openapi.json, in the order of API_URLS.
_EXAMPLE_URLS = ("https://api.example.org/api", "https://api.example.org/dev", "https://api.example.org/test")
_EXAMPLE_UI, _EXAMPLE_BUCKET = "https://ui.example.org", "example-images"


@endpoint
def get_openapi(_request: Request) -> Response:
    """`GET /openapi.json`: return the contract, OpenAPI 3.1, with the addresses of this network."""
    return Response(HTTPStatus.OK, _document(), {"Content-Type": "application/json"})


@endpoint
def get_docs(request: Request) -> Response:
    """`GET /docs`: return the contract as a page with forms to try the routes."""
    return _page("docs.html", request, DOCS_POLICY)


@endpoint
def get_asset(request: Request) -> Response:
    """`GET /docs/{asset}`: return a file of one of the pages."""
    name = request.path["asset"]
    plain = assets.content(name)
    headers = {
        "Content-Type": assets.ASSETS[name],
        "Cache-Control": f"public, max-age={DAY_S}",
        "Vary": "Accept-Encoding",
    }
    if accepts_gzip(request.headers.get("accept-encoding", "")):
        return Response(HTTPStatus.OK, assets.gzipped(name), {**headers, "Content-Encoding": "gzip"})
    return Response(HTTPStatus.OK, plain, headers)


@endpoint
def get_console(request: Request) -> Response:
    """`GET /console`: return a page that shows what needs attention, and observatories, queues and PIPEs."""
    return _page("console.html", request, CONSOLE_POLICY)


@cache
def _document() -> str:
    """Return openapi.json with this network's addresses in place of the made-up ones."""
    names = dict(zip(_EXAMPLE_URLS, setting("API_URLS").split(), strict=True))
    names |= {_EXAMPLE_UI: setting("UI_URL"), _EXAMPLE_BUCKET: setting("S3_BUCKET_NAME")}
    text = DOCUMENT.read_text()
    for example, name in names.items():
        text = text.replace(example, name)
    return text


def _page(name: str, request: Request, policy: str) -> Response:
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Cache-Control": "no-cache",
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
    }
    values = {"base": _base(request), "access": "protected" if access.protected() else "open"}
    return Response(HTTPStatus.OK, assets.page(name, **values), headers)


def _base(request: Request) -> str:
    """Return the path in front of every route, "/api" in production.

    The page is the last segment of its URL. Doubled slashes are removed: at the start of a link they would
    mean another host.
    """
    segments = [segment for segment in request.url_path.split("/") if segment]
    return escape("".join(f"/{segment}" for segment in segments[:-1]))
