"""Check the file of a network, network.yml or what NETWORK names: `python -m deploy.network`."""

import argparse
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from local.deployment import PROJECT

STAGES = ("prod", "dev", "test")
SCHEMA = Path(__file__).parent / "network_schema.yml"


class _Loader(yaml.SafeLoader):
    """Reads YAML as osls does: in YAML 1.2 only `true` and `false` are booleans, and `on` is a text."""


_BOOLEAN = "tag:yaml.org,2002:bool"
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _BOOLEAN]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_BOOLEAN, re.compile("^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))


class NetworkRefused(Exception):
    """The file of a network cannot be deployed; each argument is a sentence."""


def path() -> Path:
    """Return the path of the network's file."""
    return PROJECT / os.environ.get("NETWORK", "network.yml")


def read(file: Path) -> dict[str, Any]:
    """Return the network of a file.

    Raises
    ------
    NetworkRefused
        If the file is not YAML, if network_schema.yml does not allow it, or if a stage contradicts itself.
    FileNotFoundError
        If there is none.
    """
    try:
        network = yaml.load(file.read_text(), _Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        raise NetworkRefused(f"{file.name} is not YAML: {error}") from None
    validator = jsonschema.Draft202012Validator(yaml.safe_load(SCHEMA.read_text()))
    wrong = [f"{file.name}, {_place(error)}: {error.message}." for error in validator.iter_errors(network)]
    wrong = wrong or list(_contradictions(file.name, network))
    if wrong:
        raise NetworkRefused(*wrong)
    made: dict[str, Any] = network
    return made


def parameters(network: dict[str, Any], stage: str) -> dict[str, Any]:
    """Return the parameters of a stage, "prod", "dev" or "test"."""
    return {**network["stages"]["default"], **network["stages"][stage]}


def _place(error: jsonschema.ValidationError) -> str:
    return ".".join(str(step) for step in error.absolute_path) or "the whole file"


def _contradictions(name: str, network: dict[str, Any]) -> Iterator[str]:
    for stage in STAGES:
        for sentence in _contradictions_of(parameters(network, stage)):
            yield f"{name}, stages.{stage}: {sentence}"
    for parameter in ("storage", "ingest", "database"):
        makers = [stage for stage in STAGES if parameters(network, stage)[parameter] == "make"]
        if len(makers) > 1:
            yield f"{name}: only one stage may have {parameter}: make; here {', '.join(makers)} have it."


def _contradictions_of(given: dict[str, Any]) -> Iterator[str]:
    in_vpc = given["network"] == "vpc"
    missing = [each for each in ("vpc", "subnets", "routeTables") if not given[each]]
    if in_vpc and missing:
        yield f"network: vpc also needs {', '.join(missing)}."
    elif in_vpc and "," not in given["subnets"]:
        yield "network: vpc needs at least two subnets, in two zones."
    if given["database"] == "make" and not in_vpc:
        yield "database: make needs network: vpc, because the database is in private subnets."
    if given["certificate"] and given["domain"] != "map":
        yield "certificate has no effect without domain: map."


def base_url(network: dict[str, Any], stage: str) -> str:
    """Return the public URL of a stage, if its `domain` is `map`."""
    return f"https://{network['domain']}/{network['basePaths'][stage]}"


def main(arguments: list[str]) -> int:
    """Check the file and print what was asked for; return the process's exit status."""
    parser = argparse.ArgumentParser(prog="python -m deploy.network", description=__doc__)
    parser.add_argument("--print", choices=["region", "url"], help="print one value of the file")
    parser.add_argument("--stage", choices=STAGES, default="prod")
    options = parser.parse_args(arguments)
    try:
        network = read(path())
    except (NetworkRefused, FileNotFoundError) as error:
        print(*(error.args if isinstance(error, NetworkRefused) else [error]), sep="\n", file=sys.stderr)
        return 1
    values = {"region": network["region"], "url": base_url(network, options.stage)}
    if options.print:
        print(values[options.print])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
