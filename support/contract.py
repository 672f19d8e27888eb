"""Check real responses against docs/openapi.yaml."""

from typing import Any

import requests
import yaml
from jsonschema_rs import Validator, validator_for

from local.deployment import PROJECT, Deployment
from local.routing import Resource, find, resource_tree

DOCUMENT = PROJECT / "docs" / "openapi.yaml"


class Contract:
    """The responses that the document allows for each route.

    Attributes
    ----------
    document
        The document, parsed.
    """

    def __init__(self) -> None:
        self.document: dict[str, Any] = yaml.load(DOCUMENT.read_text(), yaml.CSafeLoader)
        self._resources: Resource = resource_tree(Deployment().routes)
        self._validators: dict[str, Validator] = {}

    def check(self, raw_path: str, answer: requests.Response) -> None:
        """Check a response against the document.

        Parameters
        ----------
        raw_path
            The path below the API's base URL, percent-encoded, perhaps with a query.
        answer
            The response.

        Raises
        ------
        AssertionError
            If the document does not know this status, content type or shape.
        """
        method = str(answer.request.method).lower()
        found = find(self._resources, raw_path.partition("?")[0])
        route = found and found[0].routes.get(method.upper())
        if method == "options" or not route:
            return
        self._check_answer(f"{method} {route.resource}", self.operation(method, route.resource), answer)

    def operation(self, method: str, resource: str) -> dict[str, Any]:
        """Return what the document says of a method of a resource."""
        operation: dict[str, Any] = self.document["paths"][resource][method]
        return operation

    def resolved(self, value: dict[str, Any]) -> dict[str, Any]:
        """Return what a reference stands for, anything else as it is."""
        if "$ref" not in value:
            return value
        _, _, kind, name = value["$ref"].split("/")
        component: dict[str, Any] = self.document["components"][kind][name]
        return component

    def errors(self, schema: dict[str, Any], value: Any) -> list[str]:
        """Return what is wrong with a value, in words."""
        # a schema is kept for the life of the document, so its identity stands for it
        key = str(id(schema))
        if key not in self._validators:
            self._validators[key] = validator_for({**schema, "components": self.document["components"]})
        return [
            f"{list(error.instance_path)}: {error.message}"
            for error in self._validators[key].iter_errors(value)
        ]

    def _check_answer(self, name: str, operation: dict[str, Any], answer: requests.Response) -> None:
        status = str(answer.status_code)
        assert status in operation["responses"], f"{name} does not say that it answers {status}"
        promised = self.resolved(operation["responses"][status])
        self._check_headers(f"{name} {status}", promised.get("headers", {}), answer)
        contents = promised.get("content", {})
        if not contents:
            assert answer.content == b"", f"{name} {status} has a body"
            return
        kind = answer.headers["Content-Type"].partition(";")[0]
        assert kind in contents, f"{name} {status} does not say that it answers {kind}"
        value = answer.json() if kind == "application/json" else answer.content.decode()
        assert self.errors(contents[kind]["schema"], value) == [], f"{name} {status} {kind}"

    def _check_headers(self, name: str, promised: dict[str, Any], answer: requests.Response) -> None:
        for header, value in promised.items():
            described = self.resolved(value)
            if header in answer.headers:
                assert self.errors(described["schema"], answer.headers[header]) == [], f"{name} {header}"
            else:
                assert not described.get("required"), f"{name} has no {header}"
        assert answer.headers["Access-Control-Allow-Origin"] == "*", name
        assert answer.headers["X-Content-Type-Options"] == "nosniff", name
