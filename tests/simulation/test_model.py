"""The model of DynamoDB against moto and MiniStack: the same requests, the same answers."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from common.dynamodb import serialised
from local.child import Child
from local.environment import CREDENTIALS
from support.network import REGION
from tests.faults.engines import MODULES
from tests.simulation.dynamodb import Client, Key, Model

TABLE = "rows"
SCHEMA = {
    "TableName": TABLE,
    "KeySchema": [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ],
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "S"},
    ],
    "BillingMode": "PAY_PER_REQUEST",
}
# The conditions that the project's writes have, with the values that each takes.
CONDITIONS = {
    "attribute_not_exists(sk)": (),
    "attribute_exists(sk)": (),
    "lease = :lease": (":lease",),
    "lease = :lease AND n > :n": (":lease", ":n"),
    "attribute_exists(sk) AND (attribute_not_exists(n) OR n <= :n)": (":n",),
    "attribute_exists(sk) AND (lease = :lease OR ((attribute_not_exists(n) OR n <= :n) AND n = :m))": (
        ":lease",
        ":n",
        ":m",
    ),
    "attribute_not_exists(sk) OR (lease = :lease AND n < :n)": (":lease", ":n"),
}
UPDATES = {
    "SET lease = :lease, n = :n": (":lease", ":n"),
    "SET lease = :lease REMOVE n": (":lease",),
    "SET #n = if_not_exists(#n, :n) + :m": (":n", ":m"),
    "REMOVE lease, n": (),
}
FILTERS = {
    "attribute_not_exists(n) OR n = :n": (":n",),
    "(attribute_not_exists(n) OR n <= :n) AND lease = :lease": (":n", ":lease"),
    "begins_with(lease, :lease)": (":lease",),
}
RANGES = {
    "pk = :pk": (),
    "pk = :pk AND sk BETWEEN :first AND :last": (":first", ":last"),
    "pk = :pk AND begins_with(sk, :first)": (":first",),
}

keys = st.fixed_dictionaries({"pk": st.sampled_from("ab"), "sk": st.sampled_from(["A#1", "A#2", "B#1", "é"])})
numbers = st.integers(-2, 12)
leases = st.sampled_from(["", "x", "xy"])
rows = st.builds(
    lambda key, rest: {**key, **rest},
    keys,
    st.fixed_dictionaries({}, optional={"lease": leases, "n": numbers, "payload": st.just({"a": [1, None]})}),
)


def values(names: tuple[str, ...]) -> Any:
    drawn = {
        name: leases
        if name == ":lease"
        else st.sampled_from(["A#1", "A#2", "B"])
        if name in (":first", ":last")
        else numbers
        for name in names
    }
    return st.fixed_dictionaries(drawn).map(serialised)


def with_values(arguments: dict[str, Any], given_values: Any) -> dict[str, Any]:
    return {**arguments, "ExpressionAttributeValues": given_values} if given_values else arguments


@st.composite
def conditional(draw: Any, kind: str) -> dict[str, Any]:
    """The arguments of a write of a kind, "Put", "Update" or "Delete"."""
    arguments: dict[str, Any] = {"TableName": TABLE}
    needed: dict[str, Any] = {}
    if kind == "Put":
        arguments["Item"] = serialised(draw(rows))
    else:
        arguments["Key"] = serialised(draw(keys))
    if kind == "Update":
        update = draw(st.sampled_from(sorted(UPDATES)))
        arguments["UpdateExpression"] = update
        needed |= draw(values(UPDATES[update]))
        if "#n" in update:
            arguments["ExpressionAttributeNames"] = {"#n": "n"}
    condition = draw(st.sampled_from(["", *sorted(CONDITIONS)]))
    if condition:
        arguments["ConditionExpression"] = condition
        needed |= {
            key: value for key, value in draw(values(CONDITIONS[condition])).items() if key not in needed
        }
    return with_values(arguments, needed)


@st.composite
def single_writes(draw: Any) -> tuple[str, dict[str, Any]]:
    kind = draw(st.sampled_from(["Put", "Update", "Delete"]))
    arguments = draw(conditional(kind))
    if kind == "Update":
        arguments["ReturnValues"] = draw(st.sampled_from(["NONE", "ALL_NEW"]))
    if draw(st.booleans()):
        arguments["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    return f"{kind.lower()}_item", arguments


@st.composite
def transactions(draw: Any) -> tuple[str, dict[str, Any]]:
    kinds = draw(st.lists(st.sampled_from(["Put", "Update", "Delete"]), min_size=1, max_size=3))
    actions = [{kind: draw(conditional(kind))} for kind in kinds]
    return "transact_write_items", {"TransactItems": actions}


@st.composite
def reads(draw: Any) -> tuple[str, dict[str, Any]]:
    operation = draw(st.sampled_from(["get_item", "batch_get_item", "query", "scan"]))
    if operation == "get_item":
        return operation, {"TableName": TABLE, "Key": serialised(draw(keys)), "ConsistentRead": True}
    if operation == "batch_get_item":
        wanted = [
            serialised(key)
            for key in draw(st.lists(keys, min_size=1, unique_by=lambda key: (key["pk"], key["sk"])))
        ]
        return operation, {"RequestItems": {TABLE: {"Keys": wanted, "ConsistentRead": True}}}
    arguments: dict[str, Any] = {"TableName": TABLE, "ConsistentRead": True}
    needed: dict[str, Any] = {}
    if operation == "query":
        arguments["KeyConditionExpression"] = draw(st.sampled_from(sorted(RANGES)))
        needed |= serialised({":pk": draw(st.sampled_from("ab"))})
        bounds = sorted(draw(st.tuples(st.sampled_from(["A#1", "A#2"]), st.sampled_from(["A#2", "B"]))))
        names = RANGES[arguments["KeyConditionExpression"]]
        needed |= serialised(dict(zip(names, bounds, strict=False)))
        arguments["ScanIndexForward"] = draw(st.booleans())
        if draw(st.booleans()):
            arguments["Limit"] = draw(st.integers(1, 3))
    found = draw(st.sampled_from(["", *sorted(FILTERS)]))
    if found:
        arguments["FilterExpression"] = found
        needed |= draw(values(FILTERS[found]))
    if draw(st.booleans()):
        arguments["ProjectionExpression"] = "sk, n"
    elif draw(st.booleans()):
        arguments["Select"] = "COUNT"
    return operation, with_values(arguments, needed)


batches = st.lists(
    st.one_of(
        rows.map(lambda row: {"PutRequest": {"Item": serialised(row)}}),
        keys.map(lambda key: {"DeleteRequest": {"Key": serialised(key)}}),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda request: repr(sorted(_key_of(request).items())),
).map(lambda requests: ("batch_write_item", {"RequestItems": {TABLE: requests}}))


def _key_of(request: dict[str, Any]) -> dict[str, Any]:
    (arguments,) = request.values()
    row = arguments.get("Item") or arguments["Key"]
    return {name: row[name]["S"] for name in ("pk", "sk")}


sequences = st.lists(
    st.one_of(single_writes(), single_writes(), transactions(), reads(), batches), min_size=1, max_size=10
)


@pytest.fixture(scope="module", params=MODULES)
def engine(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A client of an engine that stands in for DynamoDB."""
    if request.param == "moto":
        with mock_aws():
            yield boto3.client("dynamodb", region_name=REGION)
        return
    child = Child(MODULES[request.param])
    try:
        yield boto3.client(
            "dynamodb",
            endpoint_url=child.ready["url"],
            region_name=REGION,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )
    finally:
        child.stop()


