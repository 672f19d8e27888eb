"""Asks a deployed API whether it works: `python -m deploy.smoke https://api.photonranch.org/test`.

It only reads. What is stored does not matter: an empty stage passes, one with a broken function does not.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from deploy.questions import Asker, Question, WrongAnswer

# The night of a documented example.
_MOON = "lat=34.34&lng=-119.68&start=2020-12-31T01:00:00Z&end=2021-01-02T01:00:00Z"
_NO_SITE = "smoke-test"
_NOBODY = "not.a.user"
_PLACE = ("latitude", "longitude", "elevation", "reference_ambient", "reference_pressure", "TZ_database_name")

QUESTIONS = (
    Question("/", lambda answer: answer.text == "New photon ranch API"),
    Question("//", lambda answer: answer.text == "New photon ranch API"),
    Question("/recentuploads?site=all", lambda answer: isinstance(answer.json(), list)),
    Question("/latest_image_all_sites", lambda answer: isinstance(answer.json(), dict)),
    Question("/filtered_images?limit=1", lambda answer: isinstance(answer.json(), list)),
    Question(f"/events/moon/rise-set-illum?{_MOON}", lambda answer: answer.json()[0]["illumination"]),
    Question("/pipe/queues", lambda answer: isinstance(answer.json(), dict)),
    Question("/pipe/statuses", lambda answer: isinstance(answer.json(), list)),
    Question("/openapi.json", lambda answer: answer.json()["openapi"]),
    Question("/docs", lambda answer: "<html" in answer.text),
    Question("/docs/swagger-ui-bundle.js", lambda answer: "SwaggerUIBundle" in answer.text),
    Question("/console", lambda answer: "<html" in answer.text),
    # a function that does not start would answer 502 here; nothing is made or changed
    Question(
        "/download", lambda answer: "object_name" in answer.text, method="POST", statuses=(400,), json={}
    ),
    Question(
        "/no/such/route/anywhere",
        lambda answer: answer.json() == {"message": "Missing Authentication Token"},
        statuses=(403,),
    ),
    Question(
        "/dummy-requires-auth",
        lambda answer: answer.json() == {"message": "Unauthorized"},
        method="POST",
        statuses=(401,),
        token=_NOBODY,
        # 401 says that the authorizer read the token; it fails where a setting of its own is wrong
        if_it_fails="The authorizer is broken: see its log, and the settings AUTH0_CLIENT_ID and "
        "AUTH0_CLIENT_PUBLIC_KEY.",
    ),
)
CONFIGS = Question("/all/config", lambda answer: isinstance(answer.json(), dict))


def main(arguments: list[str]) -> int:
    """Ask everything, say what came of it, and answer the process's exit status."""
    parser = argparse.ArgumentParser(prog="python -m deploy.smoke", description=__doc__)
    parser.add_argument("base_url", type=_url, help="for example https://api.photonranch.org/test")
    with Asker(parser.parse_args(arguments).base_url) as asker:
        wrong = check(asker)
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    print("It does not work as it should." if wrong else "It works.")
    return 1 if wrong else 0


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise argparse.ArgumentTypeError(f"{text!r} is no http:// or https:// URL")
    return text


def check(asker: Asker) -> list[str]:
    """Ask everything; answer a sentence for each route that does not answer as it should."""
    wrong = []
    try:
        configs = asker.ask(CONFIGS).json()
    except WrongAnswer as error:
        wrong.append(str(error))
        configs = {}
    for question in (*QUESTIONS, *_of_a_site(configs)):
        started = time.monotonic()
        try:
            asker.ask(question)
        except WrongAnswer as error:
            wrong.append(str(error))
        else:
            print(f"  {question} answers as it should, {time.monotonic() - started:.2f} s")
    return wrong


def _of_a_site(configs: dict[str, Any]) -> Iterator[Question]:
    """Answer what is asked of one site, of tonight only where a site's place is known."""
    site = min(configs, default=_NO_SITE)
    yield Question(f"/{site}/config", lambda _answer: True, statuses=(200,) if configs else (404,))
    yield Question(f"/{site}/latest_images/1", lambda answer: isinstance(answer.json(), list))
    yield Question(f"/infoimage/{site}/1", lambda _answer: True, statuses=(200, 204, 404))
    yield Question(f"/nightlog/{site}", lambda _answer: True, statuses=(200, 204))
    yield Question("/fitsheader/smoke-test", lambda answer: "No fits header" in answer.text, statuses=(404,))
    placed = [site for site, config in configs.items() if all(name in config for name in _PLACE)]
    if placed:
        yield Question(f"/events?site={min(placed)}", lambda answer: answer.json()["Middle of Night"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
