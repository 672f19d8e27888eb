"""The files of an exposure end in the same row, info image and thumbnail, whatever happens meanwhile."""

import io
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import psycopg2
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from PIL import Image

from common.aws import client
from common.errors import Unavailable
from ingest import schema
from ingest.filing import file_object
from ingest.notifications import StoredObject
from support.network import BUCKET
from tests.ingest import faults
from tests.ingest.exposures import (
    BASE,
    CAPTURED,
    INFO_IMAGES,
    SITE,
    STORED_AT,
    UPLOADS,
    await_info_image,
    exposure,
    header_of,
    put,
    state,
    the_row,
)


@pytest.fixture
def table(aws: str, database: str) -> str:
    """PostgreSQL's URL, with the image table as the ingester needs it."""
    schema.apply(database)
    return database


def forget_all(database: str) -> None:
    connection = psycopg2.connect(database)
    with connection, connection.cursor() as cursor:
        cursor.execute("TRUNCATE images RESTART IDENTITY")
    connection.close()
    for row in list(UPLOADS.scan()):
        UPLOADS.delete({name: row[name] for name in ("site", "upload_timestamp_s")})
    for row in list(INFO_IMAGES.scan()):
        INFO_IMAGES.delete({"pk": row["pk"]})
    for directory in ("data", "info-images"):
        client("s3").delete_object(Bucket=BUCKET, Key=f"{directory}/{BASE}-EX11.jpg")


def file_until_done(stored: StoredObject) -> None:
    """File an object as the queue does: again until it is done."""
    while True:
        with suppress(faults.Crash, Unavailable):
            file_object(stored)
            return


def test_all_files_of_an_exposure(table: str) -> None:
    for name, content in exposure().items():
        file_object(put(name, content))
    row = the_row(table)
    header = header_of(row)
    assert (header["SMARTSTK"], header["SSTKNUM"], header["FILTER"]) == ("030126040500", 3, "rp")
    assert (row["site"], row["capture_date"], row["sort_date"]) == (SITE, CAPTURED, CAPTURED)
    assert (row["right_ascension"], row["declination"]) == (10.684708, 41.26875)
    assert (row["user_id"], row["username"], row["filter_used"]) == ("auth0|6526b7c1", "A. Observer", "rp")
    assert all(row[f"{kind}_exists"] for kind in ("fits_01", "fits_10", "jpg_medium", "jpg_small"))
    thumbnail = client("s3").get_object(Bucket=BUCKET, Key=f"data/{BASE}-EX11.jpg")["Body"].read()
    assert Image.open(io.BytesIO(thumbnail)).size == (192, 128)
    assert sorted(row["filename"] for row in UPLOADS.scan()) == sorted(f"data/{name}" for name in exposure())


names = st.permutations(list(exposure()))
plans = st.lists(st.sampled_from(faults.KINDS), max_size=40)


@given(
    order=names,
    repeated=st.lists(st.sampled_from(list(exposure())), max_size=3),
    plan=plans,
    both=st.booleans(),
)
@settings(
    max_examples=25,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_order_with_repetitions_crashes_and_lost_answers_ends_the_same(
    table: str, order: list[str], repeated: list[str], plan: list[str], *, both: bool
) -> None:
    stored = {
        (place, name): put(name, content, place, STORED_AT + count)
        for place in ("data", "info-images")
        for count, (name, content) in enumerate(exposure().items(), 0 if place == "data" else 10)
    }
    forget_all(table)
    await_info_image(1, BASE)
    for each in stored.values():
        file_object(each)
    expected = state(table)
    forget_all(table)
    await_info_image(1, BASE)
    work = [stored[place, name] for name in [*order, *repeated] for place in ("data", "info-images")]
    with faults.injected(plan), ThreadPoolExecutor(2 if both else 1) as pool:
        list(pool.map(file_until_done, work))
    assert state(table) == expected


@pytest.mark.parametrize("first", ["EX00.txt", "EX10.jpg", "EX10.fits.fz"])
def test_an_image_is_listed_by_the_time_of_its_first_file_until_its_header_comes(
    table: str, first: str
) -> None:
    name = f"{BASE}-{first}"
    file_object(put(name, exposure()[name]))
    assert (the_row(table)["sort_date"] == CAPTURED) == (first != "EX10.jpg")
    for other, content in exposure().items():
        file_object(put(other, content, stored_at=1767000100.0))
    assert the_row(table)["sort_date"] == CAPTURED


def test_older_info_image_never_replaces_a_newer_one(table: str) -> None:
    older, newer = "ric2-sq01-20260102-00000041", BASE
    for base in (newer, older):
        await_info_image(2, base)
        file_object(put(f"{base}-EX10.jpg", exposure()[f"{BASE}-EX10.jpg"], "info-images"))
    record = INFO_IMAGES.get({"pk": f"{SITE}#2"})
    assert record is not None
    assert record["base_filename"] == newer


def test_info_image_that_no_channel_awaits_makes_no_record(table: str) -> None:
    await_info_image(1, "ric2-sq01-20260102-00000099")
    file_object(put(f"{BASE}-EX10.jpg", exposure()[f"{BASE}-EX10.jpg"], "info-images"))
    assert INFO_IMAGES.get({"pk": f"{SITE}#1"}) is None


@pytest.mark.parametrize("count", [3])
def test_files_of_a_site_in_one_millisecond_are_all_logged(table: str, count: int) -> None:
    for number in range(count):
        file_object(put(f"ric2-note{number}.pdf", b"note"))
    assert len({row["upload_timestamp_s"] for row in UPLOADS.scan()}) == count
