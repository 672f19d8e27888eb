"""Reads and changes of the configs, and the codes of all sites."""

import json
import time
from typing import Any

from common.cached import Cached
from site_configs import table
from site_configs.copies import Copies, Copy
from site_configs.table import read, read_all

__all__ = ["delete", "forget_site_codes", "read", "read_all", "site_codes", "write"]

# Sites are added a few times a year.
SITE_CODES_GOOD_FOR_S = 30

# A later form of the copy needs another number, because stages of several versions share the bucket.
_copies = Copies("site-codes.1")


def site_codes() -> list[str]:
    """Return the code of every site, in alphabetical order.

    Changes by other processes appear within `SITE_CODES_GOOD_FOR_S`, changes by this one at once. Those of
    other programs may take `copies.GOOD_FOR_S` longer.
    """
    return _site_codes.get()


def forget_site_codes() -> None:
    """Drop the site codes of this process, also its copy."""
    _site_codes.forget()
    _copies.forget()


def write(site: str, configuration: dict[str, Any]) -> dict[str, Any]:
    """Store a configuration as `table.write` does; return DynamoDB's response."""
    response = table.write(site, configuration)
    _site_codes.forget()
    return response


def delete(site: str) -> dict[str, Any]:
    """Remove a configuration as `table.delete` does; return DynamoDB's response."""
    response = table.delete(site)
    _site_codes.forget()
    return response


def _read_site_codes() -> list[str]:
    version = table.version().sites
    copy = _copies.find(version)
    if copy is not None:
        return list(json.loads(copy.content))
    read_at = time.time()
    codes = table.read_site_codes()
    _copies.keep(Copy(version, read_at, {}, json.dumps(codes).encode()))
    return codes


_site_codes = Cached(_read_site_codes, SITE_CODES_GOOD_FOR_S)
