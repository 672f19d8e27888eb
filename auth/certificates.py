"""Reads the certificate of the Auth0 tenant in each form in which it may be stored."""

import base64
import binascii
import re

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import load_der_x509_certificate

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----(.+)-----END CERTIFICATE-----", re.DOTALL)


class CertificateRefused(Exception):
    """A certificate cannot be used. The sentence says why and quotes no part of it."""


def public_key(written: str) -> RSAPublicKey:
    r"""Return the RSA key of a certificate.

    Parameters
    ----------
    written
        A PEM certificate, also with spaces or `\n` where its newlines were, or its base64 body alone.

    Raises
    ------
    CertificateRefused
        If it is not a certificate, or its key is not an RSA key.
    """
    text = written.replace("\\n", "\n")
    match = _PEM.search(text)
    body = re.sub(r"\s", "", match[1] if match else text)
    try:
        key = load_der_x509_certificate(base64.b64decode(body, validate=True)).public_key()
    except (binascii.Error, UnsupportedAlgorithm, ValueError):
        # The library's error would quote the certificate.
        key = None
    if not isinstance(key, RSAPublicKey):
        raise CertificateRefused(
            "This is no certificate of an RSA key: it must be the signing certificate of the Auth0 tenant, "
            "as PEM or as the base64 text between its BEGIN and END lines."
        )
    return key
