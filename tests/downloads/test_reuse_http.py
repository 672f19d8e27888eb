"""What is made once is handed out again until its source changes, whoever asks, and leaves nothing behind."""

import io
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from astropy.io import fits

from common import aws
from downloads import store
from local.deployment import PROJECT
from tests.client import ApiClient
from tests.downloads.images import header, packed, put, sky, stored

NAME = "mrc1-a.fits.fz"
FITS_KEY, TIFF_KEY = "downloads/fits/mrc1-a.fits", "downloads/tif/lum-arcsinh-mrc1-a.tif.bz2"


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys of what was stored, one for each time."""
    keys: list[str] = []

    def keep(key: str, *arguments: Any) -> None:
        keys.append(key)
        real(key, *arguments)

    real = store.keep
    monkeypatch.setattr(store, "keep", keep)
    return keys


def ask(api: ApiClient, image_type: str, **body: str) -> str:
    answer = api.post("/download", json={"object_name": NAME, "image_type": image_type, **body})
    assert answer.status_code == 200, answer.text
    return answer.text


def test_a_finished_conversion_is_not_made_again(api: ApiClient, kept: list[str]) -> None:
    put(f"data/{NAME}", packed(sky(), header()))
    urls = [ask(api, image_type) for image_type in ("fits", "tif", "fz", "tiff", "fits.fz")]
    assert kept == [FITS_KEY, TIFF_KEY]
    assert {url.split("?")[0].rpartition("photonranch-001/")[2] for url in urls} == {FITS_KEY, TIFF_KEY}


def test_a_source_that_changed_is_converted_again(api: ApiClient, kept: list[str]) -> None:
    for seed in (1, 2):
        image = sky(seed=seed).astype(np.int16)
        put(f"data/{NAME}", packed(image, header()))
        url = ask(api, "fits")
        np.testing.assert_array_equal(fits.getdata(io.BytesIO(requests.get(url, timeout=10).content)), image)
    assert kept == [FITS_KEY, FITS_KEY]


def test_files_of_one_name_in_two_directories_are_not_confused(api: ApiClient) -> None:
    for seed, directory in enumerate(["data", "allsky", "data"]):
        image = sky(seed=seed).astype(np.int16)
        put(f"{directory}/{NAME}", packed(image, header()))
        content = requests.get(ask(api, "fits", s3_directory=directory), timeout=10).content
        np.testing.assert_array_equal(fits.getdata(io.BytesIO(content)), image)


def test_what_others_left_under_the_key_is_not_handed_out(api: ApiClient, kept: list[str]) -> None:
    put(f"data/{NAME}", packed(sky(), header()))
    put(FITS_KEY, b"from an earlier service")
    ask(api, "fits")
    assert kept == [FITS_KEY]


def test_ten_requests_at_once_agree(api: ApiClient) -> None:
    put(f"data/{NAME}", packed(sky(), header()))
    results = []
    for image_type, key in (("tif", TIFF_KEY), ("fits", FITS_KEY)):
        with ThreadPoolExecutor(10) as pool:
            urls = list(pool.map(lambda _: ask(api, image_type), range(10)))  # noqa: B023 - used at once
            contents = list(pool.map(lambda url: requests.get(url, timeout=10).content, urls))
        assert {url.split("?")[0].rpartition("photonranch-001/")[2] for url in urls} == {key}
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
    assert set(made[0]) == {FITS_KEY, TIFF_KEY}


MANY = """
import json, resource, sys, tempfile
from pathlib import Path
from downloads.handlers import download
from tests.downloads.images import header, packed, put, sky

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
