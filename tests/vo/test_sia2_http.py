"""SIA 2.0 over HTTP, asked by pyvo and judged by astropy's validator of VOTables."""

import io
import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvo
import requests
from astropy.io import fits
from astropy.io.votable import parse, validate
from pyvo.dal import DALQueryError
from pyvo.dal.sia2 import SIA2Service

from common import postgres, presign
from common.aws import client
from common.errors import Unavailable
from support.client import ApiClient
from support.images import packed, sky
from support.network import BUCKET
from tests.downloads.rows import image, insert
from vo import obscore

HEADER = {
    "OBJECT": "M 42",
    "INSTRUME": "sq01",
    "PIXSCALE": 0.6,
    "NAXIS1": 4800,
    "NAXIS2": 3600,
    "BITPIX": 16,
    "FWHMASEC": 2.31,
}
# By name: what differs from an image of M 42 in rp at 2026-01-02T03:04:05, 60 s.
IMAGES: dict[str, dict[str, Any]] = {
    "orion": {},
    "andromeda": {
        "right_ascension": 10.68,
        "declination": 41.27,
        "filter_used": "JV",
        "header": {"OBJECT": "M 31"},
    },
    "pole": {"right_ascension": 200.0, "declination": 89.9, "exposure_time": 5.0},
    "zero": {"right_ascension": -0.1, "declination": 0.05, "site": "aro1"},
    "late": {
        "right_ascension": 180.0,
        "capture_date": datetime.fromisoformat("2026-02-01"),
        "filter_used": "unknown",
    },
    "small": {"right_ascension": 120.0, "declination": -60.0, "fits_01_exists": False, "header": None},
}
CAPTURED = datetime.fromisoformat("2026-01-02T03:04:05")


@pytest.fixture
def archive(api: ApiClient, database: str) -> ApiClient:
    """An archive with the images. The database also has an image without FITS and one without JPG.

    The archive does not show these two.
    """
    for number, (name, columns) in enumerate(IMAGES.items(), 1):
        insert(archived(number, name, **columns))
    insert(archived(7, "nofits", fits_01_exists=False, fits_10_exists=False))
    insert(archived(8, "nojpg", jpg_medium_exists=False))
    return api


def archived(number: int, name: str, **columns: Any) -> dict[str, Any]:
    header = columns.pop("header", {})
    captured = columns.pop("capture_date", CAPTURED)
    usual = {
        "base_filename": f"mrc1-sq01-20260101-{name}",
        "right_ascension": 83.82,
        "declination": -5.39,
        "exposure_time": 60.0,
        "filter_used": "rp",
        "jpg_medium_exists": True,
        "sort_date": captured,
        "header": None if header is None else json.dumps(HEADER | header),
    }
    return {**image(number, captured.isoformat()), **usual, **columns}


@pytest.fixture
def service(archive: ApiClient) -> SIA2Service:
    return SIA2Service(f"{archive.base_url}/vo")


@pytest.mark.parametrize("path", ["/vo", "/vo/sia2", "//vo//sia2/"])
def test_pyvo_finds_the_service_from_either_address(archive: ApiClient, path: str) -> None:
    assert SIA2Service(archive.base_url + path).query_ep == f"{archive.base_url}/vo/sia2"


def names(found: pyvo.dal.sia2.SIA2Results) -> set[str]:
    return {str(each.obs_id).rpartition("-")[2] for each in found}


