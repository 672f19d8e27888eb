"""Build an artifact from the project's modules and the libraries that they need."""

from pathlib import Path
from tempfile import TemporaryDirectory

from deploy import archive, bytecode, libraries, sources
from deploy.artifacts import MB, Artifact, handlers_by_artifact
from local.deployment import PROJECT


class ArtifactTooLarge(Exception):
    """An artifact is larger than its limit."""


def build(artifact: Artifact, target: Path) -> None:
    """Build `artifact` at `target`.

    Raises
    ------
    libraries.InstallFailed
        If a library cannot be installed.
    bytecode.CompileFailed
        If a module cannot be compiled.
    ArtifactTooLarge
        If the artifact is larger than its limit.
    """
    with TemporaryDirectory(prefix="photonranch-package-") as folder:
        installed, compiled = Path(folder, "libraries"), Path(folder, "own")
        libraries.install([PROJECT / name for name in artifact.requirements], installed)
        libraries.trim_models(installed)
        libraries.trim_endpoints(installed)
        libraries.replace_modules(installed)
        names = bytecode.compile_libraries(installed, libraries.needed_files(installed))
        own = own_files(artifact)
        own |= bytecode.beside_sources(own, compiled)
        archive.write(target, {name: installed / name for name in names} | own)
    check_size(artifact, target)


def own_files(artifact: Artifact) -> dict[str, Path]:
    """Return the paths of the project's files in `artifact`, by their names in it."""
    handlers = handlers_by_artifact()[artifact.name]
    names = sources.modules(PROJECT, handlers) | sources.data_files(PROJECT, artifact.data)
    return {name: PROJECT / name for name in names}


def required_imports(artifact: Artifact) -> set[str]:
    """Return every handler, module and library that `artifact` alone must be able to import.

    This includes imports inside functions.
    """
    files = {name for name in own_files(artifact) if name.endswith(".py")}
    own = {name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in files}
    handlers = handlers_by_artifact()[artifact.name]
    return own | sources.libraries(PROJECT, files) | set(handlers)


def check_size(artifact: Artifact, file: Path) -> None:
    """Raise `ArtifactTooLarge` if `file` is larger than `artifact` allows."""
    size_mb = archive.unzipped_bytes(file) / MB
    if size_mb > artifact.limit_mb:
        raise ArtifactTooLarge(
            f"{artifact.name} has {size_mb:.1f} MB unzipped, over its limit of {artifact.limit_mb} MB."
        )
