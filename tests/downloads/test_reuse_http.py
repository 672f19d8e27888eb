"""A result is handed out again, to any caller, until its source changes, and leaves no files behind."""

import io
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import requests
from astropy.io import fits

from common import aws
from downloads import conversions, store
from local.deployment import PROJECT
from support.client import ApiClient
from support.images import header, identity, packed, put, sky, stored
from support.network import BUCKET

NAME = "mrc1-a.fits.fz"
DAY = timedelta(days=1)


def fits_key(directory: str = "data") -> str:
    return f"downloads/fits/{identity(f'{directory}/{NAME}')}/mrc1-a.fits"


def tiff_key() -> str:
    return f"downloads/tif/{identity(f'data/{NAME}')}/lum-arcsinh-mrc1-a.tif.bz2"


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys of what was stored, one for each time."""
    keys: list[str] = []

    def write(key: str, *arguments: Any) -> None:
        keys.append(key)
        real(key, *arguments)

    real = store.write
    monkeypatch.setattr(store, "write", write)
    return keys


def ask(api: ApiClient, image_type: str, **body: str) -> str:
    answer = api.post("/download", json={"object_name": NAME, "image_type": image_type, **body})
    assert answer.status_code == 200, answer.text
    return answer.text


def test_a_finished_conversion_is_not_made_again(api: ApiClient, kept: list[str]) -> None:
    put(f"data/{NAME}", packed(sky(), header()))
    urls = [ask(api, image_type) for image_type in ("fits", "tif", "fz", "tiff", "fits.fz")]
    assert kept == [fits_key(), tiff_key()]
    assert {url.split("?")[0].rpartition(f"{BUCKET}/")[2] for url in urls} == {fits_key(), tiff_key()}


def test_a_link_goes_on_showing_the_image_that_it_was_handed_out_for(api: ApiClient) -> None:
    handed_out = []
    # the image, then another one in its place, one of the same name elsewhere, and the first one again
    for seed, directory in ((1, "data"), (2, "data"), (3, "allsky"), (1, "data")):
        image = sky(seed=seed).astype(np.int16)
        put(f"{directory}/{NAME}", packed(image, header()))
        handed_out.append((ask(api, "fits", s3_directory=directory), image))
    for url, image in handed_out:
        np.testing.assert_array_equal(fits.getdata(io.BytesIO(requests.get(url, timeout=10).content)), image)
    assert len({url.split("?")[0] for url, _ in handed_out}) == 3


def test_names_that_differ_after_their_first_dot_have_tiffs_of_their_own(api: ApiClient) -> None:
    keys = set()
    for seed, name in enumerate(("mrc1-a.fits.fz", "mrc1-a.1.fits.fz")):
        put(f"data/{name}", packed(sky(seed=seed), header()))
        answer = api.post("/download", json={"object_name": name, "image_type": "tif"})
        keys.add(answer.text.split("?")[0])
    assert len(keys) == 2


def age(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    """Make stored objects look older by this time."""
    monkeypatch.setattr(store, "time", SimpleNamespace(time=lambda: time.time() + by.total_seconds()))


def modified(key: str) -> datetime:
    found: datetime = aws.client("s3").head_object(Bucket=os.environ["S3_BUCKET_NAME"], Key=key)[
        "LastModified"
    ]
    return found


def test_what_is_handed_out_again_stays_as_long_as_its_link(
    api: ApiClient, kept: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    put(f"data/{NAME}", packed(sky(), header()))
    ask(api, "fits")
    made, content = modified(fits_key()), stored("downloads/")
    time.sleep(1.1)  # LastModified has whole seconds
    age(monkeypatch, DAY / 2)
    ask(api, "fits")
    assert modified(fits_key()) == made
    age(monkeypatch, DAY)
    answer = requests.get(ask(api, "fits"), timeout=10)
    assert answer.headers["Content-Type"] == "application/fits"
    assert modified(fits_key()) > made
    assert (kept, stored("downloads/")) == ([fits_key()], content)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The functions that the sandbox was asked to run."""
    functions: list[str] = []

    def run(function: str, *arguments: Any) -> Any:
        functions.append(function)
        return real(function, *arguments)

    real = conversions.sandbox.run
    monkeypatch.setattr(conversions.sandbox, "run", run)
    return functions


