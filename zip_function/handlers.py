"""Lambda entry point of the zip function."""

import math
from http import HTTPStatus
from typing import Any

from common import init_phase, logs, request_context
from common.errors import ApiError
from common.responses import json_text
from zip_function import choices, store
from zip_function.archives import url_of, url_of_packed


@init_phase.needs(init_phase.client("s3", **store.LONG_TIMEOUT))
def pack(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Pack the files of `{"filenames": […]}`; return `{"statusCode": 200, "body": '{"message": url}'}`.

    `"fallbacks": {name: other name}` has the file to use if one is not stored. 409 while another request
    packs the same files. With `"only_look": true` nothing is packed: 200 if the zip exists, else 409.
    """
    logs.set_up()
    request_context.update(request_id=getattr(context, "aws_request_id", ""))
    try:
        wanted = choices.parse(event.get("filenames"), event.get("fallbacks"))
        if event.get("only_look"):
            return _result(HTTPStatus.OK, url_of_packed(wanted))
        return _result(HTTPStatus.OK, url_of(wanted, lambda: _seconds_left(context)))
    except ApiError as error:
        return _result(error.status, error.body)
    except Exception as error:  # noqa: BLE001 - the outermost frame: callers get only a fixed response
        logs.logger.error("unforeseen error", extra={"fields": logs.failure(error)})
        return _result(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal server error")


def _result(status: int, message: Any) -> dict[str, Any]:
    return {"statusCode": status, "body": json_text({"message": message})}


def _seconds_left(context: Any) -> float:
    return context.get_remaining_time_in_millis() / 1000 if context else math.inf
