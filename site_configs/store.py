"""The table of site configs: key `site`, attribute `configuration`."""

from collections.abc import Iterator
from typing import Any

from common.cached import Cached
from common.dynamodb import Item, Table

# Sites are added a few times a year, and a scan reads every whole config.
SITE_CODES_GOOD_FOR_S = 30

_table = Table("CONFIG_TABLE_NAME")


def read(site: str) -> dict[str, Any] | None:
    """Return the configuration of `site`, or None if it is missing or not a map. One consistent read."""
    row = _table.get({"site": site})
    return None if row is None else _configuration(row)


def read_all(after: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Return the code and the configuration of every site, in DynamoDB's order. One scan.

    A row whose configuration is not a map is left out.

    Parameters
    ----------
    after
        Only the sites after this one in that order; "" for all.
    """
    for row in _table.scan({"site": after} if after else None):
        configuration = _configuration(row)
        if configuration is not None:
            yield row["site"], configuration


def site_codes() -> list[str]:
    """Return the code of every site, in alphabetical order.

    Changes by other processes appear within `SITE_CODES_GOOD_FOR_S`, changes by this one at once.
    """
    return _site_codes.get()


def _read_site_codes() -> list[str]:
    rows = _table.scan(ProjectionExpression="#site", ExpressionAttributeNames={"#site": "site"})
    return sorted(row["site"] for row in rows)


_site_codes = Cached(_read_site_codes, SITE_CODES_GOOD_FOR_S)


def forget_site_codes() -> None:
    """Drop the cached site codes."""
    _site_codes.forget()


def write(site: str, configuration: dict[str, Any]) -> dict[str, Any]:
    """Store the configuration of `site`, replacing any earlier one; return DynamoDB's response."""
    response = _table.put({"site": site, "configuration": configuration})
    forget_site_codes()
    return response


def delete(site: str) -> dict[str, Any]:
    """Remove the configuration of `site`, if there is one; return DynamoDB's response."""
    response = _table.delete({"site": site})
    forget_site_codes()
    return response


def _configuration(row: Item) -> dict[str, Any] | None:
    """Return a row's configuration if it is a map. The earlier service stored anything."""
    configuration = row.get("configuration")
    return configuration if isinstance(configuration, dict) else None
