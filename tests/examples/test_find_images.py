"""The example that finds images and fetches their FITS files, run as its users run it."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Self
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from werkzeug import Request, Response

from local.deployment import PROJECT
from local.server import Server
from support.client import ApiClient
from support.images import put
from tests.downloads.rows import image, insert

Run = Callable[..., "subprocess.CompletedProcess[str]"]

PROGRAM = [sys.executable, str(PROJECT / "examples" / "find_images.py")]
FIRST, SECOND = (f"mrc1-sq01-20260101-0000000{number}" for number in (1, 2))
ORION = {"right_ascension": 83.82, "declination": -5.39}
CONTENT = bytes(range(256)) * 40_000
ETAG = "0123456789abcdef"
PLACE = ("--ra", "83.8", "--dec", "-5.4")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*PROGRAM, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
        )

    return run


@pytest.fixture
def images(api: ApiClient, database: str) -> None:
    """Two images of M 42, and one of another place; the first is stored large as 00, the second small."""
    shared = {"jpg_medium_exists": True, "filter_used": "rp", "exposure_time": 60, "airmass": 1.25, **ORION}
    header = json.dumps({"OBJECT": "M 42"})
    for number, columns in enumerate(
        (
            {"fits_10_exists": False, "header": header},
            {"fits_01_exists": False, "header": header},
            {"right_ascension": 10, "header": json.dumps({"OBJECT": "M 31"})},
        ),
        1,
    ):
        when = f"2026-01-01T0{number}:02:03"
        insert(image(number, when, **{"sort_date": when, **shared, **columns}))
    put(f"data/{FIRST}-EX00.fits.fz", b"large")
    put(f"data/{SECOND}-EX10.fits.fz", b"small")


@pytest.mark.usefixtures("images")
@pytest.mark.parametrize("what", [PLACE, ("--object", "m42")])
def test_the_images_of_a_target_in_a_table(api: ApiClient, run: Run, what: tuple[str, ...]) -> None:
    told = run(api.base_url, *what)
    assert (told.returncode, told.stderr) == (0, "")
    assert [row.split() for row in told.stdout.splitlines()[1:]] == [
        ["2026-01-01", "02:02:03", SECOND, "rp", "60.0", "s", "1.25", "small"],
        ["2026-01-01", "01:02:03", FIRST, "rp", "60.0", "s", "1.25", "large"],
    ]


@pytest.mark.usefixtures("images")
def test_their_files_are_fetched_once(api: ApiClient, run: Run, tmp_path: Path) -> None:
    told = run(api.base_url, *PLACE, "--save", "fits")
    assert told.returncode == 0, told.stderr
    found = {path.name: path.read_bytes() for path in (tmp_path / "fits").iterdir()}
    assert found == {f"{FIRST}-EX00.fits.fz": b"large", f"{SECOND}-EX10.fits.fz": b"small"}
    again = run(api.base_url, *PLACE, "--save", "fits")
    assert again.returncode == 0
    assert again.stderr.count(": already there") == 2


@pytest.mark.usefixtures("images")
def test_only_large_files(api: ApiClient, run: Run, tmp_path: Path) -> None:
    told = run(api.base_url, *PLACE, "--save", "fits", "--size", "large", "--json")
    assert told.returncode == 0
    assert [found["base_filename"] for found in json.loads(told.stdout)] == [SECOND, FIRST]
    assert [path.name for path in (tmp_path / "fits").iterdir()] == [f"{FIRST}-EX00.fits.fz"]
    assert f"1 of 2  {SECOND}: no FITS file of this size" in told.stderr


@pytest.mark.usefixtures("images")
def test_a_file_that_is_gone_leaves_the_others(api: ApiClient, run: Run, tmp_path: Path) -> None:
    insert(image(4, "2026-01-01T09:00:00", jpg_medium_exists=True, sort_date="2026-01-01T09:00:00", **ORION))
    told = run(api.base_url, *PLACE, "--save", "fits")
    assert told.returncode == 1
    assert "1 of 3  mrc1-sq01-20260101-00000004-EX01.fits.fz: 404" in told.stderr
    assert len(list((tmp_path / "fits").iterdir())) == 2


@pytest.mark.usefixtures("images")
def test_an_empty_result_is_reported(api: ApiClient, run: Run) -> None:
    told = run(api.base_url, "--object", "M 1")
    assert (told.returncode, told.stdout, told.stderr) == (0, "", "There are no such images.\n")


@pytest.mark.usefixtures("database")
def test_a_refusal_by_the_api_is_reported_in_one_sentence(api: ApiClient, run: Run) -> None:
    told = run(api.base_url, *PLACE, "--radius", "11")
    assert told.returncode == 2
    assert told.stderr.startswith(f"{api.base_url}: 400: radius must be ")


def test_an_unreachable_api_is_reported(run: Run) -> None:
    told = run("http://127.0.0.1:9/api", *PLACE)
    assert (told.returncode, told.stderr) == (1, "http://127.0.0.1:9/api: no connection (ConnectionError)\n")


@pytest.mark.parametrize("arguments", [[], ["--ra", "1"], ["--object", "M 1", "--count", "0"]])
def test_arguments_that_do_not_suffice(run: Run, arguments: list[str]) -> None:
    assert run("http://127.0.0.1:9/api", *arguments).returncode == 2


def test_help_shows_the_usage(run: Run) -> None:
    told = run("--help")
    assert told.returncode == 0
    assert 'python examples/find_images.py http://127.0.0.1:4000/api --object "M 51"' in told.stdout


class Archive:
    """An API with one image on each page. The first `broken` downloads of a file stop halfway.

    Each block of a file comes after `pause_s`.
    """

    def __init__(self, pages: int = 1, broken: int = 0, pause_s: float = 0) -> None:
        self.pages, self.broken, self.pause_s = pages, broken, pause_s
        self.ranges: list[str] = []
        self._server = Server(0, self._answer)

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    @property
    def url(self) -> str:
        return self._server.url

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        request.get_data()
        made = {"filtered_images": self._images, "download": self._link}.get(
            request.path.strip("/"), self._file
        )
        return made(request)(environ, start_response)

    def _images(self, request: Request) -> Response:
        number = int(request.args.get("after", "0")) + 1
        found = {"base_filename": f"image{number}", "data_type": "EX", "fits_01_exists": True}
        nothing = dict.fromkeys(["capture_date", "filter_used", "exposure_time", "airmass", "fits_10_exists"])
        link = {"Link": f'<?limit=1&after={number}>; rel="next"'} if number < self.pages else {}
        return Response(json.dumps([{**nothing, **found}]), headers=link)

    def _link(self, request: Request) -> Response:
        return Response(f"{self.url}/files/{json.loads(request.get_data())['object_name']}?signature=1")

    def _file(self, request: Request) -> Response:
        self.ranges.append(request.headers.get("Range", ""))
        start = 0
        if request.headers.get("If-Range") == f'"{ETAG}"':
            start = int(request.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        rest = CONTENT[start:]
        answer = Response(self._blocks(rest), status=206 if start else 200, headers={"ETag": f'"{ETAG}"'})
        answer.headers["Content-Length"] = str(len(rest))
        return answer

    def _blocks(self, content: bytes) -> Iterator[bytes]:
        if self.broken:
            self.broken -= 1
            content = content[: len(content) // 2]
        for start in range(0, len(content), 1 << 20):
            time.sleep(self.pause_s)
            yield content[start : start + (1 << 20)]


def test_pages_are_read_on_until_there_are_enough(run: Run) -> None:
    with Archive(pages=9) as archive:
        told = run(archive.url, *PLACE, "--count", "3")
    assert [row.split()[1] for row in told.stdout.splitlines()[1:]] == ["image1", "image2", "image3"]


def test_a_file_that_breaks_off_is_resumed(run: Run, tmp_path: Path) -> None:
    with Archive(broken=2) as archive:
        told = run(archive.url, *PLACE, "--save", ".")
    assert told.returncode == 0, told.stderr
    # The client keeps nothing of the block in which the download stopped.
    starts = [int(each.removeprefix("bytes=").removesuffix("-")) for each in archive.ranges[1:]]
    assert [archive.ranges[0], len(starts)] == ["", 2]
    assert 0 < len(CONTENT) // 2 - starts[0] <= 1 << 20
    assert starts[0] < starts[1]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"image1-EX01.fits.fz": CONTENT}


def test_a_file_that_keeps_breaking_off_is_given_up(run: Run, tmp_path: Path) -> None:
    with Archive(broken=2) as archive:
        told = run(archive.url, *PLACE, "--save", ".", "--attempts", "2")
    assert told.returncode == 1
    assert told.stderr.endswith("image1-EX01.fits.fz: given up after 2 tries\n")
    assert [path.suffix for path in tmp_path.iterdir()] == [".part"]


def test_a_part_of_another_version_is_fetched_anew(run: Run, tmp_path: Path) -> None:
    (tmp_path / "image1-EX01.fits.fz.f00.part").write_bytes(b"of an earlier version")
    with Archive() as archive:
        told = run(archive.url, *PLACE, "--save", ".")
    assert told.returncode == 0, told.stderr
    assert archive.ranges == ["bytes=21-"]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"image1-EX01.fits.fz": CONTENT}


@pytest.mark.usefixtures("interruptible")
def test_it_goes_on_after_it_was_stopped(run: Run, tmp_path: Path) -> None:
    command: Any = [*PROGRAM, "", *PLACE, "--save", "."]
    with Archive(pause_s=0.3) as archive:
        command[len(PROGRAM)] = archive.url
        with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as stopped:
            deadline = time.monotonic() + 30
            while not any(path.stat().st_size for path in tmp_path.glob("*.part")):
                assert time.monotonic() < deadline
                time.sleep(0.05)
            stopped.send_signal(signal.SIGINT)
            told = stopped.communicate(timeout=30)[1]
        assert stopped.returncode == 1
        assert told.endswith("stopped; start again to resume\n")
        archive.pause_s = 0
        assert run(archive.url, *PLACE, "--save", ".").returncode == 0
    # How much was stored when the signal arrived depends on the machine's load.
    assert re.match(r"bytes=[1-9]\d*-", archive.ranges[-1])
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"image1-EX01.fits.fz": CONTENT}
