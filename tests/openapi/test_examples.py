"""The contract's examples look like what the routes answer, and are put into it without another change."""

from typing import Any

import pytest
import yaml

from local.demo.load import load
from local.stack import CACHE
from pages.document import SOURCE
from support.client import ApiClient
from support.contract import Contract
from tests.openapi.examples import asked, play, written


def shape(value: Any) -> Any:
    """What kind of value it is, members and elements included; null may stand for anything."""
    if isinstance(value, dict):
        return {key: shape(member) for key, member in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value[:1]]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "number"
    return type(value).__name__


def differences(example: Any, real: Any, where: str = "") -> list[str]:
    if "NoneType" in (example, real):
        return []
    if isinstance(example, dict) and isinstance(real, dict):
        names = [f"{where}/{name}" for name in example.keys() ^ real.keys()]
        shared = example.keys() & real.keys()
        return names + [
            each for key in shared for each in differences(example[key], real[key], f"{where}/{key}")
        ]
    if isinstance(example, list) and isinstance(real, list):
        return [
            each for one, two in zip(example, real, strict=False) for each in differences(one, two, where)
        ]
    return [] if example == real else [where]


@pytest.mark.usefixtures("database", "ingester", "remotehq")
def test_real_calls_get_answers_of_the_examples_shapes(
    api: ApiClient, contract: Contract, token: str
) -> None:
    load(CACHE)
    taken = play(lambda method, path, body: asked(api.base_url, token, method, path, body))
    assert len(taken) > 40
    for place, real in taken.items():
        example: Any = contract.document
        for name in place:
            example = example[name]
        assert differences(shape(example), shape(real)) == [], place


def test_new_examples_change_nothing_else() -> None:
    text = SOURCE.read_text()
    place = ("paths", "/pipe/queues", "get", "responses", "200", "content", "application/json", "example")
    values = [
        {"focus": 1},
        {"a": "two\n\nlines\n", "b": [{"c": "x" * 100, "d": None}], "e": {"f": [1.5, "1"]}},
    ]
    for value in values:
        changed = written(text, {place: value})
        document, before = (yaml.load(each, yaml.CSafeLoader) for each in (changed, text))
        media = document["paths"]["/pipe/queues"]["get"]["responses"]["200"]["content"]["application/json"]
        assert media.pop("example") == value
        queues = before["paths"]["/pipe/queues"]["get"]["responses"]["200"]["content"]["application/json"]
        earlier = queues.pop("example")
        assert document == before
        assert written(changed, {place: earlier}) == text


def test_a_place_without_an_example_is_an_error() -> None:
    with pytest.raises(KeyError):
        written(SOURCE.read_text(), {("paths", "/none", "example"): 1})
