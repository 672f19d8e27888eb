"""Checks uploads and chooses their keys in S3."""

import json
from dataclasses import dataclass
from typing import Any

from api.pieces import PieceList, parse_pieces
from common.errors import BadRequest, Forbidden
from common.object_names import checked_directory, checked_name, given_name, site_of
from common.sites import check_site_code
from info_images.packages import CHANNELS

INFO_IMAGES = "info-images"
FORM_GOOD_FOR_S = 300


@dataclass(frozen=True)
class InfoImage:
    """An announced info image: its site, its channel, and its name up to the last dash."""

    site: str
    channel: int
    base_filename: str


@dataclass(frozen=True)
class Upload:
    """An allowed upload.

    Attributes
    ----------
    key
        Its key in the bucket.
    info_image
        The info image if it is one.
    pieces
        Its pieces if it comes in pieces.
    """

    key: str
    info_image: InfoImage | None
    pieces: PieceList | None


def parse_upload(body: dict[str, Any]) -> Upload:
    """Return the upload that a site computer's request describes.

    Parameters
    ----------
    body
        `object_name` or `filename`; `s3_directory`, by default data; for info images `info_channel`, by
        default 1; `metadata`, JSON text from older site software, checked and not stored; `pieces` for an
        upload that can go on after a cut.

    Raises
    ------
    Forbidden
        If the directory or the channel is not one of those that exist.
    BadRequest
        If the name cannot be a key, an info image's name does not begin with a site, or `pieces` is not as
        `api.pieces.parse_pieces` needs it.
    TooLarge
        If a file in pieces is larger than the stage allows.
    """
    directory = checked_directory(body)
    channel = _channel(body.get("info_channel", 1)) if directory == INFO_IMAGES else None
    name = checked_name(given_name(body), directory)
    _check_metadata(body.get("metadata"))
    key, pieces = f"{directory}/{name}", body.get("pieces")
    return Upload(
        key,
        None if channel is None else _info_image(name, channel),
        None if pieces is None else parse_pieces(key, pieces),
    )


def _channel(given: Any) -> int:
    text = str(given)
    if isinstance(given, bool) or text not in map(str, CHANNELS):
        raise Forbidden(f"info_channel must be one of {', '.join(map(str, CHANNELS))}.")
    return int(text)


def _check_metadata(metadata: Any) -> None:
    if metadata in (None, "") or isinstance(metadata, dict):
        return
    try:
        # Site software writes NaN into metadata. That must not stop the upload.
        json.loads(metadata)
    except (TypeError, ValueError, RecursionError) as error:
        raise BadRequest("metadata must be a JSON text.") from error


def _info_image(name: str, channel: int) -> InfoImage:
    base_filename, dash, _ = name.rpartition("-")
    if not dash or "/" in name:
        raise BadRequest("object_name of an info image must be {site}-…-{data type}{level}.{extension}.")
    return InfoImage(check_site_code(site_of(name)), channel, base_filename)
