"""Package a template for each combination of a stage's parameters.

Run it with `python -m tests.deploy.package_combinations`.

The templates go to build/stage-…/. They are packaged one after the other; one takes two seconds.
"""

import itertools
import os
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any

from deploy import network
from local.deployment import PROJECT

OTHER_NETWORK = "tests/other_network.yml"
VPC = {
    "network": "vpc",
    "vpc": "vpc-0123456789abcdef0",
    "subnets": "subnet-0123456789abcdef0,subnet-0123456789abcdef1",
    "routeTables": "rtb-0123456789abcdef0",
}
STORAGE = ({"storage": "exist"}, {"storage": "make", "versioning": "keep"})
NETWORKS = (
    {"network": "public", "database": "exist"},
    {**VPC, "database": "exist", "endpoints": "exist", "securityGroups": "sg-0123456789abcdef0"},
    {**VPC, "database": "exist", "endpoints": "make"},
    {**VPC, "database": "make", "endpoints": "make"},
)
INGEST = ({"ingest": "none"}, {"ingest": "make"})
LIMITS = {"pollsAtOnce": 50, "conversionsAtOnce": 10, "zipsAtOnce": 5}


@dataclass(frozen=True)
class Combination:
    """A stage of a network, and its parameters."""

    name: str
    stage: str
    parameters: dict[str, Any] = field(default_factory=dict, hash=False)
    network: str = "network.yml"

    @property
    def folder(self) -> str:
        """The folder of its template in build/."""
        return f"stage-{self.name}"

    @property
    def network_names(self) -> dict[str, Any]:
        """What the network's file says: the names of the network."""
        return network.read(PROJECT / self.network)

    @property
    def given(self) -> dict[str, Any]:
        """All parameters, with those of the network's file."""
        return {**network.parameters(self.network_names, self.stage), **self.parameters}


def _switched() -> list[Combination]:
    combined = itertools.product(STORAGE, NETWORKS, INGEST)
    return [
        Combination(f"switches-{number}", "test", {**storage, **place, **ingest})
        for number, (storage, place, ingest) in enumerate(combined)
    ]


STAGES = [Combination(stage, stage) for stage in ("test", "dev", "prod")]
OTHER_STAGES = [
    Combination(f"other-{stage}", stage, network=OTHER_NETWORK) for stage in ("test", "dev", "prod")
]
LIMITED = Combination("limited", "test", LIMITS)
SNAPSHOTS = {"snapStart": "on"}
SIGNING = Combination("signing", "test", {"urlSigner": "user"})
STORED = Combination("stored", "test", SNAPSHOTS)
SWITCHED = _switched()
# The stage with the most resources.
STORED_WHOLE = Combination("stored-whole", "prod", SWITCHED[-1].parameters | SNAPSHOTS, OTHER_NETWORK)
ALL = [*STAGES, *OTHER_STAGES, LIMITED, SIGNING, STORED, STORED_WHOLE, *SWITCHED]


def package(combination: Combination) -> None:
    """Package the template of a combination, without AWS.

    Raises
    ------
    subprocess.CalledProcessError
        If osls refuses it.
    """
    given = [f"--param={name}={value}" for name, value in combination.parameters.items()]
    osls = ["node_modules/.bin/osls", "package", "--stage", combination.stage]
    subprocess.run(
        [*osls, *given, "--package", f"build/{combination.folder}"],
        cwd=PROJECT,
        env={**os.environ, "NETWORK": combination.network},
        check=True,
        capture_output=True,
    )


def main() -> int:
    """Package all combinations; return the process's exit status."""
    try:
        for combination in ALL:
            package(combination)
    except subprocess.CalledProcessError as error:
        sys.stderr.write(f"{error.cmd}\n{error.stdout.decode()}{error.stderr.decode()}\n")
        return 1
    sys.stdout.write(f"Packaged {len(ALL)} templates.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
