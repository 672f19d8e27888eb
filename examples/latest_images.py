#!/usr/bin/env python3
"""Shows a site's newest images, and fetches their pictures.

    python examples/latest_images.py http://127.0.0.1:4000/api mrc1
    python examples/latest_images.py http://127.0.0.1:4000/api mrc1 --count 3 --save pictures

Prints one line for each image, newest first. With --json it prints the API's JSON response instead. Exit
status: 0 for success, 1 if the API cannot be reached or a picture cannot be fetched, 2 if the request is
invalid. Needs the library `requests`.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import requests

OK, BAD_REQUEST, SERVER_ERROR = 200, 400, 500
TIMEOUT_S = 35

Image = dict[str, Any]


class Refused(Exception):
    """The API rejected the request. Retrying does not help."""


class Failed(Exception):
    """The request failed. Retrying may help."""


def newest(session: requests.Session, base_url: str, site: str, count: int) -> Iterator[Image]:
    """Return a site's newest images, from all pages of the list."""
    url = f"{base_url.rstrip('/')}/{quote(site, safe='')}/latest_images/{count}"
    while url:
        answer = get(session, url)
        yield from answer.json()
        # The link is relative to the URL of the request.
        following = answer.links.get("next", {}).get("url")
        url = urljoin(url, following) if following else ""


def save(session: requests.Session, image: Image, folder: Path) -> Path:
    """Fetch an image's picture into a folder."""
    answer = get(session, image["jpg_url"])
    path = folder / Path(urlsplit(image["jpg_url"]).path).name
    path.write_bytes(answer.content)
    return path


def get(session: requests.Session, url: str) -> requests.Response:
    """Return the content of a URL, or raise `Refused` or `Failed`."""
    try:
        answer = session.get(url, timeout=TIMEOUT_S)
    except (requests.ConnectionError, requests.Timeout) as error:
        raise Failed(f"no connection ({type(error).__name__})") from error
    if answer.status_code >= SERVER_ERROR:
        raise Failed(f"{answer.status_code}: {answer.text[:300]}")
    if answer.status_code >= BAD_REQUEST:
        raise Refused(f"{answer.status_code}: {answer.text[:300]}")
    return answer


def line(image: Image) -> str:
    """Return a line about an image: time, name, filter, exposure, airmass."""
    captured = image["capture_date"]
    when = "?" if captured is None else f"{datetime.fromtimestamp(captured / 1000, UTC):%Y-%m-%d %H:%M:%S}"
    name, filter_used = image["base_filename"], image["filter_used"] or "?"
    exposure, airmass = _number(image["exposure_time"], "{:.1f} s"), _number(image["airmass"], "{:.2f}")
    return f"{when}  {name:32}  {filter_used:8}  {exposure:>8}  {airmass:>7}"


def main() -> int:
    """Show the images; return the exit status."""
    options = _options()
    session = requests.Session()
    try:
        images = list(newest(session, options.base_url, options.site, options.count))
        _show(images, options)
        if options.save:
            options.save.mkdir(parents=True, exist_ok=True)
            for image in images:
                print(save(session, image, options.save), file=sys.stderr)
    except Refused as error:
        print(f"{options.site}: {error}", file=sys.stderr)
        return 2
    except requests.exceptions.JSONDecodeError:
        print(f"{options.base_url}: the server at this address is not the Photon Ranch API", file=sys.stderr)
        return 2
    except (Failed, OSError) as error:
        print(f"{options.base_url}: {error}", file=sys.stderr)
        return 1
    return 0


def _show(images: list[Image], options: argparse.Namespace) -> None:
    if options.json:
        print(json.dumps(images, indent=2))
    elif not images:
        print(f"There are no images of {options.site}.", file=sys.stderr)
    else:
        print(f"{'captured (UTC)':19}  {'name':32}  {'filter':8}  {'exposure':>8}  {'airmass':>7}")
        print("\n".join(line(image) for image in images))


def _number(value: float | None, form: str) -> str:
    return "?" if value is None else form.format(value)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("base_url", help="the API's URL, like http://127.0.0.1:4000/api")
    parser.add_argument("site", help="the site's code, like mrc1")
    parser.add_argument("--count", type=int, default=10, help="number of images (10)")
    parser.add_argument("--json", action="store_true", help="print the API's JSON response")
    parser.add_argument("--save", type=Path, metavar="FOLDER", help="fetch the pictures into this folder")
    options = parser.parse_args()
    if not options.base_url.startswith(("http://", "https://")):
        parser.error(f"base_url must begin with http:// or https://, not {options.base_url!r}")
    if options.count < 1:
        parser.error("--count must be at least 1")
    return options


if __name__ == "__main__":
    sys.exit(main())
