"""The gateway behaves over HTTP as API Gateway is documented to."""

import json
import socket
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
import requests
from botocore.exceptions import ClientError

from local.deployment import PROJECT, Deployment
from local.gateway import Gateway
from local.invocation import Invoker
from local.lambda_api import PREFIX, lambda_api
from local.server import Server
from support.client import ApiClient
from support.network import BASE_PATH, REGION

TIMEOUT_S = 0.5


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    deployment = Deployment("dev", PROJECT / "tests" / "data" / "gateway.yml")
    invoker = Invoker(timeout_s=TIMEOUT_S)
    stand_ins = {PREFIX: lambda_api(deployment.functions, invoker)}
    server = Server(0, Gateway(deployment, invoker, stand_ins))
    server.start()
    yield server.url
    server.stop()


@pytest.fixture
def client(url: str) -> Iterator[ApiClient]:
    with ApiClient(f"{url}/dev") as session:
        yield session


def echoed(response: requests.Response) -> dict[str, Any]:
    event: dict[str, Any] = response.json()["event"]
    return event


@pytest.mark.parametrize("path", ["/", "", "//"])
def test_the_root_has_any_number_of_slashes(client: ApiClient, path: str) -> None:
    assert echoed(client.get(path))["resource"] == "/"


@pytest.mark.parametrize("path", ["/mrc/config", "/mrc/config/", "//mrc//config//"])
def test_trailing_and_doubled_slashes_are_ignored(client: ApiClient, path: str) -> None:
    event = echoed(client.get(path))
    assert event["resource"] == "/{site}/config"
    assert event["pathParameters"] == {"site": "mrc"}


def test_a_fixed_segment_takes_precedence_for_any_method(client: ApiClient) -> None:
    assert client.get("/all/config").text == "fixed"
    assert client.put("/all/config").status_code == 403
    assert client.put("/mrc/config").status_code == 200


def test_path_parameters_are_decoded_after_the_path_is_split(client: ApiClient) -> None:
    assert echoed(client.get("/a%2Fb%20%C3%A9/config"))["pathParameters"] == {"site": "a/b é"}


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/nowhere"), ("DELETE", "/"), ("GET", "/mrc"), ("GET", "/mrc/config/more"), ("OPTIONS", "/x")],
)
def test_an_unknown_route_is_a_missing_token(client: ApiClient, method: str, path: str) -> None:
    response = client.request(method, path)
    assert response.status_code == 403
    assert response.json() == {"message": "Missing Authentication Token"}
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Access-Control-Allow-Methods"] == "GET,POST"


def test_paths_outside_the_stage_are_forbidden(url: str) -> None:
    assert requests.get(f"{url}/{BASE_PATH}/mrc/config", timeout=5).status_code == 403


def test_the_event_has_the_documented_format(client: ApiClient) -> None:
    response = client.put(
        "/mrc/config?a=1&b=&a=%C3%A9%2B+", data='{"x": "é"}'.encode(), headers={"X-Thing": "one"}
    )
    event = echoed(response)
    assert event["httpMethod"] == "PUT"
    assert event["path"] == "/dev/mrc/config"
    assert event["queryStringParameters"] == {"a": "é+ ", "b": ""}
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "é+ "], "b": [""]}
    assert event["headers"]["X-Thing"] == "one"
    assert event["multiValueHeaders"]["X-Thing"] == ["one"]
    assert (event["body"], event["isBase64Encoded"]) == ('{"x": "é"}', False)
    assert event["requestContext"]["stage"] == "dev"
    assert event["requestContext"]["resourcePath"] == "/{site}/config"
    assert event["requestContext"]["identity"]["sourceIp"] == "127.0.0.1"
    assert len(event["requestContext"]["requestId"]) == 36
    assert response.json()["function"] == "gateway-test-dev-echo"
    assert 0 < response.json()["left"] <= 29_000


