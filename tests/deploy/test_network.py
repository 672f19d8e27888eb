"""network.yml holds all names of a network, and is checked before anything is deployed."""

import copy
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from deploy import network
from local.deployment import PROJECT, Deployment

OWN, OTHER = PROJECT / "network.yml", PROJECT / "tests" / "other_network.yml"
# They may name the network: its own file, the history and the licence.
MAY_NAME = {"network.yml", "CHANGELOG.md", "LICENSE"}


@pytest.mark.parametrize("file", [OWN, OTHER], ids=lambda file: file.name)
def test_the_project_s_own_files_can_be_deployed(file: Path) -> None:
    assert network.read(file)["stages"]["default"]


def test_no_other_file_knows_whose_network_it_is() -> None:
    names = network.read(OWN)
    words = [names["bucket"], names["domain"].partition(".")[2], names["auth0"]["domain"]]
    words.append(str(urlsplit(names["ui"]["url"]).hostname))
    tracked = subprocess.run(
        ["git", "grep", "-lIF", *[part for word in words for part in ("-e", word)]],  # noqa: S607
        cwd=PROJECT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert tracked.stderr == ""
    assert set(tracked.stdout.splitlines()) - MAY_NAME == set()


def test_the_second_network_shares_no_name_with_the_first() -> None:
    def texts(value: Any) -> set[str]:
        if isinstance(value, dict):
            return {text for member in value.values() for text in texts(member)}
        return {str(value)}

    own, other = network.read(OWN), network.read(OTHER)
    del own["stages"], other["stages"]
    # Base paths may be the same.
    assert texts(own) & texts(other) == set()


@pytest.mark.parametrize("stage", network.STAGES)
def test_serverless_yml_takes_every_name_from_the_file(stage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETWORK", str(OTHER.relative_to(PROJECT)))
    names = network.read(OTHER)
    deployment = Deployment(stage)
    environment = deployment.environment
    assert deployment.network == names
    assert deployment.base_path == names["basePaths"][stage]
    assert environment["REGION"] == names["region"]
    assert environment["S3_BUCKET_NAME"] == names["bucket"]
    assert environment["AUTH0_USERINFO_URL"] == f"https://{names['auth0']['domain']}/userinfo"
    assert environment["AUTH0_ROLES_CLAIM"] == names["auth0"]["claim"]
    assert environment["UI_URL"] == names["ui"]["url"]
    assert {table["TableName"] for table in deployment.tables} == set(names["tables"].values())
    assert environment["API_URLS"].split() == [network.base_url(names, each) for each in network.STAGES]
    assert deployment.functions["zip"].deployed_name == f"{names['service']}-{stage}-zip"


def change(*path: str, to: Any) -> Callable[[dict[str, Any]], None]:
    def changed(names: dict[str, Any]) -> None:
        *above, last = path
        for step in above:
            names = names[step]
        names[last] = to

    return changed


@pytest.mark.parametrize(
    ("mistake", "sentence"),
    [
        (change("bucket", to="Images"), "bucket: 'Images' does not match"),
        (change("domain", to="https://api.example.org"), "domain: 'https://api.example.org' does not match"),
        (change("servise", to="x"), "the whole file: Additional properties are not allowed ('servise' was"),
        (change("stages", "dev", "storage", to="yes"), "stages.dev.storage: 'yes' is not one of"),
        (
            change("stages", "dev", "schedules", to="no"),
            "stages.dev.schedules: 'no' is not of type 'boolean'.",
        ),
        (change("stages", "dev", "database", to="make"), "stages.dev: database: make needs network: vpc"),
        (
            change("stages", "dev", "network", to="vpc"),
            "stages.dev: network: vpc also needs vpc, subnets, routeTables.",
        ),
        (change("stages", "default", "storage", to="make"), "only one stage may have storage: make"),
        (
            change("stages", "dev", "snapStart", to="yes"),
            "stages.dev.snapStart: 'yes' is not one of ['none', 'on'].",
        ),
        (change("ui", "url", to="observe.example.org"), "ui.url: 'observe.example.org' does not match"),
    ],
)
def test_a_mistake_is_reported_with_its_place(
    mistake: Callable[[dict[str, Any]], None],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = copy.deepcopy(network.read(OWN))
    mistake(names)
    file = tmp_path / "mine.yml"
    file.write_text(yaml.safe_dump(names))
    monkeypatch.setenv("NETWORK", str(file))
    assert network.main([]) == 1
    told = capsys.readouterr().err
    assert told.startswith("mine.yml")
    assert sentence in told


def test_on_and_no_are_texts_as_osls_reads_them(tmp_path: Path) -> None:
    file = tmp_path / "mine.yml"
    file.write_text(OWN.read_text().replace("snapStart: none", "snapStart: on"))
    assert network.read(file)["stages"]["default"]["snapStart"] == "on"
    file.write_text(OWN.read_text().replace("schedules: true", "schedules: yes"))
    with pytest.raises(network.NetworkRefused, match=r"stages\.prod\.schedules: 'yes' is not of type"):
        network.read(file)


def test_a_missing_or_broken_file_is_reported_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NETWORK", str(tmp_path / "none.yml"))
    assert network.main([]) == 1
    (tmp_path / "none.yml").write_text("a: [")
    assert network.main([]) == 1
    told = capsys.readouterr().err
    assert "No such file" in told
    assert "none.yml is not YAML: " in told


def test_values_are_printed_for_other_programs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NETWORK", str(OTHER))
    assert network.main(["--print", "region"]) == 0
    assert network.main(["--print", "url", "--stage", "dev"]) == 0
    assert capsys.readouterr().out == "eu-west-2\nhttps://telescopes.southern-sky.example/develop\n"
