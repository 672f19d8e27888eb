"""Checks the certificate that a deployment gives the authorizer: `python -m deploy.certificate`."""

import sys
from pathlib import Path

from auth.certificates import CertificateRefused, public_key

FILE = Path(__file__).parent.parent / "public_key"


def check(file: Path) -> None:
    """Read the certificate in `file` as the authorizer will.

    Raises
    ------
    CertificateRefused
        If the authorizer could not use it.
    """
    try:
        public_key(file.read_text())
    except CertificateRefused as error:
        raise CertificateRefused(f"{file.name}: {error}") from None
    except UnicodeDecodeError:
        raise CertificateRefused(f"{file.name}: This is no text. Save the certificate as PEM.") from None


def main() -> int:
    """Check the certificate of this project's folder; return the process's exit status."""
    try:
        check(FILE)
    except (CertificateRefused, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
