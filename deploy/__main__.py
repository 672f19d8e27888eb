"""`make package`: build the zip files for Lambda, test them, and print their sizes."""

import sys

from auth.certificates import CertificateRefused
from deploy import acceptance, archive, certificate
from deploy.artifacts import ARTIFACTS, MB, Artifact
from deploy.build import ArtifactTooLarge, build
from deploy.bytecode import CompileFailed
from deploy.interpreter import PythonNotFound, lambda_python
from deploy.libraries import InstallFailed
from deploy.probes import ProbeFailed
from deploy.unpacked import ArtifactBroken


def main() -> int:
    """Build and test every artifact; return the process's exit status."""
    try:
        # Fail before the build, which takes minutes.
        lambda_python()
        if certificate.FILE.exists():
            certificate.check(certificate.FILE)
        for artifact in ARTIFACTS:
            print(f"Building {artifact.name} …", flush=True)
            build(artifact, artifact.file)
        acceptance.run()
    except (
        ArtifactBroken,
        CertificateRefused,
        InstallFailed,
        PythonNotFound,
        CompileFailed,
        ArtifactTooLarge,
        ProbeFailed,
    ) as error:
        print(error, file=sys.stderr)
        return 1
    print(_table())
    return 0


def _table() -> str:
    head = f"{'artifact':20} {'zipped':>9} {'unzipped':>9}  sha256"
    return "\n".join([head, *map(_line, ARTIFACTS)])


def _line(artifact: Artifact) -> str:
    zipped, unzipped = artifact.file.stat().st_size / MB, archive.unzipped_bytes(artifact.file) / MB
    digest = archive.sha256(artifact.file)
    return f"{'build/' + artifact.file.name:20} {zipped:6.1f} MB {unzipped:6.1f} MB  {digest}"


if __name__ == "__main__":
    sys.exit(main())
