"""Finds the stored level of a large FITS: the requested one, or the other."""

from collections.abc import Callable
from dataclasses import replace

from common.errors import NotFound
from common.fits_levels import other_level
from downloads.arguments import Download


def of_stored_level(wanted: Download, url_of: Callable[[Download], str]) -> str:
    """Return the URL of the download, or of the same file at the other level if only that is stored.

    An object at the requested level costs no additional request.

    Parameters
    ----------
    wanted
        The requested download.
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
