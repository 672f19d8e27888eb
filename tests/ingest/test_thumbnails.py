"""Thumbnails: their size and colours, and what follows from a file that is not a JPG."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from common.errors import Unprocessable
from ingest import objects, thumbnail_job, thumbnails
from tests.ingest.exposures import BASE, jpg, put
from tests.sandbox_jobs import run_job

KEYS = f"data/{BASE}-EX10.jpg", f"data/{BASE}-EX11.jpg"


def thumbnail(content: bytes) -> Image.Image:
    """Return what the job makes of a JPG, called in this process."""
    made = run_job(thumbnail_job.make, {"height": 128, "size": len(content)}, content)
    image = Image.open(io.BytesIO(made))
    image.load()
    return image


def picture(mode: str, size: tuple[int, int]) -> bytes:
    output = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert(mode).save(output, "JPEG")
    return output.getvalue()


@pytest.mark.parametrize(
    ("mode", "size", "expected"),
    [
        ("L", (600, 400), ("L", (192, 128))),
        ("RGB", (4000, 3000), ("RGB", (171, 128))),
        ("CMYK", (600, 400), ("RGB", (192, 128))),
        ("L", (50, 20), ("L", (320, 128))),
        ("L", (6000, 10), ("L", (1024, 128))),
        ("L", (1, 5000), ("L", (1, 128))),
    ],
)
def test_it_is_128_pixels_high(
    mode: str, size: tuple[int, int], expected: tuple[str, tuple[int, int]]
) -> None:
    made = thumbnail(picture(mode, size))
    assert (made.mode, made.size) == expected
    assert made.format == "JPEG"


def bomb() -> bytes:
    """Return a small JPG that claims 65,000 by 65,000 pixels."""
    content = bytearray(jpg())
    start = content.index(b"\xff\xc0") + 5
    content[start : start + 4] = (65_000).to_bytes(2, "big") * 2
    return bytes(content)


@pytest.mark.parametrize("content", [lambda: b"", lambda: b"\xff\xd8\xff", lambda: jpg()[:2000], bomb])
def test_a_broken_jpg_is_refused(content: Callable[[], bytes]) -> None:
    with pytest.raises(Unprocessable, match="The JPG is broken"):
        thumbnail(content())


def test_a_png_with_the_name_of_a_jpg_is_refused() -> None:
    output = io.BytesIO()
    Image.new("L", (9, 9)).save(output, "PNG")
    with pytest.raises(Unprocessable):
        thumbnail(output.getvalue())


def test_it_is_made_again_when_the_jpg_was_replaced(aws: str) -> None:
    put(f"{BASE}-EX10.jpg", jpg(600, 400))
    assert thumbnails.make(*KEYS)
    first = objects.describe(KEYS[1])
    assert thumbnails.make(*KEYS)
    assert objects.describe(KEYS[1]) == first
    put(f"{BASE}-EX10.jpg", jpg(300, 400))
    assert thumbnails.make(*KEYS)
    assert objects.describe(KEYS[1]) != first


def test_the_thumbnail_of_the_site_stays(aws: str) -> None:
    put(f"{BASE}-EX10.jpg", jpg())
    put(f"{BASE}-EX11.jpg", jpg(20, 10))
    assert thumbnails.make(*KEYS)
    assert objects.read_whole(KEYS[1], 10**6).content == jpg(20, 10)
    assert not thumbnails.was_made_here(KEYS[1])


@pytest.mark.parametrize("widths", [[600], [300, 600]], ids=["first", "in place of an older one"])
def test_a_thumbnail_that_the_site_sends_meanwhile_stays(
    widths: list[int], aws: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    *before, last = widths
    for width in before:
        put(f"{BASE}-EX10.jpg", jpg(width, 400))
        assert thumbnails.make(*KEYS)
    put(f"{BASE}-EX10.jpg", jpg(last, 400))
    really_run = thumbnails._sandbox.run

    def run(*arguments: Any) -> Any:
        made = really_run(*arguments)
        put(f"{BASE}-EX11.jpg", jpg(20, 10))
        return made

    monkeypatch.setattr(thumbnails._sandbox, "run", run)
    assert thumbnails.make(*KEYS)
    assert objects.read_whole(KEYS[1], 10**6).content == jpg(20, 10)
    assert not thumbnails.was_made_here(KEYS[1])


def test_no_thumbnail_is_made_of_a_jpg_that_is_gone(aws: str) -> None:
    assert not thumbnails.make(*KEYS)
    assert not thumbnails.was_made_here(KEYS[1])
