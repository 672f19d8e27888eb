"""Tables: pages, conditions, sizes and limits."""

import json
from contextlib import nullcontext
from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer
from botocore.parsers import JSONParser
from hypothesis import given
from hypothesis import strategies as st

from common import dynamodb
from common.dynamodb import (
    MAX_ITEM_BYTES,
    ConditionFailed,
    Table,
    check_storable,
    deserialised,
    item_size,
    serialised,
)
from common.errors import BadRequest, TooLarge, Unavailable
from common.responses import json_text
from support.network import CONFIG_TABLE

UPLOADS = Table("UPLOADS_LOG_TABLE_NAME")
CONFIGS = Table("CONFIG_TABLE_NAME")

_numbers = st.integers(-(10**37), 10**37) | st.floats(-1e100, 1e100).filter(
    lambda number: number == 0 or abs(number) > 1e-100
)
_values = st.recursive(
    st.none() | st.booleans() | st.text(st.characters(exclude_categories=["Cs"])) | _numbers,
    lambda members: st.lists(members) | st.dictionaries(st.text("abé", min_size=1), members),
    max_leaves=20,
)


@given(_values)
def test_what_is_stored_comes_back(value: Any) -> None:
    assert deserialised(serialised({"value": value})) == {"value": _with_decimals(value)}


@pytest.mark.parametrize("value", [{"SS": ["a", "b"]}, {"NS": ["1", "2.5"]}, {"NULL": True}])
def test_other_kinds_are_read_as_boto3_reads_them(value: Any) -> None:
    assert deserialised({"value": value})["value"] == TypeDeserializer().deserialize(value)


@pytest.mark.parametrize(
    ("wire", "value", "answered"),
    [
        ({"B": "AP8="}, b"\x00\xff", "AP8="),
        ({"B": b"\x00\xff"}, b"\x00\xff", "AP8="),
        ({"BS": ["Yg==", "YQ=="]}, {b"a", b"b"}, ["YQ==", "Yg=="]),
        ({"M": {"a": {"L": [{"BS": [b"b"]}]}}}, {"a": [{b"b"}]}, {"a": [["Yg=="]]}),
    ],
)
def test_binaries_are_read_written_back_sized_and_answered(
    wire: dict[str, Any], value: Any, answered: Any
) -> None:
    row = deserialised({"value": wire})
    assert row == {"value": value}
    assert deserialised(serialised(row)) == row
    assert item_size(row) < 30
    assert json.loads(json_text(row)) == {"value": answered}


_number_texts = st.from_regex(r"-?(0|[1-9][0-9]{0,60})(\.[0-9]{1,60})?(e[+-]?[0-9]{1,3})?", fullmatch=True)


@given(_number_texts | st.sampled_from(["0e999999", "1." + "0" * 60, "1" + "0" * 125, "-0.0"]))
def test_every_number_that_passes_the_check_is_stored_as_it_is(text: str) -> None:
    number = Decimal(text)
    try:
        check_storable({"number": number})
    except BadRequest:
        return
    assert deserialised(serialised({"number": number})) == {"number": number}


def test_an_error_says_back_only_so_much_of_what_was_sent() -> None:
    with pytest.raises(BadRequest) as refusal:
        check_storable({"configuration": {"k" * 100_000: {"": 1}}})
    assert len(refusal.value.args[0]) < 150


