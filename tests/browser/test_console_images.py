"""Images in the console: large with all that belongs to them, and found; and the search in the night log."""

import io
import re
from functools import partial

import psycopg2
import pytest
import requests
from PIL import Image
from selenium.webdriver.common.keys import Keys

from now import answer
from support.client import ApiClient
from support.image_rows import WHOLE_ROW, insert_image_row
from support.images import packed, put, sky
from tests.browser.axe import program, violations
from tests.browser.console import Console
from tests.now.network import MINUTE_S, put_image, put_site

pytestmark = pytest.mark.browser

NAME = "mrc1-sq01-20260101-{:08}"


def jpeg() -> bytes:
    made = io.BytesIO()
    Image.new("L", (40, 30), 90).save(made, "JPEG")
    return made.getvalue()


@pytest.fixture
def images(console: Console) -> Console:
    """An observatory with three images, the third the newest."""
    console.browser.get_log("browser")  # type: ignore[no-untyped-call]  # what earlier tests left
    put_site("mrc1", TZ_database_name="Asia/Tokyo")
    for number in (1, 2, 3):
        header = f'{{"OBJECT": "M {number}", "EXPTIME": "<b>{number}</b>"}}'
        put_image("mrc1", number, (4 - number) * MINUTE_S, header=header)
        for level in (10, 11):
            put(f"data/{NAME.format(number)}-EX{level}.jpg", jpeg())
    answer.forget()
    console.open()
    return console


def open_newest(console: Console) -> None:
    console.click("#observatories .thumbnail")
    console.wait(lambda: console.text("#image-title") == NAME.format(3))


def shows(console: Console, number: int) -> bool:
    return console.text("#image-title") == NAME.format(number)


def press(console: Console, key: str) -> None:
    console.browser.switch_to.active_element.send_keys(key)


def test_an_image_opens_large_with_its_header(images: Console) -> None:
    open_newest(images)
    loaded = "return document.querySelector('#image-frame img').naturalWidth"
    images.wait(lambda: images.browser.execute_script(loaded) == 40)
    images.wait(lambda: "OBJECT\nM 3" in images.text("#image-header"))
    assert "EXPTIME\n<b>3</b>" in images.text("#image-header")
    assert re.match(r"mrc1, (5\d s|1 min) ago ", images.text("#image-facts"))
    assert " UTC, " in images.text("#image-facts")
    assert images.browser.get_log("browser") == []  # type: ignore[no-untyped-call]


def test_axe_finds_nothing_on_an_open_image(images: Console) -> None:
    open_newest(images)
    images.wait(lambda: "OBJECT\nM 3" in images.text("#image-header"))
    images.browser.execute_script(program())
    assert violations(images.browser) == []


def test_arrow_keys_lead_to_the_neighbours_and_escape_back(images: Console) -> None:
    open_newest(images)
    for key, number in (
        (Keys.ARROW_RIGHT, 3),
        (Keys.ARROW_LEFT, 2),
        (Keys.ARROW_LEFT, 1),
        (Keys.ARROW_LEFT, 1),
    ):
        press(images, key)
        images.wait(partial(shows, images, number))
    assert images.all("#older[aria-disabled=true]")
    images.wait(lambda: "OBJECT\nM 1" in images.text("#image-header"))
    press(images, Keys.ARROW_RIGHT)
    images.wait(lambda: images.text("#image-title") == NAME.format(2))
    press(images, Keys.ESCAPE)
    images.wait(lambda: not images.all("#image[open]"))
    focus = "return document.activeElement.textContent"
    assert images.browser.execute_script(focus) == "Newest image of mrc1"


def test_a_fits_file_is_linked_when_it_is_asked_for(images: Console, api: ApiClient) -> None:
    put(f"data/{NAME.format(3)}-EX10.fits.fz", packed(sky(20, 20)))
    open_newest(images)
    images.press("FITS, small")
    (link,) = images.wait(lambda: images.all("#image-files a"))
    assert link.text == "Download the small FITS"
    assert requests.get(str(link.get_attribute("href")), timeout=30).content.startswith(b"SIMPLE")
    images.press("FITS, large")
    images.wait(lambda: "FITS, large: 404" in images.text("#image-files"))


def test_pictures_that_cannot_be_loaded_are_said_and_asked_for_again(console: Console) -> None:
    put_site("mrc1")
    put_image("mrc1", 1, MINUTE_S)
    answer.forget()
    console.open()
    console.wait(lambda: console.text(".thumbnail .shown") == "not loaded")
    asked = "return performance.getEntriesByType('resource').filter((it) => it.name.includes('EX11')).length"
    before = console.browser.execute_script(asked)
    console.refresh()
    console.wait(lambda: console.browser.execute_script(asked) > before)
    console.click(".thumbnail")
    console.wait(lambda: console.text("#image-frame") == "The image could not be loaded.")


def found(console: Console) -> list[str]:
    return [each.split("\n")[0] for each in console.texts("#images-list li")]


def search(console: Console, **fields: str) -> None:
    console.press("Find images")
    for name, value in fields.items():
        console.fill(f"#images-form [name={name}]", value)
    console.browser.execute_script("document.getElementById('images-found').textContent = ''")
    console.click("#images-form button")
    console.wait(lambda: console.text("#images-found").endswith((".", "s.", "!")))


def test_images_are_found_by_target_and_by_place(console: Console, database: str) -> None:
    connection = psycopg2.connect(database)
    with connection, connection.cursor() as cursor:
        for number in range(30):
            row = {**WHOLE_ROW, "base_filename": NAME.format(number), "jpg_small_exists": False}
            insert_image_row(cursor, {**row, "header": '{"OBJECT": "M 42"}' if number else '{"OBJECT": "x"}'})
    connection.close()
    console.open()
    search(console, object="m42")
    assert console.text("#images-found") == "24 images found, and there are more."
    console.press("More")
    console.wait(lambda: console.text("#images-found") == "29 images found.")
    console.click("#images-list .thumbnail")
    assert console.text("#image-title").startswith("mrc1-sq01-20260101-")
    console.press("Close")
    search(console, object="", ra="83.8", dec="-5.4", radius="0.1")
    assert console.text("#images-found") == "24 images found, and there are more."
    search(console, dec="85")
    assert console.text("#images-found") == "No image matches."
    search(console, dec="95")
    assert console.text("#images-found").startswith("400 ")
    search(console, ra="", dec="")
    assert console.text("#images-found") == "Enter a target, or a place on the sky."


def test_the_night_log_is_searched(console: Console, api: ApiClient) -> None:
    for site, message in {
        "a1": "Thin <i>cirrus</i>.",
        "b1": "Cirrus again, and wind.",
        "c1": "Clear.",
    }.items():
        put_site(site)
        api.post(f"/nightlog/{site}", json={"note_data": {"message": message, "username": "Ada"}})
    answer.forget()
    console.open()
    notes = "#notes-list article"
    console.fill("#notes-words", "CIRRUS")
    console.press("Search the last 90 days")
    console.wait(lambda: console.text("#notes-found") == "2 notes found.")
    assert {each.split("\n")[0] for each in console.texts(notes)} == {
        "Thin <i>cirrus</i>.",
        "Cirrus again, and wind.",
    }
    console.fill("#notes-site", "b1")
    console.press("Search the last 90 days")
    console.wait(lambda: console.text("#notes-found") == "1 note found.")
    assert "b1, Ada, " in console.text(notes)
    console.fill("#notes-words", "snow")
    console.press("Search the last 90 days")
    console.wait(lambda: console.text("#notes-found") == "No note of the last 90 days has these words.")
