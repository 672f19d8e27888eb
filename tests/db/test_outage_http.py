"""The database stopped and started again under load."""

import os
import time
from collections import Counter
from collections.abc import Iterator
from threading import Event, Thread

import psycopg2
import pytest

from common import postgres
from db import schema
from site_configs import store as site_configs
from support.client import ApiClient
from support.image_rows import WHOLE_ROW, insert_image_row
from support.postgres import Database

NAME = WHOLE_ROW["base_filename"]
PATHS = (
    f"/image/{NAME}",
    "/mrc1/latest_images/10",
    "/latest_image_all_sites",
    f"/fitsheader/{NAME}",
    "/filtered_images?start_date=2024-01-01",
)


def insert_whole_row() -> None:
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    with connection, connection.cursor() as cursor:
        insert_image_row(cursor, WHOLE_ROW)
    connection.close()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A PostgreSQL of this test's own."""
    server = Database()
    try:
        monkeypatch.setenv("DATABASE_URL", server.url)
        postgres.close_idle()
        schema.apply(server.url)
        yield server
        postgres.close_idle()
    finally:
        server.close()


def test_503_while_it_is_down_and_200_again_without_a_restart(server: Database, api: ApiClient) -> None:
    site_configs.write("mrc1", {})
    insert_whole_row()
    assert [api.get(path).status_code for path in PATHS] == [200] * 5
    statuses: Counter[int] = Counter()
    done = Event()

    def load(path: str) -> None:
        with ApiClient(api.base_url) as client:
            while not done.is_set():
                answer = client.get(path)
                statuses[answer.status_code] += 1
                if answer.status_code == 503:
                    assert answer.headers["Retry-After"] == "5"
                    assert answer.headers["Access-Control-Allow-Origin"] == "*"
                    assert answer.text == "Try again later: the image database does not answer."
                    time.sleep(0.05)

    callers = [Thread(target=load, args=[path]) for path in PATHS]
    for caller in callers:
        caller.start()
    time.sleep(0.5)
    server.stop()
    while_down = [api.get(path) for path in PATHS]
    server.start()
    after = [api.get(path) for path in PATHS]
    time.sleep(0.3)
    done.set()
    for caller in callers:
        caller.join()
    assert [answer.status_code for answer in while_down] == [503] * 5
    assert {answer.headers["Retry-After"] for answer in while_down} == {"5"}
    assert [answer.status_code for answer in after] == [200] * 5
    assert statuses.keys() == {200, 503}
