"""Reads from Auth0 what the token does not contain: the user's roles."""

import json
from http import HTTPStatus
from typing import Any

from common.outgoing_http import Limits, NoAnswer, ask
from common.settings import setting

# Limits for the connection, and for everything until the last byte of the response.
TIMEOUT_S = (2.0, 5.0)


class UserInfoFailed(Exception):
    """Auth0 did not respond in time, refused the token, or sent a response without roles."""


def roles(token: str) -> list[Any]:
    """Return the roles of the token's user, from Auth0's `/userinfo`. One HTTP request.

    Raises
    ------
    UserInfoFailed
        If Auth0 does not answer in time, refuses the token, redirects, or sends a response that is too long
        or has no roles.
    """
    try:
        answer = ask("GET", setting("AUTH0_USERINFO_URL"), token, Limits(*TIMEOUT_S))
        found = json.loads(answer.body)[setting("AUTH0_ROLES_CLAIM")]["roles"]
    except (NoAnswer, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UserInfoFailed from error
    if answer.status != HTTPStatus.OK or not isinstance(found, list):
        raise UserInfoFailed
    return found
