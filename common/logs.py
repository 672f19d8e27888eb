"""Structured logs: one JSON object a line, with the id of the request it belongs to.

The log never contains what callers send (bodies, headers, query strings), nor the text of an error, which may
quote it. For a caller who changes something, the log contains the name and the address, but never the key or
the token.
"""

import json
import logging
import sys
import traceback
from pathlib import Path
from typing import Any

from common import request_context

_PROJECT = Path(__file__).resolve().parent.parent

logger = logging.getLogger("photonranch")


class StandardError:
    """Writes to the current `sys.stderr`: the program that runs a handler may replace it."""

    def write(self, text: str) -> None:
        """Write `text`."""
        sys.stderr.write(text)

    def flush(self) -> None:
        """Write out what is buffered."""
        sys.stderr.flush()


class JsonFormatter(logging.Formatter):
    """Writes a record, and what it was given as `extra={"fields": {...}}`, as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line for `record`."""
        line: dict[str, Any] = {
            "level": record.levelname,
            "message": record.getMessage(),
            "request_id": request_context.current().request_id,
            **getattr(record, "fields", {}),
        }
        return json.dumps(line, default=str)


def set_up() -> None:
    """Send the project's log lines to standard error as JSON. Doing it again changes nothing."""
    if logger.handlers:
        return
    handler = logging.StreamHandler(StandardError())
    handler.setFormatter(JsonFormatter())
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False


def failure(error: BaseException) -> dict[str, str]:
    """Return what may be logged of an unforeseen error: its class and the project's line it came from.

    Its text and its stack are left out, because they may quote a token, a row or a connection string.
    """
    return {"error": type(error).__name__, "where": _where(error)}


def _where(error: BaseException) -> str:
    # Not by `traceback.extract_tb`, which may open files: in a sandbox nothing can be opened.
    places = [
        (Path(frame.f_code.co_filename), line, frame.f_code.co_name)
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    own = [place for place in places if _is_ours(place[0])] or places
    if not own:
        return ""
    path, line, name = own[-1]
    return f"{path.parent.name}/{path.name}:{line} {name}"


def _is_ours(path: Path) -> bool:
    """Return whether a file belongs to this project. In Lambda, libraries are in the same folder."""
    return path.parent.parent == _PROJECT and (
        path.parent.name == "common" or (path.parent / "handlers.py").exists()
    )
