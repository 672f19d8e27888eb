"""DynamoDB tables with plain Python values: paging, conditional writes, sizes and limits.

Numbers are read as `Decimal`. Floats are written as the decimal number that they print as. DynamoDB's sets
and binaries, which only other programs write, are read as `set` and `bytes`.
"""

import base64
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Clamped, Context, Decimal, Inexact, InvalidOperation, Overflow, Rounded, Underflow
from itertools import islice
from typing import Any

from common import aws
from common.errors import BadRequest, TooLarge, Unavailable
from common.settings import setting

Item = dict[str, Any]

# Limits of DynamoDB, from the AWS developer guide, "Quotas" and "Supported data types".
MAX_ITEM_BYTES = 400 * 1024
MAX_SORT_KEY_BYTES = 1024
_CONTAINER_BYTES = 3
MAX_DEPTH = 32
MAX_DIGITS = 38
MIN_MAGNITUDE, MAX_MAGNITUDE = -130, 125
# Raises an error for a number that DynamoDB could not store exactly.
_NUMBERS = Context(
    prec=MAX_DIGITS,
    Emin=MIN_MAGNITUDE,
    Emax=MAX_MAGNITUDE,
    traps=[Clamped, Inexact, InvalidOperation, Overflow, Rounded, Underflow],
)

# The most characters of a caller's keys that an error message repeats.
MAX_PATH_SHOWN = 100


# The most that one BatchWriteItem takes, and one BatchGetItem.
BATCH_ROWS, BATCH_READS = 25, 100
# Pauses before the unprocessed part of a batch is sent again.
BUSY_PAUSES_S = (0.05, 0.2, 0.8)
# Temporary reasons for a cancelled transaction: another one on the same rows, or too many requests.
_TEMPORARY_REASONS = frozenset({"TransactionConflict", "ProvisionedThroughputExceeded", "ThrottlingError"})
# Operations whose arguments name the tables themselves.
_MANY_TABLES = frozenset({"transact_write_items", "batch_write_item", "batch_get_item"})


class ConditionFailed(Exception):
    """The condition of a write does not hold; nothing was written.

    Parameters
    ----------
    row
        The row as it was found, if the write asked for it by `ReturnValuesOnConditionCheckFailure`; None
        where there is no such row.
    retried
        Whether the request was sent more than once. Then the first request may have succeeded although its
        response was lost, and the condition of the second may have failed because of what the first wrote.
    failed
        Of a transaction, the positions of the actions whose conditions failed.
    """

    def __init__(self, row: Item | None = None, *, retried: bool = False, failed: Sequence[int] = ()) -> None:
        super().__init__()
        self.row = row
        self.retried = retried
        self.failed = tuple(failed)


