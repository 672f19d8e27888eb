"""The pages and their files over HTTP."""

import gzip
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from local.deployment import Deployment
from pages import assets
from pages.document import as_json
from support.client import ApiClient
from support.network import BASE_PATH, BUCKET, UI_URL

PAGES = ("/docs", "/console")
CONTRACT = json.loads(as_json())


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_html_that_may_load_nothing_foreign(api: ApiClient, page: str) -> None:
    answer = api.get(page)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; connect-src 'self';")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["/docs", "/docs/", "//docs", "/console", "/console//"])
def test_links_of_a_page_lead_to_files_however_it_was_called(api: ApiClient, path: str) -> None:
    text = api.get(path).text
    origin = api.base_url.removesuffix(f"/{BASE_PATH}")
    links = re.findall(r'(?:src|href)="(/[^"]+)"', text)
    assert len(links) >= 3
    for link in links:
        assert requests.get(origin + link, timeout=10).status_code == 200, link
    assert f'data-base="/{BASE_PATH}"' in text


def test_links_never_lead_to_another_host(gateway_url: str) -> None:
    answer = requests.get(f"{gateway_url}//{BASE_PATH}/docs", timeout=10)
    assert '"//' not in answer.text
    assert f'data-base="/{BASE_PATH}"' in answer.text


@pytest.mark.parametrize("name", assets.ASSETS)
def test_a_file_comes_plain_or_gzipped(api: ApiClient, name: str) -> None:
    plain = api.get(f"/docs/{name}", headers={"Accept-Encoding": "identity"})
    packed = api.get(f"/docs/{name}", headers={"Accept-Encoding": "gzip"}, stream=True)
    assert plain.status_code == packed.status_code == 200
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert plain.headers["Content-Type"] == packed.headers["Content-Type"] == assets.ASSETS[name]
    assert plain.headers["Cache-Control"] == "public, max-age=86400"
    assert plain.content == packed.content == gzip.decompress(assets.gzipped(name)) != b""


@pytest.mark.parametrize("name", ["nothing.js", "console.html", "..%2Fhandlers.py", "%2Fetc%2Fpasswd"])
def test_no_other_file_is_handed_out(api: ApiClient, name: str) -> None:
    answer = api.get(f"/docs/{name}")
    assert (answer.status_code, answer.text) == (404, "There is no such file.")


def test_every_file_of_ours_is_used_and_known() -> None:
    own = {path.name for path in assets.OWN.rglob("*.*")} - {"docs.html", "console.html"}
    assert own <= set(assets.ASSETS)
    pages = "".join((assets.OWN / name).read_text() for name in ("docs.html", "console.html"))
    assert [name for name in assets.ASSETS if f'"docs/{name}"' not in pages] == []


def imported(module: str) -> list[str]:
    """Return what a module imports, as the browser asks for it."""
    return re.findall(r'^import .* from "\./(.*)";$', assets.content(module).decode(), re.MULTILINE)


def test_a_module_and_the_page_ask_for_the_same_files(api: ApiClient) -> None:
    # Otherwise a browser would load a module twice, and the two would not share what they keep.
    asked = {link for module in assets.CONSOLE for link in imported(module)}
    linked = set(re.findall(r'"/[^"]*/docs/([\w-]+\.js\?v=\w+)"', api.get("/console").text))
    assert len(asked) == len({link.split("?")[0] for link in asked}) == len(assets.CONSOLE) - 2
    assert asked <= linked


def test_a_module_is_short_and_written_so_that_its_imports_are_found() -> None:
    for name in assets.CONSOLE:
        text = (assets.OWN / "console" / name).read_text()
        assert text.count("\n") <= 200, name
        assert len(imported(name)) == len(re.findall(r"\bfrom \"", text)) == text.count("import "), name
        assert "innerHTML" not in text


def forget_files() -> None:
    for kept in (assets.content, assets.page):
        kept.cache_clear()


@pytest.fixture
def own_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the files of the pages, served in their place."""
    copied = shutil.copytree(assets.OWN, tmp_path / "static")
    monkeypatch.setattr(assets, "OWN", copied)
    forget_files()
    yield copied
    forget_files()


@pytest.mark.parametrize("changed", ["console.css", "console/ages.js"])
def test_a_link_changes_when_its_file_or_an_imported_one_does(own_files: Path, changed: str) -> None:
    before = versions()
    (own_files / changed).write_text("changed")
    forget_files()
    differ = {name for name, version in versions().items() if before[name] != version}
    if changed == "console.css":
        assert differ == {"console.css"}
    else:
        assert {"ages.js", "console.js", "attention.js", "api.js"} <= differ
        assert {"console.css", "elements.js", "access.js"}.isdisjoint(differ)


def versions() -> dict[str, str]:
    return dict(re.findall(r"docs/([\w.-]+)\?v=(\w+)", assets.page("console.html", "/api", "open")))


def test_the_contract_is_served(api: ApiClient) -> None:
    answer = api.get("/openapi.json")
    assert answer.headers["Content-Type"] == "application/json"
    network = Deployment().network
    stages = [f"https://{network['domain']}/{path}" for path in network["basePaths"].values()]
    served = json.loads(answer.text)
    assert [server["url"] for server in served["servers"][1:4]] == stages
    assert served["info"]["contact"]["url"] == UI_URL
    names = {"https://ui.example.org": UI_URL, "example-images": BUCKET}
    names |= {server["url"]: url for server, url in zip(CONTRACT["servers"][1:4], stages, strict=True)}
    expected = as_json()
    for example, name in names.items():
        expected = expected.replace(example, name)
    assert answer.text == expected
    assert "example.org" not in answer.text
