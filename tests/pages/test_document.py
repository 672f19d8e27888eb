"""The command that writes openapi.json from openapi.yaml."""

import json
from pathlib import Path

import pytest
import yaml

from pages import document


def test_the_json_has_what_the_yaml_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "TARGET", tmp_path / "openapi.json")
    assert document.main() == 0
    assert json.loads(document.TARGET.read_text()) == yaml.safe_load(document.SOURCE.read_text())


@pytest.mark.parametrize("content", [None, "a: [1"], ids=["no file", "broken"])
def test_a_source_that_cannot_be_read_is_reported_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], content: str | None
) -> None:
    source = tmp_path / "openapi.yaml"
    if content is not None:
        source.write_text(content)
    monkeypatch.setattr(document, "SOURCE", source)
    monkeypatch.setattr(document, "TARGET", tmp_path / "openapi.json")
    assert document.main() == 1
    assert capsys.readouterr().err.startswith(
        "openapi.yaml cannot be read, or openapi.json cannot be written:"
    )
    assert not document.TARGET.exists()
