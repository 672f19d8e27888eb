"""The demo network's images: complete, with headers that agree with the sky."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy import units
from astropy.coordinates import AltAz, EarthLocation, SkyCoord, get_sun
from astropy.io import fits
from astropy.time import Time
from astropy.utils import iers
from astropy.wcs import WCS
from PIL import Image

from ingest.columns import columns_of
from local.demo import ephemeris, images
from local.demo.configs import site_configurations
from local.demo.images import DemoImage, images_of, make_images, write
from local.demo.schedule import plan_night
from local.demo.sites import SITES, Site

NIGHT = date(2026, 11, 22)


@pytest.fixture(scope="module", autouse=True)
def _without_network() -> Iterator[None]:
    # after the end of the tables, the predicted rotation of the Earth is exact enough here
    settings = {"auto_download": False, "auto_max_age": None, "iers_degraded_accuracy": "ignore"}
    with ExitStack() as stack:
        for name, value in settings.items():
            stack.enter_context(iers.conf.set_temp(name, value))
        yield


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module", params=SITES, ids=lambda site: site.observatory)
def site(request: pytest.FixtureRequest) -> Site:
    chosen: Site = request.param
    return chosen


@pytest.fixture(scope="module")
def made(cache: Path, site: Site) -> list[DemoImage]:
    return images_of(cache, [(site, NIGHT)])


def path(image: DemoImage, ending: str) -> Path:
    return image.files[f"{image.base_filename}-EX{ending}"]


def row_of(image: DemoImage) -> dict[str, Any]:
    """Return the columns that the ingester makes of the image's header."""
    return asdict(columns_of(image.header))


def horizontal(site: Site, moment: datetime) -> AltAz:
    """Return the site's sky as astropy computes it, independently."""
    place = EarthLocation.from_geodetic(site.longitude, site.latitude, site.elevation)
    return AltAz(obstime=Time(moment.replace(tzinfo=UTC)), location=place)


def test_five_images_with_all_files_and_columns(made: list[DemoImage], site: Site) -> None:
    assert len(made) == 5
    for image in made:
        instrument = site_configurations()[site.observatory]["camera"]["camera_1_1"]["name"]
        assert image.base_filename.startswith(f"{site.observatory}-{instrument}-20261122-0")
        endings = ["00.txt", "10.jpg", "00.fits.fz", "10.fits.fz"]
        assert list(image.files) == [f"{image.base_filename}-EX{ending}" for ending in endings]
        assert image.site == site.observatory
        assert None not in asdict(columns_of(image.header)).values()
    starts = [image.started for image in made]
    assert starts == sorted(starts)
    numbers = [image.base_filename for image in made]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize(
    ("ending", "shape"), [("00.fits.fz", (576, 768)), ("10.fits.fz", (288, 384))], ids=["large", "small"]
)
def test_fits_files_are_valid_and_packed(made: list[DemoImage], ending: str, shape: tuple[int, int]) -> None:
    for image in made:
        with fits.open(path(image, ending)) as units_:
            units_.verify("exception")
            assert len(units_) == 2
            assert units_[1].data.dtype == np.uint16
            assert units_[1].data.shape == shape
            assert units_[1].header["CRPIX1"] == pytest.approx(shape[1] / 2, abs=60)
        with fits.open(path(image, ending), disable_image_compression=True) as packed:
            assert packed[1].header["ZCMPTYPE"] == "RICE_1"
            assert packed[1].header["ZTILE1"] == shape[1]


def test_pictures_are_of_a_sky(made: list[DemoImage]) -> None:
    for image in made:
        data = fits.getdata(path(image, "00.fits.fz"))
        header = image.header
        sky = np.percentile(data, 20)
        assert sky > header["PEDESTAL"]
        assert (data >= header["MAXLIN"]).sum() < 0.005 * data.size
        assert (data > sky * 2).sum() > 20
        # neighbouring pixels of the empty sky differ by photon noise and read noise
        differences = np.diff(data.astype(float), axis=1)[data[:, 1:] < sky]
        expected = np.sqrt(
            ((sky - header["PEDESTAL"]) / header["GAIN"]) + (header["RDNOISE"] / header["GAIN"]) ** 2
        )
        assert np.median(np.abs(differences)) == pytest.approx(expected, rel=0.6)


