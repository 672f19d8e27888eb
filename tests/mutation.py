"""Breaking the code on purpose, so that a suite can show that it sees the break."""

from typing import Protocol


class Mutation(Protocol):
    """A break in one file: `text`, which stands in `file` once, becomes `broken`."""

    @property
    def name(self) -> str:
        """The break in words."""

    @property
    def file(self) -> str:
        """The file, relative to the project."""

    @property
    def text(self) -> str:
        """What stands there."""

    @property
    def broken(self) -> str:
        """What takes its place."""


def mutated(source: str, mutation: Mutation) -> str:
    """Return the source of the mutation's file with the break in it.

    Raises
    ------
    ValueError
        If its text does not stand there exactly once.
    """
    if source.count(mutation.text) != 1:
        raise ValueError(f"{mutation.name}: {mutation.file} has changed, the mutation no longer fits")
    return source.replace(mutation.text, mutation.broken)
