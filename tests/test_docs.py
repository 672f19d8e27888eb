"""The documents in docs/ agree with the repository: links, tables, pictures, alarms and parameters."""

import re
from pathlib import Path

import pytest
import yaml

from benchmarks import plots, tables
from local.deployment import PROJECT, Deployment

DOCS = sorted((PROJECT / "docs").glob("*.md"))
PAGES = pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)


def headings(page: Path) -> set[str]:
    """Return the anchors of a page's headings."""
    words = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in words}


@PAGES
def test_every_link_has_a_target(page: Path) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        if link.startswith("http"):
            continue
        file, _, anchor = link.partition("#")
        target = page.parent / file if file else page
        assert target.exists(), link
        assert not anchor or anchor in headings(target), link


def test_every_statement_about_the_earlier_service_names_its_source() -> None:
    text = (PROJECT / "docs" / "differences.md").read_text()
    table = text.partition("| route | earlier |")[2].partition("\n\n")[0]
    cells = [line.split(" | ")[1] for line in table.splitlines()[2:]]
    assert len(cells) > 30
    for cell in cells:
        for statement in cell.split("; "):
            assert re.match(
                r"(documented|deployed|model|platform): |not documented|no limit documented", statement
            ), cell


@pytest.mark.parametrize("name", tables.DOCUMENTS)
def test_the_tables_match_the_measured_figures(name: str) -> None:
    text = (PROJECT / "docs" / name).read_text()
    assert "<!-- table:" in text
    assert tables.with_tables(text) == text, "run make figures to update them"


@pytest.mark.parametrize("name", plots.PLOTS)
def test_the_pictures_match_the_measured_figures(name: str) -> None:
    assert (plots.PICTURES / f"{name}.svg").read_text() == plots.PLOTS[name]() + "\n"


def test_every_alarm_and_parameter_is_documented() -> None:
    operations = (PROJECT / "docs" / "operations.md").read_text()
    names = {
        name
        for file in ("alarms.yml", "ingest.yml", "database.yml")
        for name, resource in yaml.safe_load((PROJECT / "deploy" / file).read_text())["Resources"].items()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    }
    documented = re.findall(r"`(Alarm\w+)(…?)`", operations)
    for name in names:
        assert any(
            name == word or (any_ending and name.startswith(word)) for word, any_ending in documented
        ), name
    for parameter in Deployment().network["stages"]["default"]:
        assert f"| `{parameter}` |" in operations, parameter
