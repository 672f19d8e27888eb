"""A stand-in for Auth0: a key pair, signed tokens, and the endpoint /userinfo."""

import json
import os
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from werkzeug import Request, Response

AUDIENCE = "local-client"
TOKEN_LIFETIME_S = 7 * 24 * 3600


class Auth0:
    """An issuer of tokens with a new key pair."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @property
    def certificate(self) -> str:
        """The PEM certificate that verifies its tokens."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "local Auth0")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=365))
            .sign(self._key, hashes.SHA256())
        )
        return certificate.public_bytes(serialization.Encoding.PEM).decode()

    def token(self, subject: str, roles: list[str], **changes: Any) -> str:
        """Return a token for `subject`; `changes` replace or add claims."""
        claims = {
            "sub": subject,
            "aud": AUDIENCE,
            "iat": int(time.time()),
            "exp": int(time.time()) + TOKEN_LIFETIME_S,
            os.environ["AUTH0_ROLES_CLAIM"]: {"roles": roles},
            **changes,
        }
        return jwt.encode(claims, self._key, algorithm="RS256")

    def __call__(self, request: Request) -> Response:
        """Serve `/auth0/userinfo`: the claims of the bearer token, or 401."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            claims = jwt.decode(token, self._key.public_key(), algorithms=["RS256"], audience=AUDIENCE)
        except jwt.InvalidTokenError:
            return Response("Unauthorized", status=401)
        return Response(json.dumps(claims), content_type="application/json")
