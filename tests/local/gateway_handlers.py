"""Handlers of tests/data/gateway.yml."""

import json
import time
from typing import Any

SLEEP_S = 1.0


def echo(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Return the event, and the values of the context."""
    body = {"event": event, "function": context.function_name, "left": context.get_remaining_time_in_millis()}
    return {"statusCode": 200, "body": json.dumps(body)}


def fixed(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
    return {"statusCode": 200, "body": "fixed"}


def returns(event: dict[str, Any], _context: Any) -> Any:
    """Return the JSON of the body."""
    wanted = json.loads(event["body"])
    if isinstance(wanted, dict) and "repeat" in wanted:
        return {"statusCode": 200, "body": "x" * wanted["repeat"]}
    return wanted


def raises(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
    raise ValueError("secret")


def sleeps(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
    time.sleep(SLEEP_S)
    return {"statusCode": 200, "body": "slow"}


def add(event: dict[str, Any], _context: Any) -> int:
    return int(event["a"] + event["b"])


def authorize(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    wanted = event["headers"]["Authorization"]
    if wanted == "raise":
        raise ValueError("secret")
    if wanted == "refuse":
        raise Exception("Unauthorized")  # noqa: TRY002 - the message that API Gateway recognizes
    return {
        "principalId": "tester",
        "policyDocument": {"Statement": [{"Effect": wanted, "Resource": event["methodArn"]}]},
        "context": {"userRoles": '["admin"]', "number": 5},
    }
