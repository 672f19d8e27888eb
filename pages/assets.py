"""The static files of the pages: our own, and Swagger UI's from the package that contains them."""

import gzip
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from common.errors import NotFound

OWN = Path(__file__).parent / "static"
# The package is found without an import: it is written for Flask, which this project does not need.
SWAGGER_UI = "flask_swagger_ui"

ASSETS: Mapping[str, str] = {
    "console.css": "text/css; charset=utf-8",
    "console.js": "text/javascript; charset=utf-8",
    "docs.css": "text/css; charset=utf-8",
    "docs.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "swagger-ui.css": "text/css; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
}


@cache
def content(name: str) -> bytes:
    """Return a file's content, cached for the life of the process.

    Raises
    ------
    NotFound
        If no page has such a file.
    """
    if name not in ASSETS:
        raise NotFound("There is no such file.")
    own = OWN / name
    return (own if own.exists() else _swagger_ui() / name).read_bytes()


@cache
def gzipped(name: str) -> bytes:
    """Return a file's content, gzipped."""
    return gzip.compress(content(name), mtime=0)


@cache
def page(name: str, base: str, access: str) -> str:
    """Return one of the pages.

    Parameters
    ----------
    name
        Its file.
    base
        Start of the links to files. A link contains the file's hash, so browsers load a changed file again.
    access
        "open" or "protected": whether changes need a token or key in this stage.
    """
    text = (OWN / name).read_text()
    for asset in ASSETS:
        text = text.replace(f'"docs/{asset}"', f'"{base}/docs/{asset}?v={_version(asset)}"')
    return text.replace('"{base}"', f'"{base}"').replace('"{access}"', f'"{access}"')


def _version(name: str) -> str:
    return hashlib.sha256(content(name)).hexdigest()[:12]


@cache
def _swagger_ui() -> Path:
    spec = find_spec(SWAGGER_UI)
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(SWAGGER_UI)
    return Path(spec.submodule_search_locations[0]) / "dist"