class Table:
    """A table, named by the environment variable `setting_name`.

    Every method raises `common.errors.Unavailable` when DynamoDB is down or busy.

    Parameters
    ----------
    setting_name
        The environment variable.
    read_timeout_s
        How long one attempt at a request may wait for its answer; seconds.
    """

    def __init__(self, setting_name: str, *, read_timeout_s: float = aws.READ_TIMEOUT_S) -> None:
        self._setting_name = setting_name
        self._read_timeout_s = read_timeout_s

    @property
    def name(self) -> str:
        """The table's name in DynamoDB."""
        return setting(self._setting_name)

    def get(self, key: Item, *, consistent: bool = True) -> Item | None:
        """Return the row at `key`, or None. A consistent read sees every completed write."""
        return self.get_with_response(key, consistent=consistent)[0]

    def get_with_response(self, key: Item, *, consistent: bool = True) -> tuple[Item | None, dict[str, Any]]:
        """Return the row at `key`, or None, and the rest of DynamoDB's response."""
        answer = self._request("get_item", Key=serialised(key), ConsistentRead=consistent)
        row = answer.pop("Item", None)
        return (None if row is None else deserialised(row)), answer

    def get_many(self, keys: Sequence[Item], **expressions: Any) -> list[Item]:
        """Return the existing rows at `keys`, in no order; 100 rows or 16 MB a request.

        The reads are consistent, unless `expressions` say otherwise.

        Parameters
        ----------
        keys
            Without repetition.
        expressions
            DynamoDB's own arguments (`ProjectionExpression` and so on).

        Raises
        ------
        Unavailable
            If DynamoDB is too busy to read them all.
        """
        rows: list[Item] = []
        for start in range(0, len(keys), BATCH_READS):
            wanted = [serialised(key) for key in keys[start : start + BATCH_READS]]
            rows += self._read_batch(wanted, expressions)
        return rows

    def put(self, item: Item, **expressions: Any) -> dict[str, Any]:
        """Write the whole `item`; return DynamoDB's response.

        Parameters
        ----------
        item
            The row, key included.
        expressions
            DynamoDB's own arguments (`ConditionExpression` and so on); values are plain Python.

        Raises
        ------
        BadRequest, TooLarge
            If DynamoDB cannot hold the row.
        ConditionFailed
            If the condition does not hold.
        """
        check_storable(item)
        return self._write("put_item", Item=serialised(item), **expressions)

    def update(self, key: Item, **expressions: Any) -> Item:
        """Change the row at `key`; return the attributes that `ReturnValues` selects.

        Raises
        ------
        ConditionFailed
            If the condition does not hold.
        """
        answer = self._write("update_item", Key=serialised(key), **expressions)
        return deserialised(answer.get("Attributes", {}))

    def delete(self, key: Item, **expressions: Any) -> dict[str, Any]:
        """Remove the row at `key`, if there is one; return DynamoDB's response.

        Raises
        ------
        ConditionFailed
            If the condition does not hold.
        """
        return self._write("delete_item", Key=serialised(key), **expressions)

    def query(self, **expressions: Any) -> Iterator[Item]:
        """Return the rows that DynamoDB's `Query` finds, from all of its pages, in order."""
        return self._pages("query", expressions)

    def scan(self, after: Item | None = None, **expressions: Any) -> Iterator[Item]:
        """Return every row of the table, in DynamoDB's order. Pages are read when needed.

        Parameters
        ----------
        after
            The key of a row, also one that is gone: only the rows that follow it in DynamoDB's order are
            returned.
        expressions
            DynamoDB's own arguments.
        """
        start = {} if after is None else {"ExclusiveStartKey": serialised(after)}
        return self._pages("scan", {**expressions, **start})

    def scan_pages(self, most: int, **expressions: Any) -> list[Item] | None:
        """Return the rows of a scan of at most `most` pages, 1 MB each; None if the table is longer."""
        rows: list[Item] = []
        for page in islice(self._raw_pages("scan", expressions), most):
            rows += map(deserialised, page["Items"])
            if "LastEvaluatedKey" not in page:
                return rows
        return None

    def first_page(self, **expressions: Any) -> tuple[list[Item], bool]:
        """Return the rows on the first page of DynamoDB's `Query`, 1 MB, and whether more may follow."""
        page = next(self._raw_pages("query", expressions))
        return [deserialised(row) for row in page["Items"]], "LastEvaluatedKey" in page

    def count_first_page(self, **expressions: Any) -> tuple[int, bool]:
        """Return the number of rows on the first page, and whether more may follow. No row is transferred."""
        page = next(self._raw_pages("query", {**expressions, "Select": "COUNT"}))
        return page["Count"], "LastEvaluatedKey" in page

    def count(self, **expressions: Any) -> int:
        """Return the number of rows that DynamoDB's `Query` finds. All pages; no row is transferred."""
        pages = self._raw_pages("query", {**expressions, "Select": "COUNT"})
        return sum(page["Count"] for page in pages)

    def transact(
        self,
        actions: Sequence[Mapping[str, Any]],
        token: str | None = None,
        others: Sequence[tuple["Table", Mapping[str, Any]]] = (),
    ) -> dict[str, Any]:
        """Run all of `actions` and `others`, or none; return DynamoDB's response.

        Parameters
        ----------
        actions
            As DynamoDB's `TransactWriteItems` has them, without `TableName`; items, keys and values are
            plain Python.
        token
            At most 36 characters. The same actions sent again with it within ten minutes are done once.
        others
            Actions on other tables, each with its table.

        Raises
        ------
        BadRequest, TooLarge
            If DynamoDB cannot hold a row.
        ConditionFailed
            If a condition does not hold.
        """
        named = {} if token is None else {"ClientRequestToken": token}
        wire_actions = [
            table.wire_action(action) for table, action in [*((self, each) for each in actions), *others]
        ]
        return self._request("transact_write_items", TransactItems=wire_actions, **named)

    def delete_many(self, keys: Sequence[Item]) -> None:
        """Remove the rows at `keys`, at most `BATCH_ROWS` of them.

        Raises
        ------
        Unavailable
            If DynamoDB is too busy to remove them all; some may be gone.
        """
        requests = [{"DeleteRequest": {"Key": serialised(key)}} for key in keys]
        for pause_s in BUSY_PAUSES_S:
            answer = self._request("batch_write_item", RequestItems={self.name: requests})
            requests = answer.get("UnprocessedItems", {}).get(self.name, [])
            if not requests:
                return
            time.sleep(pause_s)
        raise Unavailable(f"Try again later: the table {self.name} is busy.")

    def _read_batch(self, keys: list[dict[str, Any]], expressions: dict[str, Any]) -> list[Item]:
        rows: list[Item] = []
        pauses_s = iter(BUSY_PAUSES_S)
        while keys:
            request = {self.name: {"Keys": keys, "ConsistentRead": True, **expressions}}
            answer = self._request("batch_get_item", RequestItems=request)
            read = answer["Responses"].get(self.name, [])
            rows += [deserialised(row) for row in read]
            keys = answer.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", [])
            # A response with rows means progress, so the next request follows without a pause.
            pause_s = 0.0 if read else next(pauses_s, None)
            if pause_s is None:
                raise Unavailable(f"Try again later: the table {self.name} is busy.")
            time.sleep(pause_s)
        return rows

    def _request(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """Send one request, with botocore's retries; return DynamoDB's response."""
        client = aws.client("dynamodb", read_timeout_s=self._read_timeout_s)
        table = {} if operation in _MANY_TABLES else {"TableName": self.name}
        with self._faults():
            answer: dict[str, Any] = getattr(client, operation)(**table, **arguments)
        return answer

    def wire_action(self, action: Mapping[str, Any]) -> dict[str, Any]:
        """Return an action of a transaction in DynamoDB's wire format.

        Raises
        ------
        BadRequest, TooLarge
            If DynamoDB cannot hold its row.
        """
        ((kind, arguments),) = action.items()
        check_storable(arguments.get("Item", {}))
        rows = {name: serialised(arguments[name]) for name in ("Item", "Key") if name in arguments}
        return {kind: {"TableName": self.name, **_with_serialised_values({**arguments, **rows})}}

    def _write(self, operation: str, **arguments: Any) -> dict[str, Any]:
        return self._request(operation, **_with_serialised_values(arguments))

    def _pages(self, operation: str, expressions: dict[str, Any]) -> Iterator[Item]:
        for page in self._raw_pages(operation, expressions):
            rows = page["Items"][::-1]
            page.clear()
            # A megabyte of nested rows takes 100 MB once parsed, so each row is dropped after its use.
            while rows:
                yield deserialised(rows.pop())

    def _raw_pages(self, operation: str, expressions: dict[str, Any]) -> Iterator[dict[str, Any]]:
        arguments = _with_serialised_values(expressions)
        while True:
            page = self._request(operation, **arguments)
            last_key = page.get("LastEvaluatedKey")
            yield page
            if last_key is None:
                return
            arguments = {**arguments, "ExclusiveStartKey": last_key}

    @contextmanager
    def _faults(self) -> Iterator[None]:
        from botocore.exceptions import ClientError

        try:
            with aws.faults(f"the table {self.name}"):
                yield
        except ClientError as error:
            details = error.response["Error"]
            if details["Code"] == "ConditionalCheckFailedException":
                raise _condition_failed(error.response) from error
            if details["Code"] == "TransactionCanceledException":
                raise (_cancelled(self.name, error.response) or error) from error
            if details["Code"] == "ValidationException" and "size has exceeded" in details["Message"]:
                raise TooLarge(f"Too large to store: more than {MAX_ITEM_BYTES} bytes.") from error
            raise


def item_size(item: Mapping[str, Any]) -> int:
    """Return the bytes that DynamoDB counts for a row: names and values, as its developer guide says."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def check_storable(item: Mapping[str, Any]) -> None:
    """Check that DynamoDB can hold the row.

    Raises
    ------
    BadRequest
        Naming the first value with a number too long or too large, an empty key, nesting deeper than
        32 levels or text that is not Unicode.
    TooLarge
        If the row is over 400 KB.
    """
    walk = _Walk()
    for name, value in item.items():
        walk.check(name, ())
        walk.check(value, (name,))


def check_position(name: str, text: str) -> str:
    """Return `text`, the value of a parameter that says where a page starts; "" for the first page.

    Raises
    ------
    BadRequest
        If the text is too long for the key of a row, or not valid Unicode.
    """
    if len(text.encode(errors="replace")) > MAX_SORT_KEY_BYTES or not _is_unicode(text):
        raise BadRequest(f"{name} must be as the Link header of an earlier response gives it.")
    return text


def serialised(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row in DynamoDB's wire format."""
    return {name: _serialised_value(value) for name, value in item.items()}


def deserialised(row: Mapping[str, Any]) -> Item:
    """Return the row in plain Python values; the inverse of `serialised`, with Decimals for numbers."""
    return {name: _deserialised_value(value) for name, value in row.items()}


def _serialised_value(value: Any) -> dict[str, Any]:  # noqa: PLR0911 - a line for each type of DynamoDB
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, (int, float, Decimal)):
        return {"N": str(_NUMBERS.create_decimal(_exact_number(value)))}
    if isinstance(value, (bytes, bytearray)):
        return {"B": bytes(value)}
    if isinstance(value, Mapping):
        return {"M": serialised(value)}
    if isinstance(value, (list, tuple)):
        return {"L": [_serialised_value(member) for member in value]}
    if isinstance(value, (set, frozenset)):
        return _serialised_set(value)
    raise TypeError(f"DynamoDB stores no {type(value).__name__}.")


