"""Bearer tokens: JSON Web Tokens that Auth0 signs with RS256."""

import re
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import load_pem_x509_certificate

_BEARER = re.compile(r"Bearer ([^ ]+)", re.IGNORECASE)
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----(.+)-----END CERTIFICATE-----", re.DOTALL)
_LINE_LENGTH = 64


class TokenRefused(Exception):
    """The token is absent, malformed, expired, not meant for us, or not signed by Auth0."""


def bearer_token(headers: Mapping[str, str]) -> str:
    """Answer the token of an `Authorization: Bearer …` header, whatever the case of either word.

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
    """Answer the claims of a token whose signature, audience and times are right.

    Parameters
    ----------
    token
        A JSON Web Token.
    certificate
        PEM certificate of the signer, also with spaces where its newlines were.
    audience
        Whom the token must be meant for.

    Raises
    ------
    TokenRefused
        If anything about it is wrong.
    """
    try:
        decoded: dict[str, Any] = jwt.decode(
            token,
            _public_key(certificate),
            algorithms=["RS256"],
            audience=audience,
            options={"require": ["aud", "exp", "sub"]},
        )
    except jwt.InvalidTokenError as error:
        raise TokenRefused from error
    return decoded


def _public_key(certificate: str) -> RSAPublicKey:
    match = _PEM.search(certificate.replace("\\n", "\n"))
    if not match:
        raise ValueError("AUTH0_CLIENT_PUBLIC_KEY is no PEM certificate")
    text = re.sub(r"\s", "", match[1])
    lines = [text[start : start + _LINE_LENGTH] for start in range(0, len(text), _LINE_LENGTH)]
    pem = "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""])
    key = load_pem_x509_certificate(pem.encode()).public_key()
    if not isinstance(key, RSAPublicKey):
        raise TypeError("AUTH0_CLIENT_PUBLIC_KEY holds no RSA key")
    return key
