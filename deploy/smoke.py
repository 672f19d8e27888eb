"""Smoke test of a deployed API: `python -m deploy.smoke https://api.example.org/test`.

It changes nothing. An empty stage passes. A stage with a broken function fails.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from deploy.probes import Probe, ProbeClient, ProbeFailed

# The example in the documentation of the route.
_MOON = "lat=34.34&lng=-119.68&start=2020-12-31T01:00:00Z&end=2021-01-02T01:00:00Z"
_NO_SITE = "smoke-test"
_NOBODY = "not.a.user"
_PLACE = ("latitude", "longitude", "elevation", "reference_ambient", "reference_pressure", "TZ_database_name")

PROBES = (
    Probe("/", lambda response: response.text == "New photon ranch API"),
    Probe("//", lambda response: response.text == "New photon ranch API"),
    Probe("/recentuploads?site=all", lambda response: isinstance(response.json(), list)),
    Probe("/latest_image_all_sites", lambda response: isinstance(response.json(), dict)),
    Probe("/filtered_images?limit=1", lambda response: isinstance(response.json(), list)),
    Probe(f"/events/moon/rise-set-illum?{_MOON}", lambda response: response.json()[0]["illumination"]),
    Probe("/pipe/queues", lambda response: isinstance(response.json(), dict)),
    Probe("/pipe/statuses", lambda response: isinstance(response.json(), list)),
    Probe("/now", lambda response: response.json()["unknown"] == []),
    Probe("/vo/sia2?MAXREC=1", lambda response: "QUERY_STATUS" in response.text),
    Probe("/vo/capabilities", lambda response: "SIA#query-2.0" in response.text),
    Probe("/vo/availability", lambda response: ">true<" in response.text),
    Probe("/openapi.json", lambda response: response.json()["openapi"]),
    Probe("/docs", lambda response: "<html" in response.text),
    Probe("/docs/swagger-ui-bundle.js", lambda response: "SwaggerUIBundle" in response.text),
    Probe("/console", lambda response: "<html" in response.text),
    # A function that does not start returns 502. This request is invalid, so it changes nothing.
    Probe(
        "/download", lambda response: "object_name" in response.text, method="POST", statuses=(400,), json={}
    ),
    Probe(
        "/no/such/route/anywhere",
        lambda response: response.json() == {"message": "Missing Authentication Token"},
        statuses=(403,),
    ),
    Probe(
        "/dummy-requires-auth",
        lambda response: response.json() == {"message": "Unauthorized"},
        method="POST",
        statuses=(401,),
        token=_NOBODY,
        # 401 means that the authorizer works. It returns 500 if one of its own settings is wrong.
        hint="The authorizer is broken: see its log, and the settings AUTH0_CLIENT_ID and "
        "AUTH0_CLIENT_PUBLIC_KEY.",
    ),
)
CONFIGS = Probe("/all/config", lambda response: isinstance(response.json(), dict))


def main(arguments: list[str]) -> int:
    """Run every probe, print the results, and return the process's exit status."""
    parser = argparse.ArgumentParser(prog="python -m deploy.smoke", description=__doc__)
    parser.add_argument("base_url", type=_url, help="for example https://api.example.org/test")
    with ProbeClient(parser.parse_args(arguments).base_url) as client:
        wrong = failures(client)
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    print("It does not work." if wrong else "It works.")
    return 1 if wrong else 0


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise argparse.ArgumentTypeError(f"{text!r} is not an http:// or https:// URL")
    return text


def failures(client: ProbeClient) -> list[str]:
    """Run every probe; return one sentence for each that fails."""
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
            print(f"  {probe} works, {time.monotonic() - started:.2f} s")
    return wrong


def _site_probes(configs: dict[str, Any]) -> Iterator[Probe]:
    """Return the probes of one site. Tonight's events need a site whose config has its place."""
    site = min(configs, default=_NO_SITE)
    yield Probe(f"/{site}/config", lambda _answer: True, statuses=(200,) if configs else (404,))
    yield Probe(f"/{site}/latest_images/1", lambda response: isinstance(response.json(), list))
    yield Probe(f"/infoimage/{site}/1", lambda _answer: True, statuses=(200, 204, 404))
    yield Probe(f"/nightlog/{site}", lambda _answer: True, statuses=(200, 204))
    yield Probe("/fitsheader/smoke-test", lambda response: "No fits header" in response.text, statuses=(404,))
    placed = [site for site, config in configs.items() if all(name in config for name in _PLACE)]
    if placed:
        yield Probe(f"/events?site={min(placed)}", lambda response: response.json()["Middle of Night"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
