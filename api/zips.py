"""Having the zip function pack files."""

import json
from typing import Any

from common import aws
from common.errors import NotFound, Unavailable
from common.settings import setting

# With what comes before it, this stays below the 29 s that API Gateway waits.
WAIT_S = 22

_OK, _NOT_FOUND = 200, 404


class StillPacking(Unavailable):
    """The zip function has not finished yet, and goes on: 503 with Retry-After."""

    retry_after_s = 30


def url_of(filenames: list[str]) -> str:
    """Answer a presigned URL of a zip of files in `data/`.

    Raises
    ------
    NotFound
        If none of them exists.
    StillPacking
        If it takes longer than `WAIT_S`. Asked again for the same files, the answer is the finished zip.
    Unavailable
        If the zip function fails.
    """
    answer = _invoked({"filenames": filenames})
    if answer.get("statusCode") == _NOT_FOUND:
        raise NotFound("No images exist for the given query.")
    if answer.get("statusCode") != _OK:
        raise Unavailable("Try again later: the zip function failed.")
    return str(json.loads(answer["body"])["message"])


def _invoked(event: dict[str, Any]) -> dict[str, Any]:
    from botocore.exceptions import ReadTimeoutError

    # A second attempt would have the same files packed twice.
    client = aws.client("lambda", read_timeout_s=WAIT_S, attempts=1)
    try:
        with aws.faults("the zip function"):
            response = client.invoke(FunctionName=setting("ZIP_FUNCTION_NAME"), Payload=json.dumps(event))
            answer: dict[str, Any] = json.loads(response["Payload"].read())
    except Unavailable as error:
        if isinstance(error.__cause__, ReadTimeoutError):
            raise StillPacking("The zip is still being packed: ask again in half a minute.") from error
        raise
    return answer
