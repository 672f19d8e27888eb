"""`python -m tests.openapi.examples` takes the contract's examples from real calls, and writes them into it.

The calls are played against a fresh local stack with the demo network. Sites, files and items are those of
the demo, so their dates are those of the day on which this program ran.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import requests
import yaml

from local.stack import Stack
from pages import document
from support.network import BUCKET

Place = tuple[str, ...]
Ask = Callable[..., Any]

SITE, QUEUE, PIPE = "mrc1", "reduction", "pipe-1"
TIMEOUT_S = 60
# Of a configuration; the whole is 4 to 13 KB.
SHOWN_KEYS = 8
# Of a header; the whole has some 150 cards.
CARDS = ("SITEID", "INSTRUME", "DATE-OBS", "DAY-OBS", "FILTER", "EXPTIME", "OBJECT", "ORIGNAME")
SHORT = 80
POLICY_SHOWN = 52

_SIGNED = re.compile(rf"http://127\.0\.0\.1:\d+/{BUCKET}/?")
_REMOTEHQ = re.compile(r"http://127\.0\.0\.1:\d+/remotehq")
_SIGNATURES = (
    (re.compile(r"(X-Amz-Credential=)[^%]+"), r"\1AKIAIOSFODNN7EXAMPLE"),
    (re.compile(r"(X-Amz-Signature=)\w+"), r"\g<1>" + "0f" * 32),
    (re.compile(r"^local(?=/\d{8}/)"), "AKIAIOSFODNN7EXAMPLE"),
    (re.compile(r"^[0-9a-f]{64}$"), "0f" * 32),
)


def play(ask: Ask) -> dict[Place, Any]:
    """Make the calls; return what was sent and what came back, by the place of each example in the document.

    Parameters
    ----------
    ask
        Sends a method, a path and perhaps a JSON body with a user's token; returns the answer's JSON or text.
    """
    taken: dict[Place, Any] = {}

    def call(method: str, resource: str, path: str = "", body: Any = None, keep: Iterable[str] = ()) -> Any:
        answer = ask(method.upper(), path or resource, body)
        shown = {key: answer[key] for key in keep or answer} if isinstance(answer, dict) else answer
        kind = "text/plain" if isinstance(answer, str) else "application/json"
        operation = ("paths", resource, method)
        taken[*operation, "responses", "200", "content", kind, "example"] = _public(shown)
        if body is not None:
            taken[*operation, "requestBody", "content", "application/json", "example"] = body
        return answer

    _play_images(call, taken)
    _play_sites(call)
    _play_queues(call)
    _play_pipes(call)
    return taken


def _play_images(call: Ask, taken: dict[Place, Any]) -> None:
    newest = call("get", "/{site}/latest_images/{n}", f"/{SITE}/latest_images/1")[0]
    name, day = newest["base_filename"], newest["capture_date"] // 1000
    taken["components", "parameters", "base_filename", "example"] = name
    call("get", "/image/{base_filename}", f"/image/{name}")
    call("get", "/fitsheader/{base_filename}", f"/fitsheader/{name}", keep=CARDS)
    call("get", "/filtered_images", f"/filtered_images?site={SITE}&limit=1")
    call("get", "/latest_image_all_sites", keep=(SITE, "aro1"))
    call("get", "/infoimage/{site}/{channel}", f"/infoimage/{SITE}/1")
    call("get", "/recentuploads", f"/recentuploads?site={SITE}")
    image = f"{SITE}-sq01-20260101-00000001-EX10.jpg"
    call("post", "/upload", body={"object_name": image, "s3_directory": "info-images", "info_channel": 2})
    tiff = {"object_name": f"{name}-EX10.fits.fz", "image_type": "tif"}
    call("post", "/download", body=tiff)
    night = {"site": SITE, "start_timestamp_s": day - 3600, "end_timestamp_s": day + 1, "fits_size": "best"}
    call("post", "/downloadzip", body=night)


def _play_sites(call: Ask) -> None:
    config = _first(call("get", "/{site}/config", f"/{SITE}/config")["configuration"])
    call("get", "/all/config", keep=("mrc", SITE))
    call("put", "/{site}/config", "/new1/config", body=dict(list(config.items())[:4]))
    call("delete", "/{site}/config", "/new1/config")
    note = {
        "site": SITE,
        "username": "Ada",
        "userid": "auth0|5f1",
        "message": "Thin cirrus until midnight.",
        "ttl_hours": 24,
        "selected_image": None,
    }
    call("post", "/nightlog/{site}", f"/nightlog/{SITE}", body={"note_data": note})
    call("get", "/nightlog/{site}", f"/nightlog/{SITE}")
    call("get", "/control_room/{site}", f"/control_room/{SITE}")
    browser = {"resolution": "high", "initial_url": "https://ui.example.org"}
    call("post", "/new_remotehq_browser", body=browser)
    call("get", "/events", "/events?site=mrc&when=1773446400")
    target = "site=mrc&when=1773446400&ra=83.82&dec=-5.39"
    call("get", "/events/visibility", f"/events/visibility?{target}")
    moon = "lat=34.46&lng=-119.68&start=2026-03-01T00:00:00Z&end=2026-03-04T00:00:00Z"
    call("get", "/events/moon/rise-set-illum", f"/events/moon/rise-set-illum?{moon}")


def _play_queues(call: Ask) -> None:
    queue = "/pipe/queue/{queue_name}"
    here = f"/pipe/queue/{QUEUE}"
    call("post", "/pipe/queue", body={"queue_name": QUEUE, "max_receives": 3})
    work = {"base_filename": "mrc1-sq01-20261123-00100724", "task": "stack"}
    new = {"queue_name": QUEUE, "payload": work, "sender": SITE, "dedup_id": work["base_filename"]}
    call("post", "/pipe/enqueue", body=new)
    call("get", queue, here)
    for _ in range(3):
        item = call("post", f"{queue}/dequeue", f"{here}/dequeue", body={"lease_seconds": 600})
        held = {"id": item["id"], "lease_id": item["lease_id"]}
        call("post", f"{queue}/extend", f"{here}/extend", body={**held, "lease_seconds": 900})
        call("get", f"{queue}/stats", f"{here}/stats")
        call("post", f"{queue}/nack", f"{here}/nack", body=held)
    call("get", f"{queue}/dead_letters", f"{here}/dead_letters")
    call("get", "/now")
    call("post", f"{queue}/redrive", f"{here}/redrive", body={"id": item["id"]})
    item = call("post", f"{queue}/dequeue", f"{here}/dequeue", body={"lease_seconds": 600})
    call("post", f"{queue}/ack", f"{here}/ack", body={"id": item["id"], "lease_id": item["lease_id"]})
    call("get", "/pipe/queues")
    call("delete", queue, here)


def _play_pipes(call: Ask) -> None:
    details = {"queue": "smartstacks", "free_gb": 812.5}
    call("post", "/pipe/status", body={"pipe_id": PIPE, "status": "busy", "details": details})
    call("get", "/pipe/status/{pipe_id}", f"/pipe/status/{PIPE}")
    call("get", "/pipe/statuses")
    call("delete", "/pipe/status/{pipe_id}", f"/pipe/status/{PIPE}")


def _first(whole: dict[str, Any]) -> dict[str, Any]:
    return dict(list(whole.items())[:SHOWN_KEYS])


def _public(value: Any) -> Any:
    """Return an answer with public addresses instead of local ones, and with long values shortened.

    A list keeps two elements. An object in an object (a configuration) keeps `SHOWN_KEYS` members.
    """
    if isinstance(value, str):
        text = _SIGNED.sub("https://example-images.s3.amazonaws.com/", value)
        text = _REMOTEHQ.sub("https://remotehq.example", text)
        for pattern, public in _SIGNATURES:
            text = pattern.sub(public, text)
        return text
    if isinstance(value, list):
        return [_public(each) for each in value[:2]]
    if isinstance(value, dict):
        return {key: _public(_shown(key, member)) for key, member in value.items()}
    return value


def _shown(key: str, member: Any) -> Any:
    if key == "HTTPHeaders":
        # the other headers come from the stand-in for DynamoDB
        return {name: member[name] for name in ("content-type", "content-length")}
    if key == "policy":
        return member[:POLICY_SHOWN]
    if key == "header":
        return {card: member[card] for card in CARDS}
    return _first(member) if isinstance(member, dict) else member


def written(text: str, taken: dict[Place, Any]) -> str:
    """Return the document with new examples, its other lines as they were.

    Raises
    ------
    KeyError
        If the document has no example at a place.
    """
    places = {place: (key, node) for place, key, node in _examples(yaml.compose(text, yaml.SafeLoader))}
    for place in sorted(taken, key=lambda place: places[place][0].start_mark.index, reverse=True):
        key, node = places[place]
        start, end = key.start_mark.index, node.end_mark.index
        old = text[start:end]
        blank = old[len(old.rstrip()) :]
        text = text[:start] + _yaml(taken[place], key.start_mark.column) + blank + text[end:]
    return text


def _examples(node: yaml.Node | None, place: Place = ()) -> Iterator[tuple[Place, yaml.Node, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*place, key.value)
            if key.value == "example":
                yield below, key, value
            else:
                yield from _examples(value, below)


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as they are."""


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


