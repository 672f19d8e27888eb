"""Check the certificate that a deployment gives the authorizer: `python -m deploy.certificate`."""

import sys
from pathlib import Path

from auth.certificates import CertificateRefused, public_key

FILE = Path(__file__).parent.parent / "public_key"


def check(file: Path) -> None:
    """Check that the authorizer can read the certificate in `file`.

    Raises
    ------
    CertificateRefused
        If the authorizer cannot use it.
    """
    try:
        public_key(file.read_text())
    except CertificateRefused as error:
        raise CertificateRefused(f"{file.name}: {error}") from None
    except UnicodeDecodeError:
        raise CertificateRefused(f"{file.name}: This is not text. Save the certificate as PEM.") from None


def main() -> int:
    """Check the file `public_key` of the project; return the process's exit status."""
    try:
        check(FILE)
    except (CertificateRefused, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
