"""Which stored file stands for a name: that file, the large FITS at its other level, or a smaller one."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from api.object_names import checked_name
from common.errors import BadRequest
from common.fits_levels import other_level
from zip_function import store
from zip_function.store import StoredFile

DIRECTORY = "data"


class Choice(NamedTuple):
    """A file that is asked for.

    Attributes
    ----------
    name
        Its name.
    fallback
        The name of the file to take where it is not stored at either level; None for none.
    """

    name: str
    fallback: str | None = None


class Found(NamedTuple):
    """What is stored of a choice.

    Attributes
    ----------
    file
        The file to take; None if none is stored.
    as_asked
        Whether it is the file that was asked for, at whichever level.
    """

    file: StoredFile | None
    as_asked: bool


def parse(filenames: Any, fallbacks: Any) -> list[Choice]:
    """Return the choices that an event names, sorted, each once.

    Parameters
    ----------
    filenames
        Names in `data/`.
    fallbacks
        From some of these names to the names of other files; None for none.

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
    """Return what is stored of a choice. One request, and one more for each file that is not there."""
    for name, as_asked in _names(choice):
        file = store.look_up(f"{DIRECTORY}/{name}")
        if file is not None:
            return Found(file, as_asked)
    return Found(None, as_asked=False)


def _names(choice: Choice) -> Iterator[tuple[str, bool]]:
    """Return the names to try, and whether each is that of the file that was asked for."""
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
