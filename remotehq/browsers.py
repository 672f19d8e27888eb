"""Shared browsers: their settings, and the request to RemoteHQ."""

from typing import Any
from urllib.parse import urlsplit

from common.errors import BadRequest
from common.settings import setting

RESOLUTIONS = ("low", "medium", "high", "mobile")
DEFAULT_RESOLUTION = "medium"
REGION = "us-east-1"
# The longest URL that all browsers and servers accept.
MAX_URL_LENGTH = 2048


def parse_browser(body: dict[str, Any]) -> dict[str, Any]:
    """Return the body of RemoteHQ's `POST /cb` for the browser that a caller's body describes.

    Parameters
    ----------
    body
        `resolution` and `initial_url`, both optional.

    Raises
    ------
    BadRequest
        If either is invalid.
    """
    return {
        "kioskModeEnabled": False,
        "incognitoModeEnabled": False,
        "browserURL": _url(body.get("initial_url")),
        "resolution": _resolution(body.get("resolution")),
        "region": REGION,
    }


def _resolution(given: Any) -> str:
    if given is None:
        return DEFAULT_RESOLUTION
    if given not in RESOLUTIONS:
        raise BadRequest(f"resolution must be one of {', '.join(RESOLUTIONS)}.")
    return str(given)


def _url(given: Any) -> str:
    if given is None:
        return setting("UI_URL")
    if not isinstance(given, str) or len(given) > MAX_URL_LENGTH or not _is_web_address(given):
        raise BadRequest(f"initial_url must be an http or https URL of at most {MAX_URL_LENGTH} characters.")
    return given


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
