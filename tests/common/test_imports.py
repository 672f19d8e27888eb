"""What the modules of `common/` import: no service."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "common").rglob("*.py"))
# Every folder with a module, apart from common/ itself.
FOLDERS = {path.parent.name for path in ROOT.glob("*/*.py")} - {"common"}


def imported_packages(path: Path) -> set[str]:
    """Return the top-level packages that a module imports, also inside its functions."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return {name.partition(".")[0] for name in names}


def test_the_folders_of_services_are_known() -> None:
    assert {"api", "auth", "db", "downloads", "pipe_queue"} <= FOLDERS


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_module_of_common_imports_no_service(path: Path) -> None:
    assert imported_packages(path) & FOLDERS == set()
