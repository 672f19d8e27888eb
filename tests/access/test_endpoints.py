"""Entry points: what a caller sees and what the log says, whatever happens inside."""

import json
from decimal import Decimal
from typing import Any

import pytest

from auth.endpoints import endpoint, endpoint_with_json_errors
from common.errors import Conflict, Unavailable
from common.requests import Request
from common.responses import Response, no_content, ok
from tests.events import call, event

CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": "true"}
SECRET = "eyJhbGciOiJSUzI1NiJ9.secret"


def answering(value: Any) -> Any:
    @endpoint
    def handler(_request: Request) -> Response:
        if isinstance(value, Exception):
            raise value
        return value  # type: ignore[no-any-return]

    return handler


def test_text_is_sent_as_it_is() -> None:
    answer = call(answering(ok("New photon ranch API")))
    assert (answer.status, answer.body) == (200, "New photon ranch API")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_numbers_leave_as_json_numbers() -> None:
    numbers = {"whole": Decimal("3.00"), "fraction": Decimal("0.1"), "big": Decimal("1E+20"), "text": "é"}
    answer = answering(ok(numbers))(event(), None)
    assert answer["body"] == '{"whole":3,"fraction":0.1,"big":100000000000000000000,"text":"é"}'


def test_no_content_has_no_body() -> None:
    answer = call(answering(no_content()))
    assert (answer.status, answer.body) == (204, "")


@pytest.mark.parametrize(
    ("raised", "status", "body", "headers"),
    [
        (Conflict("Queue already exists: q"), 409, "Queue already exists: q", {}),
        (Conflict({"error": "x"}), 409, {"error": "x"}, {}),
        (Unavailable("Try again later."), 503, "Try again later.", {"Retry-After": "5"}),
    ],
)
def test_an_error_is_answered_as_it_describes_itself(
    raised: Exception, status: int, body: Any, headers: dict[str, str]
) -> None:
    answer = call(answering(raised))
    assert (answer.status, answer.body) == (status, body)
    assert {**CORS, **headers}.items() <= answer.headers.items()


@pytest.mark.parametrize("number", ["1e400", "-1.5e999", "NaN", "Infinity"])
def test_a_number_that_no_float_holds_leaves_as_null(number: str) -> None:
    assert call(answering(ok([1, Decimal(number)]))).body == [1, None]


@pytest.mark.parametrize(
    ("raised", "status", "body"),
    [
        (Conflict("No."), 409, {"message": "No."}),
        (Conflict({"message": "No.", "site": "mrc1"}), 409, {"message": "No.", "site": "mrc1"}),
        (
            ValueError(SECRET),
            500,
            {
                "message": "Internal server error",
                "error": "Internal server error",
                "request_id": "request-1",
            },
        ),
    ],
)
def test_errors_may_be_asked_for_as_json(raised: Exception, status: int, body: dict[str, Any]) -> None:
    @endpoint_with_json_errors
    def handler(_request: Request) -> Response:
        raise raised

    answer = call(handler)
    assert (answer.status, answer.body) == (status, body)


@pytest.mark.parametrize("fault", [ValueError(SECRET), ok({"a": object()}), ok(float("nan"))])
def test_an_unforeseen_error_says_nothing_but_the_request_id(
    fault: Any, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    answer = call(answering(fault))
    assert answer.status == 500
    assert answer.body == {"error": "Internal server error", "request_id": "request-1"}
    assert CORS.items() <= answer.headers.items()
    errors = [record for record in caplog.records if record.levelname == "ERROR"]
    assert len(errors) == 1
    logged = capsys.readouterr()
    assert SECRET not in logged.err + logged.out
    assert "Traceback" not in logged.err + logged.out


def test_log_lines_are_json_with_the_request_id_and_nothing_the_caller_sent(
    capsys: pytest.CaptureFixture[str],
) -> None:
    call(answering(ok("fine")), query={"q": SECRET}, body=SECRET, headers={"Authorization": SECRET})
    line = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert line.pop("milliseconds") >= 0
    assert line == {
        "level": "INFO",
        "message": "answered",
        "request_id": "request-1",
        "route": "GET /under/test",
        "status": 200,
    }


def test_an_error_of_ours_names_the_line_it_came_from(capsys: pytest.CaptureFixture[str]) -> None:
    from site_configs.handlers import get_config

    call(get_config, path={})
    line = json.loads(capsys.readouterr().err.splitlines()[0])
    assert line["error"] == "KeyError"
    assert line["where"].startswith("site_configs/handlers.py:")
    assert line["where"].endswith(" get_config")
