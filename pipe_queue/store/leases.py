"""Leases of items, their receipts, and the records of attempts."""

from collections.abc import Iterator
from typing import Any, TypedDict

from common.dynamodb import Item
from pipe_queue.store.table import item_key, row_key, rows_of, table, with_id

# Rows at the head of a queue that one page of a query reads.
HEAD_PAGE = 8

_ATTEMPT = "ATTEMPT#"

_FREE = "(attribute_not_exists(lease_until) OR lease_until <= :now)"
_IN_FORCE = "lease_id = :lease AND lease_until > :now"


class LeaseTerms(TypedDict):
    """What a lease writes into an item's row.

    `lease_until` and `now` are Unix ms; `receives` is how often the item was handed out before.
    """

    lease_id: str
    lease_until: int
    now: int
    receives: int


def free(queue: str, generation: int, now_ms: int) -> Iterator[Item]:
    """Return `id` and `receives` of the free items, oldest first.

    Pages of `HEAD_PAGE` rows, including leased ones, are read when needed.
    """
    query = rows_of(queue, "ITEM#", generation)
    query["FilterExpression"] += f" AND {_FREE}"
    query["ExpressionAttributeValues"][":now"] = now_ms
    return map(with_id, table.query(**query, ProjectionExpression="sk, receives", Limit=HEAD_PAGE))


def exhausted(queue: str, generation: int, max_receives: int, now_ms: int) -> Iterator[Item]:
    """Return `id` of the free items with at least `max_receives` receives. One query, all pages."""
    query = _exhausted(queue, generation, max_receives, now_ms)
    return map(with_id, table.query(**query, ProjectionExpression="sk"))


def count_exhausted(queue: str, generation: int, max_receives: int, now_ms: int) -> int:
    """Return the number of items that `exhausted` returns. One COUNT query, all pages."""
    return table.count(**_exhausted(queue, generation, max_receives, now_ms))


def lease(queue: str, item_id: str, terms: LeaseTerms) -> Item:
    """Take a lease on an item and return the item. One update.

    Parameters
    ----------
    queue, item_id
        The item.
    terms
        Of the lease.

    Raises
    ------
    ConditionFailed
        If the item is gone, or another attempt was faster.
    """
    return with_id(table.update(item_key(queue, item_id), **_leasing(terms), ReturnValues="ALL_NEW"))


def remove_leased(queue: str, item_id: str, lease_id: str) -> None:
    """Remove an item if `lease_id` still holds it. One delete.

    Raises
    ------
    ConditionFailed
        If it does not. The error has the item, if it exists.
    """
    table.delete(
        item_key(queue, item_id),
        ConditionExpression="lease_id = :lease",
        ExpressionAttributeValues={":lease": lease_id},
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
    )


def lease_for_attempt(queue: str, item_id: str, terms: LeaseTerms, attempt: Item, earlier_lease: str) -> None:
    """Take a lease on an item and write the attempt's record. One transaction of two rows.

    Parameters
    ----------
    queue, item_id, terms
        As for `lease`.
    attempt
        The record's row, key included.
    earlier_lease
        The lease in the record as it was read; "" without a record.

    Raises
    ------
    ConditionFailed
        If the item is gone or leased, or the attempt got another item meanwhile.
    """
    table.transact(
        [
            {"Update": {"Key": item_key(queue, item_id), **_leasing(terms, _attempt_of(attempt))}},
            {"Put": {"Item": attempt, **_if_attempt_stands(earlier_lease)}},
        ]
    )


def remove_for_attempt(queue: str, item_id: str, now_ms: int, attempt: Item, earlier_lease: str) -> None:
    """Remove a free item and write the attempt's record. One transaction of two rows.

    Raises
    ------
    ConditionFailed
        As for `lease_for_attempt`.
    """
    removal = {
        "Key": item_key(queue, item_id),
        "ConditionExpression": f"attribute_exists(sk) AND {_FREE}",
        "ExpressionAttributeValues": {":now": now_ms},
    }
    table.transact(
        [{"Delete": removal}, {"Put": {"Item": attempt, **_if_attempt_stands(earlier_lease)}}],
    )


def attempt_key(queue: str, generation: int, attempt_id: str) -> Item:
    """Return the key of an attempt's record."""
    return row_key(queue, f"{_ATTEMPT}{generation}#{attempt_id}")


def read_attempt(queue: str, generation: int, attempt_id: str) -> Item | None:
    """Return an attempt's record, or None. One consistent read."""
    return table.get(attempt_key(queue, generation, attempt_id))


def extend(queue: str, item_id: str, lease_id: str, now_ms: int, until_ms: int) -> str:
    """Set a later end of a lease in force; return the attempt that took it, "" for none. One update.

    Raises
    ------
    ConditionFailed
        If it is not in force, or ends later already. The error has the item, if it exists.
    """
    later = {"ConditionExpression": f"{_IN_FORCE} AND lease_until <= :until"}
    return _extended(queue, item_id, later, {":lease": lease_id, ":now": now_ms, ":until": until_ms})


