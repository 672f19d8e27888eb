"""Fail where tests cover less than 90 % of a product module. `make test` runs this after the tests."""

import json
import sys
from pathlib import Path

REPORT = Path(__file__).parents[1] / ".local" / "coverage.json"
LEAST_PERCENT = 90.0


def main() -> int:
    """Print each module below the limit with the lines that no test runs; return the exit status."""
    report = json.loads(REPORT.read_text())
    low = [
        f"{name}: {module['summary']['percent_covered']:.0f} %, not run: {module['missing_lines']}"
        for name, module in sorted(report["files"].items())
        if module["summary"]["percent_covered"] < LEAST_PERCENT
    ]
    print("\n".join(low or [f"Tests cover {LEAST_PERCENT:g} % or more of every module."]))  # noqa: T201 - a command
    return int(bool(low))


if __name__ == "__main__":
    sys.exit(main())
