"""Chooses the stored file for a name: that file, the large FITS at its other level, or a smaller one."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from common.errors import BadRequest
from common.fits_levels import other_level
from common.object_names import checked_name
from zip_function import store
from zip_function.store import StoredFile

DIRECTORY = "data"


class Choice(NamedTuple):
    """A requested file.

    Attributes
    ----------
    name
        Its name.
    fallback
        The name of the file to use if it is not stored at either level; None without one.
    """

    name: str
    fallback: str | None = None


class Found(NamedTuple):
    """The stored file of a choice.

    Attributes
    ----------
    file
        The file to use; None if none is stored.
    as_asked
        Whether it is the requested file, at either level.
    """

    file: StoredFile | None
    as_asked: bool


def parse(filenames: Any, fallbacks: Any) -> list[Choice]:
    """Return the choices of an event, sorted and unique.

    Parameters
    ----------
    filenames
        Names in `data/`.
    fallbacks
        From some of these names to the names of other files; None without fallbacks.

    Raises
    ------
    BadRequest
        If they are anything else.
    """
    if not isinstance(filenames, list) or not filenames:
        raise BadRequest("filenames is required: a list of names.")
    if fallbacks is not None and not isinstance(fallbacks, Mapping):
        raise BadRequest("fallbacks must be an object of names.")
    return [_choice(name, fallbacks or {}) for name in sorted({_checked(name) for name in filenames})]


def look_up(choice: Choice) -> Found:
    """Return the stored file of a choice. One request, and one more for each missing file."""
    for name, as_asked in _names(choice):
        file = store.look_up(f"{DIRECTORY}/{name}")
        if file is not None:
            return Found(file, as_asked)
    return Found(None, as_asked=False)


def _names(choice: Choice) -> Iterator[tuple[str, bool]]:
    """Return the names to try, and whether each means the requested file."""
    yield choice.name, True
    other = other_level(choice.name)
    if other is not None:
        yield other, True
    if choice.fallback is not None:
        yield choice.fallback, False


def _choice(name: str, fallbacks: Mapping[str, Any]) -> Choice:
    return Choice(name, _checked(fallbacks[name]) if name in fallbacks else None)


def _checked(name: Any) -> str:
    return checked_name(name, DIRECTORY)
