"""Read-only routes asked twice: of the gateway, and of serverless-offline on the same serverless.yml.

`make offline` runs it; it needs Node. serverless-offline is others' idea of API Gateway, so that where both
answer alike, callers are not told by this project alone what to expect. Both ask the same backends, with the
demo network in them, and nothing that is asked changes anything. `DIFFERENCES` tells where it differs.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests

from local.deployment import PROJECT
from local.stack import Stack

# What serverless-offline 14 does otherwise than API Gateway, by what is seen of it. All else must be alike.
DIFFERENCES = {
    "unknown route": "404 with a sentence of its own; API Gateway answers 403 Missing Authentication Token",
    "doubled slash": "an unknown route to it; API Gateway takes doubled slashes for one",
    "base path": "none; in AWS the domain puts it before the paths",
    "preflight": "the methods asked for, the origin repeated; API Gateway answers what is configured",
    "no token": "401 with a sentence of its own, and CORS headers of hapi's",
    "Access-Control-Allow-Origin": "repeats the caller's origin in place of the handler's *",
    "Access-Control-Expose-Headers": "adds two of hapi's to the handler's",
    "Cache-Control": "no-cache where the handler says nothing",
    "Content-Type of JSON": "adds a charset",
}
# Not asked: a token that the authorizer refuses. Its Python runner never answers where a handler raises.

ORIGIN = "https://photonranch.org"
# A Python is started for each function, on a machine that is busy.
TIMEOUT_S = 60
START_S = 120
HEADERS = (
    "Content-Type",
    "Access-Control-Allow-Credentials",
    "Link",
    "Retry-After",
    "Cache-Control",
    "X-Content-Type-Options",
)
DAYS = {"start": "2026-01-01T00:00:00Z", "end": "2026-01-05T00:00:00Z"}
SIGNED = ("X-Amz-Date", "X-Amz-Signature", "X-Amz-Credential")


@dataclass(frozen=True)
class Question:
    """Something to ask: method, path, query, and the known difference that its answers may show."""

    path: str
    query: dict[str, str] = field(default_factory=dict)
    method: str = "GET"
    difference: str = ""


def questions(base_filename: str) -> list[Question]:
    """Every route that reads, what it answers to errors, and what API Gateway answers by itself."""
    return [
        Question("/"),
        Question("/recentuploads", {"site": "mrc1"}),
        Question("/recentuploads", {"site": "all"}),
        Question("/recentuploads"),
        Question("/infoimage/mrc1/1"),
        Question("/infoimage/mrc1/9"),
        Question(f"/image/{base_filename}"),
        Question("/image/nothing-of-that-name"),
        Question("/mrc1/latest_images/3"),
        Question("/mrc1/latest_images/0"),
        Question("/latest_image_all_sites"),
        Question("/latest_image_all_sites/"),
        Question(f"/fitsheader/{base_filename}"),
        Question("/fitsheader/nothing-of-that-name"),
        Question("/filtered_images", {"site": "mrc1", "limit": "2"}),
        Question("/filtered_images", {"exposure_time_min": "long"}),
        Question("/mrc1/config"),
        Question("/mrc1/config/"),
        Question("/nowhere/config"),
        Question("/all/config"),
        Question("/control_room/mrc1"),
        Question("/nightlog/mrc1"),
        Question("/nightlog/nowhere"),
        Question("/pipe/queue/smartstacks", {"limit": "2"}),
        Question("/pipe/queue/nothing"),
        Question("/pipe/queue/smartstacks", {"limit": "many"}),
        Question("/pipe/queue/smartstacks/dead_letters"),
        Question("/pipe/queue/nothing/stats"),
        Question("/pipe/queues"),
        Question("/pipe/status/nobody"),
        Question("/pipe/statuses"),
        Question("/events", {"site": "mrc", "when": "1767225600"}),
        Question("/events"),
        Question("/events/plot", {"site": "mrc", "when": "1767225600"}),
        Question("/events/moon/rise-set-illum", {"lat": "34", "lng": "-119", **DAYS}),
        Question("/events/moon/rise-set-illum", {"lat": "34"}),
        Question("/openapi.json"),
        Question("/docs"),
        Question("/docs/console.js"),
        Question("/docs/nothing.js"),
        Question("/console"),
        Question("/no/such/route", difference="unknown route"),
        Question("//mrc1//config", difference="doubled slash"),
        Question("/mrc1/config", method="OPTIONS", difference="preflight"),
        Question("/dummy-requires-auth", method="POST", difference="no token"),
    ]


def say(words: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{words}\n")


def main() -> int:
    """Ask all of it; answer the process's exit status: 1 if the two differ where they should not."""
    stack = Stack(0, demo=True)
    try:
        with offline() as url:
            return compared(stack.base_url, url)
    finally:
        stack.stop()


