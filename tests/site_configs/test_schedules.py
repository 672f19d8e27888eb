"""A list of all configs has every completed change, whoever changes, lists or crashes at the same time."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.errors import FlakyFailure

from site_configs import copies, listings, table
from tests.site_configs import schedules
from tests.site_configs.schedules import Operation, Turn, World

SITES = st.sampled_from(["mrc1", "aro1"])
OPERATIONS = st.one_of(
    st.just(Operation("list")),
    st.builds(Operation, st.just("put"), SITES, st.integers(1, 3)),
    st.builds(Operation, st.just("delete"), SITES),
)
PROGRAMS = st.lists(st.lists(OPERATIONS, min_size=1, max_size=4), min_size=2, max_size=3)
FATES = st.sampled_from(["", "", "lost", "crash"])
TURNS = st.lists(st.builds(Turn, st.integers(0, 2), st.integers(1, 9), FATES), max_size=20)


@pytest.fixture(scope="module")
def make_world() -> Iterator[Callable[[int], World]]:
    yield from schedules.patched()


def search(make_world: Callable[[int], World], examples: int) -> None:
    """Try schedules, the same ones each time."""

    @settings(max_examples=examples, deadline=None, derandomize=True, database=None)
    @given(PROGRAMS, TURNS, st.sampled_from([0, 3]))
    def play(programs: list[list[Operation]], turns: list[Turn], lag: int) -> None:
        world = make_world(lag)
        world.play(programs, turns)
        assert not world.wrong

    play()


def test_a_list_has_every_completed_change(make_world: Callable[[int], World]) -> None:
    search(make_world, 1500)


def versions_apart(patch: pytest.MonkeyPatch) -> None:
    """Renew the version after the change, not in its transaction."""

    def apart(action: Any, *versions: str) -> None:
        table._table.transact([action])
        table._versions.update(
            table._VERSION_KEY,
            UpdateExpression="SET " + ", ".join(f"{name} = :new" for name in versions),
            ExpressionAttributeValues={":new": uuid.uuid4().hex},
        )

    patch.setattr(table, "_change", apart)


def versions_of_sites_only(patch: pytest.MonkeyPatch) -> None:
    """Renew the version only if a site comes or goes."""
    change = table._change

    def some(action: Any, *versions: str) -> Any:
        return change(action, *versions) if "sites" in versions else table._table.transact([action])

    patch.setattr(table, "_change", some)


def copies_of_any_version(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(copies.Copy, "is_good", lambda _copy, _version: True)


def inconsistent_reads(patch: pytest.MonkeyPatch) -> None:
    read = table.read_all
    patch.setattr(table, "read_all", lambda after, **_consistent: read(after))


def version_read_last(patch: pytest.MonkeyPatch) -> None:
    """Read the version after the table, not before it, and keep the copy under that version."""
    keep, read = listings._read_and_keep, listings._read

    def late(_version: str, *, accepts_gzip: bool) -> Any:
        listing = read("")
        version = table.version().configs
        with pytest.MonkeyPatch.context() as inner:
            inner.setattr(listings, "_read", lambda _after: listing)
            return keep(version, accepts_gzip=accepts_gzip)

    patch.setattr(listings, "_read_and_keep", late)


@pytest.mark.parametrize(
    "break_it",
    [versions_apart, versions_of_sites_only, copies_of_any_version, inconsistent_reads, version_read_last],
)
def test_a_broken_copy_is_found(
    make_world: Callable[[int], World],
    break_it: Callable[[pytest.MonkeyPatch], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    break_it(monkeypatch)
    with pytest.raises((AssertionError, FlakyFailure)):
        search(make_world, 2000)
