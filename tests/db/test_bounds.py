"""Memory and time stay bounded, whatever matches."""

import tracemalloc
from types import SimpleNamespace
from typing import Any

import pytest

from common import postgres
from db import handlers, image_lists
from support.client import ApiClient
from tests.events import call


def fill(cursor: Any, rows: int, header_bytes: int) -> None:
    cursor.execute(
        """INSERT INTO images (base_filename, data_type, jpg_medium_exists, header)
        SELECT n, 'EX', true, format('{"SMARTSTK": %%s, "FILLER": "%%s"}', n / 10, repeat('x', %s))
        FROM generate_series(1, %s) AS n""",
        [header_bytes, rows],
    )


def peak_of_a_page() -> int:
    tracemalloc.start()
    answer = call(handlers.get_filtered_images)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert answer.status == 200
    assert "Link" in answer.headers
    return peak


def test_memory_does_not_grow_with_what_matches(aws: str, cursor: Any) -> None:
    fill(cursor, image_lists.MAX_ROWS + 500, 8000)
    few = peak_of_a_page()
    fill(cursor, 2 * image_lists.MAX_ROWS, 8000)
    many = peak_of_a_page()
    # enough for a thousand headers of 8 KB at once, and for the packages
    assert few < 60_000_000
    assert many < few * 1.1


def test_one_answer_reads_so_many_rows_and_no_more(
    aws: str, cursor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(cursor, 2 * image_lists.MAX_ROWS, 10)
    cursor.execute("""UPDATE images SET header = '{"SMARTSTK": 1, "SSTKNUM": ' || -image_id || '}'""")
    read: list[int] = []
    run = postgres.query

    def counted(*arguments: Any) -> list[Any]:
        rows = run(*arguments)
        read.append(len(rows))
        return rows

    monkeypatch.setattr(postgres, "query", counted)
    answer = call(handlers.get_filtered_images, query={"limit": "3"})
    assert answer.body == []
    assert 'rel="next"' in answer.headers["Link"]
    assert max(read) == image_lists.ROWS_AT_ONCE + 1
    assert image_lists.MAX_ROWS < sum(read) < image_lists.MAX_ROWS + 100


def test_a_list_of_intermediates_is_not_read_on_for_ever(
    aws: str, cursor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(cursor, 100, 10)
    cursor.execute("""UPDATE images SET header = '{"SMARTSTK": 1, "SSTKNUM": ' || -image_id || '}'""")
    clock = iter(range(0, 1000, image_lists.READ_FOR_S - 1))
    monkeypatch.setattr(image_lists, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    page = image_lists.newest_without_intermediates({}, 3, None)
    assert page.images == []
    assert page.rest is not None
    assert page.rest[1] == 98


def test_a_pattern_that_takes_too_long_is_stopped_with_an_error(
    api: ApiClient, cursor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    cursor.execute(
        """INSERT INTO images (base_filename, jpg_medium_exists)
        SELECT repeat('a', 1000) || n, true FROM generate_series(1, 20000) AS n"""
    )
    postgres.close_idle()
    monkeypatch.setattr(postgres, "STATEMENT_TIMEOUT_MS", 10)
    answer = api.get("/filtered_images", params={"filename": "%" + "a%_" * 200 + "b"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.text == "The query took longer than 0.01 s and was stopped; narrow it."
    postgres.close_idle()
