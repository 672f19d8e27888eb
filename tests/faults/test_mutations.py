"""The mutations of `python -m tests.faults.mutations` against the code: each still fits."""

import pytest

from local.deployment import PROJECT
from tests.faults.mutations import MUTATIONS, Mutation


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_what_a_mutation_breaks_is_there_once(mutation: Mutation) -> None:
    assert (PROJECT / mutation.file).read_text().count(mutation.text) == 1
