"""Measure the zip function with 2,000 files of 6.7 GB, one of them over 4 GB, and check that the zip opens.

The files come from an S3 that makes them up, over real HTTP, and the zip is kept as a sparse file on the
disk, for Info-ZIP's unzip and Python to look into.
"""

import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

from benchmarks import figures
from benchmarks.figures import machine
from support.endless_s3 import MIB
from support.zipping import EndlessS3

MOST_MB = 200
# A file of 4.5 GB (4300 MiB) is too large for the 32-bit size of a plain zip, and the files after it start
# beyond a 32-bit offset.
SIZES = [100 * MIB, 4300 * MIB, *([1024 * 1024] * 1998)]


def main() -> None:
    """Print how it went, and keep the figures."""
    s3 = EndlessS3()
    try:
        with tempfile.TemporaryDirectory() as folder:
            s3.control(folder=folder)
            names = [f"mrc1-{number:05}-{size}" for number, size in enumerate(SIZES)]
            print(f"A zip of {len(names)} files, {sum(SIZES) / 1e9:.1f} GB ({machine()})", flush=True)
            run = s3.zip(names)
            assert run.succeeded, run.answer
            assert run.peak_mb < MOST_MB, f"{run.peak_mb} MB"
            print(f"  {run.seconds:.0f} s, {run.peak_mb:.0f} MB at most", flush=True)
            ((key, size),) = s3.report()["objects"].items()
            made = Path(folder) / key.rpartition("/")[2]
            assert made.stat().st_size == size
            _check(made, names)
            times = figures.rounded({"seconds": run.seconds, "peak_mb": run.peak_mb})
            figures.write("zips", {"files": len(names), "gb": round(sum(SIZES) / 1e9, 1), **times})
    finally:
        s3.stop()


def _check(made: Path, names: list[str]) -> None:
    with zipfile.ZipFile(made) as archive:
        assert archive.namelist() == names
        assert [entry.file_size for entry in archive.infolist()] == SIZES
        assert archive.testzip() is None
    print("  Python's zipfile finds every file whole", flush=True)
    unzip = shutil.which("unzip")
    if not unzip:
        print("  unzip is not installed: not tried")
        return
    ran = subprocess.run([unzip, "-tqq", str(made)], check=False, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout
    print("  unzip finds every file whole")


if __name__ == "__main__":
    main()
