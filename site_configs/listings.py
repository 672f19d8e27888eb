"""The configs of all sites as one answer, from a copy where that is good."""

import time
from dataclasses import asdict

from common.responses import Listing, Packed, packed
from site_configs import table
from site_configs.copies import Copies, Copy

# A later form of the copy needs another number, because stages of several versions share the bucket.
_copies = Copies("all-configs.1")


def all_configs(after: str, *, accepts_gzip: bool) -> Listing | Packed:
    """Return `{site: config}` of every site, or of those that follow `after` in DynamoDB's order.

    It has every change that was completed before, except those of other programs: see `copies.GOOD_FOR_S`.
    """
    if after:
        return _read(after)
    version = table.version().configs
    copy = _copies.find(version)
    if copy is None:
        return _read_and_keep(version, accepts_gzip=accepts_gzip)
    kept = Packed(gzipped=copy.content, **copy.facts)
    return kept if kept.fits_plain or accepts_gzip else _read("")


def forget() -> None:
    """Drop the copy of this process."""
    _copies.forget()


def _read_and_keep(version: str, *, accepts_gzip: bool) -> Listing | Packed:
    read_at = time.time()
    listing = _read("")
    if listing.is_cut_by_time:
        return listing
    made = packed(listing)
    facts = asdict(made)
    _copies.keep(Copy(version, read_at, facts, facts.pop("gzipped")))
    return made if made.fits_plain or accepts_gzip else listing


def _read(after: str) -> Listing:
    configs = table.read_all(after, consistent=True)
    return Listing(configs, lambda site: {"after": site}, is_object=True)
