"""SQL, placeholders and odd characters in every parameter: they are text, and stay text."""

import json
from typing import Any

import pytest

from db import handlers
from support.client import ApiClient
from tests.db.conftest import Insert
from tests.events import call

TEXTS = [
    "' OR '1'='1",
    "' OR 1=1 --",
    "'; DROP TABLE images; --",
    "\\'; DROP TABLE images; --",
    "x' UNION SELECT 1,2,3 --",
    "mrc1'/*",
    "$$; DROP TABLE images; $$",
    "%(site)s",
    "%s",
    "%",
    "{site}",
    "1; SELECT pg_sleep(20)",
    "now(); --",
    "\u2019 OR \u20191\u2019=\u20191",
    "\x00",
    "mrc1\x00",
    "\r\n\t",
    "x" * 7000,
]
QUERY_PARAMETERS = [
    "username",
    "user_id",
    "site",
    "filter",
    "exposure_time_min",
    "exposure_time_max",
    "start_date",
    "end_date",
    "filename",
    "ra",
    "dec",
    "radius",
    "object",
    "limit",
    "after",
]


@pytest.fixture
def unharmed(insert: Insert, cursor: Any) -> Any:
    """A table of two images; afterwards they are still all that there is."""
    insert()
    insert(site="secret")
    yield
    cursor.execute("SELECT count(*) FROM images")
    assert cursor.fetchone() == (2,)
    cursor.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(20)%'"
    )
    assert cursor.fetchone() == (1,), "only this very query"


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize("text", TEXTS)
def test_in_the_query_string_and_in_the_body(api: ApiClient, text: str) -> None:
    for name in QUERY_PARAMETERS:
        matches_all = name == "filename" and text == "%"
        for answer in (
            api.get("/filtered_images", params={name: text}),
            api.get("/filtered_images", json={name: text}),
        ):
            assert answer.status_code in {200, 400}
            if answer.status_code == 400:
                assert answer.text.startswith(f"{name} must ")
            else:
                assert len(answer.json()) == (2 if matches_all else 0)
    answer = api.get("/mrc1/latest_images/9", params={"userid": text})
    assert answer.status_code == 400 or answer.json() == []


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize("text", TEXTS)
def test_in_the_path(text: str, aws: str) -> None:
    for handler in (handlers.get_image, handlers.get_fits_header):
        answer = call(handler, path={"base_filename": text})
        if "\x00" in text:
            assert answer.status == 400
        else:
            assert (answer.status, text in answer.body) == (404, True)
    for path in ({"site": text, "n": "9"}, {"site": "mrc1", "n": text}):
        assert call(handlers.get_latest_images, path=path).status == 400


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize("name", QUERY_PARAMETERS)
def test_half_a_character_is_named(name: str, aws: str) -> None:
    answer = call(handlers.get_filtered_images, body=json.dumps({name: "\ud800"}))
    wanted = "a whole number from 1" if name == "limit" else "Unicode text without NUL characters"
    assert (answer.status, answer.body) == (400, f"{name} must be {wanted}.")


@pytest.mark.usefixtures("unharmed")
def test_parameters_that_are_no_conditions_are_not_put_into_the_query(api: ApiClient) -> None:
    answer = api.get("/filtered_images", params={"1=1 OR site": "x", "order": "1; --", "count": "7"})
    assert len(answer.json()) == 2