def compared(ours: str, theirs: str) -> int:
    """Print what differs; answer 1 if anything does, or where a difference that is listed is gone."""
    (newest,) = ask(ours, Question("/mrc1/latest_images/1")).json()
    # made now if it is not there yet, so that neither of the two has to
    ask(ours, Question("/control_room/mrc1"))
    asked = questions(newest["base_filename"])
    base_path = urlsplit(ours).path
    wrong = 0
    for question in asked:
        found = differences(seen(ask(ours, question), base_path), seen(ask(theirs, question), ""))
        expected = bool(question.difference)
        if bool(found) != expected:
            wrong += 1
            say(f"{question.method} {question.path} {question.query}: {found or 'no longer differs'}")
    say(f"{len(asked) - wrong} of {len(asked)} questions answered as expected")
    for name, what in DIFFERENCES.items():
        say(f"  known difference: {name}: {what}")
    return int(wrong > 0)


def ask(base: str, question: Question) -> requests.Response:
    """Ask as a browser does."""
    headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}
    return requests.request(
        question.method, base + question.path, params=question.query, headers=headers, timeout=TIMEOUT_S
    )


def seen(answer: requests.Response, base_path: str) -> dict[str, Any]:
    """What callers see of an answer, without what changes from second to second and what is listed."""
    headers = {name: answer.headers.get(name) for name in HEADERS}
    headers["Content-Type"] = _without_charset(headers["Content-Type"])
    # hapi says no-cache where a handler says nothing
    headers["Cache-Control"] = (headers["Cache-Control"] or "").replace("no-cache", "")
    headers["Link"] = (headers["Link"] or "").rpartition("?")[2]
    origin = answer.headers.get("Access-Control-Allow-Origin") in ("*", ORIGIN)
    return {
        "status": answer.status_code,
        "CORS": origin,
        "body": _steady(_body(answer, base_path)),
        **headers,
    }


def differences(ours: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    """What is seen otherwise, in a line each."""
    return [
        f"{name}: {str(ours[name])[:200]} / {str(theirs[name])[:200]}"
        for name in ours
        if ours[name] != theirs[name]
    ]


def _body(answer: requests.Response, base_path: str) -> Any:
    try:
        return answer.json()
    except ValueError:
        # pages name the path under which the API answers
        return answer.text.replace(f'"{base_path}', '"')


def _steady(value: Any) -> Any:
    """The value with presigned URLs less their signature, and without the age of what grows older."""
    if isinstance(value, dict):
        return {name: _steady(member) for name, member in value.items() if name != "oldest_age_ms"}
    if isinstance(value, list):
        return [_steady(member) for member in value]
    if isinstance(value, str) and "X-Amz-Signature=" in value:
        parts = urlsplit(value)
        kept = [part for part in parts.query.split("&") if not part.startswith(SIGNED)]
        return urlunsplit(parts._replace(query="&".join(kept)))
    return value


def _without_charset(kind: str | None) -> str | None:
    return kind.removesuffix("; charset=utf-8") if kind and kind.startswith("application/json") else kind


@contextmanager
def offline() -> Iterator[str]:
    """serverless-offline, with this process's environment, which leads to the local backends.

    The stage is one without schedules, which it would run. It answers without a base path, for that is the
    domain's affair.
    """
    port = _free_port()
    log = PROJECT / "build" / "offline.log"
    log.parent.mkdir(exist_ok=True)
    arguments = ["--host", "127.0.0.1", "--httpPort", str(port), "--lambdaPort", str(_free_port())]
    flags = ["--noPrependStageInUrl", "--localEnvironment", "--noTimeout", "--noSponsor"]
    with log.open("w") as output:
        process = subprocess.Popen(
            [PROJECT / "node_modules/.bin/osls", "offline", "start", "--stage", "dev", *arguments, *flags],
            cwd=PROJECT,
            env={**os.environ, "VIRTUAL_ENV": str(Path(sys.prefix))},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _wait(process, port, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            _end(process)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.5)
    raise SystemExit(f"serverless-offline did not start; its log is {log}:\n{log.read_text()[-2000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it, and the Pythons that it has started, which are in its process group."""
    for number in (signal.SIGINT, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(20)
        except (subprocess.TimeoutExpired, ProcessLookupError):
            continue
    process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
