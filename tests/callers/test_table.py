"""docs/callers.md against the replays: each line is a test here, and each test here has a line."""

import ast
import re
from pathlib import Path

from local.deployment import PROJECT

PAGE = PROJECT / "docs" / "callers.md"
CALLERS = {
    "web UI": "test_web_ui",
    "site computer": "test_site_computer",
    "PIPE computer": "test_pipe_computer",
    "earlier service": "test_earlier_service",
}


def test_the_table_and_the_replays_are_the_same() -> None:
    lines = re.findall(r"^\| ([^|]+) \| [^|]+ \| [^|]+ \| `(test_\w+)` \|$", PAGE.read_text(), re.MULTILINE)
    told = {(CALLERS[caller], test) for caller, test in lines}
    assert len(told) == len(lines)
    assert told == {
        (path.stem, name)
        for path in Path(__file__).parent.glob("test_*.py")
        if path.stem in CALLERS.values()
        for name in _tests(path)
    }


def _tests(path: Path) -> list[str]:
    nodes = ast.parse(path.read_text()).body
    return [
        node.name for node in nodes if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
