"""Three of moto's DynamoDB methods again, without the work that they do over and over.

For a page of site configs, nested five deep with hundreds of values each, moto takes 6 s, longer than the API
waits for DynamoDB. What these answer is what moto's own answer.
"""

import base64
from typing import Any

from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.models.dynamo_type import DynamoType

_checked_structure = BaseJSONSerializer._serialize_type_structure  # noqa: SLF001 - moto has no other way in
_any_size = DynamoType.size


def install() -> None:
    """Put the faster methods in the place of moto's."""
    for kind, name, method in (
        (BaseJSONSerializer, "_serialize_type_structure", _serialize_structure),
        (DynamoType, "size", _size),
        (DynamoType, "to_regular_json", _to_regular_json),
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
