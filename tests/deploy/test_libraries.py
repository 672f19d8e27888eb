"""Which files of the libraries are deployed."""

import re
from pathlib import Path, PurePosixPath

import pytest

from deploy import libraries
from deploy.artifacts import ARTIFACTS
from deploy.build import own_files
from pages.assets import ASSETS, OWN


@pytest.mark.parametrize(
    "path",
    [
        "astropy/tests/runner.py",
        "botocore/data/endpoints.json",
        "botocore/data/s3/2006-03-01/service-2.json.gz",
        "botocore/client.py",
        "flask_swagger_ui/dist/swagger-ui.css",
        "numpy/testing/__init__.py",
        "numpy-2.5.5.dist-info/METADATA",
        "numpy-2.5.5.dist-info/licenses/LICENSE.txt",
        "psycopg2_binary.libs/libpq.so.5",
        "requests/latest.py",
    ],
)
def test_needed_files_are_deployed(path: str) -> None:
    assert libraries.is_needed(PurePosixPath(path))


@pytest.mark.parametrize(
    "path",
    [
        ".lock",
        "astropy/conftest.py",
        "astropy/io/fits/tests/data/arange.fits",
        "astropy/tests/test_logger.py",
        "astropy/tests/tests/test_runner.py",
        "bin/f2py",
        "botocore/data/ec2/2016-11-15/service-2.json.gz",
        "certifi/tests/__init__.py",
        "flask_swagger_ui/__init__.py",
        "flask_swagger_ui/dist/swagger-ui.js.map",
        "numpy/__pycache__/version.cpython-313.pyc",
        "numpy/lib/tests/test_io.py",
        "numpy-2.5.5.dist-info/RECORD",
        "numpy-2.5.5.dist-info/INSTALLER",
    ],
)
def test_other_files_are_left_out(path: str) -> None:
    assert not libraries.is_needed(PurePosixPath(path))


def test_botocore_keeps_every_service_that_is_called() -> None:
    files = {path for artifact in ARTIFACTS for path in own_files(artifact).values() if path.suffix == ".py"}
    called = {name for file in files for name in re.findall(r'client\(\s*"([a-z0-9-]+)"', file.read_text())}
    assert called == {"dynamodb", "lambda", "s3", "sns", "sqs", "ssm"}
    for service in called:
        assert libraries.is_needed(PurePosixPath(f"botocore/data/{service}/1/service-2.json.gz"))


def test_the_pages_keep_every_file_of_swagger_ui_that_they_serve() -> None:
    served = {name for name in ASSETS if not any(OWN.rglob(name))}
    assert served
    for name in served:
        assert libraries.is_needed(PurePosixPath(f"flask_swagger_ui/dist/{name}"))


@pytest.mark.parametrize("locked", ["six==1.17.0", f"six==1.17.0 --hash=sha256:{'0' * 64}"])
def test_a_requirement_without_its_hash_is_not_installed(tmp_path: Path, locked: str) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text(locked)
    with pytest.raises(libraries.InstallFailed, match=r"(?i)hash"):
        libraries.install([lock], tmp_path / "installed")
