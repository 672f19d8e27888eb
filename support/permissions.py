"""Check the calls of AWS that handlers make against the roles of their functions, as IAM does."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import unquote

import pytest

from common import aws, presign
from common.settings import setting
from local import invocation
from local.deployment import Deployment
from local.invocation import LambdaContext
from support.network import REGION

_PSEUDO_PARAMETERS = {"Partition": "aws", "Region": REGION, "AccountId": "000000000000"}
_TRANSACTIONS = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}
# Operations of S3 that IAM knows by another name, from the service authorization reference.
_S3 = {
    "HeadObject": "GetObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "CompleteMultipartUpload": "PutObject",
}

# IAM's name of an operation of Lambda.
_LAMBDA = {"Invoke": "InvokeFunction"}

_running: ContextVar[str] = ContextVar("running", default="")


@contextmanager
def unwatched() -> Iterator[None]:
    """Do not check calls of AWS inside the block: a test makes them while a handler runs."""
    outer = _running.set("")
    try:
        yield
    finally:
        _running.reset(outer)


class Use(NamedTuple):
    """An action of a function: its name in serverless.yml, IAM's action and the ARN."""

    function: str
    action: str
    arn: str


class Permissions:
    """Watches this process's AWS clients while handlers run.

    Attributes
    ----------
    used
        All that was done.
    refused
        What IAM would not have let through.
    """

    def __init__(self, deployment: Deployment) -> None:
        self._functions = {each.deployed_name: each for each in deployment.functions.values()}
        self._statements = {each.name: each.statements for each in deployment.functions.values()}
        self.used: set[Use] = set()
        self.refused: set[Use] = set()

    def watch(self, patch: pytest.MonkeyPatch) -> None:
        """Start to watch. Clients that were made earlier are not watched."""
        self._watch_sessions(patch)
        self._know_who_runs(patch)
        sign = presign._signed

        def signed(origin: str, host: str, path: str, *rest: Any) -> str:
            key = unquote(path).removeprefix(f"/{_bucket()}").lstrip("/")
            self._used("s3:GetObject", _object_arn(key))
            return sign(origin, host, path, *rest)

        patch.setattr(presign, "_signed", signed)

    def unused(self) -> set[Use]:
        """Return what the roles allow and no function did, by statement."""
        return {
            Use(function, action, pattern)
            for function, statements in self._statements.items()
            for action, pattern in _pairs(statements)
            if not any(
                use.function == function and _covers((action, pattern), use.action, use.arn)
                for use in self.used
            )
        }

    def _watch_sessions(self, patch: pytest.MonkeyPatch) -> None:
        """Watch the process's session, and each new session that replaces it."""
        make = aws.session.__wrapped__

        @cache
        def watched() -> Any:
            session: Any = make()
            session.register("before-parameter-build", self._called)
            session.register("before-sign.s3.PutObject", self._signed_form)
            return session

        patch.setattr(aws, "session", watched)

    def _know_who_runs(self, patch: pytest.MonkeyPatch) -> None:
        load = invocation.load_handler

        def loaded(handler: str) -> Any:
            run = load(handler)

            def known(event: Any, context: LambdaContext) -> Any:
                function = self._functions.get(context.function_name)
                _running.set(function.name if function else "")
                return run(event, context)

            return known

        patch.setattr(invocation, "load_handler", loaded)

    def _called(self, params: dict[str, Any], model: Any, context: dict[str, Any], **_rest: Any) -> None:
        # A signed URL is checked like a request. A form has its key in its policy: see `_signed_form`.
        if not _running.get() or (context.get("is_presign_request") and "Key" not in params):
            return
        for action, arn in _needs(model.service_model.service_name, model.name, params):
            self._used(action, arn)

    def _signed_form(self, request: Any, **_rest: Any) -> None:
        policy = request.context.get("s3-presign-post-policy", {"conditions": []})
        for condition in policy["conditions"]:
            if isinstance(condition, dict) and "key" in condition:
                self._used("s3:PutObject", _object_arn(condition["key"]))

    def _used(self, action: str, arn: str) -> None:
        function = _running.get()
        if not function:
            return
        use = Use(function, action, arn)
        self.used.add(use)
        if not any(_covers(pair, action, arn) for pair in _pairs(self._statements[function])):
            self.refused.add(use)