def _serialised_set(members: set[Any] | frozenset[Any]) -> dict[str, Any]:
    """Return a set of texts, of numbers, or of bytes in the wire format."""
    wire = [_serialised_value(member) for member in members]
    kinds = {kind for value in wire for kind in value}
    if len(kinds) != 1 or not kinds < {"S", "N", "B"}:
        raise TypeError("DynamoDB stores sets of texts, of numbers or of bytes, with at least one member.")
    (kind,) = kinds
    return {f"{kind}S": [value[kind] for value in wire]}


def _deserialised_value(value: Mapping[str, Any]) -> Any:
    """Return a plain Python value."""
    ((kind, content),) = value.items()
    if kind in ("S", "BOOL"):
        return content
    if kind == "N":
        return Decimal(content)
    if kind == "M":
        return deserialised(content)
    if kind == "L":
        return [_deserialised_value(member) for member in content]
    if kind == "NULL":
        return None
    return _deserialised_set(kind, content) if kind in _SETS else _bytes(content)


def _deserialised_set(kind: str, members: list[Any]) -> set[Any]:
    """Return a set of texts, of numbers, or of bytes."""
    return {_SETS[kind](member) for member in members}


def _bytes(content: str | bytes) -> bytes:
    """Return a binary value. Reads have it in base64, other operations of botocore as bytes."""
    return base64.b64decode(content) if isinstance(content, str) else content


