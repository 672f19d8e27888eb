"""What a test has to tell is printed at the very end of the run, where a person looks."""

import subprocess
import sys
from pathlib import Path

from local.deployment import PROJECT


def test_a_summary_line_ends_the_run(tmp_path: Path) -> None:
    tests = tmp_path / "test_kept.py"
    tests.write_text("def test_it(summary_line):\n    summary_line('12 schedules, 0 violations')\n")
    run = [sys.executable, "-m", "pytest", "-c", "pyproject.toml", "-p", "tests.conftest", "-n", "0"]
    ran = subprocess.run([*run, str(tests)], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "12 schedules, 0 violations"
