"""Which of the two levels of a large FITS is stored: the one that is asked for, or the other."""

from collections.abc import Callable
from dataclasses import replace

from common.errors import NotFound
from common.fits_levels import other_level
from downloads.arguments import Download


def of_stored_level(wanted: Download, url_of: Callable[[Download], str]) -> str:
    """Return the URL of the download, or of the same one at the other level where that is what is stored.

    An object at the level that is asked for costs no request more than `url_of` makes.

    Parameters
    ----------
    wanted
        The download that is asked for.
    url_of
        Returns the URL of a download, and raises `NotFound` if its object does not exist.

    Raises
    ------
    NotFound
        If neither level exists. The sentence names the one that was asked for.
    """
    try:
        return url_of(wanted)
    except NotFound as missing:
        name = other_level(wanted.name)
        if name is None:
            raise
        try:
            return url_of(replace(wanted, name=name))
        except NotFound:
            raise missing from None