def _needs(service: str, operation: str, params: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the actions and resources that IAM checks for an operation."""
    if service == "dynamodb":
        return _needs_of_dynamodb(operation, params)
    if (service, operation) in {("s3", "CopyObject"), ("s3", "UploadPartCopy")}:
        # botocore has turned the argument into a text: bucket, slash, key in percent encoding
        _, _, source = unquote(params["CopySource"]).partition("/")
        return [("s3:GetObject", _object_arn(source)), ("s3:PutObject", _object_arn(params["Key"]))]
    if (service, operation) == ("s3", "ListObjectsV2"):
        return [("s3:ListBucket", f"arn:aws:s3:::{_bucket()}")]
    if service == "s3":
        needed = [(f"s3:{_S3.get(operation, operation)}", _object_arn(params["Key"]))]
        reads = operation in {"HeadObject", "GetObject"}
        # needed to get a 404, not a 403, for a missing object
        return [*needed, ("s3:ListBucket", f"arn:aws:s3:::{_bucket()}")] if reads else needed
    arn = _ARNS.get((service, operation))
    return [(f"{service}:{_LAMBDA.get(operation, operation)}", arn(params) if arn else "*")]


def _needs_of_dynamodb(operation: str, params: dict[str, Any]) -> list[tuple[str, str]]:
    if operation == "TransactWriteItems":
        actions = [pair for action in params["TransactItems"] for pair in action.items()]
        return [(f"dynamodb:{_TRANSACTIONS[kind]}", _table(row["TableName"])) for kind, row in actions]
    if operation in ("BatchWriteItem", "BatchGetItem"):
        return [(f"dynamodb:{operation}", _table(name)) for name in params["RequestItems"]]
    return [(f"dynamodb:{operation}", _table(params["TableName"]))]


def _pairs(statements: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return each action of each statement with each of its resources."""
    return [
        (action, _pattern(resource))
        for statement in statements
        for action in _as_list(statement["Action"])
        for resource in _as_list(statement["Resource"])
    ]


def _covers(pair: tuple[str, str], action: str, arn: str) -> bool:
    return fnmatchcase(action, pair[0]) and fnmatchcase(arn, pair[1])


def _pattern(resource: dict[str, str]) -> str:
    text = resource["Fn::Sub"]
    for name, value in _PSEUDO_PARAMETERS.items():
        text = text.replace(f"${{AWS::{name}}}", value)
    return text


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _table(name: str) -> str:
    return _arn("dynamodb", f"table/{name}")


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:000000000000:{resource}"


def _object_arn(key: str) -> str:
    return f"arn:aws:s3:::{_bucket()}/{key}"


def _bucket() -> str:
    return setting("S3_BUCKET_NAME")


# The resource of an operation, from its parameters.
_ARNS: dict[tuple[str, str], Callable[[dict[str, Any]], str]] = {
    ("lambda", "Invoke"): lambda params: _arn("lambda", f"function:{params['FunctionName']}"),
    ("ssm", "GetParameter"): lambda params: _arn("ssm", f"parameter/{params['Name'].lstrip('/')}"),
    ("ssm", "GetParametersByPath"): lambda params: _arn("ssm", f"parameter/{params['Path'].lstrip('/')}"),
    ("sns", "Publish"): lambda params: _arn("sns", params["TopicArn"].rpartition(":")[2]),
    ("sqs", "SendMessage"): lambda params: _arn("sqs", params["QueueUrl"].rpartition("/")[2]),
}
