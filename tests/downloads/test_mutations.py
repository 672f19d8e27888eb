"""The mutations of `python -m tests.downloads.mutations` against the code: each still fits."""

import pytest

from local.deployment import PROJECT
from tests.downloads.mutations import MUTATIONS, Mutation


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_what_a_mutation_takes_out_is_there_once(mutation: Mutation) -> None:
    assert (PROJECT / mutation.file).read_text().count(mutation.text) == 1