@pytest.mark.timeout(600)
@given(requests=sequences)
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
def test_the_model_answers_as_the_engines_do(engine: Any, requests: list[tuple[str, dict[str, Any]]]) -> None:
    if TABLE in engine.list_tables()["TableNames"]:
        engine.delete_table(TableName=TABLE)
    engine.create_table(**SCHEMA)
    model = Client(Model({TABLE: Key("pk", "sk")}).answer)
    for operation, arguments in requests:
        assert answer(model, operation, arguments) == answer(engine, operation, arguments), (
            operation,
            arguments,
        )
    everything = ("scan", {"TableName": TABLE, "ConsistentRead": True})
    assert answer(model, *everything) == answer(engine, *everything)


def answer(client: Any, operation: str, arguments: dict[str, Any]) -> Any:
    """A client's answer (all pages), reduced to the parts that do not depend on the engine."""
    try:
        if operation in ("query", "scan"):
            return _pages(client, operation, arguments)
        told = getattr(client, operation)(**arguments)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        reasons = [reason.get("Code", "None") for reason in error.response.get("CancellationReasons", [])]
        return code, reasons, error.response.get("Item")
    if operation == "batch_get_item":
        return sorted(map(repr, map(_ordered, told["Responses"][TABLE])))
    return told.get("Item") or told.get("Attributes") or {}


