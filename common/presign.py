"""Presigned S3 URLs: GET signed by hand, POST and PUT by botocore.

Image lists contain thousands of URLs. botocore takes 156 microseconds for one. With a cached signing key,
Signature Version 4 needs one HMAC and takes 9. The signature follows the AWS reference, "Authenticating
Requests: Using Query Parameters (AWS Signature Version 4)".

A URL has the permissions of its signer, and expires when the signer's credentials expire. The credentials of
a Lambda expire within hours, even if the URL says a later time. With the setting `URL_SIGNER=user`, URLs are
signed with the key of a user that may only read (`make signing-key`). This key does not expire.
"""

import hashlib
import hmac
import json
import os
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any
from urllib.parse import quote, urlsplit

from common import aws
from common.settings import secret, setting

DAY_S = 24 * 3600
# The secret with the key of the user that signs: JSON with `access_key_id` and `secret_access_key`.
SIGNING_KEY = "url-signing-key"
# URLs of pictures in lists stay the same for an hour: a poll that brings nothing new is a 304, and a browser
# finds the pictures in its cache.
STEADY_S = 3600
# The longest that Signature Version 4 allows.
WEEK_S = 7 * DAY_S


class SigningKeyRefused(Exception):
    """The secret `url-signing-key` does not hold a key; `make signing-key` makes one."""


def get_url(
    key: str, expires_s: int = WEEK_S, content_disposition: str | None = None, *, steady_s: int = 1
) -> str:
    """Return a URL with which anyone can fetch the object `key` of the project's bucket.

    Parameters
    ----------
    key
        The object's key, any Unicode.
    expires_s
        Seconds for which the URL is good, at most `WEEK_S`. One signed with a Lambda's own credentials ends
        with them if that is sooner.
    content_disposition
        The Content-Disposition header that S3 is to answer with, if any.
    steady_s
        The URL stays the same for this many seconds, because its time is rounded down to a multiple of this.
        Browsers then find the object in their cache. The URL is then valid for up to `steady_s` less. The
        value must divide a day, because a signature belongs to one day.
    """
    origin, host, prefix = _place(setting("S3_BUCKET_NAME"))
    additional = _parameter("response-content-disposition", content_disposition)
    signed_at = datetime.now(UTC).timestamp() // steady_s * steady_s
    return _signed(origin, host, f"{prefix}/{quote(key, safe='/~')}", expires_s, additional, signed_at)


def post_form(key: str, expires_s: int, max_bytes: int) -> dict[str, Any]:
    """Return `{"url", "fields"}` for a browser-style POST that stores one object at exactly `key`.

    Parameters
    ----------
    key
        The object's key.
    expires_s
        Seconds for which the form is good.
    max_bytes
        The largest object that S3 takes with it.
    """
    form: dict[str, Any] = aws.client("s3").generate_presigned_post(
        Bucket=setting("S3_BUCKET_NAME"),
        Key=key,
        ExpiresIn=expires_s,
        Conditions=[["content-length-range", 0, max_bytes]],
    )
    return form


def put_url(key: str, expires_s: int, size: int, md5: str) -> str:
    """Return a URL for a PUT that stores exactly one content at `key`.

    Parameters
    ----------
    key
        The object's key.
    expires_s
        Seconds for which the URL is good.
    size
        The size of the content in bytes. S3 rejects any other.
    md5
        The MD5 of the content, in base64. The request must have it as its header Content-MD5.
    """
    url: str = aws.client("s3").generate_presigned_url(
        "put_object",
        Params={
            "Bucket": setting("S3_BUCKET_NAME"),
            "Key": key,
            "ContentLength": size,
            "ContentMD5": md5,
        },
        ExpiresIn=expires_s,
    )
    return url


def forget() -> None:
    """Drop the signer's credentials, and what was made of them."""
    for kept in (_credentials, _signing_key, _query, _parameter):
        kept.cache_clear()


def _signed(  # noqa: PLR0913, PLR0917 - the parts of a URL
    origin: str, host: str, path: str, expires_s: int, additional: str, signed_at: float
) -> str:
    now = datetime.fromtimestamp(signed_at, UTC).strftime("%Y%m%dT%H%M%SZ")
    credentials = _credentials().get_frozen_credentials()
    region = aws.region()
    scope = f"{now[:8]}/{region}/s3/aws4_request"
    query = _query(f"{credentials.access_key}/{scope}", now, expires_s)
    signed_headers = "&X-Amz-SignedHeaders=host"
    token = _parameter("X-Amz-Security-Token", credentials.token)
    # The signed text has the parameters in alphabetical order, the URL in botocore's order.
    canonical = (
        f"GET\n{path}\n{query}{token}{signed_headers}{additional}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD"
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    signing_key = _signing_key(credentials.secret_key, now[:8], region)
    signature = hmac.new(
        signing_key, f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{digest}".encode(), hashlib.sha256
    ).hexdigest()
    parameters = f"{additional}&{query}{signed_headers}{token}&X-Amz-Signature={signature}".removeprefix("&")
    return f"{origin}{path}?{parameters}"


@lru_cache(maxsize=8)
def _query(credential: str, now: str, expires_s: int) -> str:
    """Return the part of the query that all URLs signed within one second share."""
    return (
        f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={quote(credential, safe='-_.~')}"
        f"&X-Amz-Date={now}&X-Amz-Expires={expires_s}"
    )


@lru_cache(maxsize=8)
def _parameter(name: str, value: str | None) -> str:
    """Return a further parameter of a query string; "" without a value.

    Cached: a Lambda's token has a kilobyte, and quoting it takes longer than signing the URL.
    """
    return f"&{name}={quote(value, safe='-_.~')}" if value else ""


@lru_cache(maxsize=8)
def _signing_key(secret_key: str, day: str, region: str) -> bytes:
    key = f"AWS4{secret_key}".encode()
    for part in (day, region, "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


@cache
def _place(bucket: str) -> tuple[str, str, str]:
    """Return origin, Host header and path prefix of a bucket: virtual-hosted in AWS, else path style."""
    endpoint = aws.custom_endpoint("s3")
    if endpoint:
        return endpoint.rstrip("/"), urlsplit(endpoint).netloc, f"/{bucket}"
    zone = "" if aws.region() == "us-east-1" else f".{aws.region()}"
    host = f"{bucket}.s3{zone}.amazonaws.com"
    return f"https://{host}", host, ""


@cache
def _credentials() -> Any:
    """Return the signer's credentials. botocore renews temporary ones itself.

    Raises
    ------
    SigningKeyRefused
        If the stage signs with a user's key, and the secret does not hold one.
    """
    if os.environ.get("URL_SIGNER") != "user":
        return aws.session().get_credentials()
    from botocore.credentials import Credentials

    try:
        key = json.loads(secret(SIGNING_KEY))
        return Credentials(key["access_key_id"], key["secret_access_key"])
    except (ValueError, KeyError, TypeError):
        raise SigningKeyRefused from None
