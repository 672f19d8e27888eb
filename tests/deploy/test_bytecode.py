"""Libraries are deployed as bytecode, which runs without its source and names its path in tracebacks."""

import json
import subprocess
from pathlib import Path

import pytest

from deploy.bytecode import CompileFailed, compile_libraries


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A folder with a package and a data file."""
    package = tmp_path / "library"
    package.mkdir()
    (package / "__init__.py").write_text("def path(): return path.__code__.co_filename\n")
    (package / "table.json").write_text("{}")
    return tmp_path


def test_modules_become_bytecode_and_run_without_their_sources(python: str, library: Path) -> None:
    names = compile_libraries(library, ["library/__init__.py", "library/table.json"])
    assert names == {"library/__init__.pyc", "library/table.json"}
    (library / "library" / "__init__.py").unlink()
    program = "import json, library; print(json.dumps([library.path(), library.__file__]))"
    ran = subprocess.run(
        [python, "-B", "-c", program], cwd=library, capture_output=True, check=True, text=True
    )
    path, file = json.loads(ran.stdout)
    assert path == "/var/task/library/__init__.py"
    assert file.endswith("library/__init__.pyc")


@pytest.mark.usefixtures("python")
def test_a_module_with_an_error_is_named(library: Path) -> None:
    (library / "broken.py").write_text("def (:\n")
    with pytest.raises(CompileFailed, match=r"could not be compiled(.|\n)*broken\.py"):
        compile_libraries(library, ["library/__init__.py", "broken.py"])


@pytest.mark.usefixtures("python")
def test_files_that_are_not_deployed_are_not_compiled(library: Path) -> None:
    (library / "broken.py").write_text("def (:\n")
    assert compile_libraries(library, ["library/__init__.py"]) == {"library/__init__.pyc"}
