"""Site codes: the names of enclosures and observatories, "mrc" or "mrc1"."""

import re
from typing import Any

from common.errors import BadRequest

_SITE_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def check_site_code(site: Any) -> str:
    """Return `site` if it is a valid site code.

    Raises
    ------
    BadRequest
        If it is not 1 to 64 of A-Z a-z 0-9 _ . -
    """
    if not isinstance(site, str) or not _SITE_CODE.fullmatch(site):
        raise BadRequest("site must be 1 to 64 of the characters A-Z a-z 0-9 _ . -")
    return site
