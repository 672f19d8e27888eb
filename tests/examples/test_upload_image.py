"""The example that uploads, run as its user runs it: against the gateway, and where things go wrong."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from werkzeug import Request, Response

from common.aws import client
from local.deployment import PROJECT
from local.server import Server
from support.client import ApiClient
from support.network import BUCKET

NAME = "mrc1-sq01-20260101-00000001-EX00.fits.fz"
CONTENT = bytes(range(256)) * 1000

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / NAME
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def run(image: Path) -> Run:
    def run(base_url: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, str(PROJECT / "examples" / "upload_image.py"), base_url, *arguments],
            cwd=image.parent,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return run


class FakeServer:
    """An API and an S3 that fail as they are told, one answer for each call."""

    def __init__(self) -> None:
        self.forms: list[Response] = []
        self.stores: list[Response] = []
        self.stored: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.asked = 0
        self.url = ""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with Request(environ) as request:
            self.keys.append(request.headers.get("x-site-key"))
            answer = self._form() if request.path == "/upload" else self._store(request)
        return answer(environ, start_response)

    def _form(self) -> Response:
        self.asked += 1
        if self.forms:
            return self.forms.pop(0)
        body = {"url": f"{self.url}/s3", "fields": {"key": f"data/{NAME}", "policy": f"form {self.asked}"}}
        return Response(json.dumps(body), content_type="application/json")

    def _store(self, request: Request) -> Response:
        # as S3, which reads all that is sent
        sent = {**request.form.to_dict(), "file": request.files["file"].read()}
        answer = self.stores.pop(0) if self.stores else Response(status=204)
        if answer.status_code == 204:
            self.stored.append(sent)
        return answer


@pytest.fixture
def site() -> Iterator[FakeServer]:
    site = FakeServer()
    server = Server(0, site)
    site.url = server.url
    server.start()
    yield site
    server.stop()


def test_a_file_is_up_byte_for_byte(api: ApiClient, run: Run) -> None:
    told = run(api.base_url, NAME)
    assert told.returncode == 0, told.stderr
    assert f"{NAME}: 100 % of 0.3 MB" in told.stderr
    assert f"{NAME}: uploaded in" in told.stderr
    stored = client("s3").get_object(Bucket=BUCKET, Key=f"data/{NAME}")
    assert stored["Body"].read() == CONTENT


@pytest.mark.usefixtures("ingester")
def test_an_info_image_comes_on_its_channel(api: ApiClient, run: Run, image: Path) -> None:
    name = "mrc1-sq01-20260101-00000001-EX10.jpg"
    image.rename(image.with_name(name))
    told = run(api.base_url, "--directory", "info-images", "--channel", "2", name)
    assert told.returncode == 0, told.stderr
    stored = client("s3").head_object(Bucket=BUCKET, Key=f"info-images/{name}")
    assert stored["ContentLength"] == len(CONTENT)


def test_a_temporary_failure_is_tried_again_with_a_new_form(site: FakeServer, run: Run) -> None:
    site.forms = [Response("Try again later.", 503, {"Retry-After": "0"})]
    site.stores = [Response("Slow down", 503), Response("<Message>Policy expired.</Message>", 403)]
    told = run(site.url, NAME)
    assert told.returncode == 0, told.stderr
    assert site.stored == [{"key": f"data/{NAME}", "policy": "form 4", "file": CONTENT}]
    assert "the API answers 503" in told.stderr
    assert "S3 answers 503: Slow down" in told.stderr
    assert "Policy expired" in told.stderr


def test_a_form_that_was_cut_on_its_way_is_asked_for_again(site: FakeServer, run: Run) -> None:
    half = Response('{"url": "http', content_type="application/json")
    ended = Response('{"url": "http', content_type="application/json", headers={"Content-Length": "500"})
    site.forms = [half, ended]
    told = run(site.url, NAME)
    assert told.returncode == 0, told.stderr
    assert [stored["file"] for stored in site.stored] == [CONTENT]
    assert "the response was incomplete" in told.stderr


def test_what_is_refused_is_not_tried_again(site: FakeServer, run: Run) -> None:
    site.forms = [Response("object_name must not begin with a slash.", 400)]
    told = run(site.url, NAME)
    assert (told.returncode, site.asked) == (1, 1)
    assert "400: object_name must not begin with a slash." in told.stderr
    assert "Traceback" not in told.stderr


def test_one_file_that_fails_does_not_stop_the_others(site: FakeServer, run: Run, image: Path) -> None:
    other = NAME.replace("00000001", "00000002")
    image.with_name(other).write_bytes(b"x")
    site.stores = [Response("<Code>EntityTooLarge</Code>", 400)]
    told = run(site.url, NAME, other)
    assert told.returncode == 1
    assert [stored["file"] for stored in site.stored] == [b"x"]


def test_an_unreachable_api_ends_the_upload_after_some_tries(run: Run) -> None:
    told = run("http://127.0.0.1:9/api", "--attempts", "2", NAME)
    assert told.returncode == 1
    assert told.stderr.count("no connection (ConnectionError)") == 2
    assert "given up after 2 tries" in told.stderr


def test_the_key_of_a_site_is_sent_to_the_api_alone(
    site: FakeServer, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SITE_KEY", "secret-key")
    told = run(site.url, NAME)
    assert (told.returncode, site.keys) == (0, ["secret-key", None])
    assert "secret-key" not in told.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["http://127.0.0.1:9", "none.fits"], "there is no such file: none.fits"),
        (["ftp://127.0.0.1", NAME], "base_url must begin with http:// or https://"),
        (["http://127.0.0.1:9", NAME, "--channel", "4"], "invalid choice: 4"),
        (["http://127.0.0.1:9", NAME, "--attempts", "0"], "--attempts must be at least 1"),
    ],
)
def test_impossible_arguments_are_reported_at_once(run: Run, arguments: list[str], sentence: str) -> None:
    told = run(*arguments)
    assert told.returncode == 2
    assert sentence in told.stderr


@pytest.mark.parametrize(
    "name",
    [
        "image.fits",
        "mrc1-sq01-20260101-1-EX00.fits.fz",
        "mrc1-sq01-2026-01-01-00000001-EX00.fits.fz",
        "mrc1-sq01-20260101-00000001-EX0.fits.fz",
        "mrc1-sq01-20260101-00000001-EX00",
        "mrc1-sq01-20260101-00000001-00.fits",
        "mrc 1-sq01-20260101-00000001-EX00.fits.fz",
    ],
)
def test_a_name_that_the_ingester_cannot_read_is_refused_before_anything_is_sent(
    site: FakeServer, run: Run, image: Path, name: str
) -> None:
    image.with_name(name).write_bytes(b"x")
    told = run(site.url, NAME, name)
    assert (told.returncode, site.asked) == (2, 0)
    assert f"the name {name} is not of the form {{site}}-{{instrument}}-" in told.stderr.replace("\n", "")
    assert run(site.url, "--directory", "test", name).returncode == 0


def test_every_name_of_an_exposure_s_file_may_be_sent(site: FakeServer, run: Run, image: Path) -> None:
    base = "saf-sq01-20240110-00000123-EX"
    names = [
        f"{base}{end}"
        for end in ("00.txt", "00.fits.fz", "01.fits.bz2", "10.fits.fz", "10.jpg", "13.jpg", "11.jpg")
    ]
    for name in names:
        image.with_name(name).write_bytes(b"x")
    assert run(site.url, *names).returncode == 0


def test_an_empty_file_is_refused(site: FakeServer, run: Run, image: Path) -> None:
    image.write_bytes(b"")
    told = run(site.url, NAME)
    assert (told.returncode, site.asked) == (2, 0)
    assert "the file is empty" in told.stderr


def test_help_shows_the_usage(run: Run) -> None:
    told = run("--help")
    assert told.returncode == 0
    assert "python examples/upload_image.py http://127.0.0.1:4000/api" in told.stdout
