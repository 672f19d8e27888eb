"""Handlers of tests/data/gateway.yml."""

import json
import time
from typing import Any

DAWDLE_S = 1.0


def echo(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer the event, and what the context knows."""
    body = {"event": event, "function": context.function_name, "left": context.get_remaining_time_in_millis()}
    return {"statusCode": 200, "body": json.dumps(body)}


def fixed(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
    return {"statusCode": 200, "body": "fixed"}


def answer(event: dict[str, Any], _context: Any) -> Any:
    """Answer what the body says to answer."""
    wanted = json.loads(event["body"])
    if isinstance(wanted, dict) and "repeat" in wanted:
        return {"statusCode": 200, "body": "x" * wanted["repeat"]}
    return wanted


def raises(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
    raise ValueError("secret")


def dawdles(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
    time.sleep(DAWDLE_S)
    return {"statusCode": 200, "body": "at last"}


def add(event: dict[str, Any], _context: Any) -> int:
    return int(event["a"] + event["b"])


def authorize(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    wish = event["headers"]["Authorization"]
    if wish == "raise":
        raise ValueError("secret")
    if wish == "refuse":
        raise Exception("Unauthorized")  # noqa: TRY002 - the text that API Gateway knows
    return {
        "principalId": "tester",
        "policyDocument": {"Statement": [{"Effect": wish, "Resource": event["methodArn"]}]},
        "context": {"userRoles": '["admin"]', "number": 5},
    }