def _mapping(dumper: _Dumper, value: dict[str, Any]) -> yaml.MappingNode:
    return dumper.represent_mapping("tag:yaml.org,2002:map", value, flow_style=_short(value))


def _sequence(dumper: _Dumper, value: list[Any]) -> yaml.SequenceNode:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=_short(value))


_Dumper.add_representer(str, _text)
_Dumper.add_representer(dict, _mapping)
_Dumper.add_representer(list, _sequence)


def _short(value: Any) -> bool:
    return len(json.dumps(value)) <= SHORT


def _yaml(value: Any, column: int) -> str:
    """Return the lines of `example: …`, indented for a key that starts in this column."""
    block = yaml.dump(
        {"example": value}, Dumper=_Dumper, width=10**6, sort_keys=False, allow_unicode=True
    ).strip()
    if block.startswith("{"):
        block = block[1:-1]
    return re.sub(r"\n(?!\n)", "\n" + " " * column, block)


def main() -> None:
    """Play the calls against a stack of its own, and write both forms of the document."""
    stack = Stack(0, demo=True, say=print)
    token = stack.auth0.token("auth0|demo-owner", ["admin"])

    def ask(method: str, path: str, body: Any = None) -> Any:
        return asked(stack.base_url, token, method, path, body)

    try:
        taken = play(ask)
    finally:
        stack.stop()
    document.SOURCE.write_text(written(document.SOURCE.read_text(), taken))
    document.TARGET.write_text(document.as_json())


def asked(base_url: str, token: str, method: str, path: str, body: Any) -> Any:
    """Return what a route answers, as JSON where it is."""
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.request(method, base_url + path, json=body, headers=headers, timeout=TIMEOUT_S)
    answer.raise_for_status()
    return answer.json() if answer.headers["Content-Type"].startswith("application/json") else answer.text


if __name__ == "__main__":
    main()
