"""Make the key of the user that signs links to files: `python -m deploy.signing_key STAGE`.

The user may only read the files that links lead to. Its key goes to Parameter Store, encrypted. Running it
again makes a second key; links that the first one signed stay good until `--delete-old` deletes it.
"""

import argparse
import json
import sys
from typing import Any

from common.presign import SIGNING_KEY
from deploy import network
from deploy.account import Account, AccountFailed, failures

# The folders of the bucket that links lead to.
FOLDERS = ("data", "info-images", "allsky", "test", "downloads")
_MOST_KEYS = 2


def main(arguments: list[str]) -> int:
    """Make a key, or delete the old one; return the process's exit status."""
    parser = argparse.ArgumentParser(prog="python -m deploy.signing_key", description=__doc__)
    parser.add_argument("stage", choices=network.STAGES)
    parser.add_argument("--delete-old", action="store_true", help="delete every key but the one in use")
    options = parser.parse_args(arguments)
    try:
        account = Account(network.read(network.path()), options.stage)
        with failures():
            print(delete_old(account) if options.delete_old else make(account))
    except (network.NetworkRefused, FileNotFoundError, AccountFailed) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def user_name(account: Account) -> str:
    """Return the user's name. All stages of an account share it, as they share the bucket."""
    return f"{account.network['service']}-url-signer"


def policy(bucket: str) -> dict[str, Any]:
    """Return what the user may do."""
    resources = [f"arn:aws:s3:::{bucket}/{folder}/*" for folder in FOLDERS]
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": resources}
    return {"Version": "2012-10-17", "Statement": [statement]}


def make(account: Account) -> str:
    """Make the user if there is none, and a key; store the key; return what to do next.

    Raises
    ------
    AccountFailed
        If the user has two keys, the most that AWS allows.
    """
    iam, name = account.client("iam"), user_name(account)
    try:
        iam.create_user(UserName=name)
    except iam.exceptions.EntityAlreadyExistsException:
        if len(_keys(account)) >= _MOST_KEYS:
            raise AccountFailed(
                f"The user {name} has two keys, the most that AWS allows. A link lasts at most 7 days. "
                "A week after the newer key was made, repeat this command with --delete-old."
            ) from None
    document = json.dumps(policy(account.network["bucket"]))
    iam.put_user_policy(UserName=name, PolicyName="read-files", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    content = {"access_key_id": key["AccessKeyId"], "secret_access_key": key["SecretAccessKey"]}
    account.store(SIGNING_KEY, json.dumps(content))
    return (
        f"The user {name} has the key {key['AccessKeyId']}, stored as {SIGNING_KEY}. To use it, set "
        f"urlSigner: user in {network.path().name} and deploy; deploy also if the stage has it already."
    )


def delete_old(account: Account) -> str:
    """Delete every key of the user but the stored one; return what was done.

    Raises
    ------
    AccountFailed
        If no key is stored.
    """
    stored = account.parameter(SIGNING_KEY)
    if stored is None:
        raise AccountFailed(f"There is no secret {SIGNING_KEY}: run this command without --delete-old first.")
    used = json.loads(stored)["access_key_id"]
    old = [key for key in _keys(account) if key != used]
    for key in old:
        account.client("iam").delete_access_key(UserName=user_name(account), AccessKeyId=key)
    return f"Deleted {', '.join(old)}." if old else f"There is no key but {used}."


def _keys(account: Account) -> list[str]:
    found = account.client("iam").list_access_keys(UserName=user_name(account))["AccessKeyMetadata"]
    return [key["AccessKeyId"] for key in found]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
