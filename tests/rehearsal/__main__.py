"""Rehearse the deployment of a new network to an empty account: `make rehearse` prints a transcript.

The account is MiniStack's, a stand-in for AWS on this machine, and its functions are the artifacts of
`make package`. The network is the made-up one of tests/other_network.yml, whose stage prod makes everything.
MiniStack would need Docker to run the PostgreSQL that the stage makes, so the functions use the one of the
tests.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import boto3
import psycopg2
import requests
import yaml
from psycopg2.extensions import parse_dsn

from deploy import network
from local import environment
from local.auth0 import Auth0
from local.child import Child
from local.deployment import PROJECT
from support.proxy import Proxy
from tests.ingest.exposures import BASE, SITE, exposure

STAGE = "prod"
NETWORK = "tests/rehearsed_network.yml"
_WAIT_S = 60


class RehearsalFailed(Exception):
    """A step did not do what it must."""


class Rehearsal:
    """The operator's terminal, in a copy of the project.

    Parameters
    ----------
    folder
        The copy.
    variables
        The environment variables of every command.
    """

    def __init__(self, folder: Path, variables: dict[str, str]) -> None:
        self.folder = folder
        self.variables = variables

    def run(self, *command: str, fails: bool = False, **more: str) -> str:
        """Run a command, print it with its output, and return the output.

        Raises
        ------
        RehearsalFailed
            If its exit status is not the expected one.
        """
        shown = " ".join(["$", *(f"{name}={value}" for name, value in more.items()), *command])
        print(f"\n{shown}", flush=True)
        started = time.monotonic()
        ran = subprocess.run(
            command,
            cwd=self.folder,
            env={**os.environ, **self.variables, **more},
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        print(
            f"{ran.stdout.rstrip()}\n# {time.monotonic() - started:.0f} s, status {ran.returncode}",
            flush=True,
        )
        if (ran.returncode != 0) != fails:
            raise RehearsalFailed(f"{shown} ended with the status {ran.returncode}.")
        return ran.stdout

    def python(self, module: str, *arguments: str, **more: Any) -> str:
        """Run a module of the project."""
        return self.run(".venv/bin/python", "-m", module, *arguments, **more)


def main() -> int:
    """Rehearse, and return the process's exit status."""
    started = time.monotonic()
    with ExitStack() as stack:
        try:
            _rehearse(stack)
        except RehearsalFailed as error:
            print(f"\nThe rehearsal failed: {error}", file=sys.stderr)
            return 1
    print(f"\nThe rehearsal took {time.monotonic() - started:.0f} s, and everything worked.")
    return 0


def _rehearse(stack: ExitStack) -> None:
    environment.forget_aws()
    # Stopped last: the functions keep connections until MiniStack ends.
    owner = _owner_url(stack)
    account = _started(stack, "tests.faults.ministack_server")["url"]
    os.environ["AWS_ENDPOINT_URL"] = account
    folder = stack.enter_context(_copy_of_project())
    names = _write_network(folder)
    operator = Rehearsal(folder, {"NETWORK": NETWORK, "AWS_ENDPOINT_URL": account})
    _first_deployment(operator, owner)
    url = _url(names, account)
    operator.python("deploy.smoke", url)
    _upload_and_look(operator, url)
    _second_deployment_and_rollback(operator, url)


def _first_deployment(operator: Rehearsal, owner: str) -> None:
    operator.python("deploy.doctor", STAGE, fails=True)
    (operator.folder / "secrets.json").write_text('{"AUTH0_CLIENT_ID": "rehearsal"}')
    (operator.folder / "public_key").write_text(Auth0().certificate)
    boto3.client("ssm", region_name="eu-west-2").put_parameter(
        Name="remotehq-token", Value="nobody uses RemoteHQ", Type="SecureString"
    )
    operator.python("deploy.doctor", STAGE)
    operator.run("npx", "serverless", "deploy", "--stage", STAGE)
    operator.python("deploy.migrate", STAGE, DATABASE_URL=owner)
    operator.python("deploy.doctor", STAGE)