def test_the_header_is_that_of_the_large_file(made: list[DemoImage]) -> None:
    for image in made:
        header = fits.getheader(path(image, "00.fits.fz"), 1)
        cards = [card for card in header.cards if card.keyword not in {"COMMENT", "HISTORY", ""}]
        assert 140 <= len(cards) <= 175
        assert {"FWHMASEC", "SEPSKY", "SSTKLEN"} <= {card.keyword for card in cards}
        assert {len(card.image) for card in cards} == {80}
        assert image.header == {card.keyword: card.value for card in cards}
        assert not [card for card in cards if card.keyword.startswith("Z") and card.keyword != "ZENITH"]
        assert 3_600 < len(columns_of(image.header).header) < 8_000


def test_the_text_file_is_the_header_of_the_large_file(made: list[DemoImage]) -> None:
    for image in made:
        text = path(image, "00.txt").read_bytes()
        assert (text[:8], text[-80:].strip(), len(text) % 80) == (b"XTENSION", b"END", 0)
        header = fits.Header.fromstring(text.decode())
        assert {card.keyword: card.value for card in header.cards} == image.header


def test_header_agrees_with_the_row(made: list[DemoImage]) -> None:
    for image in made:
        row = row_of(image)
        header = image.header
        pairs = {
            "RA": "right_ascension",
            "DEC": "declination",
            "ALTITUDE": "altitude",
            "AZIMUTH": "azimuth",
            "AIRMASS": "airmass",
            "EXPTIME": "exposure_time",
            "FILTER": "filter_used",
            "USERNAME": "username",
            "USERID": "user_id",
        }
        assert {card: header[card] for card in pairs} == {card: row[column] for card, column in pairs.items()}
        assert row["right_ascension"] == pytest.approx(header["RAHRS"] * 15, abs=1e-4)
        assert datetime.fromisoformat(header["DATE-OBS"]) == row["capture_date"]
        assert row["capture_date"].tzinfo is None
        assert header["DAY-OBS"] == "20261122"
        assert header["ORIGNAME"] == f"{image.base_filename}-EX00.fits.fz"
        end = datetime.fromisoformat(header["DATE-END"]) - datetime.fromisoformat(header["DATE-OBS"])
        assert end == timedelta(seconds=header["EXPTIME"])
        assert Time(header["MJD-OBS"], format="mjd").datetime == pytest.approx(
            row["capture_date"], abs=timedelta(milliseconds=2)
        )


def test_the_target_is_where_the_header_says(made: list[DemoImage], site: Site) -> None:
    for image in made:
        row = row_of(image)
        target = SkyCoord(row["right_ascension"] * units.deg, row["declination"] * units.deg)
        seen = target.transform_to(horizontal(site, row["capture_date"]))
        claimed = SkyCoord(row["azimuth"] * units.deg, row["altitude"] * units.deg, frame=seen.frame)
        assert seen.separation(claimed).deg < 0.02
        assert row["altitude"] > 30
        assert row["airmass"] == pytest.approx(1 / np.sin(np.radians(row["altitude"])), rel=0.01)


def test_the_sun_is_far_down_in_the_right_night(made: list[DemoImage], site: Site) -> None:
    for image in made:
        start = row_of(image)["capture_date"]
        for moment in (start, start + timedelta(seconds=image.header["EXPTIME"])):
            frame = horizontal(site, moment)
            assert get_sun(frame.obstime).transform_to(frame).alt.deg < -12
        local = start.replace(tzinfo=UTC).astimezone(site.zone)
        assert (local - timedelta(hours=12)).date() == NIGHT


def test_coordinates_of_pixels(made: list[DemoImage]) -> None:
    for image in made:
        large = WCS(fits.getheader(path(image, "00.fits.fz"), 1))
        small = WCS(fits.getheader(path(image, "10.fits.fz"), 1))
        row = row_of(image)
        middle = large.pixel_to_world(383.5, 287.5)
        assert small.pixel_to_world(191.5, 143.5).separation(middle).arcsec < 0.01
        assert large.pixel_to_world(0.5, 0.5).separation(small.pixel_to_world(0, 0)).arcsec < 0.01
        target = SkyCoord(row["right_ascension"] * units.deg, row["declination"] * units.deg)
        assert middle.separation(target).arcsec < 60
        scale = image.header["PIXSCALE"]
        assert large.proj_plane_pixel_scales()[1].to_value("arcsec") == pytest.approx(scale, rel=1e-4)


