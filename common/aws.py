"""AWS clients, cached for the life of the process, and the meaning of their failures."""

import json
import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache, partial
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, overload

from common import aws_session, logs, request_context
from common.errors import Unavailable

if TYPE_CHECKING:
    from botocore.session import Session
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient

# The region if no environment variable names one.
DEFAULT_REGION = "us-east-1"
USER_AGENT = "photonranch-api"

CONNECT_TIMEOUT_S = 2
READ_TIMEOUT_S = 6
# With the timeouts above, the worst case is below API Gateway's 29 s.
ATTEMPTS = 3

# Error codes of temporary failures. Every 5xx response counts as temporary too.
TEMPORARY_CODES = frozenset(
    {
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)

# Services with JSON responses that are read whole. Lambda's Invoke returns a stream.
_JSON_SERVICES = frozenset({"dynamodb", "ssm"})
# DynamoDB's header with the CRC-32 of the body, in decimal digits.
_CHECKSUM_HEADER = "x-amz-crc32"
# Replaces a broken response: an error that botocore retries.
_BROKEN = b'{"__type": "RequestTimeout", "message": "The answer was cut or changed on its way."}'

# Operations of DynamoDB that return rows.
_ROWS = ("GetItem", "Query", "Scan")

# Reads: one request may need many of them, one after another.
_READS = frozenset({*_ROWS, "GetParameter", "GetParametersByPath"})

# The services that the project calls, by botocore's names.
Service = Literal["dynamodb", "lambda", "s3", "sns", "sqs", "ssm"]

_making = Lock()


class EndpointRefused(Exception):
    """An environment variable has an invalid AWS endpoint."""


def region() -> str:
    """Return the AWS region that the tables and the bucket are in.

    Commands that an operator runs have no `REGION`. They use `AWS_REGION` or `AWS_DEFAULT_REGION`.
    """
    names = ("REGION", "AWS_REGION", "AWS_DEFAULT_REGION")
    return next((os.environ[name] for name in names if os.environ.get(name)), DEFAULT_REGION)


@overload
def client(
    service: Literal["dynamodb"], *, read_timeout_s: float = ..., attempts: int = ...
) -> "DynamoDBClient": ...


@overload
def client(
    service: Literal["lambda"], *, read_timeout_s: float = ..., attempts: int = ...
) -> "LambdaClient": ...


@overload
def client(service: Literal["s3"], *, read_timeout_s: float = ..., attempts: int = ...) -> "S3Client": ...


@overload
def client(service: Literal["sns"], *, read_timeout_s: float = ..., attempts: int = ...) -> Any: ...


@overload
def client(service: Literal["sqs"], *, read_timeout_s: float = ..., attempts: int = ...) -> "SQSClient": ...


@overload
def client(service: Literal["ssm"], *, read_timeout_s: float = ..., attempts: int = ...) -> "SSMClient": ...


def client(service: Service, *, read_timeout_s: float = READ_TIMEOUT_S, attempts: int = ATTEMPTS) -> Any:
    """Return the process's botocore client for a service of AWS.

    Threads may share clients. Creating a client is not thread-safe, so a lock protects it.

    Parameters
    ----------
    service
        botocore's name of it.
    read_timeout_s
        How long one of the attempts at a request may wait for its answer; seconds.
    attempts
        How often a request is tried.
    """
    with _making:
        return _made_client(service, read_timeout_s, attempts)


@cache
def session() -> "Session":
    """Return the process's botocore session, which holds the credentials."""
    return aws_session.make_session()


def forget() -> None:
    """Drop the session with its credentials, and the clients. The descriptions of services stay."""
    session.cache_clear()
    _made_client.cache_clear()


@cache
def _made_client(service: Service, read_timeout_s: float, attempts: int) -> Any:
    from botocore.config import Config

    endpoint = custom_endpoint(service)
    config = Config(
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=read_timeout_s,
        retries={"mode": "standard", "total_max_attempts": attempts},
        max_pool_connections=50,
        # botocore would build its own user agent for every request, which takes 0.2 ms of CPU time.
        user_agent=USER_AGENT,
        signature_version="s3v4" if service == "s3" else None,
        s3={"addressing_style": "path" if endpoint else "virtual"},
    )
    trusted = None if endpoint else aws_session.authorities(region())
    made = session().create_client(service, region_name=region(), config=config, verify=trusted)
    made.meta.events.register("before-send", partial(_check_time, CONNECT_TIMEOUT_S + read_timeout_s))
    if service in _JSON_SERVICES:
        made.meta.events.register(f"before-parse.{service}", _read_json)
        made.meta.events.register(f"after-call.{service}", _refuse_broken)
    return made


def _read_json(
    operation_model: Any,
    response_dict: dict[str, Any],
    customized_response_dict: dict[str, Any],
    **_rest: Any,
) -> None:
    """Read the JSON of a response, and make botocore retry if the response is broken.

    Rows are passed on unparsed, because botocore's parsing of each value took most of the CPU time of a read.
    botocore treats a response that is not JSON as empty, and an existing row would look missing. Therefore a
    broken response becomes an error that botocore retries.
    """
    read = _whole_object(response_dict["body"], response_dict["headers"].get(_CHECKSUM_HEADER))
    if read is None:
        response_dict["status_code"], response_dict["body"] = HTTPStatus.INTERNAL_SERVER_ERROR, _BROKEN
    elif operation_model.name in _ROWS and response_dict["status_code"] == HTTPStatus.OK:
        customized_response_dict.update(read)
        response_dict["body"] = b"{}"


def _whole_object(body: bytes, checksum: str | None) -> dict[str, Any] | None:
    """Return the JSON object in a body; None if the body is incomplete or changed."""
    if checksum is not None and str(zlib.crc32(body)) != checksum:
        return None
    try:
        read = json.loads(body)
    except ValueError:
        return None
    return read if isinstance(read, dict) else None


def _refuse_broken(http_response: Any, parsed: Any, model: Any, **_rest: Any) -> None:
    """Raise the error of a response that is still broken after all retries, despite its HTTP status."""
    from botocore.exceptions import ClientError

    if "Error" in parsed and http_response.status_code < HTTPStatus.MULTIPLE_CHOICES:
        raise ClientError(parsed, model.name)


def _check_time(longest_s: float, event_name: str, **_sent: Any) -> None:
    """Stop a read that could end after the request's deadline."""
    if event_name.rpartition(".")[2] in _READS and request_context.remaining_s() < longest_s:
        raise Unavailable("Try again later: the stored data is slow to answer.")


def custom_endpoint(service: str) -> str | None:
    """Return the URL that replaces AWS's endpoint of `service`, if the environment has one.

    Raises
    ------
    EndpointRefused
        If the value is not a URL. botocore treats an empty value as not set, and would call AWS itself.
    """
    for name in (f"AWS_ENDPOINT_URL_{service.upper()}", "AWS_ENDPOINT_URL"):
        endpoint = os.environ.get(name)
        if endpoint is None:
            continue
        if not endpoint.startswith(("http://", "https://")):
            raise EndpointRefused(
                f"{name} is {endpoint!r}: give it an http:// or https:// URL, or unset it to use AWS itself."
            )
        return endpoint
    return None


@contextmanager
def faults(backend: str) -> Iterator[None]:
    """Turn temporary AWS failures (throttling, timeouts, outages, cut responses) into `Unavailable`.

    Parameters
    ----------
    backend
        What does not answer, in words for the caller: "the table of site configs".
    """
    from botocore import exceptions
    from botocore.parsers import ResponseParserError

    try:
        yield
    except exceptions.ClientError as error:
        if not _is_temporary(error.response):
            raise
        raise Unavailable(f"Try again later: {backend} is busy.") from error
    except (
        exceptions.ConnectionError,
        exceptions.HTTPClientError,
        exceptions.IncompleteReadError,
        ResponseParserError,
    ) as error:
        # An outage passes, a rejected certificate does not: the log must say which it is.
        if isinstance(error, exceptions.SSLError) and "certificate" in str(error):
            logs.logger.error("the certificate of AWS was rejected", extra={"fields": logs.failure(error)})
        raise Unavailable(f"Try again later: {backend} does not answer.") from error


def _is_temporary(answer: Mapping[str, Any]) -> bool:
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return (
        answer.get("Error", {}).get("Code") in TEMPORARY_CODES or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    )
