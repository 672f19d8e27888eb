"""A model of DynamoDB in memory: what this project asks of it, answered as botocore's client would answer.

Rows, conditional writes, transactions with client tokens, queries and scans with their pages, counts,
batches, reads that lag behind, and rows that expire. `tests/simulation/test_model.py` compares it with moto
and MiniStack.
"""

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError

from tests.simulation import expressions
from tests.simulation.expressions import InvalidExpression, Value

MAX_ITEM_BYTES = 400 * 1024
MAX_PAGE_BYTES = 1024 * 1024
TOKEN_S = 600.0
# How many of the last writes a stale read can miss.
_REMEMBERED_WRITES = 16

Arguments = Mapping[str, Any]
# Whether a write's condition is ignored, given its kind ("Put") and its arguments.
Ignored = Callable[[str, Arguments], bool]
_NO_VALUES: dict[str, Value] = {}
_NO_NAMES: dict[str, str] = {}


class Row(dict[str, Value]):
    """A row in wire format. Never changed: a write puts another in its place."""

    @cached_property
    def size(self) -> int:
        """The bytes that DynamoDB counts."""
        return sum(len(name.encode()) + _value_size(value) for name, value in self.items())


@dataclass
class Partition:
    """The rows of one partition key, and their sort keys in order."""

    rows: dict[str, Row] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)

    def copy(self) -> "Partition":
        return Partition(dict(self.rows), list(self.order))


Table = dict[str, Partition]


@dataclass(frozen=True)
class Key:
    """The names of a table's key attributes; `sort` is "" where there is none."""

    hash: str
    sort: str


