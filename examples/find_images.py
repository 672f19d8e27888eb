#!/usr/bin/env python3
"""Finds images of a target or of a place on the sky, and fetches their FITS files.

    python examples/find_images.py http://127.0.0.1:4000/api --object "M 51"
    python examples/find_images.py http://127.0.0.1:4000/api --ra 202.47 --dec 47.2 --radius 0.5
    python examples/find_images.py http://127.0.0.1:4000/api --object m51 --filter rp --save fits

Prints one line for each image, newest first. With --save it fetches the FITS file of each image into a
folder, as it is stored: the large one, or the small one if there is no large one (see --size). A file has its
name only when it is complete. Start the program again after an interruption: it skips complete files and
resumes the others where they ended. If the API or S3 cannot be reached or is busy, a file is tried again.

Exit status: 0 for success, 1 if the API cannot be reached or a file cannot be fetched, 2 if the request is
invalid. Needs the library `requests`.
"""

import argparse
import json
import random
import re
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

OK, PARTIAL, BAD_REQUEST, FORBIDDEN, BAD_RANGE, TOO_MANY, SERVER_ERROR = 200, 206, 400, 403, 416, 429, 500
# Raised when no response comes, or only part of one.
AWAY = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)
# Timeout until a response, and between two blocks.
TIMEOUT_S = 35
LONGEST_PAUSE_S = 30.0
PAGE = 500
BLOCK = 1 << 20
# Levels of FITS files in their names. A stage stores large files as 00 or 01; the API finds either.
LEVELS = {"large": "01", "small": "10"}
SIZES = {"best": ("large", "small"), "large": ("large",), "small": ("small",)}
# Any type that the API does not convert to: the file as it is stored.
AS_STORED = "stored"

Image = dict[str, Any]


class Refused(Exception):
    """The request was rejected. Retrying does not help."""


class Failed(Exception):
    """The request failed. Retrying may help."""

    def __init__(self, why: str, wait_s: float = 0) -> None:
        super().__init__(why)
        self.wait_s = wait_s


class Api:
    """The routes of the API about images.

    Parameters
    ----------
    base_url
        Like "http://127.0.0.1:4000/api".
    """

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url.rstrip("/")
        self._session = requests.Session()

    def images(self, filters: dict[str, Any]) -> Iterator[Image]:
        """Return the images that match filters, newest first, from all pages of the list."""
        url: str = f"{self._base_url}/filtered_images"
        query: dict[str, Any] | None = filters
        while url:
            answer = checked(self._send("GET", url, params=query))
            yield from answer.json()
            # The link is relative to the URL of the request, and has all filters.
            following = answer.links.get("next", {}).get("url")
            url, query = (urljoin(url, following) if following else ""), None

    def fits_url(self, name: str) -> str:
        """Return a link to a stored FITS file."""
        body = {"object_name": name, "image_type": AS_STORED}
        return checked(self._send("POST", f"{self._base_url}/download", json=body)).text

    def stream(self, url: str, headers: dict[str, str]) -> requests.Response:
        """Return the response to a GET of a link, whose body is not read yet."""
        return self._send("GET", url, headers={"Accept-Encoding": "identity", **headers}, stream=True)

    def _send(self, method: str, url: str, **arguments: Any) -> requests.Response:
        try:
            return self._session.request(method, url, timeout=TIMEOUT_S, **arguments)
        except AWAY as error:
            raise Failed(f"no connection ({type(error).__name__})") from error


class Part:
    """The part of a file that was fetched so far: `{name}.{etag}.part` beside the file.

    The ETag in the name says of which version of the file it is a part.
    """

    def __init__(self, target: Path) -> None:
        self._target = target
        self._found = next(iter(sorted(target.parent.glob(f"{target.name}.*.part"))), None)

    def headers(self) -> dict[str, str]:
        """Return headers that ask for the rest, or for the whole file if it has changed."""
        if self._found is None or not self._size():
            return {}
        etag = self._found.name.removeprefix(f"{self._target.name}.").removesuffix(".part")
        return {"Range": f"bytes={self._size()}-", "If-Range": f'"{etag}"'}

    def append(self, answer: requests.Response) -> None:
        """Write a response's body, and give the file its name when it is complete."""
        if answer.status_code != PARTIAL:
            self.discard()
        path = self._found or self._new(answer)
        with path.open("ab") as file:
            start = file.tell()
            whole = start + int(answer.headers["Content-Length"])
            progress = shown(self._target.name, start, whole)
            for block in answer.iter_content(BLOCK):
                file.write(block)
                progress(file.tell())
            size = file.tell()
        if size != whole:
            raise Failed(f"the response ended after {size} of {whole} bytes")
        path.replace(self._target)

    def discard(self) -> None:
        """Delete the part."""
        if self._found is not None:
            self._found.unlink()
            self._found = None

    def _size(self) -> int:
        return self._found.stat().st_size if self._found else 0

    def _new(self, answer: requests.Response) -> Path:
        etag = re.sub(r"[^A-Za-z0-9-]", "", answer.headers.get("ETag", "")) or "none"
        self._found = self._target.with_name(f"{self._target.name}.{etag}.part")
        return self._found


