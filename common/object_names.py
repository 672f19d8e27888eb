"""Checks names of objects that callers give."""

import unicodedata
from typing import Any

from common.errors import BadRequest, Forbidden

DIRECTORIES = ("data", "info-images", "allsky", "test")

# S3's limit on a key, in bytes of UTF-8.
MAX_KEY_BYTES = 1024


def checked_directory(body: dict[str, Any]) -> str:
    """Return the directory `s3_directory` of a request, data by default.

    Raises
    ------
    Forbidden
        If it is not one of `DIRECTORIES`.
    """
    directory = body.get("s3_directory", "data")
    if directory not in DIRECTORIES:
        raise Forbidden(f"s3_directory must be one of {', '.join(DIRECTORIES)}.")
    return str(directory)


def given_name(body: dict[str, Any]) -> Any:
    """Return the file name in an upload's body: `object_name`, or else `filename`.

    The check of a site key and the upload both read the name here, so they always mean the same file.
    """
    name = body.get("object_name")
    return body.get("filename") if name is None else name


def site_of(name: Any) -> str:
    """Return the site in a file name: the part before the first dash.

    "" for an invalid name and for a file in a folder. The ingester uses only the last part of the name, so a
    folder must not imitate another site's name.
    """
    return name.partition("-")[0] if isinstance(name, str) and "/" not in name else ""


def checked_name(name: Any, directory: str) -> str:
    """Return `name` if its key stays in its directory and works unchanged in S3 and its clients.

    Raises
    ------
    BadRequest
        If it does not.
    """
    if not isinstance(name, str) or not name:
        raise BadRequest("object_name is required: the name of the file.")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
        raise BadRequest("object_name must not have control characters.")
    if name.startswith("/") or ".." in name.split("/"):
        raise BadRequest("object_name must not begin with / or have a .. segment.")
    # Clients remove such a segment from the URL, so no client could fetch the file. They keep empty segments.
    if "." in name.split("/"):
        raise BadRequest("object_name must not have a . segment.")
    # S3 replaces this text by the name of the posted file, so one form could write any key.
    if "${filename}" in name:
        raise BadRequest("object_name must not have ${filename} in it.")
    if len(f"{directory}/{name}".encode()) > MAX_KEY_BYTES:
        raise BadRequest(f"object_name is too long: with its directory {MAX_KEY_BYTES} bytes at most.")
    return name
