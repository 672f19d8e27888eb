"""Mutation tests of the simulator: break the code in one place at a time, and play schedules with it.

`python -m tests.simulation.mutations` prints a line for each mutation; the exit status is 1 if one was not
seen.
"""

import argparse
import importlib.abc
import importlib.machinery
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.mutation import mutated

PROJECT = Path(__file__).resolve().parents[2]
# How many schedules of each scenario are played at most: first each one, then some by chance.
EACH, BY_CHANCE = 1500, 1500


@dataclass(frozen=True)
class Mutation:
    """A break in the code, and where it should be seen.

    Attributes
    ----------
    name
        In words.
    file, text, broken
        `text`, which stands in `file` once, becomes `broken`.
    scenarios
        What is played.
    """

    name: str
    file: str
    text: str
    broken: str
    scenarios: tuple[str, ...]


@dataclass(frozen=True)
class Unconditional:
    """A write whose condition is left out on its way to DynamoDB.

    Attributes
    ----------
    kind, row, condition
        What it does ("Put", "Update", "Delete", "ConditionCheck"), how its row's sort key begins, and a part
        of the condition.
    scenarios
        What is played.
    """

    kind: str
    row: str
    condition: str
    scenarios: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.kind} of {self.row} without {self.condition!r}"

    def applies(self, kind: str, arguments: Mapping[str, Any]) -> bool:
        """Return whether an action is the one whose condition is left out."""
        key = arguments.get("Key") or arguments.get("Item") or {}
        sort, partition = key["sk"]["S"], key["pk"]["S"]
        row = sort if partition.startswith("QUEUE#") else partition
        return (
            kind == self.kind
            and row.startswith(self.row)
            and self.condition in arguments.get("ConditionExpression", "")
        )


LEASES = "pipe_queue/leases.py"
STORED_LEASES = "pipe_queue/store/leases.py"