def checked(answer: requests.Response) -> requests.Response:
    """Return a response of the API, or raise `Refused` or `Failed`."""
    if answer.status_code >= SERVER_ERROR or answer.status_code == TOO_MANY:
        raise Failed(f"{answer.status_code}: {answer.text[:300]}", _seconds(answer))
    if answer.status_code >= BAD_REQUEST:
        raise Refused(f"{answer.status_code}: {answer.text[:300]}")
    return answer


def fetch(api: Api, name: str, folder: Path) -> str:
    """Fetch a FITS file once; return what was done with it."""
    url = api.fits_url(name)
    target = folder / Path(urlsplit(url).path).name
    if target.exists():
        return f"{target.name}: already there"
    part = Part(target)
    with api.stream(url, part.headers()) as answer:
        if answer.status_code == BAD_RANGE:
            part.discard()
            raise Failed("the part that was fetched is too long")
        if answer.status_code == FORBIDDEN or answer.status_code >= SERVER_ERROR:
            raise Failed(f"S3 answers {answer.status_code}")
        if answer.status_code not in (OK, PARTIAL):
            raise Refused(f"S3 answers {answer.status_code}")
        part.append(answer)
    return f"{target.name}: fetched, {target.stat().st_size / 1e6:.1f} MB"


def fits_name(image: Image, size: str) -> str | None:
    """Return the name of an image's FITS file; None if it has none of the wanted size."""
    for each in SIZES[size]:
        if image[f"fits_{LEVELS[each]}_exists"]:
            return f"{image['base_filename']}-{image['data_type']}{LEVELS[each]}.fits.fz"
    return None


def line(image: Image) -> str:
    """Return a line about an image: time, name, filter, exposure, airmass, sizes of its FITS files."""
    captured = image["capture_date"]
    when = "?" if captured is None else f"{datetime.fromtimestamp(captured / 1000, UTC):%Y-%m-%d %H:%M:%S}"
    name, filter_used = image["base_filename"], image["filter_used"] or "?"
    exposure, airmass = _number(image["exposure_time"], "{:.1f} s"), _number(image["airmass"], "{:.2f}")
    sizes = ", ".join(size for size, level in LEVELS.items() if image[f"fits_{level}_exists"]) or "-"
    return f"{when:19}  {name:32}  {filter_used:8}  {exposure:>8}  {airmass:>7}  {sizes}"


