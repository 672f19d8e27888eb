"""Figures as files: `benchmarks/results/{name}.json`, with the machine and the day that they are from."""

import json
from pathlib import Path
from typing import Any

from benchmarks.machine import facts

FOLDER = Path(__file__).parent / "results"


def write(name: str, figures: Any) -> None:
    """Keep what a benchmark measured, in place of what it measured before."""
    FOLDER.mkdir(exist_ok=True)
    text = json.dumps({"machine": facts(), "figures": figures}, indent=1, ensure_ascii=False)
    (FOLDER / f"{name}.json").write_text(text + "\n")


def read(name: str) -> dict[str, Any]:
    """Answer `{"machine": …, "figures": …}` as `write` kept it."""
    kept: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return kept


def names() -> list[str]:
    """Answer what there are figures of, as `read` takes it."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def rounded(figures: dict[str, float]) -> dict[str, float]:
    """Answer the figures with three significant digits: what is beyond them is chance."""
    return {name: float(f"{figure:.3g}") for name, figure in figures.items()}
