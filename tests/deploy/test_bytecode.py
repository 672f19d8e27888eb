"""Modules are deployed as bytecode, which names its path in tracebacks: libraries without their sources."""

import json
import subprocess
from pathlib import Path

import pytest

from deploy.bytecode import CompileFailed, beside_sources, compile_libraries


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


def test_own_modules_run_from_the_bytecode_beside_their_sources(python: str, tmp_path: Path) -> None:
    source, folder, artifact = tmp_path / "source.py", tmp_path / "compiled", tmp_path / "artifact"
    source.write_text("def path(): return path.__name__\n")
    compiled = beside_sources({"own/one.py": source, "own/table.json": source}, folder)
    assert list(compiled) == ["own/__pycache__/one.cpython-313.pyc"]
    (artifact / "own/__pycache__").mkdir(parents=True)
    for name, path in compiled.items():
        (artifact / name).write_bytes(path.read_bytes())
    # Only the bytecode still has the function.
    (artifact / "own/one.py").write_text("")
    program = "from own import one; print(one.path())"
    ran = subprocess.run(
        [python, "-B", "-c", program], cwd=artifact, capture_output=True, check=True, text=True
    )
    assert ran.stdout == "path\n"