class Model:
    """The tables and their rows.

    Parameters
    ----------
    keys
        The key of each table by its name.
    now
        Returns the time of DynamoDB's own clock; Unix seconds.
    without_condition
        Returns whether the condition of a write is to be ignored. Mutation tests break the model in this way.
    """

    def __init__(
        self,
        keys: Mapping[str, Key],
        now: Callable[[], float] = lambda: 0.0,
        without_condition: Ignored | None = None,
    ) -> None:
        self._ignored = without_condition
        self.keys = dict(keys)
        self.now = now
        self.lag = 0
        self._tables: dict[str, Table] = {name: {} for name in keys}
        self._tokens: dict[str, tuple[str, float]] = {}
        self._undo: deque[tuple[str, str, str, Row | None]] = deque(maxlen=_REMEMBERED_WRITES)

    def snapshot(self) -> Any:
        """Return all that is stored, for `restore`."""
        return _copied(self._tables), dict(self._tokens)

    def restore(self, snapshot: Any) -> None:
        """Store what a snapshot holds in place of all that is stored."""
        tables, tokens = snapshot
        self._tables, self._tokens = _copied(tables), dict(tokens)
        self._undo.clear()

    def rows(self, table: str, partition: str) -> list[Row]:
        """Return the rows of a partition in order."""
        found = self._tables[table].get(partition)
        return [] if found is None else [found.rows[sort] for sort in found.order]

    def partitions(self, table: str) -> list[str]:
        """Return the keys of a table's partitions."""
        return list(self._tables[table])

    def sweep(self, attribute: str) -> None:
        """Remove the rows whose time to live is over, as DynamoDB does at some time later."""
        for name, table in self._tables.items():
            for partition in list(table.values()):
                for row in list(partition.rows.values()):
                    if attribute in row and float(row[attribute]["N"]) < self.now():
                        self._store(name, *self._key(name, row), None)

    def answer(self, operation: str, arguments: Arguments) -> dict[str, Any]:
        """Return the answer to a request.

        Parameters
        ----------
        operation
            As botocore's client names it: "get_item".
        arguments
            As botocore's client takes them.

        Raises
        ------
        ClientError
            As botocore's client does.
        """
        method = _OPERATIONS[operation]
        try:
            return method(self, arguments)
        except (InvalidExpression, KeyError) as error:
            raise _error(operation, "ValidationException", str(error)) from error

    def _get_item(self, arguments: Arguments) -> dict[str, Any]:
        _check_placeholders(arguments, "ProjectionExpression")
        row = self._row(arguments["TableName"], arguments["Key"], self._seen(arguments))
        return {} if row is None else {"Item": _projected(row, arguments)}

    def _batch_get_item(self, arguments: Arguments) -> dict[str, Any]:
        found: dict[str, list[Any]] = {}
        for table, request in arguments["RequestItems"].items():
            seen = self._seen(request)
            rows = (self._row(table, key, seen) for key in request["Keys"])
            found[table] = [_projected(row, request) for row in rows if row is not None]
        return {"Responses": found, "UnprocessedKeys": {}}

    def _put_item(self, arguments: Arguments) -> dict[str, Any]:
        return self._write("PutItem", arguments, arguments["Item"], self._put)

    def _update_item(self, arguments: Arguments) -> dict[str, Any]:
        return self._write("UpdateItem", arguments, arguments["Key"], self._updated)

    def _delete_item(self, arguments: Arguments) -> dict[str, Any]:
        return self._write("DeleteItem", arguments, arguments["Key"], lambda _old, _arguments: None)

    def _write(
        self,
        operation: str,
        arguments: Arguments,
        keyed: Mapping[str, Value],
        make: Callable[[Row | None, Arguments], Row | None],
    ) -> dict[str, Any]:
        _check_placeholders(arguments, "ConditionExpression", "UpdateExpression")
        table = arguments["TableName"]
        key = self._key(table, keyed)
        old = self._at(self._tables[table], *key)
        if not self._allows(operation.removesuffix("Item"), old, arguments):
            raise _refused(operation, old, arguments)
        new = make(old, arguments)
        _check_size(operation, new)
        self._store(table, *key, new)
        return _returned(old, new, arguments)

    @staticmethod
    def _put(_old: Row | None, arguments: Arguments) -> Row:
        return Row(arguments["Item"])

    @staticmethod
    def _updated(old: Row | None, arguments: Arguments) -> Row:
        new = dict(arguments["Key"] if old is None else old)
        before = {} if old is None else old
        values = arguments.get("ExpressionAttributeValues", _NO_VALUES)
        names = arguments.get("ExpressionAttributeNames", _NO_NAMES)
        if "UpdateExpression" in arguments:
            for action in expressions.update(arguments["UpdateExpression"]):
                action(new, before, values, names)
        return Row(new)

    def _transact_write_items(self, arguments: Arguments) -> dict[str, Any]:
        token = arguments.get("ClientRequestToken")
        actions = arguments["TransactItems"]
        if token is not None and self._is_repeated(token, repr(actions)):
            return {}
        writes = [self._planned(action) for action in actions]
        if len({write[:3] for write in writes}) < len(writes):
            raise _error("TransactWriteItems", "ValidationException", "two actions on one row")
        if any(write[4] for write in writes):
            raise _cancelled([write[4] for write in writes])
        for table, partition, sort, new, _, is_write in writes:
            if is_write:
                self._store(table, partition, sort, new)
        if token is not None:
            self._tokens[token] = (repr(actions), self.now())
        return {}

    def _planned(self, action: Mapping[str, Any]) -> tuple[str, str, str, Row | None, Any, bool]:
        """Return an action's key, its row, why it is refused (None if it is not), and whether it writes."""
        ((kind, arguments),) = action.items()
        _check_placeholders(arguments, "ConditionExpression", "UpdateExpression")
        table = arguments["TableName"]
        key = self._key(table, arguments["Item"] if kind == "Put" else arguments["Key"])
        old = self._at(self._tables[table], *key)
        reason: dict[str, Any] | None = None
        new: Row | None = None
        if not self._allows(kind, old, arguments):
            reason = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
            if old is not None and arguments.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD":
                reason = {**reason, "Item": old}
        elif kind in ("Put", "Update"):
            new = self._put(old, arguments) if kind == "Put" else self._updated(old, arguments)
            if new.size > MAX_ITEM_BYTES:
                reason = {"Code": "ValidationError", "Message": "Item size has exceeded the maximum allowed"}
        return table, *key, new, reason, kind != "ConditionCheck"

    def _allows(self, kind: str, old: Row | None, arguments: Arguments) -> bool:
        """Return whether the condition of a write holds."""
        if self._ignored is not None and self._ignored(kind, arguments):
            return True
        return _holds(old, arguments)

    def _is_repeated(self, token: str, actions: str) -> bool:
        told, at = self._tokens.get(token, ("", 0.0))
        if not told or self.now() - at > TOKEN_S:
            return False
        if told != actions:
            raise _error("TransactWriteItems", "IdempotentParameterMismatchException", "another with it")
        return True

    def _batch_write_item(self, arguments: Arguments) -> dict[str, Any]:
        for table, requests in arguments["RequestItems"].items():
            for request in requests:
                if "DeleteRequest" in request:
                    self._store(table, *self._key(table, request["DeleteRequest"]["Key"]), None)
                else:
                    row = Row(request["PutRequest"]["Item"])
                    _check_size("BatchWriteItem", row)
                    self._store(table, *self._key(table, row), row)
        return {"UnprocessedItems": {}}

    def _query(self, arguments: Arguments) -> dict[str, Any]:
        _check_placeholders(arguments, "KeyConditionExpression", "FilterExpression", "ProjectionExpression")
        name = arguments["TableName"]
        values = arguments["ExpressionAttributeValues"]
        names = arguments.get("ExpressionAttributeNames", _NO_NAMES)
        key = self.keys[name]
        bounds = expressions.bounds(arguments["KeyConditionExpression"], key.hash)
        partition = self._seen(arguments)[name].get(values[bounds.hash_value]["S"])
        forward = arguments.get("ScanIndexForward", True)
        holds = expressions.condition(arguments["KeyConditionExpression"])
        order = [] if partition is None else _range(partition.order, bounds, values)
        start = arguments.get("ExclusiveStartKey")
        rows = (
            []
            if partition is None
            else [partition.rows[sort] for sort in (order if forward else order[::-1])]
        )
        rows = [row for row in rows if holds(row, values, names)]
        if start is not None and key.sort:
            after = start[key.sort]["S"]
            rows = [
                row for row in rows if (row[key.sort]["S"] > after) is forward and row[key.sort]["S"] != after
            ]
        return self._page(name, rows, arguments)

    def _scan(self, arguments: Arguments) -> dict[str, Any]:
        _check_placeholders(arguments, "FilterExpression", "ProjectionExpression")
        name = arguments["TableName"]
        rows = [row for part in self._seen(arguments)[name].values() for row in _in_order(part)]
        start = arguments.get("ExclusiveStartKey")
        if start is not None:
            place = [self._key(name, row) for row in rows].index(self._key(name, start))
            rows = rows[place + 1 :]
        return self._page(name, rows, arguments)

    def _page(self, name: str, rows: list[Row], arguments: Arguments) -> dict[str, Any]:
        limit, size = arguments.get("Limit", len(rows) + 1), 0
        read: list[Row] = []
        for row in rows:
            read.append(row)
            size += row.size
            if len(read) == limit or size > MAX_PAGE_BYTES:
                break
        found = read
        if "FilterExpression" in arguments:
            holds = expressions.condition(arguments["FilterExpression"])
            values = arguments.get("ExpressionAttributeValues", _NO_VALUES)
            names = arguments.get("ExpressionAttributeNames", _NO_NAMES)
            found = [row for row in read if holds(row, values, names)]
        page: dict[str, Any] = {"Count": len(found), "ScannedCount": len(read)}
        if arguments.get("Select") != "COUNT":
            page["Items"] = [_projected(row, arguments) for row in found]
        if len(read) < len(rows):
            key = self.keys[name]
            last = read[-1]
            page["LastEvaluatedKey"] = {part: last[part] for part in (key.hash, key.sort) if part}
        return page

    def _seen(self, arguments: Arguments) -> dict[str, Table]:
        """Return the tables as a read sees them. One that need not be consistent may miss the last writes."""
        if arguments.get("ConsistentRead") or not self.lag:
            return self._tables
        tables = _copied(self._tables)
        for table, partition, sort, old in list(self._undo)[: -self.lag - 1 : -1]:
            _place(tables[table], partition, sort, old)
        return tables

    def _row(self, table: str, key: Mapping[str, Value], seen: dict[str, Table]) -> Row | None:
        return self._at(seen[table], *self._key(table, key))

    @staticmethod
    def _at(table: Table, partition: str, sort: str) -> Row | None:
        found = table.get(partition)
        return None if found is None else found.rows.get(sort)

    def _key(self, table: str, row: Mapping[str, Value]) -> tuple[str, str]:
        key = self.keys[table]
        return row[key.hash]["S"], row[key.sort]["S"] if key.sort else ""

    def _store(self, table: str, partition: str, sort: str, row: Row | None) -> None:
        rows = self._tables[table]
        self._undo.append((table, partition, sort, self._at(rows, partition, sort)))
        _place(rows, partition, sort, row)


