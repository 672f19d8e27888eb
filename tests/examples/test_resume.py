"""The example that uploads in pieces, over a line that breaks."""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from werkzeug import Request, Response

from common.aws import client
from local.deployment import PROJECT
from local.server import Server
from support.client import ApiClient
from support.network import BUCKET
from support.thin_line import thin_line

NAME = "mrc1-sq01-20260101-00000001-EX00.fits.fz"
MIB = 1024 * 1024
SIZE = 20 * MIB + 1
PROGRAM = [sys.executable, str(PROJECT / "examples" / "upload_image.py")]


@pytest.fixture
def content(tmp_path: Path) -> bytes:
    content = random.Random(1).randbytes(SIZE)
    (tmp_path / NAME).write_bytes(content)
    return content


def run(base_url: str, folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*PROGRAM, base_url, "--resume", *arguments, NAME],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def stored() -> bytes:
    content: bytes = client("s3").get_object(Bucket=BUCKET, Key=f"data/{NAME}")["Body"].read()
    return content


def test_ten_cuts_cost_ten_pieces_at_most(api: ApiClient, aws: str, content: bytes, tmp_path: Path) -> None:
    cuts = random.Random(2).sample(range(SIZE), 10)
    with thin_line(api.base_url, aws, cuts) as line:
        told = run(line.url, tmp_path, "--attempts", "4")
    assert told.returncode == 0, told.stderr
    assert line.cuts_done == 10
    assert stored() == content
    # a request has half a KB of headers, and one to the API has the MD5s
    assert line.sent_bytes < SIZE + 10 * MIB + 100_000
    assert f"{NAME}: 100 % of 21.0 MB" in told.stderr


@pytest.mark.usefixtures("interruptible")
def test_a_program_that_is_started_again_goes_on(
    api: ApiClient, aws: str, content: bytes, tmp_path: Path
) -> None:
    with thin_line(api.base_url, aws, []) as line:
        first = subprocess.Popen(
            [*PROGRAM, line.url, "--resume", NAME], cwd=tmp_path, stderr=subprocess.PIPE, text=True
        )
        while line.sent_bytes < SIZE // 2:
            assert first.poll() is None, first.stderr and first.stderr.read()
            time.sleep(0.001)
        first.send_signal(signal.SIGINT)
        _, said = first.communicate(timeout=20)
        assert first.returncode == 1, said
        second = run(line.url, tmp_path)
    assert second.returncode == 0, second.stderr
    assert stored() == content
    assert line.sent_bytes < SIZE + 2 * MIB


def test_a_line_without_any_progress_is_given_up(tmp_path: Path, content: bytes) -> None:
    assert content
    refused = run("http://127.0.0.1:9/api", tmp_path, "--attempts", "2")
    assert refused.returncode == 1
    assert "given up after 2 tries" in refused.stderr


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"url": "http://127.0.0.1:9/", "fields": {}}, "does not take uploads in pieces"),
        (
            {
                "url": "http://127.0.0.1:9/",
                "fields": {},
                "pieces": {
                    "complete": False,
                    "piece_bytes": MIB,
                    "stored_bytes": 0,
                    "missing": [{"number": 0, "size_bytes": 5, "url": "", "headers": {}}],
                },
            },
            "Was the file changed while it was sent?",
        ),
    ],
)
def test_what_does_not_get_better_is_not_tried_again(
    tmp_path: Path, content: bytes, answer: dict[str, Any], says: str
) -> None:
    assert content

    @Request.application
    def site(request: Request) -> Response:
        if request.method == "PUT":
            return Response("BadDigest", 400)
        for wanted in answer.get("pieces", {}).get("missing", []):
            wanted["url"] = f"{server.url}/piece"
        return Response(json.dumps(answer), content_type="application/json")

    server = Server(0, site)
    server.start()
    told = run(server.url, tmp_path)
    server.stop()
    assert told.returncode == 1
    assert says in told.stderr
    assert "given up" not in told.stderr
