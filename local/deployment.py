"""The parts of serverless.yml that the local gateway needs: routes, functions, settings, tables."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parent.parent

# A variable without another one inside.
_VARIABLE = re.compile(
    r"\$\{(?P<source>env|self|sls|file|param)[:(](?P<address>[^,{}]*)(?:,\s*'(?P<default>[^']*)')?\}"
)
# The values of `deployedIf` with which a stage does not have a function, as in deploy/optional.js.
_UNWANTED = ("none", "public")
_HEADER_PREFIX = "gatewayresponse.header."
# What osls gives a function if serverless.yml does not say.
_DEFAULT_MEMORY_MB = 1024

# What `cors: true` allows, from the Serverless Framework's documentation.
_DEFAULT_CORS_HEADERS = (
    "Content-Type,X-Amz-Date,Authorization,X-Api-Key,X-Amz-Security-Token,X-Amz-User-Agent,X-Amzn-Trace-Id"
)


@dataclass(frozen=True)
class Function:
    """A Lambda function.

    Attributes
    ----------
    name
        In serverless.yml.
    deployed_name
        In AWS.
    handler
        `module/path.function`.
    memory_mb
        The memory of a Lambda that runs it.
    is_deployed
        Whether the stage's parameters ask for it. The local stack runs it in any case.
    statements
        The IAM statements of its role.
    """

    name: str
    deployed_name: str
    handler: str
    memory_mb: int
    statements: list[dict[str, Any]] = field(default_factory=list, compare=False)
    is_deployed: bool = True


@dataclass(frozen=True)
class Route:
    """A method of a resource, and the function behind it.

    Attributes
    ----------
    method
        In capitals.
    resource
        Path template as API Gateway shows it: "/{site}/config".
    authorizer
        The function that API Gateway calls first; None for an open route.
    preflight_headers
        The headers of the response to OPTIONS; None without CORS.
    """

    method: str
    resource: str
    function: Function
    authorizer: Function | None
    preflight_headers: dict[str, str] | None


class Deployment:
    """serverless.yml, read for one stage.

    Parameters
    ----------
    stage
        "prod", "dev" or "test".
    path
        The file.
    """

    def __init__(self, stage: str = "prod", path: Path = PROJECT / "serverless.yml") -> None:
        self.stage = stage
        self._folder = path.parent
        self._raw = _parsed(path)
        self._config = self._resolved(self._raw)

    @property
    def base_path(self) -> str:
        """The first segment of every URL's path: "api" in production."""
        return str(self.network["basePaths"][self.stage])

    @property
    def network(self) -> dict[str, Any]:
        """The names of the network: network.yml, or the file that `NETWORK` names."""
        network: dict[str, Any] = self._config["custom"]["network"]
        return network

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables of every function."""
        return {name: str(value) for name, value in self._config["provider"]["environment"].items()}

    @property
    def takes_binary(self) -> bool:
        """Whether API Gateway treats every body as binary and passes it on in base64."""
        return "*/*" in self._config["provider"]["apiGateway"].get("binaryMediaTypes", [])

    @property
    def default_memory_mb(self) -> int:
        """The memory of a function that has no setting of its own."""
        return int(self._config["provider"].get("memorySize", _DEFAULT_MEMORY_MB))

    @property
    def snapshot_functions(self) -> list[Function]:
        """The functions that start from a snapshot in stages with `snapStart: on`."""
        return [self.functions[name] for name in self._config["custom"]["snapshots"]["functions"]]

    @cached_property
    def functions(self) -> dict[str, Function]:
        """The functions by name."""
        service = self._config["service"]
        return {
            name: Function(
                name,
                function.get("name", f"{service}-{self.stage}-{name}"),
                function["handler"],
                function.get("memorySize", self.default_memory_mb),
                function.get("iamRoleStatements", []),
                is_deployed=function.get("deployedIf") not in _UNWANTED,
            )
            for name, function in self._config["functions"].items()
        }

    @cached_property
    def routes(self) -> list[Route]:
        """Every route, in the order of the file."""
        return [
            self._route(self.functions[name], event["http"])
            for name, function in self._config["functions"].items()
            for event in function.get("events", [])
            if "http" in event
        ]

    @property
    def max_receives(self) -> int:
        """How often the queue of uploads hands out a message before it becomes a dead letter."""
        (count,) = [
            queue["RedrivePolicy"]["maxReceiveCount"]
            for queue in self._properties("AWS::SQS::Queue")
            if "RedrivePolicy" in queue
        ]
        return int(count)

    def custom(self, name: str) -> str:
        """Return a text of the section `custom`."""
        return str(self._config["custom"][name])

    @property
    def tables(self) -> list[dict[str, Any]]:
        """The CloudFormation properties of each DynamoDB table, of all stages."""
        return self._properties("AWS::DynamoDB::Table")

    def gateway_headers(self, status: int) -> dict[str, str]:
        """Return the headers of a response that API Gateway itself makes."""
        kind = "DEFAULT_5XX" if status >= 500 else "DEFAULT_4XX"  # noqa: PLR2004 - the classes of HTTP statuses
        return {
            name.removeprefix(_HEADER_PREFIX): value.strip("'")
            for response in self._properties("AWS::ApiGateway::GatewayResponse")
            if response["ResponseType"] == kind
            for name, value in response["ResponseParameters"].items()
        }

    def _properties(self, kind: str) -> list[dict[str, Any]]:
        return [
            resource["Properties"]
            for template in self._config["resources"]
            for resource in template["Resources"].values()
            if resource["Type"] == kind
        ]

    def _route(self, function: Function, http: dict[str, Any]) -> Route:
        authorizer = http.get("authorizer")
        return Route(
            method=http["method"].upper(),
            resource="/" + http["path"].strip("/"),
            function=function,
            authorizer=self.functions[authorizer["name"]] if authorizer else None,
            preflight_headers=_preflight_headers(http["cors"]) if http.get("cors") else None,
        )

    def _resolved(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._resolved(member) for name, member in value.items()}
        if isinstance(value, list):
            return [self._resolved(member) for member in value]
        return self._resolved_text(value) if isinstance(value, str) else value

    def _resolved_text(self, text: str) -> Any:
        whole = _VARIABLE.fullmatch(text)
        if whole:
            return self._variable(whole)
        resolved = _VARIABLE.sub(lambda match: str(self._variable(match)), text)
        return resolved if resolved == text else self._resolved_text(resolved)

    def _variable(self, match: re.Match[str]) -> Any:
        """Return a variable's value. Files with a default hold secrets: return the default."""
        if match["source"] == "sls":
            return self.stage
        if match["source"] == "file":
            return self._file(match["address"]) if match["default"] is None else match["default"]
        if match["source"] == "param":
            return self._params[match["address"]]
        if match["source"] == "env":
            return os.environ.get(match["address"]) or match["default"]
        return self._resolved(_member(self._raw, match["address"], self._resolved))

    @cached_property
    def _params(self) -> dict[str, Any]:
        """The parameters of the stage."""
        params = self._resolved(self._raw["params"])
        return {**params["default"], **params[self.stage]}

    def _file(self, address: str) -> Any:
        """Return what `file(path)` or `file(path):member` means."""
        path, _, member = address.partition(")")
        content = _parsed(self._folder / path)
        return self._resolved(
            _member(content, member.removeprefix(":"), self._resolved) if member else content
        )


@cache
def _parsed(path: Path) -> Any:
    # The C loader takes a tenth of the time.
    return yaml.load(path.read_text(), yaml.CSafeLoader)


def _member(value: Any, address: str, resolved: Callable[[Any], Any]) -> Any:
    """Return the member of nested dictionaries that `a.b.c` names. Each level may be a variable."""
    for name in address.split("."):
        value = (resolved(value) if isinstance(value, str) else value)[name]
    return value


def _preflight_headers(cors: Any) -> dict[str, str]:
    settings: dict[str, Any] = cors if isinstance(cors, dict) else {}
    headers = {
        "Access-Control-Allow-Origin": settings.get("origin", "*"),
        "Access-Control-Allow-Headers": ",".join(settings.get("headers", [])) or _DEFAULT_CORS_HEADERS,
    }
    if settings.get("allowCredentials"):
        headers["Access-Control-Allow-Credentials"] = "true"
    return headers