def _with_decimals(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _with_decimals(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_with_decimals(member) for member in value]
    return Decimal(repr(value)) if isinstance(value, float) else value


@pytest.mark.usefixtures("aws")
def test_a_query_and_a_scan_answer_every_page() -> None:
    rows = [
        {"site": "mrc1", "upload_timestamp_s": second, "filename": f"{second:04d}" + "x" * 30_000}
        for second in range(80)
    ]
    for row in rows:
        UPLOADS.put(row)
    found = list(
        UPLOADS.query(KeyConditionExpression="site = :site", ExpressionAttributeValues={":site": "mrc1"})
    )
    assert found == rows
    assert sorted(UPLOADS.scan(), key=lambda row: row["upload_timestamp_s"]) == rows


@pytest.mark.usefixtures("aws")
def test_many_rows_are_read_in_batches_and_those_that_are_missing_left_out() -> None:
    rows = [{"site": f"s{number:03d}", "configuration": {"n": number}} for number in range(101)]
    for row in rows:
        CONFIGS.put(row)
    keys = [{"site": f"s{number:03d}"} for number in range(105)]
    assert sorted(CONFIGS.get_many(keys), key=lambda row: row["site"]) == rows
    assert CONFIGS.get_many([]) == []
    (names,) = {tuple(row) for row in CONFIGS.get_many(keys[:3], ProjectionExpression="site")}
    assert names == ("site",)


@pytest.mark.usefixtures("aws")
def test_rows_that_a_batch_left_out_are_read_again_until_dynamodb_is_too_busy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted = {"site": {"S": "mrc1"}}
    undone = {CONFIGS.name: {"Keys": [wanted]}}
    answers = [
        {"Responses": {}, "UnprocessedKeys": undone},
        {"Responses": {CONFIGS.name: [wanted]}, "UnprocessedKeys": {}},
    ]
    pauses: list[float] = []
    monkeypatch.setattr("common.dynamodb.time.sleep", pauses.append)
    monkeypatch.setattr(CONFIGS, "_request", lambda *_args, **_named: answers.pop(0))
    assert CONFIGS.get_many([{"site": "mrc1"}]) == [{"site": "mrc1"}]
    monkeypatch.setattr(
        CONFIGS, "_request", lambda *_args, **_named: {"UnprocessedKeys": undone, "Responses": {}}
    )
    with pytest.raises(Unavailable):
        CONFIGS.get_many([{"site": "mrc1"}])
    assert pauses[0] == dynamodb.BUSY_PAUSES_S[0]


@pytest.mark.usefixtures("aws")
def test_a_conditional_write_that_does_not_hold_changes_nothing() -> None:
    CONFIGS.put({"site": "mrc1", "configuration": {"version": 1}})
    with pytest.raises(ConditionFailed):
        CONFIGS.put(
            {"site": "mrc1", "configuration": {"version": 2}},
            ConditionExpression="attribute_not_exists(site)",
        )
    with pytest.raises(ConditionFailed):
        CONFIGS.delete(
            {"site": "mrc1"},
            ConditionExpression="configuration.version = :version",
            ExpressionAttributeValues={":version": 2},
        )
    assert CONFIGS.get({"site": "mrc1"}) == {"site": "mrc1", "configuration": {"version": 1}}


@pytest.mark.usefixtures("aws")
def test_update_answers_what_it_is_asked_for() -> None:
    for expected in (1, 2):
        changed = CONFIGS.update(
            {"site": "mrc1"},
            UpdateExpression="ADD uploads :one",
            ExpressionAttributeValues={":one": 1},
            ReturnValues="ALL_NEW",
        )
        assert changed == {"site": "mrc1", "uploads": expected}


@pytest.mark.parametrize(
    ("value", "size"),
    [
        # from the developer guide, "DynamoDB item sizes and formats": names and texts take
        # their UTF-8 bytes; a number takes about one byte for two significant digits, plus one; null and
        # booleans take one; lists and maps take three, plus one for each element
        ("", 0),
        ("é", 2),
        (None, 1),
        (True, 1),
        (0, 1),
        (7, 2),
        (1200, 2),
        (-1234.5, 5),
        (Decimal("0.001"), 2),
        ([], 3),
        ([1, "a"], 3 + 2 + 2 + 1),
        ({"ab": None}, 3 + 1 + 2 + 1),
    ],
)
def test_size_of_a_value(value: Any, size: int) -> None:
    assert item_size({"k": value}) == 1 + size


def test_the_limit_is_400_kb_to_the_byte() -> None:
    check_storable({"k": "x" * (MAX_ITEM_BYTES - 1)})
    with pytest.raises(TooLarge, match=r"Too large to store: more than 409600 bytes\."):
        check_storable({"k": "x" * MAX_ITEM_BYTES})


@pytest.mark.parametrize(
    "value",
    [
        [1] * 3_000_000,
        [Decimal("1.5")] * 3_000_000,
        [{}] * 3_000_000,
        {str(number): None for number in range(500_000)},
        [["x" * 1000] * 1000] * 3000,
    ],
)
def test_what_is_far_too_large_is_not_walked_through_to_its_end(
    value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[Any] = []
    check = dynamodb._Walk.check

    def counted(walk: Any, member: Any, path: tuple[str, ...]) -> None:
        checked.append(None)
        check(walk, member, path)

    monkeypatch.setattr(dynamodb._Walk, "check", counted)
    with pytest.raises(TooLarge):
        check_storable({"k": {"list": value}})
    assert len(checked) <= MAX_ITEM_BYTES


@given(_values)
def test_a_row_is_storable_to_the_very_byte_of_its_size(value: Any) -> None:
    row = {"k": value}
    for room, fits in ((item_size(row), True), (item_size(row) - 1, False)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(dynamodb, "MAX_ITEM_BYTES", room)
            with nullcontext() if fits else pytest.raises(TooLarge):
                check_storable(row)


@pytest.mark.usefixtures("aws")
def test_a_row_that_only_dynamodb_finds_too_large_is_too_large_all_the_same() -> None:
    # moto draws the line at 405,000 bytes, below AWS's own
    with pytest.raises(TooLarge):
        CONFIGS.put({"site": "mrc1", "configuration": {"text": "x" * 407_000}})


@pytest.mark.usefixtures("aws")
def test_rows_are_read_without_botocore_s_models(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = {
        "site": "mrc1",
        "configuration": {"list": [{"n": Decimal("1.5")}, None, True], "map": {}, "text": "é"},
    }
    CONFIGS.put(row)
    monkeypatch.setattr(JSONParser, "_handle_map", None)
    assert CONFIGS.get({"site": "mrc1"}) == row
    assert CONFIGS.get({"site": "none"}) is None
    asked = {"KeyConditionExpression": "site = :site", "ExpressionAttributeValues": {":site": "mrc1"}}
    assert list(CONFIGS.query(**asked)) == list(CONFIGS.scan()) == [row]
    assert CONFIGS.count(**asked) == 1


@pytest.mark.usefixtures("aws")
def test_an_outage_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    from botocore.exceptions import EndpointConnectionError

    from common import aws

    def refuse(**_arguments: Any) -> None:
        raise EndpointConnectionError(endpoint_url="http://gone")

    monkeypatch.setattr(aws.client("dynamodb"), "get_item", refuse)
    with pytest.raises(Unavailable) as failure:
        CONFIGS.get({"site": "mrc1"})
    assert failure.value.headers == {"Retry-After": "5"}
    assert failure.value.body == f"Try again later: the table {CONFIG_TABLE} does not answer."
