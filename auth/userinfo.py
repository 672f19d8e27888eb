"""What Auth0 knows of a user beyond the token."""

from typing import Any

from common.settings import setting

METADATA_CLAIM = "https://photonranch.org/user_metadata"
TIMEOUT_S = (2, 5)


class UserInfoFailed(Exception):
    """Auth0 did not answer, or not with the user's roles."""


def roles(token: str) -> list[Any]:
    """Answer the roles of the token's user, from Auth0's `/userinfo`. One HTTP request.

    Raises
    ------
    UserInfoFailed
        If Auth0 does not answer in time, refuses the token or names no roles.
    """
    import requests

    try:
        answer = requests.get(
            setting("AUTH0_USERINFO_URL"), headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT_S
        )
        answer.raise_for_status()
        found = answer.json()[METADATA_CLAIM]["roles"]
    except (requests.RequestException, KeyError, TypeError) as error:
        raise UserInfoFailed from error
    if not isinstance(found, list):
        raise UserInfoFailed
    return found
