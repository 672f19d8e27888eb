"""The static files of the pages: our own, and Swagger UI's from the package that contains them."""

import gzip
import hashlib
import re
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from common.errors import NotFound

OWN = Path(__file__).parent / "static"
# The package is found without an import: it is written for Flask, which this project does not need.
SWAGGER_UI = "flask_swagger_ui"

CSS = "text/css; charset=utf-8"
JAVASCRIPT = "text/javascript; charset=utf-8"
# The console's modules, in a folder of their own.
CONSOLE: tuple[str, ...] = (
    "access.js",
    "ages.js",
    "api.js",
    "attention.js",
    "colors.js",
    "console.js",
    "elements.js",
    "forms.js",
    "image.js",
    "images.js",
    "notes.js",
    "observatories.js",
    "observatory.js",
    "opened.js",
    "pictures.js",
    "pipes.js",
    "places.js",
    "queue.js",
    "queue-settings.js",
    "queues.js",
    "sorting.js",
)
ASSETS: Mapping[str, str] = {
    "console.css": CSS,
    "console-rows.css": CSS,
    "docs.css": CSS,
    "docs.js": JAVASCRIPT,
    "icon.svg": "image/svg+xml",
    "swagger-ui.css": CSS,
    "swagger-ui-bundle.js": JAVASCRIPT,
    **dict.fromkeys(CONSOLE, JAVASCRIPT),
}
_IMPORT = re.compile(rb'(?<= from "\./)[\w.-]+(?=";)')


@cache
def content(name: str) -> bytes:
    """Return a file's content, cached for the life of the process.

    Imports of a module get the hashes of the imported modules, so browsers load a changed module again.

    Raises
    ------
    NotFound
        If no page has such a file.
    """
    if name not in ASSETS:
        raise NotFound("There is no such file.")
    if name in CONSOLE:
        return _IMPORT.sub(_with_version, (OWN / "console" / name).read_bytes())
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
        text = text.replace(f'"docs/{asset}"', f'"{base}/docs/{_versioned(asset)}"')
    return text.replace('"{base}"', f'"{base}"').replace('"{access}"', f'"{access}"')


def _with_version(imported: re.Match[bytes]) -> bytes:
    return _versioned(imported[0].decode()).encode()


def _versioned(name: str) -> str:
    return f"{name}?v={hashlib.sha256(content(name)).hexdigest()[:12]}"


@cache
def _swagger_ui() -> Path:
    spec = find_spec(SWAGGER_UI)
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(SWAGGER_UI)
    return Path(spec.submodule_search_locations[0]) / "dist"