_SETS: Mapping[str, Callable[[Any], Any]] = {"SS": str, "NS": Decimal, "BS": _bytes}


def _cancelled(table: str, answer: Mapping[str, Any]) -> Exception | None:
    """Return the error of a cancelled transaction; None if its cause is a mistake in this project."""
    reasons = answer.get("CancellationReasons", [])
    codes = [reason.get("Code") for reason in reasons]
    failed = [position for position, code in enumerate(codes) if code == "ConditionalCheckFailed"]
    if failed:
        return ConditionFailed(retried=_was_retried(answer), failed=failed)
    if any("size has exceeded" in (reason.get("Message") or "") for reason in reasons):
        return TooLarge(f"Too large to store: more than {MAX_ITEM_BYTES} bytes.")
    if _TEMPORARY_REASONS.intersection(codes):
        return Unavailable(f"Try again later: the table {table} is busy.")
    return None


def _condition_failed(answer: Mapping[str, Any]) -> ConditionFailed:
    row = deserialised(answer["Item"]) if "Item" in answer else None
    return ConditionFailed(row, retried=_was_retried(answer))


def _was_retried(answer: Mapping[str, Any]) -> bool:
    return bool(answer.get("ResponseMetadata", {}).get("RetryAttempts"))


def _with_serialised_values(arguments: dict[str, Any]) -> dict[str, Any]:
    if "ExpressionAttributeValues" not in arguments:
        return arguments
    values = serialised(arguments["ExpressionAttributeValues"])
    return {**arguments, "ExpressionAttributeValues": values}