class Client:
    """botocore's DynamoDB client, answered by a function of the operation's name and its arguments."""

    def __init__(self, answer: Callable[[str, Arguments], dict[str, Any]]) -> None:
        self._answer = answer

    def __getattr__(self, operation: str) -> Callable[..., dict[str, Any]]:
        def ask(**arguments: Any) -> dict[str, Any]:
            return self._answer(operation, arguments)

        # kept, so that the next call finds it at once
        self.__dict__[operation] = ask
        return ask


_OPERATIONS: dict[str, Callable[[Model, Arguments], dict[str, Any]]] = {
    "get_item": Model._get_item,
    "batch_get_item": Model._batch_get_item,
    "put_item": Model._put_item,
    "update_item": Model._update_item,
    "delete_item": Model._delete_item,
    "transact_write_items": Model._transact_write_items,
    "batch_write_item": Model._batch_write_item,
    "query": Model._query,
    "scan": Model._scan,
}


def client_error(operation: str, code: str, message: str, **more: Any) -> ClientError:
    """Return the error that botocore's client raises for an answer with an error code."""
    status = 500 if code == "InternalServerError" else 400
    answer: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status, "RetryAttempts": 0},
        **more,
    }
    return ClientError(answer, operation)


_error = client_error


def _refused(operation: str, old: Row | None, arguments: Arguments) -> ClientError:
    asked = arguments.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
    more = {"Item": dict(old)} if asked and old is not None else {}
    return _error(operation, "ConditionalCheckFailedException", "The conditional request failed", **more)