M31_SQUARE = (9.68, 40.27, 9.68, 42.27, 11.68, 42.27, 11.68, 40.27)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"pos": (83.82, -5.39, 0.1)}, {"orion"}),
        ({"pos": [(83.82, -5.39, 0.1), (10.68, 41.27, 0.1)]}, {"orion", "andromeda"}),
        ({"pos": (20, 89.95, 0.2)}, {"pole"}),
        ({"pos": (0, 0, 0.5)}, {"zero"}),
        ({"pos": (83.82, -5.39, 70)}, {"orion", "small"}),
        ({"pos": (0, 360, 89, 90)}, {"pole"}),
        ({"pos": M31_SQUARE}, {"andromeda"}),
        ({"pos": M31_SQUARE[6:] + M31_SQUARE[4:6] + M31_SQUARE[2:4] + M31_SQUARE[:2]}, {"andromeda"}),
        ({"pos": (83.82, 5.39, 0.1)}, set()),
        ({"band": (550e-9, 560e-9)}, {"andromeda", "orion", "pole", "zero", "small"} - {"late"}),
        ({"band": 500e-9}, set()),
        ({"band": [520e-9, 600e-9]}, {"andromeda", "orion", "pole", "zero", "small"}),
        ({"exptime": (0, 10)}, {"pole"}),
        ({"target_name": "m42"}, {"orion", "pole", "zero", "late"}),
        ({"facility": "aro1"}, {"zero"}),
        ({"instrument": "sq02"}, set()),
        ({"calib_level": 2}, {"small"}),
        ({"res_format": "image/fits", "facility": "aro1"}, {"zero"}),
        ({"res_format": "image/jpeg"}, set()),
        ({"res_format": "application/fits", "facility": "aro1"}, {"zero"}),
        ({"data_type": "cube"}, set()),
        ({"data_type": "image", "facility": "aro1"}, {"zero"}),
        ({"pol": "I"}, set()),
        ({"timeres": (0, 10)}, {"pole"}),
    ],
)
def test_a_query_finds_the_images(service: SIA2Service, query: dict[str, Any], expected: set[str]) -> None:
    assert names(service.search(**query)) == expected


def test_time_is_of_the_exposure(archive: ApiClient) -> None:
    start = obscore.mjd(CAPTURED)
    second = 1 / 86_400

    def found(*ends: float) -> int:
        text = " ".join(map(repr, ends))
        return rows(archive.get("/vo/sia2", params={"TIME": text})).count("orion")

    assert found(start - 5, start - second) == 0
    assert found(start - 5, start + second) == 1
    assert found(start + 59 * second, start + 5) == 1
    assert found(start + 61 * second, start + 5) == 0
    assert found(start + 30 * second) == 1
    assert found(float("-inf"), float("inf")) == 1


def rows(answer: requests.Response) -> list[str]:
    assert answer.status_code == 200
    table = parse(io.BytesIO(answer.content)).get_first_table().to_table()
    return [str(name).rpartition("-")[2] for name in table["obs_id"]]


def test_the_columns_say_what_the_image_is(archive: ApiClient, service: SIA2Service) -> None:
    (found,) = service.search(pos=(83.82, -5.39, 0.1))
    assert (found.dataproduct_type, found.calib_level) == ("image", 1)
    assert (found["s_ra"], found["s_dec"]) == (83.82, -5.39)
    # 4800 x 0.6 arcsec = 0.8 degrees, 3600 x 0.6 arcsec = 0.6 degrees
    assert found["s_fov"] == pytest.approx(1.0)
    assert (found["s_xel1"], found["s_xel2"], found["s_resolution"]) == (4800, 3600, 2.31)
    shape, frame, *numbers = str(found["s_region"]).split()
    assert (shape, frame) == ("POLYGON", "ICRS")
    corners = np.array(numbers, dtype=float).reshape(4, 2)
    assert corners[:, 1] == pytest.approx([-5.69, -5.69, -5.09, -5.09], abs=0.001)
    across = 0.4 / np.cos(np.radians(5.39))
    assert corners[:, 0] == pytest.approx(83.82 + across * np.array([1, -1, -1, 1]), abs=0.001)
    assert found["t_min"] == pytest.approx(obscore.mjd(CAPTURED))
    assert (found["t_max"] - found["t_min"]) * 86_400 == pytest.approx(60, abs=1e-3)
    assert found["t_exptime"] == 60.0
    # Fukugita et al. (1996): r' has its middle at 626.1 nm and a width of 138.2 nm
    assert [found["em_min"], found["em_max"]] == pytest.approx([557.0e-9, 695.2e-9])
    assert found["target_name"] == "M 42"
    assert (found["facility_name"], found["instrument_name"]) == ("mrc1", "sq01")
    assert found["access_format"] == "image/fits"
    assert found["access_estsize"] == 34_560
    assert found["access_url"] == f"{archive.base_url}/vo/file/mrc1-sq01-20260101-orion-EX"


def test_what_is_unknown_is_null(service: SIA2Service) -> None:
    (small,) = service.search(calib_level=2)
    (late,) = (each for each in service.search() if str(each.obs_id).endswith("late"))
    for name in ("s_fov", "target_name"):
        assert is_null(small[name]), name
    table = service.search(calib_level=2).to_table()
    assert table["s_xel1"].mask.all()
    assert table["access_estsize"].mask.all()
    assert np.isnan(late["em_min"])


