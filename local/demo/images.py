"""The demo network's recent images: their files, made once and cached."""

import json
import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from threading import Thread
from typing import Any, Final

from local.demo.schedule import plan_night
from local.demo.sites import SITES, Site

VERSION: Final = 4  # increase it when the files change, so that the cache is made again
PROCESSES: Final = 2
NIGHTS: Final = 2

Progress = Callable[[int, int], None]  # called with the numbers of nights made so far and in all


@dataclass(frozen=True)
class DemoImage:
    """An image: the header of its large FITS file, without comments, and its files by name.

    The files are in the order in which a site sends them.
    """

    site: str
    base_filename: str
    header: dict[str, Any]
    files: dict[str, Path]

    @property
    def started(self) -> str:
        """When the exposure started, as the header has it."""
        return str(self.header["DATE-OBS"])


def make_images(
    cache: Path, last_night: date, nights: int = NIGHTS, progress: Progress | None = None
) -> list[DemoImage]:
    """Return the images of all demo observatories on recent nights, by observatory and time.

    `last_night` is the local date of the most recent evening. Files that the folder `cache` does not have are
    made, in other processes: a program that calls this guards its main part with `if __name__ == "__main__"`.
    """
    dates = [last_night - timedelta(days=age) for age in reversed(range(nights))]
    return images_of(cache, [(site, night) for site in SITES for night in dates], progress)


def images_of(
    cache: Path, wanted: list[tuple[Site, date]], progress: Progress | None = None
) -> list[DemoImage]:
    """Return the images of the given observatories' nights, in that order; see `make_images`."""
    folder = cache / f"demo-images-v{VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    missing = [(folder, site, night) for site, night in wanted if _cached(folder, site, night) is None]
    if missing:
        # new processes: a fork would copy this one's threads and locks
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(PROCESSES, mp_context=context, initializer=_end_with_parent) as pool:
            for done, _ in enumerate(pool.map(_make_night, *zip(*missing, strict=True)), 1):
                if progress:
                    progress(done, len(missing))
    return [image for site, night in wanted for image in _cached(folder, site, night) or ()]


def write(path: Path, content: bytes) -> None:
    """Write a file in one step, so that no other process sees half of it."""
    partial = path.with_name(f".making-{os.getpid()}-{path.name}")
    partial.write_bytes(content)
    partial.replace(path)


def _make_night(folder: Path, site: Site, night: date) -> None:
    """Write the files of a night, and then the list that marks the night as complete."""
    # slow to import, and needed in the workers alone
    from local.demo.files import make_files

    listed = []
    for exposure in plan_night(site, night):
        made = make_files(exposure)
        for name, content in made.contents.items():
            write(folder / name, content)
        listed.append([exposure.base_filename, made.header, list(made.contents)])
    write(_list_path(folder, site, night), json.dumps(listed).encode())


def _cached(folder: Path, site: Site, night: date) -> list[DemoImage] | None:
    """Return a night's images, or None if they are not complete."""
    try:
        listed = json.loads(_list_path(folder, site, night).read_bytes())
    except FileNotFoundError:
        return None
    images = [
        DemoImage(site.observatory, base, header, {name: folder / name for name in names})
        for base, header, names in listed
    ]
    return images if all(path.is_file() for image in images for path in image.files.values()) else None


def _list_path(folder: Path, site: Site, night: date) -> Path:
    return folder / f"{site.observatory}-{night:%Y%m%d}.json"


def _end_with_parent() -> None:
    """End the worker when the parent is killed; otherwise it would wait for work forever."""
    parent = multiprocessing.parent_process()

    def wait() -> None:
        if parent:
            parent.join()
            os._exit(1)

    Thread(target=wait, daemon=True).start()
