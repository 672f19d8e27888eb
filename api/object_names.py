"""Which objects of the bucket callers may name."""

import unicodedata
from typing import Any

from common.errors import BadRequest, Forbidden

DIRECTORIES = ("data", "info-images", "allsky", "test")

# S3's limit on a key, in bytes of UTF-8.
MAX_KEY_BYTES = 1024


def checked_directory(body: dict[str, Any]) -> str:
    """Return member `s3_directory` of a request, by default data.

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
    """Return what an upload's body names the file: `object_name`, or without one `filename`.

    The check of a site key and the upload itself both read the name here, so that they mean the same file.
    """
    name = body.get("object_name")
    return body.get("filename") if name is None else name


def site_of(name: Any) -> str:
    """Return the site in the name of a file, which is what stands before the first dash.

    "" for what is no name, and for a file in a folder: who files what has landed goes by the last part of the
    name, so a folder must not stand for another site's name.
    """
    return name.partition("-")[0] if isinstance(name, str) and "/" not in name else ""


def checked_name(name: Any, directory: str) -> str:
    """Return `name` if it makes a key that stays in its directory and that S3 and its clients take as it is.

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
    # Clients take such a segment out of the URL, so none could fetch the file. Empty segments they leave in.
    if "." in name.split("/"):
        raise BadRequest("object_name must not have a . segment.")
    # S3 puts the name of the posted file in place of this text, so that one form could write anywhere.
    if "${filename}" in name:
        raise BadRequest("object_name must not have ${filename} in it.")
    if len(f"{directory}/{name}".encode()) > MAX_KEY_BYTES:
        raise BadRequest(f"object_name is too long: with its directory {MAX_KEY_BYTES} bytes at most.")
    return name