def is_null(value: Any) -> bool:
    return value is None or value == "" or np.ma.is_masked(value) or bool(np.isnan(value))


def test_a_range_that_crosses_0h(archive: ApiClient) -> None:
    assert rows(archive.get("/vo/sia2", params={"POS": "RANGE 359 1 -1 1"})) == ["zero"]


def test_names_of_parameters_may_be_in_any_case(archive: ApiClient) -> None:
    assert rows(archive.get("/vo/sia2?pos=CIRCLE 83.82 -5.39 0.1&Pos=circle 10.68 41.27 0.1&nonsense=1")) == [
        "andromeda",
        "orion",
    ]


def test_several_targets_at_a_place(archive: ApiClient) -> None:
    query = {"TARGET": ["M 31", "M 42"], "POS": "CIRCLE 10 41 2"}
    assert rows(archive.get("/vo/sia2", params=query)) == ["andromeda"]


def test_an_identifier_leads_back_to_its_image(archive: ApiClient, service: SIA2Service) -> None:
    (found,) = service.search(facility="aro1")
    for identifier in (str(found["obs_publisher_did"]), "mrc1-sq01-20260101-zero-EX"):
        assert rows(archive.get("/vo/sia2", params={"ID": identifier})) == ["zero"]


def test_maxrec_tells_of_the_rest(service: SIA2Service, archive: ApiClient) -> None:
    assert len(service.search(maxrec=2)) == 2
    for count, overflows in ((2, True), (6, False)):
        answer = archive.get("/vo/sia2", params={"MAXREC": count})
        assert (b'value="OVERFLOW"' in answer.content) is overflows
    nothing = archive.get("/vo/sia2", params={"MAXREC": 0})
    table = parse(io.BytesIO(nothing.content)).get_first_table()
    assert (len(table.array), len(table.fields)) == (0, len(obscore.FIELDS))
    assert b'value="OVERFLOW"' in nothing.content


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"POS": "CIRCLE 1 2"}, "POS must be CIRCLE ra dec radius"),
        ({"POS": "CIRCLE 361 2 1"}, "CIRCLE in POS needs ra from 0 to 360"),
        ({"POS": "SPHERE 1 2 3"}, "POS must be CIRCLE"),
        ({"POS": "RANGE 1 2 5 4"}, "dec1 not above dec2"),
        ({"POS": "POLYGON 0 0 10 0 1 1 0 10"}, "must be convex"),
        ({"POS": "POLYGON 0 0 0 0 1 1"}, "at the same or at opposite places"),
        ({"POS": "RANGE -10 10 0 1"}, "RANGE in POS needs ra from 0 to 360"),
        ({"POS": "RANGE 0 10 -100 1"}, "RANGE in POS needs ra from 0 to 360"),
        ({"POS": "POLYGON 0 0 1 0 2 0"}, "must not be on one line"),
        ({"POS": "CIRCLE nan 2 1"}, "POS must be CIRCLE"),
        ({"TIME": "later"}, "TIME must be a number"),
        ({"BAND": "2 1"}, "BAND must be a number, or two in ascending order"),
        ({"MAXREC": "-1"}, "MAXREC must be a whole number from 0."),
        ({"TARGET": "a\0b"}, "A name must be Unicode text without NUL characters."),
        ({"POS": ["CIRCLE 1 2 3"] * 21}, "POS may have at most 20 values."),
    ],
)
def test_nonsense_is_an_error_in_a_votable(archive: ApiClient, query: dict[str, Any], sentence: str) -> None:
    answer = archive.get("/vo/sia2", params=query)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/x-votable+xml"
    (info,) = parse(io.BytesIO(answer.content)).resources[0].infos
    assert (info.name, info.value) == ("QUERY_STATUS", "ERROR")
    assert info.content.startswith("UsageFault: ")
    assert sentence in info.content


def test_pyvo_shows_the_error(service: SIA2Service) -> None:
    with pytest.raises(DALQueryError, match="must be convex"):
        service.search(pos=(0, 0, 10, 0, 1, 1, 0, 10))


ANSWERS: dict[str, dict[str, Any]] = {
    "images": {},
    "no images": {"FACILITY": "none"},
    "no rows": {"MAXREC": 0},
    "an error": {"POS": "x"},
}


