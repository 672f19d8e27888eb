"""The local DynamoDB tells its user when it is slow."""

import time
from typing import Any

import pytest

from local import aws_server
from local.aws_server import OneAtATime


def asked(app: OneAtATime, target: str) -> Any:
    return app({"REQUEST_METHOD": "POST", "HTTP_X_AMZ_TARGET": target}, lambda *_: lambda _: None)


def test_a_slow_request_is_told_of_once_a_minute(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = OneAtATime(lambda _environ, _start: [b"{}"], slow_s=-1.0)
    for _ in range(2):
        assert asked(app, "DynamoDB_20120810.Query") == [b"{}"]
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1
    assert "for a Query" in told[0]
    later = time.monotonic() + aws_server.WARN_EVERY_S
    monkeypatch.setattr(time, "monotonic", lambda: later)
    asked(app, "DynamoDB_20120810.Query")
    assert "for a Query" in capsys.readouterr().err


def test_a_quick_request_and_other_services_are_not_told_of(capsys: pytest.CaptureFixture[str]) -> None:
    asked(OneAtATime(lambda _environ, _start: [b"{}"]), "DynamoDB_20120810.Query")
    asked(OneAtATime(lambda _environ, _start: [b"{}"], slow_s=-1.0), "AmazonSSM.GetParameter")
    assert capsys.readouterr().err == ""
