"""Lets the zip function pack files."""

import json
import time
from http import HTTPStatus
from typing import Any

from api.image_files import FitsFiles
from common import aws
from common.errors import NotFound, TookTooLong, Unavailable
from common.settings import setting

# Together with the work before it, this stays below API Gateway's 29 s.
WAIT_S = 22
# A retry would pack the same files twice.
ATTEMPTS = 1
# Pause between checks whether another request has finished the same zip.
LOOK_AGAIN_AFTER_S = 2.0
_LOOK_TIMEOUT_S = 5

_STILL_PACKING_SENTENCE = "The zip is still being packed: ask again in half a minute."


class StillPacking(TookTooLong):
    """The zip function has not finished yet and continues: 504, which the web UI explains to its user."""

    retry_after_s = 30


def url_of(files: FitsFiles) -> str:
    """Return a presigned URL of a zip of files in `data/`.

    Only one request packs a list of files at a time. The others wait for its zip.

    Raises
    ------
    NotFound
        If none of them exists.
    StillPacking
        If it takes longer than `WAIT_S`. A later request for the same files then gets the finished zip.
    Unavailable
        If the zip function fails.
    """
    last_look = time.monotonic() + WAIT_S - _LOOK_TIMEOUT_S
    event = {"filenames": files.names, **({"fallbacks": files.fallbacks} if files.fallbacks else {})}
    answer = _invoked(event, WAIT_S)
    while answer.get("statusCode") == HTTPStatus.CONFLICT:
        if time.monotonic() + LOOK_AGAIN_AFTER_S > last_look:
            raise StillPacking(_STILL_PACKING_SENTENCE)
        time.sleep(LOOK_AGAIN_AFTER_S)
        answer = _invoked({**event, "only_look": True}, _LOOK_TIMEOUT_S)
    if answer.get("statusCode") == HTTPStatus.NOT_FOUND:
        raise NotFound("No images exist for the given query.")
    if answer.get("statusCode") != HTTPStatus.OK:
        raise Unavailable("Try again later: the zip function failed.")
    return str(json.loads(answer["body"])["message"])


def _invoked(event: dict[str, Any], timeout_s: float) -> dict[str, Any]:
    """Return the zip function's response to an event."""
    from botocore.exceptions import IncompleteReadError, ReadTimeoutError

    client = aws.client("lambda", read_timeout_s=timeout_s, attempts=ATTEMPTS)
    try:
        with aws.faults("the zip function"):
            response = client.invoke(FunctionName=setting("ZIP_FUNCTION_NAME"), Payload=json.dumps(event))
            answer: dict[str, Any] = json.loads(response["Payload"].read())
    except Unavailable as error:
        if isinstance(error.__cause__, ReadTimeoutError):
            raise StillPacking(_STILL_PACKING_SENTENCE) from error
        raise
    except (IncompleteReadError, ValueError) as error:
        raise Unavailable("Try again later: the zip function's answer was cut short.") from error
    return answer
