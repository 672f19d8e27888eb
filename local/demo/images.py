"""The demo network's recent images, made when they are first asked for."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from threading import Thread
from typing import Any, Final

from local.demo.cache import Entry, open_folder, read_entries
from local.demo.sites import SITES, Site

PROCESSES: Final = 2


@dataclass(frozen=True)
class DemoImage:
    """One image.

    Parameters
    ----------
    site
        Code of its observatory, as "mrc1".
    base_filename
        What the names of its files begin with, as "mrc1-sq01-20261122-00000123".
    data_type
        "EX" for exposures.
    row
        Its row in the images table, all columns but `image_id`; times are naive, in UTC.
    files
        From file name to the file in the cache.
    """

    site: str
    base_filename: str
    data_type: str
    row: dict[str, Any]
    files: dict[str, Path]


def make_images(cache: Path, last_night: date, nights: int = 3) -> list[DemoImage]:
    """Images of all demo observatories on recent nights.

    What the cache does not have is made, in processes of their own if it is more than one night of one
    observatory; so a program that calls this guards its main part by `if __name__ == "__main__"`.

    Parameters
    ----------
    cache
        Folder that keeps the files; made if it is not there.
    last_night
        Local date on which the most recent night began.
    nights
        How many nights to go back, with that one.

    Returns
    -------
    list of DemoImage
        By observatory and then by time, the oldest first.
    """
    dates = [last_night - timedelta(days=age) for age in reversed(range(nights))]
    return images_of(cache, [(site, night) for site in SITES for night in dates])


def images_of(cache: Path, wanted: list[tuple[Site, date]]) -> list[DemoImage]:
    """Images of the given observatories' nights, in that order; see `make_images`."""
    folder = open_folder(cache)
    _make([(folder, site, night) for site, night in wanted if read_entries(folder, site, night) is None])
    return list(_images(folder, wanted))


def _images(folder: Path, wanted: list[tuple[Site, date]]) -> Iterable[DemoImage]:
    """Images of finished nights."""
    for site, night in wanted:
        for entry in read_entries(folder, site, night) or ():
            yield _image(folder, entry)


def _image(folder: Path, entry: Entry) -> DemoImage:
    """An image as others see it."""
    row = entry.row
    files = {name: folder / name for name in entry.files}
    return DemoImage(row["site"], row["base_filename"], row["data_type"], row, files)


def _make(missing: list[tuple[Path, Site, date]]) -> None:
    """Make nights; new processes begin afresh, so that threads of this one cannot confuse them."""
    if len(missing) == 1:
        _make_one(*missing[0])
    elif missing:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(PROCESSES, mp_context=context, initializer=_end_with_parent) as pool:
            list(pool.map(_make_one, *zip(*missing, strict=True)))


def _end_with_parent() -> None:
    """In a worker: see to it that it ends when its parent is killed, for it would wait for work forever."""
    Thread(target=_exit_after_parent, daemon=True).start()


def _exit_after_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _make_one(folder: Path, site: Site, night: date) -> None:
    """Make one night; the libraries for that are slow to load, so nobody else loads them."""
    from local.demo.night import make_night

    make_night(folder, site, night)
