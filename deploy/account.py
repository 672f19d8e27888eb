"""The AWS account of a network, as the commands of its operator see it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

# A migration may take as long as its function.
_READ_TIMEOUT_S = 910


class AccountFailed(Exception):
    """AWS did not do what a command needs. The text is a sentence for the operator."""


class Account:
    """The account that the environment's keys or profile lead to.

    Parameters
    ----------
    network
        Of network.yml.
    stage
        "prod", "dev" or "test".
    """

    def __init__(self, network: dict[str, Any], stage: str) -> None:
        self.network = network
        self.stage = stage
        self.region: str = network["region"]
        self.stack_name = f"{network['service']}-{stage}"

    @cached_property
    def _session(self) -> Any:
        import boto3

        return boto3.Session(region_name=self.region)

    def client(self, service: str, region: str = "") -> Any:
        """Return a client of a service, in the network's region or another one. Nothing is tried twice."""
        config = Config(connect_timeout=5, read_timeout=_READ_TIMEOUT_S, retries={"total_max_attempts": 1})
        return self._session.client(service, region_name=region or self.region, config=config)

    def stack(self, name: str = "") -> dict[str, Any] | None:
        """Return a stack as CloudFormation describes it, by default the stage's; None if there is none."""
        try:
            found = self.client("cloudformation").describe_stacks(StackName=name or self.stack_name)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        made: dict[str, Any] = found[0]
        return made

    def outputs(self, name: str = "") -> dict[str, str]:
        """Return the outputs of a stack, by default the stage's; none if there is no stack."""
        return {
            each["OutputKey"]: each["OutputValue"] for each in (self.stack(name) or {}).get("Outputs", [])
        }

    def parameter(self, name: str) -> str | None:
        """Return a secret of Parameter Store, or None."""
        ssm = self.client("ssm")
        try:
            return str(ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])
        except ssm.exceptions.ParameterNotFound:
            return None

    def store(self, name: str, value: str) -> None:
        """Write a secret to Parameter Store, encrypted with the account's own key."""
        self.client("ssm").put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)


@contextmanager
def failures() -> Iterator[None]:
    """Turn errors of AWS into `AccountFailed`: no keys, no permission, no answer."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise AccountFailed(f"AWS says: {error}") from error
