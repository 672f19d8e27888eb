"""The examples with the address of a website instead of the API's, for example of a UI.

The website returns the same page for every path.
"""

import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from werkzeug import Request, Response

from local.deployment import PROJECT
from local.server import Server

IMAGE = "mrc1-sq01-20260101-00000001-EX10.jpg"


@pytest.fixture
def website() -> Iterator[str]:
    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        Request(environ).get_data()
        return Response("<!doctype html><title>Welcome</title>", mimetype="text/html")(
            environ, start_response
        )

    server = Server(0, answer)
    server.start()
    yield server.url
    server.stop()


@pytest.mark.parametrize(
    ("example", "arguments", "status"),
    [
        ("latest_images", ["mrc1"], 2),
        ("tonight", ["mrc1"], 2),
        ("find_images", ["--object", "M 42"], 2),
        ("upload_image", [IMAGE], 1),
        ("pipe_worker", ["stacks", "--", "true"], 2),
    ],
)
def test_it_is_said_that_this_is_not_the_api(
    website: str, tmp_path: Path, example: str, arguments: list[str], status: int
) -> None:
    (tmp_path / IMAGE).write_bytes(b"a picture")
    told = subprocess.run(
        [sys.executable, str(PROJECT / "examples" / f"{example}.py"), website, *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (told.returncode, told.stdout) == (status, "")
    assert told.stderr.endswith(": the server at this address is not the Photon Ranch API\n")
    assert "Traceback" not in told.stderr
