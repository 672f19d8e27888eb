"""Bring the image database of a stage up to date: `python -m deploy.migrate STAGE`.

The stage's function `migrateDatabase` does it, because only functions reach a database in a VPC. This command
gives it the owner's URL and, the first time, makes the passwords of the users of the functions.
"""

import argparse
import json
import os
import secrets
import sys
from typing import Any
from urllib.parse import quote

from common.database_url import DatabaseUrlRefused, for_libpq
from deploy import network
from deploy.account import Account, AccountFailed, failures
from ingest.migration import READER, WRITER

OWNER = "owner-db-url"
# The users that are made if their secrets do not exist.
_USERS = {READER: "api", WRITER: "ingest"}


def main(arguments: list[str]) -> int:
    """Migrate a stage's database and print each step; return the process's exit status."""
    parser = argparse.ArgumentParser(prog="python -m deploy.migrate", description=__doc__)
    parser.add_argument("stage", choices=network.STAGES)
    stage = parser.parse_args(arguments).stage
    try:
        names = network.read(network.path())
        with failures():
            said = migrate(Account(names, stage), network.parameters(names, stage))
    except (network.NetworkRefused, FileNotFoundError, AccountFailed, DatabaseUrlRefused) as error:
        print(error, file=sys.stderr)
        return 1
    print(*said, "The image database is up to date.", sep="\n")
    return 0


def migrate(account: Account, parameters: dict[str, Any]) -> list[str]:
    """Let the stage's function migrate; return what it said.

    Raises
    ------
    AccountFailed
        If the owner's URL is not known, or the function fails.
    """
    files_uploads = parameters["ingest"] == "make"
    owner = for_libpq(os.environ.get("DATABASE_URL") or _owner_url(account))
    said = [_store_user(account, owner, name) for name in ((READER, WRITER) if files_uploads else (READER,))]
    account.store(OWNER, owner)
    try:
        return [*filter(None, said), *_invoke(account, {"files_uploads": files_uploads})]
    finally:
        # The owner may do everything, so its password stays in Parameter Store no longer than needed.
        account.client("ssm").delete_parameter(Name=OWNER)


def _owner_url(account: Account) -> str:
    """Return the owner's URL of a database that the stage has made."""
    outputs = account.outputs()
    if "DatabaseSecret" not in outputs:
        raise AccountFailed(
            f"The stack {account.stack_name} has not made a database. Name the one to migrate by its owner: "
            "DATABASE_URL=postgresql://owner:…@host/images make migrate STAGE=…"
        )
    client = account.client("secretsmanager")
    owner = json.loads(client.get_secret_value(SecretId=outputs["DatabaseSecret"])["SecretString"])
    return _url(owner["username"], owner["password"], outputs["DatabaseHost"])


def _url(user: str, password: str, host: str, database: str = "images", port: str = "5432") -> str:
    return f"postgresql://{quote(user, safe='')}:{quote(password, safe='')}@{host}:{port}/{database}"


def _store_user(account: Account, owner: str, name: str) -> str:
    """Store the URL of a user with a new password, unless there is one; return what was done."""
    from psycopg2.extensions import parse_dsn

    if account.parameter(name) is not None:
        return ""
    place = parse_dsn(owner)
    url = _url(
        _USERS[name], secrets.token_urlsafe(24), place["host"], place["dbname"], place.get("port", "5432")
    )
    account.store(name, url)
    return f"Stored the URL of a new user, {_USERS[name]}, as {name}."


def _invoke(account: Account, event: dict[str, Any]) -> list[str]:
    name = f"{account.stack_name}-migrateDatabase"
    client = account.client("lambda")
    try:
        answer = client.invoke(FunctionName=name, Payload=json.dumps(event).encode())
    except client.exceptions.ResourceNotFoundException:
        raise AccountFailed(
            f"There is no function {name}. Deploy the stage with network: vpc first. "
            "A database that this machine reaches needs none: DATABASE_URL=… .venv/bin/python -m db.schema"
        ) from None
    result = json.load(answer["Payload"])
    if "FunctionError" in answer:
        raise AccountFailed(f"The function {name} failed: {result.get('errorMessage', result)}")
    return [str(sentence) for sentence in result]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