def test_one_smart_stack(made: list[DemoImage]) -> None:
    headers = [image.header for image in made]
    stacked = [header for header in headers if header["SMARTSTK"] != "no"]
    assert [header["SSTKNUM"] for header in stacked] == ["1", "2", "3"]
    assert len({(header["SMARTSTK"], header["OBJECT"], header["FILTER"]) for header in stacked}) == 1
    assert stacked[0]["SMARTSTK"].isdigit()
    assert [header["SSTKNUM"] for header in headers if header["SMARTSTK"] == "no"] == ["", ""]
    assert len({header["OBJECT"] for header in headers}) == 3


def test_stack_shows_the_same_stars(made: list[DemoImage]) -> None:
    first, second = (fits.getdata(path(image, "00.fits.fz")).astype(float) for image in made[1:3])
    shift = [
        round(
            fits.getheader(path(made[2], "00.fits.fz"), 1)[card]
            - fits.getheader(path(made[1], "00.fits.fz"), 1)[card]
        )
        for card in ("CRPIX2", "CRPIX1")
    ]
    moved = np.roll(first, shift, axis=(0, 1))[100:-100, 100:-100]
    fixed = second[100:-100, 100:-100]
    bright = np.minimum(fixed, np.percentile(fixed, 99.5)), np.minimum(moved, np.percentile(moved, 99.5))
    assert np.corrcoef(bright[0].ravel(), bright[1].ravel())[0, 1] > 0.25
    assert not np.array_equal(moved, fixed)


def test_jpgs_show_a_sky(made: list[DemoImage]) -> None:
    for image in made:
        with Image.open(path(image, "10.jpg")) as picture:
            picture.load()
            assert (picture.format, picture.size) == ("JPEG", (768, 576))
            grey = np.asarray(picture.convert("L"))
        assert 20_000 < path(image, "10.jpg").stat().st_size < 250_000
        assert 8 < np.median(grey) < 130
        assert grey.max() > 200


def test_file_sizes(made: list[DemoImage]) -> None:
    for image in made:
        assert 200_000 < path(image, "00.fits.fz").stat().st_size < 700_000
        assert 50_000 < path(image, "10.fits.fz").stat().st_size < 200_000


def test_a_second_call_uses_the_cache(
    cache: Path, made: list[DemoImage], site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {file: file.stat().st_mtime_ns for file in cache.rglob("*")}
    monkeypatch.setattr(images, "_make_night", lambda *_: pytest.fail("made again"))
    assert images_of(cache, [(site, NIGHT)]) == made
    assert {file: file.stat().st_mtime_ns for file in cache.rglob("*")} == before


def test_lost_files_are_made_again_with_the_same_content(cache: Path) -> None:
    site = SITES[0]
    made = images_of(cache, [(site, NIGHT)])
    lost = path(made[0], "00.fits.fz")
    content = lost.read_bytes()
    lost.unlink()
    assert images_of(cache, [(site, NIGHT)]) == made
    assert lost.read_bytes() == content
    assert not [file for file in cache.rglob(".*") if file.is_file()]


def test_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "image"
    write(file, b"old")
    with pytest.raises(TypeError):
        write(file, "text")  # type: ignore[arg-type]
    assert file.read_bytes() == b"old"


def test_nights_of_all_observatories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "images_of", lambda _, wanted, _progress: wanted)
    asked: list[Any] = list(make_images(tmp_path, NIGHT, nights=2))
    assert asked == [(site, night) for site in SITES for night in (date(2026, 11, 21), NIGHT)]


def test_two_nights_are_made_in_parallel(tmp_path: Path) -> None:
    night = date(2026, 3, 1)
    made = images_of(tmp_path, [(site, night) for site in SITES[1:]])
    assert [image.site for image in made] == ["aro1"] * 5 + ["eco1"] * 5
    assert all(file.is_file() for image in made for file in image.files.values())


def test_all_nights_of_a_year_can_be_planned() -> None:
    for site in SITES:
        for day in range(0, 366, 7):
            exposures = plan_night(site, date(2027, 1, 1) + timedelta(days=day))
            assert len(exposures) == 5
            for exposure in exposures:
                end = exposure.start + timedelta(seconds=exposure.seconds)
                assert ephemeris.place(site, exposure.target, end).altitude > 30
                assert ephemeris.sun(site, end).altitude < -14.9
