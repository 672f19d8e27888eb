"""Reproducible zip files."""

import os
import zipfile
from pathlib import Path

import pytest

from deploy import archive


def written(folder: Path, names: list[str], mode: int, age_s: int) -> Path:
    """Write an archive of files created in this order, with this mode and modification time."""
    files = {}
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"content of {name}")
        path.chmod(mode)
        os.utime(path, (age_s, age_s))
        files[name] = path
    archive.write(folder / "made" / "it.zip", files)
    return folder / "made" / "it.zip"


def test_the_same_content_makes_the_same_bytes(tmp_path: Path) -> None:
    one = written(tmp_path / "one", ["b/c.py", "a.py", "b.py"], 0o600, 1_700_000_000)
    other = written(tmp_path / "other", ["a.py", "b.py", "b/c.py"], 0o755, 1_800_000_000)
    assert one.read_bytes() == other.read_bytes()
    assert archive.sha256(one) == archive.sha256(other)
    with zipfile.ZipFile(one) as made:
        assert {entry.date_time for entry in made.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_every_user_can_read_unpacked_files(tmp_path: Path) -> None:
    with zipfile.ZipFile(written(tmp_path, ["a.py", "b/c.py"], 0o600, 0)) as made:
        assert [(entry.filename, oct(entry.external_attr >> 16)) for entry in made.infolist()] == [
            ("a.py", "0o100644"),
            ("b/c.py", "0o100644"),
        ]


def test_the_unzipped_size_is_the_sum_of_the_files(tmp_path: Path) -> None:
    made = written(tmp_path, ["a.py", "b.py"], 0o644, 0)
    assert archive.unzipped_bytes(made) == len("content of a.py") * 2


def test_a_failed_write_leaves_no_archive(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        archive.write(tmp_path / "it.zip", {"a.py": tmp_path / "nowhere"})
    assert not (tmp_path / "it.zip").exists()
