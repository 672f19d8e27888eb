"""The examples that show images and tonight, run as their users run them, against the gateway."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import psycopg2
import pytest
from werkzeug import Request, Response

from common.aws import client
from local.deployment import PROJECT
from local.server import Server
from support.client import ApiClient
from support.network import BUCKET

Run = Callable[..., "subprocess.CompletedProcess[str]"]

CONFIG = {
    "latitude": 34.459375,
    "longitude": -119.681172,
    "elevation": 317.75,
    "reference_ambient": 10,
    "reference_pressure": 970.1,
    "TZ_database_name": "America/Los_Angeles",
}
# 2026-03-14T00:00Z, the afternoon of the 13th at the site
WHEN = "1773446400"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(example: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, str(PROJECT / "examples" / f"{example}.py"), *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return run


@pytest.fixture
def images(api: ApiClient, database: str) -> None:
    connection = psycopg2.connect(database)
    with connection, connection.cursor() as cursor:
        for number in (1, 2, 3):
            cursor.execute(
                "INSERT INTO images (base_filename, data_type, site, capture_date, sort_date, filter_used, "
                "exposure_time, airmass, jpg_medium_exists) VALUES "
                "(%s, 'EX', 'mrc1', %s, %s, 'rp', 60, 1.25, true)",
                [f"mrc1-sq01-20260101-0000000{number}", *2 * [f"2026-01-01 0{number}:02:03"]],
            )
            key = f"data/mrc1-sq01-20260101-0000000{number}-EX10.jpg"
            client("s3").put_object(Bucket=BUCKET, Key=key, Body=f"picture {number}".encode())
    connection.close()


@pytest.mark.usefixtures("images")
def test_the_newest_images_in_a_table(api: ApiClient, run: Run) -> None:
    told = run("latest_images", api.base_url, "mrc1", "--count", "2")
    assert (told.returncode, told.stderr) == (0, "")
    rows = [line.split() for line in told.stdout.splitlines()]
    assert rows[1:] == [
        ["2026-01-01", "03:02:03", "mrc1-sq01-20260101-00000003", "rp", "60.0", "s", "1.25"],
        ["2026-01-01", "02:02:03", "mrc1-sq01-20260101-00000002", "rp", "60.0", "s", "1.25"],
    ]


@pytest.mark.usefixtures("images")
def test_the_pictures_are_fetched(api: ApiClient, run: Run, tmp_path: Path) -> None:
    told = run("latest_images", api.base_url, "mrc1", "--save", "pictures", "--json")
    assert told.returncode == 0, told.stderr
    assert [image["base_filename"][-1] for image in json.loads(told.stdout)] == ["3", "2", "1"]
    found = {path.name: path.read_text() for path in (tmp_path / "pictures").iterdir()}
    assert found == {
        f"mrc1-sq01-20260101-0000000{number}-EX10.jpg": f"picture {number}" for number in (1, 2, 3)
    }


@pytest.mark.usefixtures("images")
def test_a_site_without_images_is_reported(api: ApiClient, run: Run) -> None:
    told = run("latest_images", api.base_url, "eco1")
    assert (told.returncode, told.stdout) == (0, "")
    assert "There are no images of eco1." in told.stderr


@pytest.fixture
def cut() -> Iterator[str]:
    """An API that answers one image at a time, and a Link to the next."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        number = int(Request(environ).args.get("after", "0")) + 1
        image = dict.fromkeys(["capture_date", "filter_used", "exposure_time", "airmass"])
        link = {"Link": f'<?limit=1&after={number}>; rel="next"'} if number < 3 else {}
        response = Response(json.dumps([{**image, "base_filename": f"image-{number}"}]), headers=link)
        return response(environ, start_response)

    server = Server(0, answer)
    server.start()
    yield server.url
    server.stop()


def test_a_list_that_was_cut_is_read_on(cut: str, run: Run) -> None:
    told = run("latest_images", cut, "mrc1", "--json")
    assert [image["base_filename"] for image in json.loads(told.stdout)] == ["image-1", "image-2", "image-3"]


