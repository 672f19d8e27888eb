"""docs/openapi.yaml against OpenAPI itself, against serverless.yml, and against itself."""

from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from auth.access import NEEDS, Need
from local.deployment import Deployment
from pages.document import TARGET, as_json
from support.contract import Contract

Operation = tuple[str, dict[str, Any]]


@pytest.fixture(scope="module")
def operations(contract: Contract) -> list[Operation]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, item in contract.document["paths"].items()
        for method, operation in item.items()
    ]


def examples(contract: Contract, value: Any) -> Iterator[tuple[dict[str, Any], Any]]:
    """Every example below `value` with its schema."""
    if isinstance(value, dict):
        if "schema" in value and "example" in value:
            yield value["schema"], value["example"]
        for name, member in value.items():
            if name != "example":
                yield from examples(contract, member)
    elif isinstance(value, list):
        for member in value:
            yield from examples(contract, member)


def schemas(value: Any, where: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema below `value`, nested ones too, with its path in the document."""
    if isinstance(value, list):
        for number, member in enumerate(value):
            yield from schemas(member, f"{where}/{number}")
    elif isinstance(value, dict):
        for name, member in value.items():
            below = f"{where}/{name}"
            if name in ("schema", "items", "additionalProperties") and isinstance(member, dict):
                yield below, member
            elif name in ("schemas", "properties"):
                yield from ((f"{below}/{key}", each) for key, each in member.items())
            elif name in ("anyOf", "oneOf", "allOf"):
                yield from ((f"{below}/{number}", each) for number, each in enumerate(member))
            if name != "example":
                yield from schemas(member, below)


def test_it_is_openapi(contract: Contract) -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(contract.document).iter_errors()] == []


def test_it_has_every_route_and_no_other(deployment: Deployment, operations: list[Operation]) -> None:
    deployed = {f"{route.method} {route.resource}" for route in deployment.routes}
    assert {name for name, _ in operations} == deployed


def test_it_names_every_variable_of_a_path(contract: Contract, operations: list[Operation]) -> None:
    for name, operation in operations:
        parameters = [contract.resolved(each) for each in operation.get("parameters", [])]
        named = {f"{{{each['name']}}}" for each in parameters if each["in"] == "path"}
        assert named == {part for part in name.split("/") if part.startswith("{")}, name


def test_no_operation_id_comes_twice(operations: list[Operation]) -> None:
    ids = [operation["operationId"] for _, operation in operations]
    assert len(ids) == len(set(ids))


def test_every_operation_says_what_it_does(operations: list[Operation]) -> None:
    for name, operation in operations:
        summary, description = operation["summary"], operation.get("description", "")
        assert description.endswith("."), name
        assert description != summary, name


def test_every_body_is_a_named_object(contract: Contract, operations: list[Operation]) -> None:
    for name, operation in operations:
        for media in operation.get("requestBody", {}).get("content", {}).values():
            assert set(media["schema"]) == {"$ref"}, name
            assert contract.resolved(media["schema"])["type"] == "object", name


def test_every_schema_is_one_that_generators_can_type(contract: Contract) -> None:
    found = list(schemas(contract.document))
    assert len(found) > 200
    for where, schema in found:
        any_json = schema.get("description", "").startswith("Any JSON")
        assert any_json or {"type", "$ref", "anyOf", "oneOf", "allOf"} & set(schema), where
        # Otherwise some generators assume that an object has only the named members, or none.
        assert "object" not in schema.get("type", "") or "additionalProperties" in schema, where
        # Some generators refuse a default whose type is not the one that they expect.
        assert not isinstance(schema.get("default"), dict | list), where


def test_an_answer_that_may_be_text_or_json_names_text_first(
    contract: Contract, operations: list[Operation]
) -> None:
    # Some clients read every answer as the first content type, and every answer can be read as text.
    for name, operation in operations:
        for answer in operation["responses"].values():
            kinds = list(contract.resolved(answer).get("content", {}))
            assert "text/plain" not in kinds[1:], name


def test_every_example_is_what_its_schema_says(contract: Contract) -> None:
    found = list(examples(contract, contract.document))
    assert len(found) > 100
    for schema, example in found:
        assert contract.errors(schema, example) == [], example


def test_every_answer_and_body_has_an_example(contract: Contract, operations: list[Operation]) -> None:
    for name, operation in operations:
        answers = [contract.resolved(each) for each in operation["responses"].values()]
        for part in [*answers, operation.get("requestBody", {})]:
            for kind, media in part.get("content", {}).items():
                assert "example" in media or "{asset}" in name, (name, kind)


def test_security_is_what_the_routes_ask_for(operations: list[Operation]) -> None:
    for name, operation in operations:
        need, asked = NEEDS[name], operation.get("security")
        if need is Need.NOTHING:
            assert asked is None, name
        elif need in (Need.GATEWAY, Need.TOKEN):
            assert asked == [{"bearer": []}], name
        elif need in (Need.USER, Need.USER_TO_MAKE):
            assert asked == [{}, {"bearer": []}], name
        else:
            assert asked == [{}, {"bearer": []}, {"siteKey": []}], name


def test_what_lambda_serves_is_current() -> None:
    assert TARGET.read_text() == as_json(), "run `make openapi`"
