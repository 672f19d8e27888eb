"""Mutation tests of the fault suite: break a copy of the code in one place at a time, and run the suite.

`python -m tests.faults.mutations` prints a line for each mutation. If the suite missed one, the exit
status is 1.
"""

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from local.deployment import PROJECT
from tests.mutation import mutated

_NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "node_modules")


@dataclass(frozen=True)
class Mutation:
    """A break in the code, and where the suite should see it.

    Attributes
    ----------
    name
        In words.
    file, text, broken
        `text`, which stands in `file` once, becomes `broken`.
    engine, scenario
        What is played.
    items
        How many.
    """

    name: str
    file: str
    text: str
    broken: str
    engine: str
    scenario: str
    items: int


MUTATIONS = (
    Mutation(
        "without the lease condition",
        "pipe_queue/store/leases.py",
        "({_FREE} AND {as_read})",
        "({_FREE} OR :now = :now OR {as_read})",
        "ministack",
        "on leases",
        400,
    ),
    Mutation(
        "without the token",
        "common/aws.py",
        "    made = session().create_client(service, region_name=region(), config=config, verify=trusted)\n",
        """    made = session().create_client(service, region_name=region(), config=config, verify=trusted)

    def forget_token(request: Any, **_: Any) -> None:
        import json
        import uuid

        body = json.loads(request.data)
        if "ClientRequestToken" in body:
            request.data = json.dumps({**body, "ClientRequestToken": uuid.uuid4().hex}).encode()

    made.meta.events.register_first("request-created.dynamodb.TransactWriteItems", forget_token)
""",
        "ministack",
        "answers of puts lost, consumers swift",
        200,
    ),
    Mutation(
        "without the transaction",
        "pipe_queue/store/items.py",
        "    table.transact([_new(row)], token)",
        '    table.put(row, ConditionExpression="attribute_not_exists(sk)")',
        "ministack",
        "answers of puts lost, consumers swift",
        200,
    ),
    Mutation(
        "with unconditional delete",
        "pipe_queue/store/leases.py",
        """        ConditionExpression="lease_id = :lease",
        ExpressionAttributeValues={":lease": lease_id},
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
""",
        "",
        "moto",
        "deletes that come late",
        1000,
    ),
    Mutation(
        "with unconditional acknowledgement",
        "pipe_queue/store/leases.py",
        """{"Delete": {"Key": item_key(queue, item_id), **_if_in_force(lease_id, now_ms)}},""",
        """{"Delete": {"Key": item_key(queue, item_id)}},""",
        "moto",
        "on leases, slow workers",
        500,
    ),
    Mutation(
        "with a lost response to a delete treated as a refusal",
        "pipe_queue/leases.py",
        "if refusal.row is not None or not refusal.retried:",
        "if True:",
        "moto",
        "lost",
        100,
    ),
    Mutation(
        "with the time of the enqueue instead of a sequence number",
        "pipe_queue/items.py",
        """    return queue, int(metadata["sequence"])""",
        """    return queue, now_ms() % 10**9 * 1000 + int(metadata["sequence"]) % 1000""",
        "moto",
        "clocks 5 s off",
        300,
    ),
)


def main() -> int:
    """Play every mutation; return the exit status."""
    unseen = 0
    for mutation in MUTATIONS:
        seen, told = _play(mutation)
        unseen += not seen
        verdict = "seen" if seen else "NOT SEEN"
        print(f"{verdict:9} {mutation.name} ({mutation.engine})\n{told}", flush=True)  # noqa: T201 - a report
    return int(bool(unseen))


def _play(mutation: Mutation) -> tuple[bool, str]:
    """Play a mutation in a copy of the project; return whether the suite saw it, and the suite's output."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        shutil.copytree(PROJECT, project, ignore=_NOT_COPIED)
        # MiniStack's environment is shared
        (project / ".local").symlink_to(PROJECT / ".local")
        file = project / mutation.file
        file.write_text(mutated(file.read_text(), mutation))
        arguments = ["--engine", mutation.engine, "--only", mutation.scenario, "--items", str(mutation.items)]
        played = subprocess.run(
            [sys.executable, "-m", "tests.faults", *arguments],
            cwd=project,
            capture_output=True,
            text=True,
            check=False,
        )
    told = "".join(f"    {line}\n" for line in played.stdout.splitlines())
    # A suite that crashed does not count as having seen the mutation. It must have printed its verdict.
    return played.returncode == 1 and "broke a promise" in played.stdout, told or played.stderr


if __name__ == "__main__":
    sys.exit(main())