@pytest.fixture(params=ANSWERS)
def written(request: pytest.FixtureRequest, archive: ApiClient, tmp_path: Path) -> Path:
    path = tmp_path / "answer.xml"
    path.write_bytes(archive.get("/vo/sia2", params=ANSWERS[request.param]).content)
    return path


def test_the_validator_of_astropy_has_nothing_to_say(written: Path) -> None:
    said = io.StringIO()
    assert validate(written, said, filename=str(written)), said.getvalue()


@pytest.mark.skipif(shutil.which("stilts") is None, reason="needs stilts (Debian: stilts)")
def test_votlint_has_nothing_to_say(written: Path) -> None:
    ran = subprocess.run(
        [str(shutil.which("stilts")), "votlint", "ucd=true", "unit=true", f"votable={written}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (ran.returncode, ran.stdout) == (0, ""), ran.stderr


def test_the_access_url_still_leads_to_its_image_a_day_later(
    archive: ApiClient, service: SIA2Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = sky().astype("u2")
    client("s3").put_object(
        Bucket=BUCKET, Key="data/mrc1-sq01-20260101-zero-EX01.fits.fz", Body=packed(pixels)
    )
    (found,) = service.search(facility="aro1")

    class Tomorrow(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> "Tomorrow":
            return super().now(tz) + timedelta(days=1)

    for when in (datetime, Tomorrow):
        monkeypatch.setattr(presign, "datetime", when)
        redirect = requests.get(str(found["access_url"]), allow_redirects=False, timeout=30)
        assert redirect.status_code == 303
        signed_on = redirect.headers["Location"].partition("X-Amz-Date=")[2][:8]
        assert signed_on == f"{when.now(UTC):%Y%m%d}"
    monkeypatch.setattr(presign, "datetime", datetime)
    with fits.open(io.BytesIO(requests.get(str(found["access_url"]), timeout=30).content)) as opened:
        assert np.array_equal(opened[1].data, pixels)


@pytest.mark.parametrize(("level", "columns"), [("00", {}), ("10", {"fits_01_exists": False})])
def test_the_best_file_that_exists_is_taken(
    api: ApiClient, database: str, level: str, columns: dict[str, Any]
) -> None:
    insert(archived(1, "one", **columns))
    key = f"data/mrc1-sq01-20260101-one-EX{level}.fits.fz"
    client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"x")
    answer = api.get("/vo/file/mrc1-sq01-20260101-one-EX", allow_redirects=False)
    assert f"/{key}?" in answer.headers["Location"]


@pytest.mark.parametrize(
    "name",
    [
        "none",
        "mrc1-sq01-20260101-nofits-EX",
        "mrc1-sq01-20260101-orion-EX",
        "mrc1-sq01-20260101-orion-EP",
        "a%00b",
    ],
)
def test_a_file_that_is_not_there_is_404(archive: ApiClient, name: str) -> None:
    answer = archive.get(f"/vo/file/{name}", allow_redirects=False)
    assert answer.status_code == (400 if "%00" in name else 404)


def test_the_archive_tells_whether_it_answers(
    api: ApiClient, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "<vosi:available>true</vosi:available>" in api.get("/vo/availability").text

    def away(*_: object) -> None:
        raise Unavailable("Try again later: the image database does not answer.")

    monkeypatch.setattr(postgres, "query", away)
    answer = api.get("/vo/availability")
    assert answer.status_code == 200
    assert "<vosi:available>false</vosi:available><vosi:note>Try again later" in answer.text
    broken = api.get("/vo/sia2")
    assert broken.status_code == 503
    assert b'value="ERROR"' in broken.content


def test_an_answer_fits_into_a_lambda(api: ApiClient, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from vo import handlers

    for number in range(20):
        insert(archived(number, f"{number:04}"))
    monkeypatch.setattr(handlers, "MAX_BODY_BYTES", 16_384 + 8000)
    answer = api.get("/vo/sia2")
    assert 5 < len(rows(answer)) < 20
    assert b'value="OVERFLOW"' in answer.content


def test_the_host_of_links_is_checked(archive: ApiClient) -> None:
    answer = archive.get("/vo/sia2", headers={"Host": "a b"})
    assert answer.status_code in {400, 502}
