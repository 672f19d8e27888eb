"""The artifacts (zip files for Lambda), and which function of serverless.yml runs from which."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from local.deployment import PROJECT

BUILD = PROJECT / "build"
MB = 1_000_000
# The authorities that sign the certificates of AWS, and of databases at AWS.
_AWS_CERTIFICATES, _RDS_CERTIFICATES = "common/certificates/aws.pem", "common/certificates/rds/*.pem"


@dataclass(frozen=True)
class Artifact:
    """A zip file that functions run from.

    Attributes
    ----------
    name
        serverless.yml names the file `build/{name}.zip`.
    requirements
        Lock files. Exactly their entries are installed.
    data
        Glob patterns of project files to add to the modules.
    limit_mb
        The largest size allowed, unzipped; megabytes of 10^6 bytes.
    """

    name: str
    requirements: tuple[str, ...]
    data: tuple[str, ...]
    limit_mb: float

    @property
    def file(self) -> Path:
        """The path of the zip file."""
        return BUILD / f"{self.name}.zip"


ARTIFACTS = (
    Artifact(
        name="light",
        requirements=("requirements-light.txt", "requirements-pages.txt"),
        data=(
            "pages/openapi.json",
            "pages/static/*.*",
            "pages/static/console/*",
            _AWS_CERTIFICATES,
            _RDS_CERTIFICATES,
        ),
        limit_mb=45,
    ),
    # For the functions that make thumbnails and migrate the database. Pillow adds 8 MB.
    Artifact(
        name="ingest",
        requirements=("requirements-ingest.txt",),
        data=(_AWS_CERTIFICATES, _RDS_CERTIFICATES, "db/schema.sql", "ingest/schema.sql"),
        limit_mb=45,
    ),
    # For functions that read FITS files. numpy and astropy triple the size of an artifact.
    Artifact(
        name="imaging", requirements=("requirements-imaging.txt",), data=(_AWS_CERTIFICATES,), limit_mb=140
    ),
)


def handlers_by_artifact(path: Path = PROJECT / "serverless.yml") -> Mapping[str, list[str]]:
    """Return the handlers (`folder/module.function`) of each artifact, by the artifact's name.

    Raises
    ------
    ValueError
        If a function names a file that is not one of `ARTIFACTS`.
    """
    config = yaml.safe_load(path.read_text())
    found: dict[str, list[str]] = {artifact.name: [] for artifact in ARTIFACTS}
    for name, function in config["functions"].items():
        artifact = _artifact_of(function, config)
        if artifact not in found:
            raise ValueError(f"{name} runs from {artifact}, which is not one of {', '.join(found)}.")
        found[artifact].append(function["handler"])
    return found


def _artifact_of(function: dict[str, Any], config: dict[str, Any]) -> str:
    """Return the name of a function's artifact: its own, or the default of serverless.yml."""
    file = function.get("package", config["package"])["artifact"]
    return Path(str(file)).stem
