"""Requests about objects of the image bucket, and the meaning of S3's errors."""

from typing import Any

from common import aws
from common.errors import Unavailable
from common.settings import setting

# The bucket in words for callers.
STORE = "the image store"

# HEAD has no body, so its error code is the HTTP status.
NO_OBJECT = frozenset({"404", "NoSuchKey", "NotFound"})
# S3's error for a range that starts at or after the end of the object. An empty object gives
# it for every range.
NO_BYTES = frozenset({"416", "InvalidRange"})
# S3's error for a content other than the one in If-Match.
REPLACED = frozenset({"412", "PreconditionFailed"})
# S3's errors for a conditional write, if the object is not the expected one or is being changed at the same
# time.
CONDITION_FAILED = NO_OBJECT | REPLACED | {"409", "ConditionalRequestConflict"}


def request(
    operation: str,
    *,
    read_timeout_s: float = aws.READ_TIMEOUT_S,
    attempts: int = aws.ATTEMPTS,
    **arguments: Any,
) -> dict[str, Any]:
    """Send one request about the bucket to S3, with botocore's retries, and return the response.

    Parameters
    ----------
    operation
        Method of botocore's client: "put_object".
    read_timeout_s, attempts
        As in `common.aws.client`.
    arguments
        Of the operation, without the bucket.

    Raises
    ------
    Unavailable
        If S3 is down or busy.
    botocore.exceptions.ClientError
        If S3 refuses the request: see `code`.
    """
    client = aws.client("s3", read_timeout_s=read_timeout_s, attempts=attempts)
    with aws.faults(STORE):
        response: dict[str, Any] = getattr(client, operation)(Bucket=setting("S3_BUCKET_NAME"), **arguments)
    return response


def find(operation: str, **arguments: Any) -> dict[str, Any] | None:
    """Return S3's response as `request` does, or None if there is no such object."""
    from botocore.exceptions import ClientError

    try:
        return request(operation, **arguments)
    except ClientError as error:
        if code(error) in NO_OBJECT:
            return None
        raise


def read(key: str, **how: Any) -> bytes | None:
    """Return the content of an object, or None if there is none. `how` goes to `request`.

    Raises
    ------
    Unavailable
        If S3 is down or busy, or ends too early.
    """
    response = find("get_object", Key=key, **how)
    if response is None:
        return None
    with aws.faults(STORE):
        content: bytes = response["Body"].read()
    return content


def code(error: Any) -> str:
    """Return the code of a botocore ClientError: "NoSuchKey"."""
    return str(error.response["Error"]["Code"])


def object_bytes(response: dict[str, Any]) -> int:
    """Return the size of the whole object from the response to a request for a range of it."""
    return int(response["ContentRange"].rpartition("/")[2])


def no_answer() -> Unavailable:
    """Return the error for S3 not sending what it announced."""
    return Unavailable(f"Try again later: {STORE} does not answer.")
