"""The response for an info image: the stored record, all flags, and a URL for each file."""

from typing import Any

from common.presign import STEADY_S, get_url

CHANNELS = (1, 2, 3)

# For each file of an info image: its flag, the attribute with its S3 key, the name of its URL.
FILES = (
    ("jpg_medium_exists", "jpg_10_file_path", "jpg_url"),
    ("jpg_small_exists", "jpg_11_file_path", "jpg_small_url"),
    ("fits_01_exists", "fits_01_file_path", "fits_01_url"),
    ("fits_10_exists", "fits_10_file_path", "fits_10_url"),
)

# What the ingester stores for itself.
_INTERNAL = frozenset({"header_rank"})


def package(record: dict[str, Any], site: str, channel: str) -> dict[str, Any]:
    """Return the response for a stored record. Any of its attributes may be missing.

    Parameters
    ----------
    record
        The row of the table.
    site, channel
        As the caller wrote them.

    Returns
    -------
    dict
        The record with `site`, `channel`, `base_filename`, `s3_directory`, the four flags, and the presigned
        URLs (common/presign.py) of the files that exist.
    """
    return {
        **{name: value for name, value in record.items() if name not in _INTERNAL},
        "site": site,
        "channel": channel,
        "base_filename": record.get("base_filename", ""),
        "s3_directory": "info-images",
        **{flag: bool(record.get(flag)) for flag, _, _ in FILES},
        **{
            url: get_url(record[path], steady_s=STEADY_S)
            for flag, path, url in FILES
            if record.get(flag) and _is_key(record, path)
        },
    }


def _is_key(record: dict[str, Any], path: str) -> bool:
    """Return whether a record has a text at `path`. A wrong row may have another type."""
    return isinstance(record.get(path), str) and record[path] != ""
