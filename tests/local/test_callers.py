"""Web pages may call the API, but not the other servers on this machine."""

from typing import Any

import boto3
import pytest
import requests

from common import aws as clients
from common.presign import get_url, post_form
from local.deployment import Deployment
from local.lambda_api import PREFIX
from local.remotehq import PREFIX as REMOTEHQ
from local.remotehq import RemoteHq
from support.client import ApiClient
from support.network import BUCKET, REGION, SERVICE

# Headers of requests of web pages: from another site or port, as an image, or by a name that resolves to this
# machine.
PAGES = {
    "another origin": {"Origin": "https://evil.example"},
    "another port": {"Origin": "http://127.0.0.1:8080", "Sec-Fetch-Site": "same-site"},
    "a sandboxed page": {"Origin": "null"},
    "an image": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    "a rebound name": {"Host": "evil.example:4000"},
    "a similar name": {"Host": "127.0.0.1.evil.example"},
    "no name": {"Host": ""},
}
of_pages = pytest.mark.parametrize("headers", PAGES.values(), ids=PAGES)
FUNCTION = f"{SERVICE}-prod-home"


def invoke(gateway_url: str, method: str = "POST", **headers: str) -> requests.Response:
    url = f"{gateway_url}/{PREFIX}/functions/{FUNCTION}/invocations"
    return requests.request(method, url, data="{}", headers=headers, timeout=10)


@of_pages
def test_a_page_may_not_invoke_a_function(gateway_url: str, headers: dict[str, str]) -> None:
    response = invoke(gateway_url, **headers)
    assert response.status_code == 403
    assert "Access-Control-Allow-Origin" not in response.headers
    assert response.json()["message"].startswith("Only programs on this machine may call this")


def test_a_program_may_invoke_a_function(gateway_url: str, aws: str, deployment: Deployment) -> None:
    names = {function.deployed_name for function in deployment.functions.values()}
    assert FUNCTION in names
    response = invoke(gateway_url)
    assert response.json()["statusCode"] == 200
    assert invoke(gateway_url, Host="localhost:4000").status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_a_function_is_invoked_only_by_post(gateway_url: str, method: str) -> None:
    assert invoke(gateway_url, method).status_code == 405


@of_pages
@pytest.mark.parametrize("path", ["auth0/userinfo", f"{REMOTEHQ}/v1/rooms"])
def test_a_page_may_not_call_the_stand_ins(
    gateway_url: str, remotehq: RemoteHq, token: str, headers: dict[str, str], path: str
) -> None:
    bearer = {"Authorization": f"Bearer {token}"}
    response = requests.get(f"{gateway_url}/{path}", headers={**bearer, **headers}, timeout=10)
    assert response.status_code == 403
    assert remotehq.calls == []


@of_pages
def test_a_page_may_call_the_api(api: ApiClient, headers: dict[str, str]) -> None:
    response = api.get("/", headers=headers)
    assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (200, "*")


def signed(**headers: str) -> dict[str, Any]:
    scope = f"a/20260101/{REGION}/dynamodb/aws4_request"
    return {
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, Signature=b",
        "X-Amz-Target": "DynamoDB_20120810.ListTables",
        "Content-Type": "application/x-amz-json-1.0",
        **headers,
    }


@of_pages
def test_a_page_may_not_call_dynamodb(aws: str, headers: dict[str, str]) -> None:
    assert requests.post(aws, data="{}", headers=signed(), timeout=10).status_code == 200
    assert requests.post(aws, data="{}", headers=signed(**headers), timeout=10).status_code == 403


@of_pages
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "moto-api/reset"),
        ("GET", "moto-api/data.json?X-Amz-Signature=a"),
        ("GET", "latest/meta-data/iam/security-credentials/x?X-Amz-Signature=a"),
        ("GET", f"{BUCKET}?list-type=2&X-Amz-Signature=a"),
        ("GET", f"{BUCKET}/data/secret"),
        ("PUT", f"{BUCKET}/data/mine?X-Amz-Signature=a"),
        ("DELETE", f"{BUCKET}/data/secret?X-Amz-Signature=a"),
        ("POST", f"{BUCKET}?delete"),
        ("POST", "?Action=SendMessage"),
    ],
)
def test_a_page_may_use_the_bucket_only_as_a_presigned_url_allows(
    aws: str, headers: dict[str, str], method: str, path: str
) -> None:
    clients.client("s3").put_object(Bucket=BUCKET, Key="data/secret", Body=b"secret")
    response = requests.request(method, f"{aws}/{path}", headers=headers, timeout=10)
    assert response.status_code == 403
    listed = clients.client("s3").list_objects_v2(Bucket=BUCKET)
    assert [stored["Key"] for stored in listed["Contents"]] == ["data/secret"]


@pytest.mark.parametrize("page", ["another origin", "another port", "a sandboxed page"])
def test_a_page_uploads_with_a_form_and_fetches_with_a_url(aws: str, page: str) -> None:
    form = post_form("data/a.jpg", 60, 1000)
    preflight = {**PAGES[page], "Access-Control-Request-Method": "POST"}
    assert requests.options(form["url"], headers=preflight, timeout=10).ok
    stored = requests.post(
        form["url"], data=form["fields"], files={"file": b"picture"}, headers=PAGES[page], timeout=10
    )
    assert stored.status_code == 204
    fetched = requests.get(get_url("data/a.jpg"), headers=PAGES[page], timeout=10)
    assert (fetched.content, "Access-Control-Allow-Origin" in fetched.headers) == (b"picture", True)
    shown = requests.get(get_url("data/a.jpg"), headers=PAGES["an image"], timeout=10)
    assert shown.content == b"picture"


def test_programs_may_use_a_bucket_name_below_localhost(aws: str) -> None:
    clients.client("s3").put_object(Bucket=BUCKET, Key="data/a", Body=b"content")
    port = aws.rpartition(":")[2]
    s3 = boto3.client(
        "s3", endpoint_url=f"http://localhost:{port}", aws_access_key_id="a", aws_secret_access_key="b"
    )
    assert s3.get_object(Bucket=BUCKET, Key="data/a")["Body"].read() == b"content"
