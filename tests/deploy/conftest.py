"""Fixtures: Lambda's Python, and small artifacts to run with it."""

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.interpreter import PythonNotFound, lambda_python
from deploy.unpacked import UnpackedArtifact


@pytest.fixture
def python() -> str:
    """Return Lambda's Python; skip the test without it, or fail if `REQUIRE_LAMBDA_PYTHON` is set."""
    try:
        return lambda_python()
    except PythonNotFound as error:
        if os.environ.get("REQUIRE_LAMBDA_PYTHON"):
            pytest.fail(f"REQUIRE_LAMBDA_PYTHON is set: {error}")
        pytest.skip(str(error))


@pytest.fixture
def unpacked(python: str, tmp_path: Path) -> Callable[[dict[str, str]], UnpackedArtifact]:
    """Make an unpacked artifact from a mapping of file names to contents."""

    def make(files: dict[str, str]) -> UnpackedArtifact:
        with zipfile.ZipFile(tmp_path / "artifact.zip", "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return UnpackedArtifact(tmp_path / "artifact.zip", tmp_path / "unpacked")

    return make