def _exact_number(number: float | Decimal) -> Decimal:
    exact = Decimal(repr(number) if isinstance(number, float) else number)
    if not exact:
        return Decimal(0)
    if len(exact.as_tuple().digits) > MAX_DIGITS:
        # The other digits are zeros.
        return Context(prec=MAX_DIGITS).normalize(exact)
    return exact


def _value_size(value: Any) -> int:
    if isinstance(value, bool) or value is None:
        return 1
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, bytes):
        return len(value)
    if isinstance(value, (int, float, Decimal)):
        return _number_size(value)
    if isinstance(value, dict):
        return _CONTAINER_BYTES + len(value) + item_size(value)
    return _CONTAINER_BYTES + len(value) + sum(_value_size(member) for member in value)


def _number_size(number: float | Decimal) -> int:
    """Return the size: a byte for every two significant digits, one byte, and one for a minus sign."""
    sign, digits, _ = Decimal(repr(number) if isinstance(number, float) else number).as_tuple()
    significant = len("".join(map(str, digits)).strip("0"))
    return (significant + 1) // 2 + 1 + sign


class _Walk:
    """Walks through a row and stops when the row is too large for DynamoDB.

    So a body of 10 MB takes no longer than the largest row.
    """

    def __init__(self) -> None:
        self._left = MAX_ITEM_BYTES

    def check(self, value: Any, path: tuple[str, ...]) -> None:
        """Check a value and count its bytes; `path` is its place in the row."""
        if len(path) > MAX_DEPTH:
            raise BadRequest(f"{path[0]}: nested deeper than {MAX_DEPTH} levels.")
        if isinstance(value, dict):
            self._count(_CONTAINER_BYTES + len(value))
            for name, member in value.items():
                if not name:
                    raise BadRequest(f"{_where(path)}: a key is empty.")
                self.check(name, path)
                self.check(member, (*path, name))
        elif isinstance(value, (list, tuple)):
            self._count(_CONTAINER_BYTES + len(value))
            for index, member in enumerate(value):
                self.check(member, (*path, str(index)))
        else:
            self._check_scalar(value, path)

    def _check_scalar(self, value: Any, path: tuple[str, ...]) -> None:
        if isinstance(value, str):
            self._count(len(value))
            _check_text(value, path)
        elif isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
            _check_number(value, path)
        self._count(_value_size(value) - (len(value) if isinstance(value, str) else 0))

    def _count(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise TooLarge(f"Too large to store: more than {MAX_ITEM_BYTES} bytes.")


def _check_text(text: str, path: tuple[str, ...]) -> None:
    if not _is_unicode(text):
        raise BadRequest(f"{_where(path)}: not valid Unicode.")


def _is_unicode(text: str) -> bool:
    """Return whether `text` can be encoded as UTF-8. An unpaired surrogate cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _check_number(number: float | Decimal, path: tuple[str, ...]) -> None:
    exact = Decimal(repr(number) if isinstance(number, float) else number)
    where = _where(path)
    if not exact.is_finite():
        raise BadRequest(f"{where}: NaN and Infinity are not numbers that can be stored.")
    if not exact:
        return
    digits = "".join(map(str, exact.as_tuple().digits)).strip("0")
    if len(digits) > MAX_DIGITS:
        raise BadRequest(f"{where}: a number of more than {MAX_DIGITS} significant digits.")
    if not MIN_MAGNITUDE <= exact.adjusted() <= MAX_MAGNITUDE:
        raise BadRequest(f"{where}: a number outside 1e{MIN_MAGNITUDE} to 9.9e{MAX_MAGNITUDE} in magnitude.")


def _where(path: tuple[str, ...]) -> str:
    """Return the path of a value in its row, shortened for an error sentence."""
    where = ".".join(path)
    return where if len(where) <= MAX_PATH_SHOWN else f"{where[:MAX_PATH_SHOWN]}…"
