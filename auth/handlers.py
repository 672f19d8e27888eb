"""Lambda entry point of the authorizer."""

import json
from typing import Any, NoReturn

from auth.certificates import CertificateRefused
from auth.users import REFUSALS, User, caller
from common import logs, request_context
from common.settings import SettingMissing


def authorize(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Return a policy that allows the holder of a valid token to call the method, with the user's roles.

    A REQUEST authorizer of API Gateway (payload version 1). If the token is invalid it raises the text that
    API Gateway turns into a 401. The caller gets no details, and the log never contains the token. Wrong
    settings raise another text, which API Gateway turns into a 500.
    """
    logs.set_up()
    request_context.update(request_id=(event.get("requestContext") or {}).get("requestId", ""))
    try:
        return _policy(caller(event.get("headers") or {}), event["methodArn"])
    except REFUSALS as error:
        _refuse("token refused", event, {"error": type(error).__name__})
    except (SettingMissing, CertificateRefused) as error:
        logs.logger.error(
            "a setting is missing or wrong", extra={"fields": {**logs.failure(error), "why": str(error)}}
        )
        raise Exception("The authorizer is not configured") from None  # noqa: TRY002 - see above
    except Exception as error:  # noqa: BLE001 - an error here must neither allow the call nor log the token
        _refuse("unforeseen error", event, logs.failure(error))


def _refuse(message: str, event: dict[str, Any], fields: dict[str, str]) -> NoReturn:
    """Log a refusal with route and address, then raise it."""
    identity = (event.get("requestContext") or {}).get("identity") or {}
    caller = {
        "route": f"{event.get('httpMethod')} {event.get('resource')}",
        "address": identity.get("sourceIp", ""),
    }
    logs.logger.warning(message, extra={"fields": {**fields, **caller}})
    raise Exception("Unauthorized") from None  # noqa: TRY002 - the text that API Gateway knows


def _policy(user: User, method_arn: str) -> dict[str, Any]:
    return {
        "principalId": user.subject,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": method_arn}],
        },
        "context": {"userRoles": json.dumps(user.roles)},
    }
