"""`make serve`: the API on this machine, until Ctrl-C.

Environment: `PORT` (4000), `DEMO` (0: no demo network; live: the demo network continues to take images),
`WRITE_ACCESS` and `WRITER_ROLES` (who may change data), `DATABASE_URL` and `AWS_ENDPOINT_URL` (backends to
use instead of the embedded ones).
"""

import errno
import os
import signal
import sys
import time

import psycopg2
from botocore.exceptions import BotoCoreError, ClientError

from auth import access
from common import commands
from common.errors import ApiError
from local.child import ChildFailed
from local.environment import RealAwsRejected
from local.stack import Stack

DEFAULT_PORT = 4000
_CHECK_INTERVAL_S = 1


def main() -> int:
    """Serve until interrupted; return the exit status of the process."""
    # SIGINT too: a shell starts its background jobs with SIGINT ignored
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    stack: Stack | None = None
    try:
        demo = os.environ.get("DEMO", "1")
        stack = Stack(_port(), demo=demo != "0", live=demo == "live", say=_say)
        _say(_welcome(stack))
        return _watch(stack)
    except KeyboardInterrupt:
        # This must come first: a user who reads "Stopping" may press Ctrl-C again immediately.
        _ignore_interrupts()
        _say("Stopping …")
        return 0
    except (RealAwsRejected, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    except ChildFailed as error:
        print(f"{error}. Its own messages are above.", file=sys.stderr)
        return 1
    except (psycopg2.Error, BotoCoreError, ClientError, ApiError) as error:
        print(commands.sentence(error), file=sys.stderr)
        return 1
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        print(f"Port {_port()} is in use: choose another, PORT=4001 make serve.", file=sys.stderr)
        return 1
    finally:
        _ignore_interrupts()
        if stack is not None:
            stack.stop()


def _ignore_interrupts() -> None:
    """Let no further Ctrl-C interrupt the stopping of the backends."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _watch(stack: Stack) -> int:
    """Wait until a backend ends unexpectedly; Ctrl-C raises KeyboardInterrupt here."""
    while (ended := stack.ended_backend()) is None:
        time.sleep(_CHECK_INTERVAL_S)
    print(f"{ended} ended unexpectedly; stopping.", file=sys.stderr)
    return 1


def _say(words: str) -> None:
    print(words, flush=True)


def _port() -> int:
    text = os.environ.get("PORT") or str(DEFAULT_PORT)
    if not text.isdecimal() or int(text) > 65535:  # noqa: PLR2004 - the highest TCP port
        raise ValueError(f"PORT must be a number from 0 to 65535, not {text!r}.")
    return int(text)


def _welcome(stack: Stack) -> str:
    base = stack.base_url
    # the new line keeps the shell's prompt off the response
    curl = r"curl -w '\n'"
    token = stack.auth0.token("auth0|demo-observer-1", (access.writer_roles() or ["admin"])[:1])
    return f"""
The API is at {base}
  a page to try every route:  {base}/docs
  the operators' console:     {base}/console

  check that it runs:         {curl} {base}/
  a site's config:            {curl} {base}/mrc1/config
  recent uploads:             {curl} "{base}/recentuploads?site=mrc1"
  an info image, with URLs:   {curl} {base}/infoimage/mrc1/1
  the note for a night:       {curl} {base}/nightlog/mrc1
  the newest image:           {curl} {base}/mrc1/latest_images/1
  events of tonight:          {curl} "{base}/events?site=mrc"
  a plot of them:             {base}/events/plot?site=mrc
  a target tonight:           {curl} "{base}/events/visibility?site=mrc&ra=202.47&dec=47.2"
  jobs for the pipelines:     {curl} {base}/pipe/queues
  a shared browser:           {curl} {base}/control_room/mrc1
  a form for an upload:       {curl} {base}/upload -d '{{"object_name": "mrc1-a-20260101-00000001-EX10.jpg"}}'
  check a token:              {curl} {base}/dummy-requires-auth -X POST -H "Authorization: Bearer $TOKEN"

A token for the protected routes:
  TOKEN={token}
{_token_without_a_role(stack) if access.protected() else ""}
Ctrl-C stops everything.
"""


def _token_without_a_role(stack: Stack) -> str:
    token = stack.auth0.token("auth0|demo-visitor-1", ["viewer"])
    return f"""
This token allows writes. A token of a user without the role does not:
  VISITOR={token}
"""


if __name__ == "__main__":
    sys.exit(main())
