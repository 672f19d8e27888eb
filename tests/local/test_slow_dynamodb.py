"""The local DynamoDB warns when it is slow."""

import time
from typing import Any

import pytest

from local import aws_server
from local.aws_server import RequestLock


def call(app: RequestLock, target: str) -> Any:
    return app({"REQUEST_METHOD": "POST", "HTTP_X_AMZ_TARGET": target}, lambda *_: lambda _: None)


def test_a_slow_request_is_reported_once_a_minute(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = RequestLock(lambda _environ, _start: [b"{}"], slow_s=-1.0)
    for _ in range(2):
        assert call(app, "DynamoDB_20120810.Query") == [b"{}"]
    warnings = capsys.readouterr().err.splitlines()
    assert len(warnings) == 1
    assert "for a Query" in warnings[0]
    later = time.monotonic() + aws_server.WARNING_INTERVAL_S
    monkeypatch.setattr(time, "monotonic", lambda: later)
    call(app, "DynamoDB_20120810.Query")
    assert "for a Query" in capsys.readouterr().err


def test_fast_requests_and_other_services_are_not_reported(capsys: pytest.CaptureFixture[str]) -> None:
    call(RequestLock(lambda _environ, _start: [b"{}"]), "DynamoDB_20120810.Query")
    call(RequestLock(lambda _environ, _start: [b"{}"], slow_s=-1.0), "AmazonSSM.GetParameter")
    assert capsys.readouterr().err == ""
