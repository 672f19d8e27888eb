"""Decodes files of the codec fuzzer: `python -m tests.downloads.fuzz_worker FOLDER`.

FOLDER has the right files; the numbers of those to decode come from the input, one a line. For each there
is one line of output: the number, what became of it, a digest of what was made, and the seconds of
processor time. The last line is the most memory that was held, in bytes.
"""

import hashlib
import resource
import sys
import time
from pathlib import Path

from common.errors import TooLarge, Unprocessable
from tests.downloads.fuzz_files import file
from tests.downloads.images import converted


def outcome(content: bytes) -> tuple[str, bytes]:
    """What a caller would get: the status, and the bytes of all kinds of file."""
    made = []
    for stretch in (None, "arcsinh", "linear"):
        try:
            made.append(converted(content, stretch))
        except (Unprocessable, TooLarge) as error:
            if stretch is None:
                return str(error.status), str(error).encode()
            made.append(str(error).encode())
        except Exception as error:  # noqa: BLE001 (each is the 500 that must not be)
            return "500", repr(error).encode()
    return "200", b"".join(made)


def main(folder: Path) -> None:
    files = [path.read_bytes() for path in sorted(folder.iterdir())]
    for line in sys.stdin:
        number = int(line)
        content = file(files, number)
        began = time.process_time()
        status, made = outcome(content)
        spent = time.process_time() - began
        sys.stdout.write(f"{number} {status} {hashlib.sha256(made).hexdigest()} {spent:.3f}\n")
        sys.stdout.flush()
        if status == "500":
            sys.stderr.write(f"{number}: {made.decode()}\n")
    sys.stdout.write(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
