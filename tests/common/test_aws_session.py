"""What a session leaves out changes no request, and a Lambda trusts the authorities of AWS alone."""

import re
import socket
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import certifi
import pytest
from botocore import handlers
from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import SSLError
from botocore.model import ListShape, MapShape, StructureShape
from werkzeug import Request, Response
from werkzeug.serving import make_server

from common import aws, aws_session, logs
from common.errors import Unavailable
from deploy.libraries import OPERATIONS
from tests.common.test_presign import FrozenDatetime
from tests.common.tls_files import server_context

SSM = "ssm.us-east-1.amazonaws.com"
CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----")
DEPTH = 4
VALUES: dict[str, Any] = {
    "blob": b"a",
    "boolean": True,
    "integer": 1,
    "long": 1,
    "string": "a%2Fb",
    "timestamp": "2026-03-14T00:00:00Z",
}


def value_of(shape: Any, depth: int = 0) -> Any:
    """A value of a shape, with all members down to `DEPTH` and only those that are required below."""
    if isinstance(shape, StructureShape):
        names = shape.members if depth < DEPTH else shape.required_members
        return {name: value_of(shape.members[name], depth + 1) for name in names}
    if isinstance(shape, ListShape):
        return [value_of(shape.member, depth + 1)] if depth < DEPTH else []
    if isinstance(shape, MapShape):
        return {"k": value_of(shape.value, depth + 1)} if depth < DEPTH else {}
    return next(iter(getattr(shape, "enum", ())), VALUES[shape.type_name])


class NotSent(Exception):
    """The request is kept, and not sent."""


class Sent:
    """Keeps the requests of a client instead of sending them."""

    def __init__(self, session: botocore.session.Session, service: str) -> None:
        session.set_credentials("AKIAEXAMPLE", "secret")
        self.client: Any = session.create_client(service, region_name="eu-west-2")
        self.client.meta.events.register_last("before-send", self._keep)

    def of(self, operation: str) -> tuple[Any, ...]:
        model = self.client.meta.service_model
        shape = model.operation_model(operation).input_shape
        given = value_of(shape) if shape else {}
        if operation in {"CopyObject", "UploadPartCopy"}:
            given["CopySource"] = {"Bucket": "b", "Key": "k é"}
        if model.service_name == "s3":
            # A checksum has to be that of the body.
            given = {name: each for name, each in given.items() if not name.startswith("Checksum")}
            given["Bucket"] = "bucket"
        with pytest.raises(NotSent):
            self.client._make_api_call(operation, given)
        return self._request

    def _keep(self, request: AWSPreparedRequest, **_rest: Any) -> None:
        content: Any = request.body
        body = content.read() if hasattr(content, "read") else content
        self._request = (request.method, request.url, dict(request.headers), body)
        raise NotSent


@pytest.mark.parametrize(
    ("service", "operation"),
    [(service, name) for service, names in OPERATIONS.items() for name in sorted(names)],
)
def test_requests_are_those_of_a_session_with_all_handlers(
    monkeypatch: pytest.MonkeyPatch, service: str, operation: str
) -> None:
    monkeypatch.setattr("botocore.auth.get_current_datetime", FrozenDatetime.utcnow)
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(int=1))
    ours, whole = (
        Sent(each, service).of(operation) for each in (aws_session.make_session(), botocore.session.Session())
    )
    assert ours == whole


def test_more_than_half_of_the_handlers_are_left_out() -> None:
    events = [event for event, *_ in handlers.BUILTIN_HANDLERS]
    assert 20 < len(list(filter(aws_session.is_needed, events))) < len(events) / 2


@pytest.mark.parametrize(
    ("event", "needed"),
    [
        ("request-created", True),
        ("before-call.s3", True),
        ("after-call.sqs.*", True),
        # botocore has none like this today, and its emitter would send it for every service.
        ("before-call.*.CopyObject", True),
        ("before-call.s3-control", False),
        ("choose-signer.cognito-identity.GetId", False),
        ("docs.*.s3.CopyObject.complete-section", False),
    ],
)
def test_an_event_is_needed_if_it_can_be_of_our_services(event: str, *, needed: bool) -> None:
    assert aws_session.is_needed(event) is needed


def test_the_services_are_those_whose_operations_are_deployed() -> None:
    assert {*OPERATIONS, "sts"} == aws_session.SERVICES


def test_the_authorities_are_those_of_amazon_in_certifi() -> None:
    """If a newer certifi has other ones, copy them: the file must never be behind."""
    entries = re.findall(r"# Subject: (.*)\n(?:#.*\n)*(-[^#]+)", Path(certifi.where()).read_text())
    of_amazon = {pem.strip() for subject, pem in entries if re.search("O=Amazon|Starfield Services", subject)}
    assert len(of_amazon) == 5
    assert set(CERTIFICATE.findall(aws_session.AUTHORITIES.read_text())) == of_amazon


@pytest.mark.parametrize(
    ("settings", "region", "ours"),
    [
        ({"AWS_LAMBDA_FUNCTION_NAME": "f"}, "eu-west-2", True),
        ({"AWS_LAMBDA_FUNCTION_NAME": "f"}, "cn-north-1", False),
        ({"AWS_LAMBDA_FUNCTION_NAME": "f", "AWS_CA_BUNDLE": "/b.pem"}, "eu-west-2", False),
        # An operator's network may have a proxy with an authority of its own.
        ({}, "eu-west-2", False),
    ],
)
def test_only_a_lambda_trusts_the_authorities_of_aws_alone(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], region: str, *, ours: bool
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert aws_session.authorities(region) == (str(aws_session.AUTHORITIES) if ours else None)


@Request.application
def parameter_store(_request: Request) -> Response:
    return Response('{"Parameter": {"Value": "secret"}}', content_type="application/x-amz-json-1.1")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The root of a server that has a certificate of SSM's endpoint. Connections to SSM go to that server."""
    context = server_context(tmp_path, SSM)
    server = make_server("127.0.0.1", 0, parameter_store, threaded=True, ssl_context=context)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    connect = socket.create_connection
    monkeypatch.setattr(
        "urllib3.util.connection.create_connection",
        lambda _address, *rest, **_options: connect(("127.0.0.1", server.server_port), *rest[:1]),
    )
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "f")
    monkeypatch.setenv("REGION", "us-east-1")
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SSM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a")
    aws.forget()
    yield tmp_path / "root.pem"
    aws.forget()
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_server_that_the_authorities_signed_is_trusted(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws_session, "AUTHORITIES", root)
    assert aws.client("ssm").get_parameter(Name="db-url")["Parameter"]["Value"] == "secret"


def test_a_server_that_others_signed_is_not_trusted(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert root.exists()
    logs.set_up()
    with pytest.raises(Unavailable) as raised, aws.faults("the parameter store"):
        aws.client("ssm").get_parameter(Name="db-url")
    assert isinstance(raised.value.__cause__, SSLError)
    assert "the certificate of AWS was rejected" in capsys.readouterr().err