def shorten(queue: str, item_id: str, lease_id: str, seen_ms: int, until_ms: int) -> str:
    """Set an earlier end of a lease that ended at `seen_ms`; return as `extend` does. One update.

    Raises
    ------
    ConditionFailed
        If the lease is over, or its end has changed.
    """
    as_seen = {"ConditionExpression": "lease_id = :lease AND lease_until = :seen"}
    return _extended(queue, item_id, as_seen, {":lease": lease_id, ":seen": seen_ms, ":until": until_ms})


def keep_attempt(queue: str, attempt: str, lease_id: str, expire_timestamp_s: int) -> None:
    """Keep the record of an attempt longer. One update.

    Parameters
    ----------
    queue
        Name.
    attempt
        The attempt as in the item's row.
    lease_id
        The record's lease.
    expire_timestamp_s
        The new expiry; Unix seconds.

    Raises
    ------
    ConditionFailed
        If the record has another lease, or is gone.
    """
    table.update(
        row_key(queue, f"{_ATTEMPT}{attempt}"),
        UpdateExpression="SET expire_timestamp_s = :expire",
        ConditionExpression="lease_id = :lease",
        ExpressionAttributeValues={":lease": lease_id, ":expire": expire_timestamp_s},
    )


def acknowledge(queue: str, item_id: str, lease_id: str, now_ms: int, receipt: Item) -> None:
    """Remove an item whose lease is in force and write a receipt. One transaction of two rows.

    Raises
    ------
    ConditionFailed
        If the lease is not in force.
    """
    table.transact(
        [
            {"Delete": {"Key": item_key(queue, item_id), **_if_in_force(lease_id, now_ms)}},
            {"Put": {"Item": receipt}},
        ]
    )


def give_back(queue: str, item_id: str, lease_id: str, now_ms: int, receipt: Item) -> None:
    """End a lease in force and write a receipt. One transaction of two rows.

    Raises
    ------
    ConditionFailed
        If the lease is not in force.
    """
    freeing = {
        "UpdateExpression": "REMOVE lease_id, leased_at, lease_until, attempt",
        **_if_in_force(lease_id, now_ms),
    }
    table.transact(
        [{"Update": {"Key": item_key(queue, item_id), **freeing}}, {"Put": {"Item": receipt}}],
    )


def receipt_key(queue: str, lease_id: str) -> Item:
    """Return the key of a lease's receipt."""
    return row_key(queue, f"RECEIPT#{lease_id}")


def read_receipt(queue: str, lease_id: str) -> Item | None:
    """Return the receipt of a lease, or None. One consistent read."""
    return table.get(receipt_key(queue, lease_id))


def _exhausted(queue: str, generation: int, max_receives: int, now_ms: int) -> dict[str, Any]:
    query = rows_of(queue, "ITEM#", generation)
    query["FilterExpression"] += f" AND receives >= :most AND {_FREE}"
    query["ExpressionAttributeValues"] |= {":most": max_receives, ":now": now_ms}
    return query


def _extended(queue: str, item_id: str, condition: dict[str, str], values: Item) -> str:
    row = table.update(
        item_key(queue, item_id),
        UpdateExpression="SET lease_until = :until",
        **condition,
        ExpressionAttributeValues=values,
        ReturnValues="ALL_NEW",
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
    )
    return str(row.get("attempt", ""))


def _leasing(terms: LeaseTerms, attempt: str = "") -> dict[str, Any]:
    """Return the update that takes a lease, for an attempt or none. It is idempotent."""
    as_read, received = _if_received(terms["receives"])
    return {
        "UpdateExpression": (
            "SET lease_id = :lease, leased_at = :now, lease_until = :until, receives = :receives"
            + (", attempt = :attempt" if attempt else " REMOVE attempt")
        ),
        "ConditionExpression": f"attribute_exists(sk) AND (lease_id = :lease OR ({_FREE} AND {as_read}))",
        "ExpressionAttributeValues": {
            ":lease": terms["lease_id"],
            ":until": terms["lease_until"],
            ":now": terms["now"],
            ":receives": terms["receives"] + 1,
            **({":attempt": attempt} if attempt else {}),
            **received,
        },
    }


def _attempt_of(record: Item) -> str:
    """Return how an item's row names the attempt that it is leased for."""
    return str(record["sk"]).removeprefix(_ATTEMPT)


def _if_received(times: int) -> tuple[str, Item]:
    """Return the condition, with its values, that an item was handed out `times` times before.

    An item that was never handed out has no count.
    """
    return ("receives = :received", {":received": times}) if times else ("attribute_not_exists(receives)", {})


def _if_in_force(lease_id: str, now_ms: int) -> dict[str, Any]:
    return {
        "ConditionExpression": _IN_FORCE,
        "ExpressionAttributeValues": {":lease": lease_id, ":now": now_ms},
    }


def _if_attempt_stands(earlier_lease: str) -> dict[str, Any]:
    return {
        "ConditionExpression": "attribute_not_exists(sk) OR lease_id = :earlier",
        "ExpressionAttributeValues": {":earlier": earlier_lease},
    }
