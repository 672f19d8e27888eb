"""Building an artifact: the project's modules beside the libraries that they run on."""

from pathlib import Path
from tempfile import TemporaryDirectory

from deploy import archive, bytecode, libraries, sources
from deploy.artifacts import MB, Artifact, handlers_by_artifact
from local.deployment import PROJECT


class ArtifactTooLarge(Exception):
    """An artifact holds more than it may."""


def build(artifact: Artifact, target: Path) -> None:
    """Build `artifact` at `target`.

    Raises
    ------
    libraries.InstallFailed
        If its libraries could not be installed.
    bytecode.CompileFailed
        If one of them could not be compiled.
    ArtifactTooLarge
        If it holds more than it may.
    """
    with TemporaryDirectory(prefix="photonranch-package-") as folder:
        libraries.install([PROJECT / name for name in artifact.requirements], Path(folder))
        names = bytecode.compile_libraries(Path(folder), libraries.needed_files(Path(folder)))
        files = {name: Path(folder) / name for name in names}
        archive.write(target, files | own_files(artifact))
    check_size(artifact, target)


def own_files(artifact: Artifact) -> dict[str, Path]:
    """Answer the project's files in `artifact`, by their names within it."""
    handlers = handlers_by_artifact()[artifact.name]
    names = sources.modules(PROJECT, handlers) | sources.data_files(PROJECT, artifact.data)
    return {name: PROJECT / name for name in names}


def required_imports(artifact: Artifact) -> set[str]:
    """Answer all that must be importable from `artifact` alone: handlers, modules, libraries.

    Libraries that functions import only when they need them count too, and so does what no handler imports
    at once.
    """
    files = {name for name in own_files(artifact) if name.endswith(".py")}
    own = {name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in files}
    handlers = handlers_by_artifact()[artifact.name]
    return own | sources.libraries(PROJECT, files) | set(handlers)


def check_size(artifact: Artifact, file: Path) -> None:
    """Raise `ArtifactTooLarge` if `file` holds more than `artifact` may."""
    size_mb = archive.unzipped_bytes(file) / MB
    if size_mb > artifact.limit_mb:
        raise ArtifactTooLarge(
            f"{artifact.name} holds {size_mb:.1f} MB unzipped, over its {artifact.limit_mb} MB."
        )
