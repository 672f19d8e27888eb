"""Which of the project's files an artifact contains."""

from pathlib import Path

import pytest

from deploy import sources
from deploy.artifacts import ARTIFACTS
from deploy.build import own_files, required_imports

FILES = {
    "shop/__init__.py": "from base.words import GREETING",
    "shop/handlers.py": "import json\nfrom shop import prices\n\ndef sell(_event, _):\n    import numpy.fft",
    "shop/prices.py": "def today():\n    from far.away import rates",
    "shop/apart.py": "import base.words",
    "shop/command.py": "import argparse",
    "base/__init__.py": "",
    "base/words.py": "GREETING = 1",
    "far/__init__.py": "",
    "far/away/__init__.py": "from far.away.rates import RATES",
    "far/away/rates.py": "RATES = 1",
    "secrets.json": "{}",
}
NEEDED = {name for name in FILES if name not in {"shop/apart.py", "shop/command.py", "secrets.json"}}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    return tmp_path


def test_only_imports_are_packaged_also_those_inside_functions(project: Path) -> None:
    assert sources.modules(project, ["shop/handlers.sell"]) == NEEDED


def test_modules_that_a_sandbox_loads_by_name_are_packaged(project: Path) -> None:
    (project / "shop/prices.py").write_text('box = Sandbox(["shop.apart", "scipy.fft"])')
    assert "shop/apart.py" in sources.modules(project, ["shop/handlers.sell"])
    assert "scipy.fft" in sources.libraries(project, ["shop/prices.py"])


def test_imports_for_type_checkers_alone_are_left_out(project: Path) -> None:
    (project / "shop/prices.py").write_text(
        "if TYPE_CHECKING:\n    import stubs, shop.apart\nelse:\n    import json"
    )
    assert sources.libraries(project, ["shop/prices.py"]) == {"json"}
    assert "shop/apart.py" not in sources.modules(project, ["shop/handlers.sell"])


def test_the_imaging_artifact_has_the_decoders() -> None:
    imaging = next(artifact for artifact in ARTIFACTS if artifact.name == "imaging")
    assert {"downloads/conversion_job.py", "downloads/tiles.py"} <= own_files(imaging).keys()
    assert "astropy.io.fits.hdu.compressed._compression" in required_imports(imaging)


def test_libraries_are_distinguished_from_the_project_s_modules(project: Path) -> None:
    assert sources.libraries(project, NEEDED) == {"json", "numpy.fft"}


def test_data_files_are_found_by_pattern(project: Path) -> None:
    assert sources.data_files(project, ["*.json"]) == {"secrets.json"}


def test_a_pattern_without_files_is_an_error(project: Path) -> None:
    with pytest.raises(FileNotFoundError, match="No file matches pages/\\*"):
        sources.data_files(project, ["pages/*"])


@pytest.mark.parametrize("index", range(len(ARTIFACTS)))
def test_secrets_tests_and_tools_of_the_project_are_not_deployed(index: int) -> None:
    names = own_files(ARTIFACTS[index])
    kinds = (".py", ".html", ".css", ".js", ".svg", ".pem", ".sql")
    assert {name for name in names if name.endswith(kinds)} | {"pages/openapi.json"} >= set(names)
    folders = {name.partition("/")[0] for name in names}
    assert not folders & {"tests", "support", "local", "deploy", "benchmarks", "secrets.json", "public_key"}
    assert "common/logs.py" in names