def test_what_is_not_known_is_shown_as_such(cut: str, run: Run) -> None:
    told = run("latest_images", cut, "mrc1")
    assert told.stdout.splitlines()[1].split() == ["?", "image-1", "?", "?", "?"]


def test_tonight_at_an_observatory(api: ApiClient, run: Run, tmp_path: Path) -> None:
    api.put("/mrc/config", json=CONFIG)
    api.put("/mrc1/config", json={"wema_name": "mrc"})
    api.post("/nightlog/mrc1", json={"note_data": {"message": "Thin cirrus."}})
    told = run("tonight", api.base_url, "mrc1", "--when", WHEN, "--plot", "night.svg")
    assert told.returncode == 0, told.stderr
    lines = told.stdout.splitlines()
    assert lines[0] == "mrc1, America/Los_Angeles"
    marked = [line for line in lines if line.startswith(">")]
    assert len(marked) == 1
    times = [(line[2:17], line[19:34]) for line in lines[3:] if "Naut Dusk" in line]
    # summer time, seven hours behind UTC
    assert [(local[-8:-6], utc[-8:-6]) for local, utc in times] == [("19", "02")]
    assert any(line.startswith("Moon: up from Mar 1") for line in lines)
    assert lines[-1] == "Night log: Thin cirrus."
    assert (tmp_path / "night.svg").read_text().startswith("<svg")


@pytest.mark.parametrize(
    ("when", "sentence"),
    [
        (1_797_890_000, "The Sun stays at least 11.7° below the horizon all day."),
        (1_782_000_000, "The Sun stays at least 11.7° above the horizon all day."),
    ],
    ids=["polar night", "polar day"],
)
def test_tonight_near_the_pole(api: ApiClient, run: Run, when: int, sentence: str) -> None:
    place = {"latitude": 78.2232, "longitude": 15.6267, "TZ_database_name": "Arctic/Longyearbyen"}
    api.put("/mrc/config", json=CONFIG | place)
    assert sentence in run("tonight", api.base_url, "mrc", "--when", str(when)).stdout.splitlines()


def test_the_next_event_is_the_first_that_is_to_come(api: ApiClient, run: Run) -> None:
    api.put("/mrc/config", json=CONFIG)
    told = run("tonight", api.base_url, "mrc", "--when", WHEN).stdout.splitlines()
    at = next(number for number, line in enumerate(told) if line.startswith(">"))
    assert " ago " in told[at - 1]
    assert " in " in told[at]
    assert told[-1] == "Night log: no note"


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    ("example", "config", "sentence"),
    [
        ("tonight", None, "mrc: No config found for site mrc."),
        ("tonight", {"latitude": 1}, "mrc: "),
        ("latest_images", None, "a b: 400: site must be 1 to 64 of the characters A-Z a-z 0-9 _ . -"),
    ],
)
def test_impossible_arguments_are_reported_in_one_sentence(
    api: ApiClient, run: Run, example: str, config: Any, sentence: str
) -> None:
    if config:
        api.put("/mrc/config", json=config)
    told = run(example, api.base_url, "mrc" if example == "tonight" else "a b")
    assert told.returncode == 2
    assert told.stderr.startswith(sentence)
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize("example", ["tonight", "latest_images"])
def test_an_unreachable_api_is_reported(run: Run, example: str) -> None:
    told = run(example, "http://127.0.0.1:9/api", "mrc")
    assert (told.returncode, told.stderr) == (1, "http://127.0.0.1:9/api: no connection (ConnectionError)\n")


@pytest.mark.parametrize("example", ["tonight", "latest_images"])
def test_help_shows_the_usage(run: Run, example: str) -> None:
    told = run(example, "--help")
    assert told.returncode == 0
    assert f"python examples/{example}.py http://127.0.0.1:4000/api" in told.stdout
    assert run(example, "mrc", "mrc").returncode == 2
