"""Users who are logged in to the web UI, identified by their bearer token."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from auth.tokens import TokenRefused, bearer_token, claims
from auth.userinfo import UserInfoFailed, roles
from common.settings import setting

REFUSALS = (TokenRefused, UserInfoFailed)


@dataclass(frozen=True)
class User:
    """A user: Auth0's id, and roles as Auth0 has them."""

    subject: str
    roles: list[Any]


def caller(headers: Mapping[str, str]) -> User:
    """Return the user of a request's token. One HTTP request to Auth0 if the token is valid.

    Raises
    ------
    auth.tokens.TokenRefused
        If there is no token, or it is not good.
    auth.userinfo.UserInfoFailed
        If Auth0 does not confirm the token.
    """
    token = bearer_token(headers)
    subject = claims(token, setting("AUTH0_CLIENT_PUBLIC_KEY"), setting("AUTH0_CLIENT_ID"))["sub"]
    return User(subject, roles(token))