MUTATIONS: tuple[Mutation, ...] = (
    Mutation(
        "without the lease condition",
        STORED_LEASES,
        "({_FREE} AND {as_read})",
        "({_FREE} OR :now = :now OR {as_read})",
        ("two workers on leases",),
    ),
    Mutation(
        "without the token",
        "common/dynamodb.py",
        '{"ClientRequestToken": token}',
        "{}",
        ("a producer and a consumer", "producers and consumers"),
    ),
    Mutation(
        "without the transaction",
        "pipe_queue/store/items.py",
        "    table.transact([_new(row)], token)",
        '    table.put(row, ConditionExpression="attribute_not_exists(sk)")',
        ("a producer and a consumer", "producers and consumers"),
    ),
    Mutation(
        "with unconditional delete",
        STORED_LEASES,
        """        ConditionExpression="lease_id = :lease",
        ExpressionAttributeValues={":lease": lease_id},
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
""",
        "",
        ("a consumer held up for longer than its lease",),
    ),
    Mutation(
        "with unconditional acknowledgement",
        STORED_LEASES,
        """{"Delete": {"Key": item_key(queue, item_id), **_if_in_force(lease_id, now_ms)}},""",
        """{"Delete": {"Key": item_key(queue, item_id)}},""",
        ("two workers on leases", "workers on leases that run out"),
    ),
    Mutation(
        "with a lost response to a delete treated as a refusal",
        LEASES,
        "if refusal.row is not None or not refusal.retried:",
        "if True:",
        ("two consumers",),
    ),
    Mutation(
        "with the time of the enqueue instead of a sequence number",
        "pipe_queue/items.py",
        """    return queue, int(metadata["sequence"])""",
        """    return queue, now_ms() % 10**9 * 1000 + int(metadata["sequence"]) % 1000""",
        ("clocks that are off",),
    ),
    Mutation(
        "not reading the attempt again after finding no item",
        LEASES,
        "    twin = _attempt(queue, attempt_id)\n",
        "    twin = None\n",
        ("an attempt sent twice",),
    ),
    Mutation(
        "with failed == (0,) loosened",
        LEASES,
        "if refusal.failed != (0,):",
        "if False:",
        ("an attempt sent twice, many items",),
    ),
    Mutation(
        "burying without asking for the lease",
        "pipe_queue/store/dead_letters.py",
        'f"receives = :receives AND {lease_ended}"',
        'f"receives = :receives AND ({lease_ended} OR receives = :receives)"',
        ("a last lease is extended while the dead are buried",),
    ),
    Mutation(
        "removing without checking whether the request was repeated",
        LEASES,
        "if refusal.row is not None or not refusal.retried:",
        "if refusal.row is not None:",
        ("a consumer whose clock is far ahead",),
    ),
    Mutation(
        "ignoring who made a queue",
        "pipe_queue/queues.py",
        'if metadata.get("made_by") != maker:',
        "if False:",
        ("two make a queue",),
    ),
    Mutation(
        "not knowing that the request itself made the queue",
        "pipe_queue/queues.py",
        'if metadata.get("made_by") != maker:',
        "if True:",
        ("a queue is deleted and made again",),
    ),
    Mutation(
        "ignoring the generation of a deletion",
        "pipe_queue/store/queues.py",
        """
                    "ConditionExpression": "generation = :generation",
                    "ExpressionAttributeValues": {":generation": generation},
                }
            },
            {"Put": {"Item": _listed_row(name, generation, DELETING)}},
""",
        """
                }
            },
            {"Put": {"Item": _listed_row(name, generation, DELETING)}},
""",
        ("two delete, two make",),
    ),
    Mutation(
        "letting a late extension end a lease that was extended again",
        STORED_LEASES,
        'f"{_IN_FORCE} AND lease_until <= :until"',
        'f"{_IN_FORCE} AND (lease_until <= :until OR :until = :until)"',
        ("a worker extends twice",),
    ),
    Mutation(
        "letting a lease be extended that has run out",
        STORED_LEASES,
        'f"{_IN_FORCE} AND lease_until <= :until"',
        '"lease_id = :lease AND :now = :now AND lease_until <= :until"',
        ("a worker extends or gives back late",),
    ),
    Mutation(
        "without looking again after a lost race",
        LEASES,
        "    return _Result(None, again=raced)\n\n\ndef _head",
        "    return _Result(None)\n\n\ndef _head",
        ("two consumers and a producer",),
    ),
    Mutation(
        "forgetting an attempt after an extension",
        LEASES,
        "    if attempt:\n",
        "    if False:\n",
        ("an attempt asks again after an extension",),
    ),
    Mutation(
        "looking for the dead only before items that were never handed out",
        "pipe_queue/dead_letters.py",
        "    for row in lease_store.exhausted(queue.name",
        "    for row in [] and lease_store.exhausted(queue.name",
        ("a dead letter behind an item that was never handed out",),
    ),
    Mutation(
        "without noting what the earlier service deleted",
        "pipe_queue/queues.py",
        "                _note_deletion_by_others(name)\n",
        "",
        ("the earlier service deletes the queue, and it is made again",),
    ),
)

# A few conditions are not in this list, because a caller would not notice their absence. The client token
# also protects the put of an item. The record of an attempt is prolonged within seconds after its lease was
# read. The note that the earlier service deleted a queue matters only if that service makes the queue
# again and puts items into it; docs/operations.md promises nothing for that.
UNCONDITIONAL: tuple[Unconditional, ...] = (
    Unconditional("Put", "DEDUP#", "attribute_not_exists", ("one dedup id sent twice",)),
    Unconditional("Update", "ITEM#", "attribute_exists", ("two consumers", "two workers on leases")),
    Unconditional(
        "Update", "ITEM#", "lease_until > :now", ("a worker extends or gives back late", "dead letters")
    ),
    Unconditional("Delete", "ITEM#", "lease_until > :now", ("two workers on leases",)),
    Unconditional("Delete", "ITEM#", "attribute_exists", ("an attempt sent twice beside a consumer",)),
    Unconditional(
        "Delete", "ITEM#", "receives = :receives", ("a last lease is extended while the dead are buried",)
    ),
    Unconditional("Put", "ATTEMPT#", "attribute_not_exists", ("an attempt sent twice, two items",)),
    Unconditional("Delete", "DEAD#", "attribute_exists", ("a redrive", "dead letters are redriven")),
    Unconditional(
        "Put", "METADATA", "attribute_not_exists", ("the earlier service's queue is made once more",)
    ),
    Unconditional(
        "Update", "METADATA", "attribute_not_exists", ("the earlier service's queue is taken over by two",)
    ),
    Unconditional("Update", "METADATA", "attribute_exists(sk)", ("a queue is deleted while items are put",)),
    Unconditional("Delete", "METADATA", "generation = ", ("two delete, two make",)),
    Unconditional("Update", "METADATA", "generation = ", ("a queue is deleted while it is changed",)),
    Unconditional("Put", "QUEUES", "phase = :deleted", ("made by two, deleted by one",)),
    Unconditional("Update", "QUEUES", "phase = :deleting", ("deleted by two, made again and listed",)),
)

