"""Some of moto's DynamoDB methods again, without the work that they do over and over.

For a page of site configs, nested five deep with hundreds of values each, moto takes 6 s, longer than the API
waits for DynamoDB. For a transaction it copies the whole table, and for a query it sorts it, so that with
some thousand items each takes longer than the queues wait. What these methods return is what moto's own
return.
"""

import base64
import copy
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

_checked_structure = BaseJSONSerializer._serialize_type_structure  # noqa: SLF001 - moto has no other way in
_any_size = DynamoType.size
_transact = DynamoDBBackend.transact_write_items
_any_query = Table.query
_every_item = Table.all_items
# Where a table has the partition that a query reads, while it runs.
_PARTITION = "partition_read"
# Where a table has the ids of the rows that a transaction touches, while it runs.
_TOUCHED = "touched_rows"


def install() -> None:
    """Put the faster methods in the place of moto's."""
    for kind, name, method in (
        (BaseJSONSerializer, "_serialize_type_structure", _serialize_structure),
        (DynamoType, "size", _size),
        (DynamoType, "to_regular_json", _to_regular_json),
        (DynamoDBBackend, "transact_write_items", _transact_write_items),
        (Table, "__deepcopy__", _copy_table),
        (Table, "query", _query),
        (Table, "all_items", _all_items),
    ):
        setattr(kind, name, method)


def _serialize_structure(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
    """Answer attribute values as they are: moto checks each, however deep, against the model of the API."""
    if shape.name == "AttributeValue" and isinstance(value, dict):
        self._default_serialize(serialized, value, shape, key)
    else:
        _checked_structure(self, serialized, value, shape, key)


def _size(self: Any) -> int:
    """Answer the size without making every member of a map anew, and its members, and theirs."""
    if not self.is_map():
        return int(_any_size(self))
    return sum(len(name.encode()) + member.size() for name, member in self.value.items())


def _to_regular_json(self: Any) -> dict[str, Any]:
    """Answer plain JSON without copying the whole of what lies below at every level."""
    value = self.value
    if isinstance(value, dict):
        value = {name: _plain(member) for name, member in value.items()}
    elif isinstance(value, list):
        value = [_plain(member) for member in value]
    elif self.is_binary() and isinstance(value, str):
        value = base64.b64decode(value)
    return {self.type: value}


def _plain(member: Any) -> Any:
    return member.to_regular_json() if isinstance(member, DynamoType) else member


def _transact_write_items(self: Any, transact_items: list[dict[str, Any]]) -> None:
    """Do a transaction, with only the rows that it touches copied for the case that it fails."""
    names = {name for name, _ in _rows_touched(self.tables, transact_items)}
    for name in names:
        rows = {id(row) for other, row in _rows_touched(self.tables, transact_items) if other == name}
        setattr(self.tables[name], _TOUCHED, rows)
    try:
        _transact(self, transact_items)
    finally:
        for name in names:
            # after a failure the table is the copy
            vars(self.tables[name]).pop(_TOUCHED, None)


def _rows_touched(tables: Any, transact_items: list[dict[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Return each table's name, and the row that an action changes, None if it is not there yet."""
    for action in transact_items:
        arguments = next(iter(action.values()))
        name, key = arguments.get("TableName"), arguments.get("Key") or arguments.get("Item") or {}
        table = tables.get(name)
        if table is None:
            continue
        parts = [key[part] for part in (table.hash_key_attr, table.range_key_attr) if part in key]
        if len(parts) == 1 + table.has_range_key:
            yield name, table.get_item(*map(DynamoType, parts))


def _copy_table(self: Any, _memo: dict[int, Any]) -> Any:
    """Return a copy of a table: of all rows, or during a transaction of those that it touches."""
    touched = getattr(self, _TOUCHED, None)

    def copied(row: Any) -> Any:
        return copy.deepcopy(row) if touched is None or id(row) in touched else row

    table = copy.copy(self)
    table.items = defaultdict(dict)
    for key, rows in self.items.items():
        table.items[key] = (
            {part: copied(row) for part, row in rows.items()} if self.has_range_key else copied(rows)
        )
    return table


def _query(self: Any, hash_key: Any, *arguments: Any, **named: Any) -> Any:
    """Query a table, of which only the rows of the partition asked for are looked at."""
    if not (self.indexes or self.global_indexes):
        setattr(self, _PARTITION, hash_key)
    try:
        return _any_query(self, hash_key, *arguments, **named)
    finally:
        vars(self).pop(_PARTITION, None)


def _all_items(self: Any) -> list[Any]:
    """Return the rows of a table in order, or during a query those of the partition that it reads."""
    if _PARTITION not in vars(self):
        return list(_every_item(self))
    rows = self.items.get(getattr(self, _PARTITION), {})
    # the query puts them in order
    return list(rows.values()) if self.has_range_key else [rows]