def main() -> int:
    """Find the images and fetch them; return the exit status."""
    options = _options()
    api = Api(options.base_url)
    try:
        images = list(islice(api.images(_filters(options)), options.count))
        _show(images, options)
        return 0 if options.save is None or save_all(api, images, options) else 1
    except Refused as error:
        print(f"{options.base_url}: {error}", file=sys.stderr)
        return 2
    except requests.exceptions.JSONDecodeError:
        print(f"{options.base_url}: the server at this address is not the Photon Ranch API", file=sys.stderr)
        return 2
    except (Failed, OSError) as error:
        print(f"{options.base_url}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        say("stopped; start again to resume")
        return 1


def save_all(api: Api, images: list[Image], options: argparse.Namespace) -> bool:
    """Fetch the FITS files of images; return whether all were fetched."""
    options.save.mkdir(parents=True, exist_ok=True)
    done = True
    for number, image in enumerate(images, 1):
        name, label = fits_name(image, options.size), f"{number} of {len(images)}"
        if name is None:
            say(f"{label}  {image['base_filename']}: no FITS file of this size")
        else:
            done = save(api, name, options, label) and done
    return done


def save(api: Api, name: str, options: argparse.Namespace, label: str) -> bool:
    """Fetch a FITS file, with retries; return whether it was fetched."""
    for attempt, pause_s in enumerate(pauses(), 1):
        try:
            say(f"{label}  {fetch(api, name, options.save)}")
        except Refused as error:
            say(f"{label}  {name}: {error}")
            return False
        except (Failed, *AWAY) as error:
            say(f"{label}  {name}: {error if isinstance(error, Failed) else 'the connection broke off'}")
            if attempt == options.attempts:
                say(f"{label}  {name}: given up after {attempt} tries")
                return False
            time.sleep(max(pause_s, getattr(error, "wait_s", 0)))
        else:
            return True
    raise AssertionError("pauses never end")


def shown(name: str, start: int, whole: int) -> Callable[[int], None]:
    """Return a function that shows progress: one changing line on a terminal, each quarter in a log."""
    quarter = 4 * start // max(whole, 1)

    def progress(size: int) -> None:
        nonlocal quarter
        words = f"{name}: {100 * size // max(whole, 1)} % of {whole / 1e6:.1f} MB"
        if sys.stderr.isatty():
            print(f"\r{words}", end="\n" if size == whole else "", file=sys.stderr, flush=True)
        elif 4 * size // max(whole, 1) > quarter:
            quarter = 4 * size // max(whole, 1)
            say(words)

    return progress


def pauses() -> Iterator[float]:
    """Return the pauses between retries in seconds: each longer, with random jitter."""
    longest_s = 1.0
    while True:
        yield random.uniform(longest_s / 2, longest_s)  # noqa: S311 - spreads the retries, not for security
        longest_s = min(2 * longest_s, LONGEST_PAUSE_S)


def say(words: str) -> None:
    """Print a message."""
    print(time.strftime("%H:%M:%S"), words, file=sys.stderr, flush=True)


def _show(images: list[Image], options: argparse.Namespace) -> None:
    if options.json:
        print(json.dumps(images, indent=2))
    elif not images:
        print("There are no such images.", file=sys.stderr)
    else:
        print(f"{'captured (UTC)':19}  {'name':32}  {'filter':8}  {'exposure':>8}  {'airmass':>7}  FITS")
        print("\n".join(line(image) for image in images))


def _filters(options: argparse.Namespace) -> dict[str, Any]:
    """Return the query of the images that are wanted."""
    given = {
        name: getattr(options, name)
        for name in ("object", "ra", "dec", "radius", "site", "filter", "start_date", "end_date")
    }
    wanted = {name: value for name, value in given.items() if value is not None}
    return {**wanted, "limit": min(options.count, PAGE)}


def _number(value: float | None, form: str) -> str:
    return "?" if value is None else form.format(value)


def _seconds(answer: requests.Response) -> float:
    header = answer.headers.get("Retry-After", "")
    return float(header) if header.isdecimal() else 0.0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("base_url", help="the API's URL, like http://127.0.0.1:4000/api")
    parser.add_argument("--object", help='the target, as the header\'s OBJECT names it, like "M 51"')
    parser.add_argument("--ra", type=float, help="right ascension of a place, in degrees")
    parser.add_argument("--dec", type=float, help="declination of the place, in degrees")
    parser.add_argument("--radius", type=float, help="largest distance from the place, in degrees (0.25)")
    parser.add_argument("--site", help="only images of this site")
    parser.add_argument("--filter", help="only images through this filter")
    parser.add_argument("--start-date", help="only images from this date on (UTC), like 2026-03-01")
    parser.add_argument("--end-date", help="only images until this date (UTC)")
    parser.add_argument("--count", type=int, default=100, help="largest number of images (100)")
    parser.add_argument("--json", action="store_true", help="print the API's JSON response")
    parser.add_argument("--save", type=Path, metavar="FOLDER", help="fetch the FITS files into this folder")
    parser.add_argument("--size", choices=list(SIZES), default="best", help="which FITS file (best)")
    parser.add_argument("--attempts", type=int, default=5, help="how often to try each file (5)")
    options = parser.parse_args()
    if not options.base_url.startswith(("http://", "https://")):
        parser.error(f"base_url must begin with http:// or https://, not {options.base_url!r}")
    if options.object is None and (options.ra is None or options.dec is None):
        parser.error("give --object, or --ra and --dec")
    if min(options.count, options.attempts) < 1:
        parser.error("--count and --attempts must be at least 1")
    return options


if __name__ == "__main__":
    sys.exit(main())
