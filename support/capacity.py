"""Compute the capacity units that DynamoDB bills for a request, from the rows: moto returns constants.

By the developer guide, "DynamoDB read and write operations": a read unit is 4 KB read consistently, or 8 KB
read without consistency; a write unit is 1 KB, or half of that in a transaction. Reads count what is read,
before any filter or projection, writes the larger of the row before and the row after. Each counts for at
least one byte.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from common.dynamodb import deserialised, item_size

READ_UNIT, WRITE_UNIT = 4096, 1024
READS = frozenset({"GetItem", "BatchGetItem", "Query", "Scan"})

Row = Mapping[str, Any]
# Sends an operation with its parameters to DynamoDB without counting it, and returns the response.
Send = Callable[[str, Row], Row]


def read_units(send: Send, operation: str, parameters: Row) -> float:
    """Return the read units of a GetItem, a BatchGetItem, or a page of a Query or Scan."""
    if operation == "BatchGetItem":
        return sum(
            read_units(send, "GetItem", {"TableName": table, "Key": key, **request})
            for table, request in parameters["RequestItems"].items()
            for key in request["Keys"]
        )
    if operation == "GetItem":
        size = _size_of(send, parameters["TableName"], parameters["Key"])
    else:
        size = sum(_size(row) for row in send(operation, _unfiltered(parameters))["Items"])
    units = math.ceil(max(size, 1) / READ_UNIT)
    return units if parameters.get("ConsistentRead") else units / 2


class Writes:
    """The rows that a request writes, as they were before it.

    Parameters
    ----------
    send
        Sends an operation to DynamoDB.
    operation, parameters
        The request, yet to be sent.
    keys
        The names of each table's key attributes.
    """

    def __init__(
        self, send: Send, operation: str, parameters: Row, keys: Mapping[str, Iterable[str]]
    ) -> None:
        self._send = send
        self._rows = [_place(action, keys) for action in _actions(operation, parameters)]
        self._factor = 2 if operation == "TransactWriteItems" else 1
        self._before = self._sizes()

    def units(self) -> int:
        """Return the write units, after the response. A write whose condition failed is billed too."""
        larger = map(max, self._before, self._sizes())
        return sum(self._factor * math.ceil(max(size, 1) / WRITE_UNIT) for size in larger)

    def _sizes(self) -> list[int]:
        return [_size_of(self._send, *place) for place in self._rows]


def _actions(operation: str, parameters: Row) -> list[Row]:
    """Return the writes of a request, each with `TableName` and `Key` or `Item`."""
    if operation == "TransactWriteItems":
        return [arguments for action in parameters["TransactItems"] for arguments in action.values()]
    if operation == "BatchWriteItem":
        return [
            {"TableName": table, **arguments}
            for table, requests in parameters["RequestItems"].items()
            for request in requests
            for arguments in request.values()
        ]
    return [parameters]


def _place(action: Row, keys: Mapping[str, Iterable[str]]) -> tuple[str, Row]:
    table = action["TableName"]
    return table, action.get("Key") or {name: action["Item"][name] for name in keys[table]}


def _size_of(send: Send, table: str, key: Row) -> int:
    return _size(send("GetItem", {"TableName": table, "Key": key, "ConsistentRead": True}).get("Item", {}))


def _size(row: Row) -> int:
    return item_size(deserialised(row))


def _unfiltered(parameters: Row) -> Row:
    """Return the Query or Scan without the parameters that hide rows and attributes."""
    hiding = {"FilterExpression", "ProjectionExpression", "Select"}
    kept = {name: value for name, value in parameters.items() if name not in hiding}
    used = set(re.findall(r"[:#]\w+", kept.get("KeyConditionExpression", "")))
    for name in ("ExpressionAttributeNames", "ExpressionAttributeValues"):
        placeholders = {key: value for key, value in kept.pop(name, {}).items() if key in used}
        kept |= {name: placeholders} if placeholders else {}
    return kept
