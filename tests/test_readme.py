"""The README's examples, commands and links work."""

import re
import time
from pathlib import Path

import pytest
import requests

from local.deployment import PROJECT
from support.client import ApiClient
from support.images import put, stored
from tests.downloads.rows import image, insert

README = (PROJECT / "README.md").read_text()
CONTRIBUTING = (PROJECT / "CONTRIBUTING.md").read_text()
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.mark.usefixtures("ingester")
def test_the_upload_example_uploads(api: ApiClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    example = next(block for block in PYTHON if "/upload" in block)
    name = re.findall(r'NAME = "(.*)"', example)[0]
    insert(image(1, "2026-01-01T20:00:00", jpg_medium_exists=True, sort_date="2026-01-01T20:00:00"))
    put("data/mrc1-sq01-20260101-00000001-EX10.jpg", b"picture")
    # The example needs no other file.
    monkeypatch.chdir(tmp_path)
    exec(example.replace("http://127.0.0.1:4000/api", api.base_url), {})  # noqa: S102 - the README's own code
    deadline = time.monotonic() + 15
    while not (logged := requests.get(f"{api.base_url}/recentuploads?site=mrc1", timeout=10).json()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert logged[0]["filename"] == f"data/{name}"
    assert stored()[f"data/{name}"] == b"picture"


def test_every_curl_line_prints_a_final_newline() -> None:
    lines = re.findall(r"^\$ (curl .*)$", README, re.MULTILINE)
    assert len(lines) > 10
    for line in lines:
        assert "| " in line or re.match(r"curl -s?w '\\n' ", line), line


def test_every_module_is_run_by_the_python_of_the_environment() -> None:
    for page in [PROJECT / "README.md", *(PROJECT / "docs").glob("*.md")]:
        assert re.findall(r"(?<!\.venv/bin/)python -m [a-z]+\.\w+", page.read_text()) == [], page.name


def test_the_time_example_prints_its_comment(capsys: pytest.CaptureFixture[str]) -> None:
    example = next(block for block in PYTHON if "local_time" in block)
    exec(example, {})  # noqa: S102 - the README's own code
    assert f"# {capsys.readouterr().out}" in example


def test_every_make_target_exists() -> None:
    makefile = (PROJECT / "Makefile").read_text()
    for target in set(re.findall(r"^(?:.*`)?make ([a-z]+)", README + CONTRIBUTING, re.MULTILINE)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_linked_file_exists() -> None:
    for link in re.findall(r"\]\(([^)#]+)", README + CONTRIBUTING):
        assert (PROJECT / link).exists(), link