def _pages(client: Any, operation: str, arguments: dict[str, Any]) -> Any:
    found: list[Any] = []
    count = 0
    start: dict[str, Any] = {}
    while True:
        page = getattr(client, operation)(**arguments, **start)
        found += page.get("Items", [])
        count += page["Count"]
        if "Limit" in arguments:
            assert page["ScannedCount"] <= arguments["Limit"]
        if "LastEvaluatedKey" not in page:
            break
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    told = list(map(repr, map(_ordered, found)))
    return count, sorted(told) if operation == "scan" else told


def _ordered(row: dict[str, Any]) -> Any:
    return sorted(row.items())


def test_a_client_token_counts_for_ten_minutes() -> None:
    now = [0.0]
    model = Model({TABLE: Key("pk", "sk")}, now=lambda: now[0])
    client = Client(model.answer)
    put = {"Put": {"TableName": TABLE, "Item": serialised({"pk": "a", "sk": "b"})}}
    key = {"TableName": TABLE, "Key": serialised({"pk": "a", "sk": "b"})}
    client.transact_write_items(TransactItems=[put], ClientRequestToken="t1")
    client.delete_item(**key)
    client.transact_write_items(TransactItems=[put], ClientRequestToken="t1")
    assert "Item" not in client.get_item(**key)
    now[0] = 601.0
    client.transact_write_items(TransactItems=[put], ClientRequestToken="t1")
    assert "Item" in client.get_item(**key)
    other = {"Delete": key}
    with pytest.raises(ClientError, match="IdempotentParameterMismatch"):
        client.transact_write_items(TransactItems=[other], ClientRequestToken="t1")


def test_a_read_that_need_not_be_consistent_may_lag_behind() -> None:
    model = Model({TABLE: Key("pk", "sk")})
    client = Client(model.answer)
    for number in range(3):
        client.put_item(TableName=TABLE, Item=serialised({"pk": "a", "sk": str(number)}))
    model.lag = 2
    query = {
        "TableName": TABLE,
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": serialised({":pk": "a"}),
    }
    assert client.query(**query)["Count"] == 1
    assert client.query(**query, ConsistentRead=True)["Count"] == 3


def test_rows_whose_time_is_over_are_swept() -> None:
    model = Model({TABLE: Key("pk", "sk")}, now=lambda: 100.0)
    client = Client(model.answer)
    for sort, expires in (("old", 99), ("young", 101)):
        client.put_item(TableName=TABLE, Item=serialised({"pk": "a", "sk": sort, "expires": expires}))
    model.sweep("expires")
    assert [row["sk"]["S"] for row in model.rows(TABLE, "a")] == ["young"]
