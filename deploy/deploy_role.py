"""Make the role with which the workflow deploys a stage: `python -m deploy.deploy_role STAGE
OWNER/REPOSITORY`.

The role is in a stack of its own, {service}-{stage}-deploy-role, from deploy_role.yml. An administrator of
the account runs this once for each stage, and again after an update that changes the file.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from deploy import network
from deploy.account import Account, AccountFailed, failures

TEMPLATE = Path(__file__).with_name("deploy_role.yml")
_PROVIDER = "oidc-provider/token.actions.githubusercontent.com"


def main(arguments: list[str]) -> int:
    """Make or update the role, print its ARN, and return the process's exit status."""
    parser = argparse.ArgumentParser(prog="python -m deploy.deploy_role", description=__doc__)
    parser.add_argument("stage", choices=network.STAGES)
    parser.add_argument("repository", help="in GitHub: owner/name")
    options = parser.parse_args(arguments)
    try:
        account = Account(network.read(network.path()), options.stage)
        with failures():
            arn = make(account, options.repository)
    except (network.NetworkRefused, FileNotFoundError, AccountFailed) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Give the environment {options.stage} of {options.repository} the variable DEPLOY_ROLE_ARN: {arn}")
    return 0


def make(account: Account, repository: str) -> str:
    """Make the stack of the role, or update it; return the role's ARN.

    Raises
    ------
    AccountFailed
        If CloudFormation cannot.
    """
    client = account.client("cloudformation")
    name = f"{account.stack_name}-deploy-role"
    given: dict[str, Any] = {
        "StackName": name,
        "TemplateBody": TEMPLATE.read_text(),
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": value}
            for key, value in _parameters(account, repository).items()
        ],
    }
    try:
        if account.stack(name) is None:
            client.create_stack(**given)
            client.get_waiter("stack_create_complete").wait(StackName=name)
        else:
            client.update_stack(**given)
            client.get_waiter("stack_update_complete").wait(StackName=name)
    except ClientError as error:
        if "No updates are to be performed" not in str(error):
            raise
    except WaiterError:
        raise AccountFailed(
            f"CloudFormation could not make the role. See why: aws cloudformation describe-stack-events "
            f"--stack-name {name}"
        ) from None
    return account.outputs(name)["RoleArn"]


def _parameters(account: Account, repository: str) -> dict[str, str]:
    names = account.network
    tables = {name[0].upper() + name[1:]: table for name, table in names["tables"].items()}
    return {
        "Stack": account.stack_name,
        "Stage": account.stage,
        "Repository": repository,
        "Domain": names["domain"],
        "Bucket": names["bucket"],
        "MakeProvider": "no" if _has_provider(account) else "yes",
        **tables,
    }


def _has_provider(account: Account) -> bool:
    """Tell whether the account has GitHub's provider, made by something other than this stage's stack."""
    found = account.client("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"]
    exists = any(each["Arn"].endswith(_PROVIDER) for each in found)
    earlier = account.stack(f"{account.stack_name}-deploy-role") or {}
    made_here = {"ParameterKey": "MakeProvider", "ParameterValue": "yes"} in earlier.get("Parameters", [])
    return exists and not made_here


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
