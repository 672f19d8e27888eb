"""The log of recent uploads, written by the ingester: key `site`, sort key `upload_timestamp_s`."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import islice

from common.dynamodb import Item, Table

_table = Table("UPLOADS_LOG_TABLE_NAME")


def uploads_of(site: str, since: Decimal | None = None) -> Iterator[Item]:
    """Return the logged uploads of `site`, oldest first. One query; pages are read when needed.

    Parameters
    ----------
    site
        The site code.
    since
        Only uploads from this time on; Unix seconds. None for all.
    """
    bound = {} if since is None else {":since": since}
    return _table.query(
        KeyConditionExpression="site = :site" + (" AND upload_timestamp_s >= :since" if bound else ""),
        ExpressionAttributeValues={":site": site, **bound},
    )


def newest_uploads_of(site: str, count: int) -> list[Item]:
    """Return the newest `count` logged uploads of `site`, newest first. One query that reads only these."""
    newest_first = _table.query(
        KeyConditionExpression="site = :site",
        ExpressionAttributeValues={":site": site},
        ScanIndexForward=False,
        Limit=count,
    )
    return list(islice(newest_first, count))


def uploads_of_all_sites() -> Iterator[Item]:
    """Return every logged upload, in no order. One scan; pages are read when needed."""
    return _table.scan()
