"""The two levels of the large FITS: today's sites store 00, older ones 01.

A request for one of them gets the one that is stored.
"""

import re

_LARGE_FITS = re.compile(r"(.*-[A-Za-z]+)(00|01)(\.fits?(?:\..*)?)", re.IGNORECASE | re.DOTALL)
_OTHER = {"00": "01", "01": "00"}


def other_level(name: str) -> str | None:
    """Return the name of the same large FITS at the other level; None if `name` is not that of a large FITS.

    Parameters
    ----------
    name
        `{base filename}-{data type}{level}.{extension}`, as in `…-EX00.fits.fz`.
    """
    match = _LARGE_FITS.fullmatch(name)
    return f"{match[1]}{_OTHER[match[2]]}{match[3]}" if match else None