def _upload_and_look(operator: Rehearsal, url: str) -> None:
    for name, content in exposure().items():
        (operator.folder / name).write_bytes(content)
        operator.run(".venv/bin/python", "examples/upload_image.py", url, name)

    def newest() -> Any:
        found = requests.get(f"{url}/{SITE}/latest_images/1", timeout=30).json()
        return found and found[0]["jpg_url"] and found[0]

    image = _await("the image in latest_images", newest)
    print(f"\nlatest_images has {image['base_filename']}: {image['jpg_url'].partition('?')[0]}")
    picture = requests.get(image["jpg_url"], timeout=30)
    if image["base_filename"] != BASE or picture.content != exposure()[f"{BASE}-EX10.jpg"]:
        raise RehearsalFailed("The image on screen is not the one that the site has sent.")


def _second_deployment_and_rollback(operator: Rehearsal, url: str) -> None:
    operator.run("npx", "serverless", "deploy", "--stage", STAGE)
    listed = operator.run("npx", "serverless", "deploy", "list", "--stage", STAGE)
    first = next(line.split("Timestamp:")[1].strip() for line in listed.splitlines() if "Timestamp:" in line)
    operator.run("npx", "serverless", "rollback", "--stage", STAGE, "--timestamp", first)
    operator.python("deploy.smoke", url)
    if not requests.get(f"{url}/{SITE}/latest_images/1", timeout=30).json():
        raise RehearsalFailed("The rollback has lost the image.")


def _await(what: str, ask: Callable[[], Any]) -> Any:
    end = time.monotonic() + _WAIT_S
    while time.monotonic() < end:
        if answer := ask():
            return answer
        time.sleep(1)
    raise RehearsalFailed(f"After {_WAIT_S} s there is no sign of {what}.")


def _started(stack: ExitStack, module: str) -> dict[str, Any]:
    child = Child(module)
    stack.callback(child.stop)
    return child.ready


def _owner_url(stack: ExitStack) -> str:
    """Start PostgreSQL; return the URL of its owner, on TCP, of an empty database named images."""
    url = _started(stack, "local.postgres_server")["url"]
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE images")
    connection.close()
    proxy = Proxy(f"{parse_dsn(url)['host']}/.s.PGSQL.5432", 0)
    stack.callback(proxy.stop)
    return f"postgresql://postgres@127.0.0.1:{proxy.port}/images"


@contextmanager
def _copy_of_project() -> Iterator[Path]:
    """Provide a copy, so that no file of the operator is overwritten: secrets.json, public_key."""
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as name:
        folder = Path(name)
        tracked = subprocess.run(
            ["git", "ls-files"],  # noqa: S607
            cwd=PROJECT,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.splitlines()
        for file in tracked:
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / file, folder / file)
        for link in (".venv", "node_modules", "build"):
            (folder / link).symlink_to((PROJECT / link).resolve())
        yield folder


def _write_network(folder: Path) -> dict[str, Any]:
    """Write the network: prod of the made-up one, in a VPC that MiniStack gets first."""
    names = network.read(folder / "tests" / "other_network.yml")
    ec2 = boto3.client("ec2", region_name=names["region"])
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=names["region"] + zone)
        for block, zone in (("10.0.0.0/24", "a"), ("10.0.1.0/24", "b"))
    ]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    certificate = boto3.client("acm", region_name=names["region"]).request_certificate(
        DomainName=names["domain"], ValidationMethod="DNS"
    )["CertificateArn"]
    names["stages"][STAGE] |= {
        "network": "vpc",
        "database": "make",
        "vpc": vpc,
        "subnets": ",".join(made["Subnet"]["SubnetId"] for made in subnets),
        "routeTables": table,
        "certificate": certificate,
    }
    (folder / NETWORK).write_text(yaml.safe_dump(names))
    return names


def _url(names: dict[str, Any], account: str) -> str:
    """Return where MiniStack serves the stage: it has no name server for the domain."""
    client = boto3.client("apigateway", region_name=names["region"])
    (api,) = [
        each for each in client.get_rest_apis()["items"] if each["name"] == f"{STAGE}-{names['service']}"
    ]
    return f"{account}/restapis/{api['id']}/{STAGE}/_user_request_"


if __name__ == "__main__":
    sys.exit(main())
