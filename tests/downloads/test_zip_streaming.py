"""The zip function against an S3 with files of any size, which breaks when told to."""

import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.endless_s3 import MIB, content_of
from support.zipping import EndlessS3


@pytest.fixture(scope="module")
def s3_process() -> Iterator[EndlessS3]:
    s3 = EndlessS3()
    yield s3
    s3.stop()


@pytest.fixture
def s3(s3_process: EndlessS3) -> EndlessS3:
    s3_process.control()
    return s3_process


def test_300_mb_stream_through_little_memory_and_open_everywhere(s3: EndlessS3, tmp_path: Path) -> None:
    s3.control(folder=str(tmp_path))
    sizes = [100 * MIB + 1, 60 * MIB, 8 * MIB, 4 * MIB, 1, 0, *([300_000] * 400)]
    names = [f"mrc1-{number:05}-{size}" for number, size in enumerate(sizes)]
    run = s3.zip(names)
    assert run.succeeded, run.answer
    assert run.peak_mb < 200
    report = s3.report()
    assert report["open"] == []
    ((key, _),) = report["objects"].items()
    made = tmp_path / key.rpartition("/")[2]
    with zipfile.ZipFile(made) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == names
        assert [entry.file_size for entry in archive.infolist()] == sizes
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
        for name, size in list(zip(names, sizes, strict=True))[2:8]:
            assert archive.read(name) == content_of(f"data/{name}", 0, size)
    if unzip := shutil.which("unzip"):
        ran = subprocess.run([unzip, "-tq", str(made)], check=False, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stdout
        assert "No errors detected" in ran.stdout


@pytest.mark.parametrize(
    ("fault", "uploads"),
    [
        ({"failing": "looking"}, 0),
        ({"failing": "creating"}, 0),
        ({"fail_parts_from": 1}, 1),
        ({"fail_parts_from": 3}, 1),
        ({"fail_reads_from": 5}, 1),
        ({"fail_parts_from": 3, "failed_aborts": 5}, 1),
        ({"failing": "completing"}, 1),
    ],
)
def test_s3_failing_at_any_step_leaves_nothing(s3: EndlessS3, fault: dict[str, Any], uploads: int) -> None:
    s3.control(**fault)
    run = s3.zip([f"mrc1-{number}-{5 * MIB}" for number in range(10)])
    assert run.answer["statusCode"] == 503
    assert run.message.startswith("Try again later: the image store ")
    report = s3.report()
    assert report["uploads"] == uploads
    assert report["open"] == []
    assert report["objects"] == {}


def test_connections_that_break_are_taken_up_again(s3: EndlessS3) -> None:
    s3.control(lost_reads=3)
    run = s3.zip([f"mrc1-{number}-{5 * MIB}" for number in range(4)])
    assert run.succeeded
    assert len(s3.report()["objects"]) == 1


def test_a_zip_is_done_though_s3_could_not_say_so(s3: EndlessS3) -> None:
    s3.control(failing="answering completion")
    run = s3.zip([f"mrc1-1-{5 * MIB}"])
    assert run.succeeded, run.answer
    report = s3.report()
    assert (len(report["objects"]), report["open"]) == (1, [])


def test_the_same_files_again_are_not_read_again(s3: EndlessS3) -> None:
    names = [f"mrc1-{number}-{MIB}" for number in range(5)]
    first, again = s3.zip(names), s3.zip([*reversed(names), names[0]])
    assert first.message.split("?")[0] == again.message.split("?")[0]
    assert (s3.report()["reads"], s3.report()["uploads"]) == (5, 1)
