"""Bearer tokens: JSON Web Tokens that Auth0 signs with RS256."""

import re
from collections.abc import Mapping
from typing import Any

import jwt

from auth.certificates import public_key

_BEARER = re.compile(r"Bearer ([^ ]+)", re.IGNORECASE)


class TokenRefused(Exception):
    """The token is missing, malformed, expired, for another audience, or not signed by Auth0."""


def bearer_token(headers: Mapping[str, str]) -> str:
    """Return the token of an `Authorization: Bearer …` header, in upper or lower case.

    Raises
    ------
    TokenRefused
        If there is none.
    """
    for name, value in headers.items():
        match = _BEARER.fullmatch(value.strip())
        if name.lower() == "authorization" and match:
            return match[1]
    raise TokenRefused


def claims(token: str, certificate: str, audience: str) -> dict[str, Any]:
    """Return the claims of a token after checking its signature, audience and times.

    Parameters
    ----------
    token
        A JSON Web Token.
    certificate
        The signer's, in any form that `auth.certificates.public_key` reads.
    audience
        Whom the token must be meant for.

    Raises
    ------
    TokenRefused
        If anything about it is wrong.
    auth.certificates.CertificateRefused
        If the certificate cannot be used, even if the token is invalid too.
    """
    key = public_key(certificate)
    try:
        decoded: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=["RS256"],
            audience=audience,
            options={"require": ["aud", "exp", "sub"]},
        )
    except jwt.InvalidTokenError as error:
        raise TokenRefused from error
    return decoded
