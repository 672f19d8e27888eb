"""The table of site configs: key `site`, attribute `configuration`.

Each change also gives the table a new version, in the same transaction. The version is a row of the queues'
table, because other programs list the table of configs and take each row for a site.
"""

import random
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from common.dynamodb import BUSY_PAUSES_S, ConditionFailed, Item, Table, check_storable
from common.errors import Unavailable
from site_configs.sameness import is_stored_as

# Another change at the same moment makes DynamoDB cancel a transaction. It is repeated for at most this time.
_REPEAT_FOR_S = 3.0

_table = Table("CONFIG_TABLE_NAME")
_versions = Table("PIPE_QUEUE_TABLE_NAME")
_VERSION_KEY = {"pk": "CONFIGS", "sk": "VERSION"}


@dataclass(frozen=True)
class Version:
    """The version of the table: texts that no two states share; "" before the first change.

    Attributes
    ----------
    configs
        Of everything.
    sites
        Of the set of sites.
    """

    configs: str
    sites: str


def read(site: str) -> dict[str, Any] | None:
    """Return the configuration of `site`, or None if it is missing or not a map. One consistent read."""
    row = _table.get({"site": site})
    return None if row is None else _configuration(row)


def read_all(after: str = "", *, consistent: bool = False) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return the code and the configuration of every site, in DynamoDB's order. One scan.

    A row whose configuration is not a map is left out.

    Parameters
    ----------
    after
        Only the sites after this one in that order; "" for all.
    consistent
        Whether every change that was completed before is seen.
    """
    for row in _table.scan({"site": after} if after else None, ConsistentRead=consistent):
        configuration = _configuration(row)
        if configuration is not None:
            yield row["site"], configuration


def read_site_codes() -> list[str]:
    """Return the code of every site, in alphabetical order. One consistent scan, which reads every config."""
    rows = _table.scan(
        ProjectionExpression="#site", ExpressionAttributeNames={"#site": "site"}, ConsistentRead=True
    )
    return sorted(row["site"] for row in rows)


def version() -> Version:
    """Return the version of the table. One consistent read."""
    row = _versions.get(_VERSION_KEY) or {}
    return Version(str(row.get("configs", "")), str(row.get("sites", "")))


def write(site: str, configuration: dict[str, Any]) -> dict[str, Any]:
    """Store the configuration of `site`, replacing any earlier one; return DynamoDB's response.

    One read, and a transaction of two rows if the configuration differs from the stored one.

    Raises
    ------
    BadRequest, TooLarge
        If DynamoDB cannot hold it.
    """
    row = {"site": site, "configuration": configuration}
    check_storable(row)
    before, response = _table.get_with_response({"site": site})
    if before is not None and is_stored_as(row, before):
        # Sites send the same config again and again. It costs nothing then, and every kept answer stays good.
        return _answer_to_put(response)
    if before is not None:
        try:
            return _change({"Put": {"Item": row, "ConditionExpression": "attribute_exists(site)"}}, "configs")
        except ConditionFailed:
            # Another request deleted it meanwhile, so the site is new.
            pass
    return _change({"Put": {"Item": row}}, "configs", "sites")


def delete(site: str) -> dict[str, Any]:
    """Remove the configuration of `site`, if there is one; return DynamoDB's response.

    One read, and a transaction of two rows if there is one.
    """
    before, response = _table.get_with_response({"site": site})
    if before is None:
        return _answer_to_put(response)
    return _change({"Delete": {"Key": {"site": site}}}, "configs", "sites")


def _change(action: Mapping[str, Any], *versions: str) -> dict[str, Any]:
    """Run an action, and set each of `versions` anew, or neither; return DynamoDB's response."""
    token = uuid.uuid4().hex
    renewal = {
        "Key": _VERSION_KEY,
        "UpdateExpression": "SET " + ", ".join(f"{name} = :new" for name in versions),
        "ExpressionAttributeValues": {":new": token},
    }
    end = time.monotonic() + _REPEAT_FOR_S
    for pause_s in BUSY_PAUSES_S:
        try:
            # By the token, a repetition does nothing if only the answer to an earlier attempt was lost.
            return _answer_to_put(_table.transact([action], token, [(_versions, {"Update": renewal})]))
        except Unavailable:
            if time.monotonic() + pause_s > end:
                raise
        time.sleep(pause_s * random.uniform(0.5, 1))  # noqa: S311 - spreads the callers, no secret
    return _answer_to_put(_table.transact([action], token, [(_versions, {"Update": renewal})]))


def _answer_to_put(response: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a response that PutItem and DeleteItem have too: callers expect this form."""
    return {"ResponseMetadata": response["ResponseMetadata"]}


def _configuration(row: Item) -> dict[str, Any] | None:
    """Return a row's configuration if it is a map. The earlier service stored anything."""
    configuration = row.get("configuration")
    return configuration if isinstance(configuration, dict) else None
