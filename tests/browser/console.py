"""The console as a test drives it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from now import answer

RETRY_FOR_S = 60

Wait = Callable[[Callable[[], Any]], Any]


def text_of(browser: webdriver.Chrome, selector: str) -> str:
    """Return the visible text of the first element."""
    return browser.find_element(By.CSS_SELECTOR, selector).text


class Console:
    """The page in a browser."""

    def __init__(self, base_url: str, browser: webdriver.Chrome, wait: Wait) -> None:
        self.browser = browser
        self.wait = wait
        self._base_url = base_url

    def open(self, place: str = "") -> None:
        """Open the page and wait until it shows the network."""
        self.browser.get(f"{self._base_url}/console/{place}")
        self.wait(lambda: self.text("#updated").endswith("ago"))

    def refresh(self) -> None:
        """Refresh the page as it does by itself, some seconds after the last time."""
        answer.forget_answer()
        self.click("#refresh")
        self.wait(lambda: self.all("#refresh[aria-disabled]") == [])

    def text(self, selector: str) -> str:
        """Return the visible text of the first element."""
        return text_of(self.browser, selector)

    def all(self, selector: str) -> list[WebElement]:
        """Return the elements."""
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def texts(self, selector: str) -> list[str]:
        """Return the visible text of each element, all at one moment."""
        script = "return [...document.querySelectorAll(arguments[0])].map((each) => each.innerText.trim())"
        found: list[str] = self.browser.execute_script(script, selector)
        return found

    def click(self, selector: str) -> None:
        """Press an element as soon as it is there."""
        element = self.wait(lambda: self.all(selector))[0]
        self.browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def press(self, words: str) -> None:
        """Press the visible button or link that has these words, as soon as it is there."""
        path = f"//*[self::button or self::a][normalize-space()={words!r}]"

        def found() -> list[WebElement]:
            return [each for each in self.browser.find_elements(By.XPATH, path) if each.is_displayed()]

        element = self.wait(found)[0]
        self.browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def fill(self, selector: str, words: str) -> None:
        """Type into a field, in place of what it has."""
        (field,) = self.all(selector)
        field.clear()
        field.send_keys(words)

    def choose(self, selector: str, value: str) -> None:
        """Choose an option of a list."""
        self.browser.execute_script(
            "const list = document.querySelector(arguments[0]); list.value = arguments[1];"
            "for (const kind of ['input', 'change']) list.dispatchEvent(new Event(kind, { bubbles: true }))",
            selector,
            value,
        )

    def attention(self) -> list[str]:
        """Return what needs attention: level, place and reason of each."""
        return self.texts("#attention-list li")

    @contextmanager
    def sized(self, width: int, height: int) -> Iterator[None]:
        """Give the page a size in pixels; below 600 it is that of a phone."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        try:
            yield
        finally:
            self.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