def test_absent_values_are_null(client: ApiClient) -> None:
    event = echoed(client.post("/echo"))
    absent = ("queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "body")
    assert {name: event[name] for name in absent} == dict.fromkeys(absent)


@pytest.mark.parametrize(
    "result",
    [
        "text",
        None,
        {},
        {"statusCode": "ok"},
        {"statusCode": True},
        {"statusCode": 99},
        {"statusCode": 200, "body": {"not": "text"}},
        {"statusCode": 200, "body": "a", "isBase64Encoded": True},
    ],
)
def test_an_invalid_response_is_a_bad_gateway(client: ApiClient, result: Any) -> None:
    response = client.post("/returns", json=result)
    assert response.status_code == 502
    assert response.json() == {"message": "Internal server error"}
    assert response.headers["Access-Control-Allow-Origin"] == "https://five.example"


def test_a_handler_that_raises_is_a_bad_gateway_without_its_message(client: ApiClient) -> None:
    response = client.get("/raises")
    assert (response.status_code, response.json()) == (502, {"message": "Internal server error"})


def test_a_slow_handler_is_a_gateway_timeout(client: ApiClient) -> None:
    response = client.get("/sleeps")
    assert response.status_code == 504
    assert response.json() == {"message": "Endpoint request timed out"}
    assert TIMEOUT_S <= response.elapsed.total_seconds() < TIMEOUT_S + 0.4


def test_requests_to_10_mb_pass_and_larger_ones_are_refused(client: ApiClient) -> None:
    limit = 10 * 1024 * 1024
    allowed = b'{"statusCode": 200, "body": "fine"}'.ljust(limit)
    assert client.post("/returns", data=allowed).text == "fine"
    refused = client.post("/returns", data=allowed + b" ")
    assert (refused.status_code, refused.json()) == (413, {"message": "Request Too Long"})
    assert refused.headers["Access-Control-Allow-Origin"] == "*"


def test_a_chunked_body_has_the_same_limit(client: ApiClient) -> None:
    def chunks(size: int) -> Iterator[bytes]:
        yield b'{"statusCode": 200, "body": "fine"}'
        yield b" " * (size - 35)

    limit = 10 * 1024 * 1024
    assert client.post("/returns", data=chunks(limit)).text == "fine"
    assert client.post("/returns", data=chunks(limit + 1)).status_code == 413


def test_a_disconnect_during_the_body_is_one_line_in_the_log(
    url: str, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_connection(("127.0.0.1", urlsplit(url).port or 0)) as connection:
        connection.sendall(b"POST /dev/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf")
    deadline = time.monotonic() + 10
    while not (logged := capsys.readouterr().err):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert logged == "POST /dev/echo: the client disconnected before the end of the body.\n"
    assert caplog.text == ""


def test_a_whole_url_in_the_request_line_is_a_path(url: str) -> None:
    # a client that uses the gateway as its proxy sends it
    response = requests.get(f"{url}/dev/mrc/config?a=1", proxies={"http": url}, timeout=5)
    assert echoed(response)["pathParameters"] == {"site": "mrc"}


def test_responses_to_6_mb_pass_and_larger_ones_are_a_bad_gateway(client: ApiClient) -> None:
    around = len(json.dumps({"statusCode": 200, "body": ""}))
    most = 6 * 1024 * 1024 - around
    assert len(client.post("/returns", json={"repeat": most}).content) == most
    assert client.post("/returns", json={"repeat": most + 1}).status_code == 502


def test_base64_bodies_and_repeated_headers_are_sent(client: ApiClient) -> None:
    result = {
        "statusCode": 201,
        "headers": {"Content-Type": "image/png"},
        "multiValueHeaders": {"X-Many": ["a", "b"]},
        "body": "iVBORw==",
        "isBase64Encoded": True,
    }
    response = client.post("/returns", json=result)
    assert (response.status_code, response.content) == (201, b"\x89PNG")
    assert response.headers["Content-Type"] == "image/png"
    assert response.raw.headers.getlist("X-Many") == ["a", "b"]


def test_json_is_the_content_type_by_default(client: ApiClient) -> None:
    assert client.get("/all/config").headers["Content-Type"] == "application/json"


def test_preflight_lists_the_methods_of_the_resource(client: ApiClient) -> None:
    response = client.options("/mrc/config")
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Access-Control-Allow-Methods"] == "OPTIONS,GET,PUT"
    assert "Authorization" in response.headers["Access-Control-Allow-Headers"]
    assert client.options("/private").headers["Access-Control-Allow-Headers"] == "Authorization"
    assert client.options("/private").headers["Access-Control-Allow-Credentials"] == "true"
    assert client.options("/echo").status_code == 403


@pytest.mark.parametrize(
    ("authorization", "status", "body"),
    [
        (None, 401, {"message": "Unauthorized"}),
        ("refuse", 401, {"message": "Unauthorized"}),
        ("raise", 500, {"message": None}),
        ("Deny", 403, {"message": "User is not authorized to access this resource with an explicit deny"}),
    ],
)
def test_an_unauthorized_caller_is_refused(
    client: ApiClient, authorization: str | None, status: int, body: dict[str, Any]
) -> None:
    response = client.post("/private", headers={"Authorization": authorization})
    assert (response.status_code, response.json()) == (status, body)
    assert "Access-Control-Allow-Origin" in response.headers


def test_the_authorizer_s_context_reaches_the_handler(client: ApiClient) -> None:
    event = echoed(client.post("/private", headers={"Authorization": "Allow"}))
    assert event["requestContext"]["authorizer"] == {
        "principalId": "tester",
        "userRoles": '["admin"]',
        "number": "5",
    }


def test_boto3_invokes_functions_by_their_name_in_aws(url: str) -> None:
    client = boto3.client("lambda", endpoint_url=url, region_name=REGION)
    response = client.invoke(FunctionName="add-in-aws", Payload=json.dumps({"a": 2, "b": 3}))
    assert (response["StatusCode"], json.load(response["Payload"])) == (200, 5)
    failed = client.invoke(FunctionName="add-in-aws", Payload=json.dumps({"a": 2}))
    assert failed["FunctionError"] == "Unhandled"
    assert json.load(failed["Payload"]) == {"errorMessage": "'b'", "errorType": "KeyError"}
    with pytest.raises(ClientError, match="Function not found: nothing"):
        client.invoke(FunctionName="nothing")
    with pytest.raises(ClientError, match="The payload is not JSON"):
        client.invoke(FunctionName="add-in-aws", Payload=b"{")


def test_variables_of_the_file_are_resolved() -> None:
    deployment = Deployment("dev", PROJECT / "tests" / "data" / "gateway.yml")
    assert deployment.environment == {"STAGE_NAME": "dev", "TABLE": "gateway-dev-table", "SECRET": ""}
