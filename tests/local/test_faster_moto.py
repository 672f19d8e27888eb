"""The replacements of moto's methods return the same results with less work."""

import copy
import time
from typing import Any

import pytest
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import Table as MotoTable
from moto.sqs.models import SQSBackend

from common.dynamodb import ConditionFailed, Table
from local import faster_moto

QUEUES = Table("PIPE_QUEUE_TABLE_NAME")
CONFIGS = Table("CONFIG_TABLE_NAME")
FAILS = {"ConditionExpression": "attribute_exists(nothing)"}


def key(number: int) -> dict[str, Any]:
    return {"pk": "QUEUE#a", "sk": f"ITEM#{number}"}


def actions() -> list[dict[str, Any]]:
    """Return an update, a deletion, a replaced row and a new row."""
    return [
        {
            "Update": {
                "Key": key(1),
                "UpdateExpression": "SET receives = :n, payload.deep.n = :n",
                "ExpressionAttributeValues": {":n": 5},
            }
        },
        {"Delete": {"Key": key(2)}},
        {"Put": {"Item": {**key(3), "receives": 7}}},
        {"Put": {"Item": {**key(9), "receives": 9}}},
    ]


@pytest.fixture
def rows(aws: str) -> list[dict[str, Any]]:
    rows = [{**key(number), "receives": 0, "payload": {"deep": {"n": 0}}} for number in range(1, 5)]
    for row in rows:
        QUEUES.put(row)
    return rows


def stored() -> list[dict[str, Any]]:
    return sorted(QUEUES.scan(), key=lambda row: str(row["sk"]))


def test_a_transaction_that_fails_leaves_every_row_as_it_was(rows: list[dict[str, Any]]) -> None:
    with pytest.raises(ConditionFailed) as failed:
        QUEUES.transact([*actions(), {"Put": {"Item": key(4), **FAILS}}])
    assert failed.value.failed == (4,)
    assert stored() == rows
    # the table still works
    QUEUES.transact(actions())
    assert [row.get("receives") for row in stored()] == [5, 7, 0, 9]


def test_a_transaction_of_a_table_without_sort_keys_that_fails_changes_nothing(aws: str) -> None:
    CONFIGS.put({"site": "mrc1", "configuration": {"version": 1}})
    with pytest.raises(ConditionFailed):
        CONFIGS.transact(
            [
                {"Put": {"Item": {"site": "mrc1", "configuration": {"version": 2}}}},
                {"Put": {"Item": {"site": "aro1"}, **FAILS}},
            ]
        )
    assert list(CONFIGS.scan()) == [{"site": "mrc1", "configuration": {"version": 1}}]


def test_a_query_finds_the_rows_of_its_partition_in_order(rows: list[dict[str, Any]]) -> None:
    QUEUES.put({"pk": "QUEUE#b", "sk": "ITEM#1"})
    asked = {"KeyConditionExpression": "pk = :pk"}

    def found(pk: str, **more: Any) -> list[dict[str, Any]]:
        return list(QUEUES.query(**asked, ExpressionAttributeValues={":pk": pk}, **more))

    assert found("QUEUE#a") == found("QUEUE#a", Limit=1) == rows
    assert found("QUEUE#a", ScanIndexForward=False) == rows[::-1]
    assert found("QUEUE#b") == [{"pk": "QUEUE#b", "sk": "ITEM#1"}]
    assert found("QUEUE#c") == []
    CONFIGS.put({"site": "mrc1"})
    of_site = {"KeyConditionExpression": "site = :site"}
    assert list(CONFIGS.query(**of_site, ExpressionAttributeValues={":site": "mrc1"})) == [{"site": "mrc1"}]
    assert list(CONFIGS.query(**of_site, ExpressionAttributeValues={":site": "none"})) == []
    assert len(list(QUEUES.scan())) == 5


def test_a_queue_hands_out_and_counts_messages_as_before() -> None:
    faster_moto.install()
    sqs = SQSBackend("us-east-1", "123456789012")
    queue = sqs.create_queue("q", MessageRetentionPeriod=60)
    for body in ("a", "b", "c"):
        sqs.send_message("q", body)
    sqs.send_message("q", "late", delay_seconds=60)
    [received] = sqs.receive_message("q", 1, 0, 30)
    assert received.body == "a"
    assert [message.body for message in queue.messages] == ["b", "c"]
    counts = queue.attributes
    assert counts["ApproximateNumberOfMessages"] == 2
    assert counts["ApproximateNumberOfMessagesNotVisible"] == 1
    assert counts["ApproximateNumberOfMessagesDelayed"] == 1
    assert sqs.is_message_valid_based_on_retention_period("q", received)
    received.sent_timestamp = round((time.time() - 61) * 1000)  # type: ignore[assignment]  # moto declares None
    assert not sqs.is_message_valid_based_on_retention_period("q", received)


@pytest.fixture
def backend() -> DynamoDBBackend:
    """Return moto's DynamoDB with a thousand rows, in this process."""
    faster_moto.install()
    backend = DynamoDBBackend("us-east-1", "123456789012")
    table = MotoTable(  # type: ignore[abstract]  # methods of CloudFormation, not used here
        "t",
        "123456789012",
        "us-east-1",
        schema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        attr=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
    )
    backend.tables["t"] = table
    for number in range(1000):
        table.put_item({"pk": {"S": "a"}, "sk": {"S": str(number)}})
    return backend


def test_a_transaction_copies_only_the_rows_that_it_changes(
    backend: DynamoDBBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = []
    really = Item.__deepcopy__

    def counted(item: Item, memo: dict[int, Any]) -> Item:
        copies.append(item)
        return really(item, memo)

    monkeypatch.setattr(Item, "__deepcopy__", counted)
    row = {"pk": {"S": "a"}, "sk": {"S": "1"}}
    backend.transact_write_items([{"Delete": {"TableName": "t", "Key": row}}])
    assert len(copies) < 10
    assert backend.get_item("t", row) is None
    copies.clear()
    # outside a transaction, all rows are copied
    copy.deepcopy(backend.tables["t"])
    assert len(copies) == 999