EVERY: dict[str, Mutation | Unconditional] = {
    **{mutation.name: mutation for mutation in MUTATIONS},
    **{mutation.name: mutation for mutation in UNCONDITIONAL},
}


class _Breaker(importlib.abc.MetaPathFinder):
    """Imports one file of the project broken."""

    def __init__(self, mutation: Mutation) -> None:
        self._mutation = mutation
        self._module = mutation.file.removesuffix(".py").replace("/", ".")

    def find_spec(self, name: str, _path: Any = None, _target: Any = None) -> Any:
        """Return how to import the broken module; None for every other."""
        if name != self._module:
            return None
        loader = _BrokenLoader(self._mutation)
        return importlib.machinery.ModuleSpec(name, loader, origin=self._mutation.file)


class _BrokenLoader(importlib.abc.Loader):
    def __init__(self, mutation: Mutation) -> None:
        self._mutation = mutation

    def exec_module(self, module: Any) -> None:
        """Run the broken source."""
        file = PROJECT / self._mutation.file
        broken = mutated(file.read_text(), self._mutation)
        exec(compile(broken, str(file), "exec"), vars(module))  # noqa: S102 - the project's own code


def seen(name: str) -> tuple[bool, str]:
    """Play a mutation in a process of its own; return whether it was seen, and what was told."""
    played = subprocess.run(
        [sys.executable, "-m", "tests.simulation.mutations", "--play", name],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    # A simulator that crashed does not count as having seen the break. It must have printed a verdict.
    return played.returncode == 1 and "To play it again" in played.stdout, played.stdout or played.stderr


def _play(mutation: Mutation | Unconditional) -> int:
    """Play a mutation in this process, which has imported nothing of the project; return the exit status."""
    if isinstance(mutation, Mutation):
        sys.meta_path.insert(0, _Breaker(mutation))
    from tests.simulation.lambdas import install
    from tests.simulation.play import Theatre
    from tests.simulation.scenarios import SCENARIOS

    without = mutation.applies if isinstance(mutation, Unconditional) else None
    stage = install()
    for name in mutation.scenarios:
        (scenario,) = [scenario for scenario in SCENARIOS if scenario.name == name]
        theatre = Theatre(stage, scenario, without_condition=without)
        played = theatre.play_all(EACH) if scenario.exhaustive else theatre.play_some(range(BY_CHANCE))
        if played.failure is None and scenario.exhaustive:
            played = theatre.play_some(range(BY_CHANCE))
        if played.failure is not None:
            _say(str(played.failure))
            return 1
    return 0


def main() -> int:
    """Play what the arguments ask for; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.mutations")
    parser.add_argument("--play", choices=EVERY, metavar="NAME", help="one, in this process")
    options = parser.parse_args()
    if options.play is not None:
        return _play(EVERY[options.play])
    unseen = 0
    for name in EVERY:
        was_seen, told = seen(name)
        unseen += not was_seen
        _say(f"{'seen' if was_seen else 'NOT SEEN':9} {name}\n    {told.splitlines()[0] if told else ''}")
    return int(bool(unseen))


def _say(words: str) -> None:
    print(words, flush=True)  # noqa: T201 - a report


if __name__ == "__main__":
    sys.exit(main())
