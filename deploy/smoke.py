"""Asks a deployed API whether it works: `python -m deploy.smoke https://api.photonranch.org/test`.

It only reads. What is stored does not matter: an empty stage passes, one with a broken function does not.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from deploy.probes import Probe, ProbeClient, ProbeFailed

# The night of a documented example.
_MOON = "lat=34.34&lng=-119.68&start=2020-12-31T01:00:00Z&end=2021-01-02T01:00:00Z"
_NO_SITE = "smoke-test"
_NOBODY = "not.a.user"
_PLACE = ("latitude", "longitude", "elevation", "reference_ambient", "reference_pressure", "TZ_database_name")

PROBES = (
    Probe("/", lambda answer: answer.text == "New photon ranch API"),
    Probe("//", lambda answer: answer.text == "New photon ranch API"),
    Probe("/recentuploads?site=all", lambda answer: isinstance(answer.json(), list)),
    Probe("/latest_image_all_sites", lambda answer: isinstance(answer.json(), dict)),
    Probe("/filtered_images?limit=1", lambda answer: isinstance(answer.json(), list)),
    Probe(f"/events/moon/rise-set-illum?{_MOON}", lambda answer: answer.json()[0]["illumination"]),
    Probe("/pipe/queues", lambda answer: isinstance(answer.json(), dict)),
    Probe("/pipe/statuses", lambda answer: isinstance(answer.json(), list)),
    Probe("/openapi.json", lambda answer: answer.json()["openapi"]),
    Probe("/docs", lambda answer: "<html" in answer.text),
    Probe("/docs/swagger-ui-bundle.js", lambda answer: "SwaggerUIBundle" in answer.text),
    Probe("/console", lambda answer: "<html" in answer.text),
    # a function that does not start would answer 502 here; nothing is made or changed
    Probe("/download", lambda answer: "object_name" in answer.text, method="POST", statuses=(400,), json={}),
    Probe(
        "/no/such/route/anywhere",
        lambda answer: answer.json() == {"message": "Missing Authentication Token"},
        statuses=(403,),
    ),
    Probe(
        "/dummy-requires-auth",
        lambda answer: answer.json() == {"message": "Unauthorized"},
        method="POST",
        statuses=(401,),
        token=_NOBODY,
        # 401 says that the authorizer read the token; it fails where a setting of its own is wrong
        hint="The authorizer is broken: see its log, and the settings AUTH0_CLIENT_ID and "
        "AUTH0_CLIENT_PUBLIC_KEY.",
    ),
)
CONFIGS = Probe("/all/config", lambda answer: isinstance(answer.json(), dict))


def main(arguments: list[str]) -> int:
    """Ask everything, say what came of it, and answer the process's exit status."""
    parser = argparse.ArgumentParser(prog="python -m deploy.smoke", description=__doc__)
    parser.add_argument("base_url", type=_url, help="for example https://api.photonranch.org/test")
    with ProbeClient(parser.parse_args(arguments).base_url) as client:
        wrong = failures(client)
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    print("It does not work as it should." if wrong else "It works.")
    return 1 if wrong else 0


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise argparse.ArgumentTypeError(f"{text!r} is no http:// or https:// URL")
    return text


def failures(client: ProbeClient) -> list[str]:
    """Ask everything; answer a sentence for each route that does not answer as it should."""
    wrong = []
    try:
        configs = client.run(CONFIGS).json()
    except ProbeFailed as error:
        wrong.append(str(error))
        configs = {}
    for probe in (*PROBES, *_site_probes(configs)):
        started = time.monotonic()
        try:
            client.run(probe)
        except ProbeFailed as error:
            wrong.append(str(error))
        else:
            print(f"  {probe} answers as it should, {time.monotonic() - started:.2f} s")
    return wrong


def _site_probes(configs: dict[str, Any]) -> Iterator[Probe]:
    """Answer what is asked of one site, of tonight only where a site's place is known."""
    site = min(configs, default=_NO_SITE)
    yield Probe(f"/{site}/config", lambda _answer: True, statuses=(200,) if configs else (404,))
    yield Probe(f"/{site}/latest_images/1", lambda answer: isinstance(answer.json(), list))
    yield Probe(f"/infoimage/{site}/1", lambda _answer: True, statuses=(200, 204, 404))
    yield Probe(f"/nightlog/{site}", lambda _answer: True, statuses=(200, 204))
    yield Probe("/fitsheader/smoke-test", lambda answer: "No fits header" in answer.text, statuses=(404,))
    placed = [site for site, config in configs.items() if all(name in config for name in _PLACE)]
    if placed:
        yield Probe(f"/events?site={min(placed)}", lambda answer: answer.json()["Middle of Night"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