def _cancelled(reasons: list[Any]) -> ClientError:
    told = [reason or {"Code": "None"} for reason in reasons]
    return _error("TransactWriteItems", "TransactionCanceledException", "cancelled", CancellationReasons=told)


def _holds(old: Row | None, arguments: Arguments) -> bool:
    if "ConditionExpression" not in arguments:
        return True
    holds = expressions.condition(arguments["ConditionExpression"])
    values = arguments.get("ExpressionAttributeValues", _NO_VALUES)
    return holds(old or {}, values, arguments.get("ExpressionAttributeNames", _NO_NAMES))


def _check_placeholders(arguments: Arguments, *names: str) -> None:
    """Refuse what DynamoDB refuses: names and values that no expression uses, or that are not given."""
    used: set[str] = set()
    for name in names:
        if name in arguments:
            used |= expressions.placeholders(arguments[name])
    given = {
        *arguments.get("ExpressionAttributeValues", _NO_VALUES),
        *arguments.get("ExpressionAttributeNames", _NO_NAMES),
    }
    if used != given:
        raise InvalidExpression(f"not used or not given: {used ^ given}")


def _check_size(operation: str, row: Row | None) -> None:
    if row is not None and row.size > MAX_ITEM_BYTES:
        raise _error(operation, "ValidationException", "Item size has exceeded the maximum allowed size")


def _returned(old: Row | None, new: Row | None, arguments: Arguments) -> dict[str, Any]:
    asked = arguments.get("ReturnValues", "NONE")
    row = {"ALL_NEW": new, "ALL_OLD": old}.get(asked)
    return {} if row is None else {"Attributes": dict(row)}


def _projected(row: Row, arguments: Arguments) -> Mapping[str, Value]:
    if "ProjectionExpression" not in arguments:
        return row
    names = arguments.get("ExpressionAttributeNames", _NO_NAMES)
    wanted = [names.get(name, name) for name in expressions.projection(arguments["ProjectionExpression"])]
    return {name: row[name] for name in wanted if name in row}


def _range(order: list[str], bounds: expressions.Bounds, values: Mapping[str, Value]) -> list[str]:
    """Return the sort keys from the first to the last bound; some at the ends may not match."""
    low = bounds.first or bounds.prefix
    first = 0 if low is None else bisect_left(order, values[low]["S"])
    last = len(order) if bounds.last is None else bisect_left(order, values[bounds.last]["S"] + "\0")
    return order[first:last]


def _in_order(partition: Partition) -> Iterator[Row]:
    return (partition.rows[sort] for sort in partition.order)


def _place(table: Table, partition: str, sort: str, row: Row | None) -> None:
    rows = table.setdefault(partition, Partition())
    if row is None:
        if rows.rows.pop(sort, None) is not None:
            del rows.order[bisect_left(rows.order, sort)]
        return
    if sort not in rows.rows:
        insort(rows.order, sort)
    rows.rows[sort] = row


def _copied(tables: dict[str, Table]) -> dict[str, Table]:
    return {
        name: {key: partition.copy() for key, partition in table.items()} for name, table in tables.items()
    }


def _value_size(value: Value) -> int:
    ((kind, content),) = value.items()
    if kind == "S":
        return len(str(content).encode())
    if kind == "N":
        number = str(content)
        digits = number.lstrip("-").replace(".", "").strip("0")
        return (len(digits) + 1) // 2 + 1 + number.startswith("-")
    if kind == "M":
        return 3 + len(content) + sum(len(name.encode()) + _value_size(one) for name, one in content.items())
    if kind == "L":
        return 3 + len(content) + sum(map(_value_size, content))
    return 1
