"""Finding Lambda's Python."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.interpreter import PythonNotFound, lambda_python


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    lambda_python.cache_clear()
    yield
    lambda_python.cache_clear()


def put(folder: Path, script: str) -> None:
    (folder / "python3.13").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "python3.13").chmod(0o755)


def test_the_python_on_the_path_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "echo /opt/python3.13")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert lambda_python() == "/opt/python3.13"


def test_pyenv_is_asked_for_the_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, '[ "$PYENV_VERSION" = 3.13 ] && echo /versions/3.13')
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_VERSION", "3.11")
    assert lambda_python() == "/versions/3.13"


@pytest.mark.parametrize("broken", [False, True])
def test_a_missing_python_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: bool) -> None:  # noqa: FBT001
    if broken:
        put(tmp_path, "exit 127")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PythonNotFound, match=r"python3\.13 is needed .* not on the PATH"):
        lambda_python()