def test_a_file_that_was_refused_is_refused_again_without_a_look_at_its_pixels(
    api: ApiClient, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = packed(sky(), header())
    put(f"data/{NAME}", broken[:8640] + bytes(len(broken) - 8640))
    for body in ({"image_type": "fits"}, {"image_type": "tif"}):
        first, again = (api.post("/download", json={"object_name": NAME, **body}) for _ in range(2))
        assert first.status_code == again.status_code == 422
        assert first.text == again.text
        assert first.text.startswith("The FITS image cannot be decoded")
    assert len(asked) == 2
    age(monkeypatch, DAY)
    assert api.post("/download", json={"object_name": NAME}).status_code == 422
    assert len(asked) == 3
    put(f"data/{NAME}", packed(sky(), header()))
    ask(api, "fits")


def test_a_file_that_passed_a_limit_is_tried_again_after_ten_minutes(
    api: ApiClient, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    put(f"data/{NAME}", packed(sky(), header()))
    with monkeypatch.context() as small:
        small.setattr(conversions, "_OUTPUT_BYTES", -1_000_000)
        refused = api.post("/download", json={"object_name": NAME})
        assert (refused.status_code, refused.text) == (
            422,
            "The file cannot be converted: the result would be too large.",
        )
    assert api.post("/download", json={"object_name": NAME}).text == refused.text
    age(monkeypatch, timedelta(minutes=11))
    ask(api, "fits")
    assert len(asked) == 2


def test_ten_requests_at_once_agree(api: ApiClient) -> None:
    put(f"data/{NAME}", packed(sky(), header()))
    results = []
    for image_type, key in (("tif", tiff_key()), ("fits", fits_key())):
        with ThreadPoolExecutor(10) as pool:
            urls = list(pool.map(lambda _: ask(api, image_type), range(10)))  # noqa: B023 - used at once
            contents = list(pool.map(lambda url: requests.get(url, timeout=10).content, urls))
        assert {url.split("?")[0].rpartition(f"{BUCKET}/")[2] for url in urls} == {key}
        results.append(set(contents))
    assert [len(contents) for contents in results] == [1, 1]


def test_the_same_image_makes_the_same_bytes(api: ApiClient) -> None:
    made = []
    for _ in range(2):
        put(f"data/{NAME}", packed(sky(), header()))
        ask(api, "tif")
        ask(api, "fits")
        made.append(stored("downloads/"))
        for key in made[-1]:
            aws.client("s3").delete_object(Bucket=os.environ["S3_BUCKET_NAME"], Key=key)
    assert made[0] == made[1]
    assert set(made[0]) == {fits_key(), tiff_key()}


MANY = """
import json, resource, sys, tempfile
from pathlib import Path
from downloads.handlers import download
from support.images import header, packed, put, sky

def resident_kb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 1024

image = packed(sky(250, 250), header())
sizes = []
for number in range(200):
    name = f"mrc1-{number}.fits.fz"
    put(f"data/{name}", image)
    kind = ("tif", "fits")[number % 2]
    answer = download({"body": json.dumps({"object_name": name, "image_type": kind})}, None)
    assert answer["statusCode"] == 200, answer
    sizes.append(resident_kb())
assert list(Path(tempfile.gettempdir()).iterdir()) == [], "files left"
print(json.dumps([sizes[49], sizes[199]]))
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads memory from /proc")
@pytest.mark.usefixtures("aws")
def test_200_conversions_leave_no_file_and_no_growth_in_memory(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", MANY],
        cwd=PROJECT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        check=False,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    after_50, after_200 = json.loads(ran.stdout)
    assert after_200 - after_50 < 10_000, (after_50, after_200)
    assert list(tmp_path.iterdir()) == []
